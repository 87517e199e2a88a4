"""One training step in PyTorch, driven line by line so that another process can take turns with it.

    python bench/torch/step.py [--family unetpp|unet] [--width 16,32,64,128,256] [--up nearest|bilinear|deconv]
        [--size 128] [--batch 4] [--threads 2] [--plain] [--compile] [--fused] [--bf16]

It builds UNet++ or U-Net with batch norm, a head on each node of the top row but the first, and trains it with binary
cross entropy and Adam, in channels_last unless --plain. On standard output it writes one line of JSON when ready; then
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


class Climb(nn.Module):
    """Brings a map to the size of the row above."""

    def __init__(self, kind, below, above):
        super().__init__()
        self.channels = above if kind == "deconv" else below
        self.layer = {
            "nearest": lambda: nn.Upsample(scale_factor=2, mode="nearest"),
            "bilinear": lambda: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
            "deconv": lambda: nn.ConvTranspose2d(below, above, 2, 2),
        }[kind]()

    def forward(self, x):
        return self.layer(x)


class UNetPlusPlus(nn.Module):
    def __init__(self, width, up, channels=3):
        super().__init__()
        self.depth = len(width) - 1
        self.cells = nn.ModuleDict()
        self.climbs = nn.ModuleDict()
        for i, j in self.indices():
            if j == 0:
                self.cells[f"{i},{j}"] = block(channels if i == 0 else width[i - 1], width[i])
            else:
                climb = self.climbs[f"{i},{j}"] = Climb(up, width[i + 1], width[i])
                self.cells[f"{i},{j}"] = block(width[i] * j + climb.channels, width[i])
        self.heads = nn.ModuleList(nn.Conv2d(width[0], 1, 1) for _ in range(self.depth))

    def indices(self):
        return [(i, j) for j in range(self.depth + 1) for i in range(self.depth + 1 - j)]

    def forward(self, image):
        x = {}
        for i, j in self.indices():
            if j == 0:
                before = image if i == 0 else F.max_pool2d(x[i - 1, 0], 2)
            else:
                before = torch.cat([x[i, k] for k in range(j)] + [self.climbs[f"{i},{j}"](x[i + 1, j - 1])], 1)
            x[i, j] = self.cells[f"{i},{j}"](before)
        return [head(x[0, k + 1]) for k, head in enumerate(self.heads)]


class UNet(nn.Module):
    def __init__(self, width, up, channels=3):
        super().__init__()
        self.encoder = nn.ModuleList(block(before, c) for before, c in zip([channels, *width], width))
        rows = list(reversed(range(len(width) - 1)))
        self.climbs = nn.ModuleList(Climb(up, width[i + 1], width[i]) for i in rows)
        self.decoder = nn.ModuleList(block(width[i] + c.channels, width[i]) for i, c in zip(rows, self.climbs))
        self.head = nn.Conv2d(width[0], 1, 1)

    def forward(self, x):
        skips = []
        for i, cell in enumerate(self.encoder):
            x = cell(x if i == 0 else F.max_pool2d(x, 2))
            skips.append(x)
        for skip, climb, cell in zip(reversed(skips[:-1]), self.climbs, self.decoder):
            x = cell(torch.cat([skip, climb(x)], 1))
        return [self.head(x)]


def main():
    parser = argparse.ArgumentParser(description="a PyTorch training step for each line on standard input")
    parser.add_argument("--family", default="unetpp", choices=("unetpp", "unet"))
    parser.add_argument("--width", default="16,32,64,128,256", type=lambda s: [int(w) for w in s.split(",")])
    parser.add_argument("--up", default="nearest", choices=("nearest", "bilinear", "deconv"))
    parser.add_argument("--size", default=128, type=int)
    parser.add_argument("--batch", default=4, type=int)
    parser.add_argument("--threads", default=2, type=int)
    parser.add_argument("--plain", action="store_true", help="not channels_last")
    parser.add_argument("--compile", action="store_true", help="torch.compile")
    parser.add_argument("--fused", action="store_true", help="Adam in one kernel")
    parser.add_argument("--bf16", action="store_true", help="autocast to bfloat16")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    layout = torch.contiguous_format if options.plain else torch.channels_last
    family = {"unetpp": UNetPlusPlus, "unet": UNet}[options.family]
    model = family(options.width, options.up).to(memory_format=layout).train()
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
