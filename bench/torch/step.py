"""One training step in PyTorch, driven line by line so that another process can take turns with it.

    python bench/torch/step.py [--width 16,32,64,128,256] [--size 128] [--batch 4] [--threads 2] [--bf16]

It builds UNet++ with batch norm, nearest upsampling and a head on each node of the top row but the first, and trains
it with binary cross entropy and Adam, in channels_last. On standard output it writes one line of JSON when ready; then
for each line `step` on standard input it takes one step and writes the seconds it took and the loss, as JSON; it ends
at the end of the input or at `quit`. bench/step.mjs drives it; by hand:

    yes step | head -8 | python bench/torch/step.py
"""

import argparse
import json
import resource
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


def block(cin, cout):
    layers = []
    for k in (cin, cout):
        layers += [nn.Conv2d(k, cout, 3, padding=1), nn.BatchNorm2d(cout), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class UNetPlusPlus(nn.Module):
    def __init__(self, width, channels=3):
        super().__init__()
        self.depth = len(width) - 1
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.cells = nn.ModuleDict()
        for i, j in self.indices():
            before = channels if i == 0 else width[i - 1]
            self.cells[f"{i},{j}"] = block(before if j == 0 else width[i] * j + width[i + 1], width[i])
        self.heads = nn.ModuleList(nn.Conv2d(width[0], 1, 1) for _ in range(self.depth))

    def indices(self):
        return [(i, j) for j in range(self.depth + 1) for i in range(self.depth + 1 - j)]

    def forward(self, image):
        x = {}
        for i, j in self.indices():
            if j == 0:
                before = image if i == 0 else F.max_pool2d(x[i - 1, 0], 2)
            else:
                before = torch.cat([x[i, k] for k in range(j)] + [self.up(x[i + 1, j - 1])], 1)
            x[i, j] = self.cells[f"{i},{j}"](before)
        return [head(x[0, k + 1]) for k, head in enumerate(self.heads)]


def main():
    parser = argparse.ArgumentParser(description="a PyTorch training step for each line on standard input")
    parser.add_argument("--width", default="16,32,64,128,256", type=lambda s: [int(w) for w in s.split(",")])
    parser.add_argument("--size", default=128, type=int)
    parser.add_argument("--batch", default=4, type=int)
    parser.add_argument("--threads", default=2, type=int)
    parser.add_argument("--bf16", action="store_true", help="autocast to bfloat16")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    model = UNetPlusPlus(options.width).to(memory_format=torch.channels_last).train()
    image = torch.randn(options.batch, 3, options.size, options.size).to(memory_format=torch.channels_last)
    target = (torch.rand(options.batch, 1, options.size, options.size) > 0.5).float()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)

    def step():
        with torch.autocast("cpu", torch.bfloat16, enabled=options.bf16):
            logits = model(image)
        loss = sum(F.binary_cross_entropy_with_logits(z.float(), target) for z in logits) / len(logits)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    def say(**fields):
        print(json.dumps(fields), flush=True)

    parameters = sum(p.numel() for p in model.parameters())
    say(ready=True, torch=torch.__version__, parameters=parameters, threads=torch.get_num_threads())
    for line in sys.stdin:
        if line.strip() == "quit":
            break
        if line.strip() != "step":
            continue
        start = time.perf_counter()
        loss = step()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        say(seconds=time.perf_counter() - start, loss=loss, peak_gb=round(peak, 3))


if __name__ == "__main__":
    main()
