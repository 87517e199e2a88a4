"""PyTorch's own profile of the step of step.py, in channels_last: ms of a step by operator, as one JSON object.

    python bench/torch/step_profile.py [--family unetpp] [--width 16,32,64,128,256] [--up nearest] [--size 128] [--batch 4] [--steps 5] [--threads 2]
"""

import argparse
import json

import torch
import torch.nn.functional as F
from torch.profiler import ProfilerActivity, profile

import networks


def main():
    parser = argparse.ArgumentParser(description="a profile of a PyTorch training step")
    parser.add_argument("--family", default="unetpp", choices=networks.families)
    parser.add_argument("--width", default="16,32,64,128,256", type=lambda s: [int(w) for w in s.split(",")])
    parser.add_argument("--up", default="nearest", choices=("nearest", "bilinear", "deconv"))
    parser.add_argument("--size", default=128, type=int)
    parser.add_argument("--batch", default=4, type=int)
    parser.add_argument("--steps", default=5, type=int)
    parser.add_argument("--threads", default=2, type=int)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    layout = torch.channels_last
    model = networks.make(options.family, options.width, options.up).to(memory_format=layout).train()
    image = torch.randn(options.batch, 3, options.size, options.size).to(memory_format=layout)
    target = (torch.rand(options.batch, 1, options.size, options.size) > 0.5).float()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)

    def step():
        logits = model(image)
        loss = sum(F.binary_cross_entropy_with_logits(z, target) for z in logits) / len(logits)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    step()
    with profile(activities=[ProfilerActivity.CPU]) as found:
        for _ in range(options.steps):
            step()
    sums = {e.key: e.self_cpu_time_total / 1000 / options.steps for e in found.key_averages()}
    print(json.dumps({key: ms for key, ms in sums.items() if ms > 0.1}))


if __name__ == "__main__":
    main()
