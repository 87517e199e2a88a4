"""One training step in PyTorch, driven line by line so that another process can take turns with it.

    python bench/torch/step.py [--family unetpp|unet|attention-unet|unet3plus|resunet] [--width 16,32,64,128,256] [--up nearest|bilinear|deconv]
        [--size 128] [--batch 4] [--threads 2] [--plain] [--compile] [--fused] [--bf16] [--profile STEPS]

It builds a network of networks.py with batch norm, and trains its heads with binary cross entropy and Adam, in channels_last unless --plain. On standard output it writes one line of JSON when ready; then
for each line `step` on standard input it takes one step and writes the seconds it took and the loss, as JSON; it ends
at the end of the input or at `quit`. bench/step.mjs drives it; by hand:

    yes step | head -8 | python bench/torch/step.py

--profile: no line is read; so many steps are profiled, and one JSON object has the ms of a step by operator (bench/profile.mjs).
"""

import argparse
import json
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch.profiler import ProfilerActivity, profile

import networks


def main():
    parser = argparse.ArgumentParser(description="a PyTorch training step for each line on standard input")
    parser.add_argument("--family", default="unetpp", choices=networks.families)
    parser.add_argument("--width", default="16,32,64,128,256", type=lambda s: [int(w) for w in s.split(",")])
    parser.add_argument("--up", default="nearest", choices=("nearest", "bilinear", "deconv"))
    parser.add_argument("--size", default=128, type=int)
    parser.add_argument("--batch", default=4, type=int)
    parser.add_argument("--threads", default=2, type=int)
    parser.add_argument("--plain", action="store_true", help="not channels_last")
    parser.add_argument("--compile", action="store_true", help="torch.compile")
    parser.add_argument("--fused", action="store_true", help="Adam in one kernel")
    parser.add_argument("--bf16", action="store_true", help="autocast to bfloat16")
    parser.add_argument("--profile", default=0, type=int, metavar="STEPS", help="its operators' times, of so many steps")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    layout = torch.contiguous_format if options.plain else torch.channels_last
    model = networks.make(options.family, options.width, options.up).to(memory_format=layout).train()
    image = torch.randn(options.batch, 3, options.size, options.size).to(memory_format=layout)
    target = (torch.rand(options.batch, 1, options.size, options.size) > 0.5).float()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=options.fused)
    forward = torch.compile(model) if options.compile else model

    def step():
        with torch.autocast("cpu", torch.bfloat16, enabled=options.bf16):
            logits = forward(image)
        loss = sum(F.binary_cross_entropy_with_logits(z.float(), target) for z in logits) / len(logits)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    if options.profile:
        step()
        with profile(activities=[ProfilerActivity.CPU]) as found:
            for _ in range(options.profile):
                step()
        sums = {e.key: e.self_cpu_time_total / 1000 / options.profile for e in found.key_averages()}
        print(json.dumps({key: ms for key, ms in sums.items() if ms > 0.1}))
        return

    def say(**fields):
        print(json.dumps(fields), flush=True)

    parameters = sum(p.numel() for p in model.parameters())
    say(ready=True, engine=f"torch {torch.__version__}", parameters=parameters, threads=torch.get_num_threads())
    for line in sys.stdin:
        if line.strip() == "quit":
            break
        if line.strip() != "step":
            continue
        start = time.perf_counter()
        loss = step()
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        say(seconds=seconds, loss=loss, peak_gb=round(peak, 3))


if __name__ == "__main__":
    main()
