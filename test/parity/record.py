"""Records what PyTorch computes, so that the tests can compare without PyTorch.

    python -m venv venv && venv/bin/pip install -r test/parity/requirements.txt
    venv/bin/python test/parity/record.py             # rewrites test/parity/recorded/
    venv/bin/python test/parity/record.py --check     # records afresh and compares with the files there

What is written:

    batch.safetensors           image [2, 3, 32, 32] and target [2, 1, 32, 32], shared by the networks
    unetpp-<up>[-bn].safetensors  one UNet++ each: up is nearest, bilinear (align_corners) or deconv (2x2)
        X[i,j].* S[j].*         initial parameters in the order of definition: within a cell the transposed
                                convolution, then conv1, bn1, conv2, bn2
        grad:*                  gradient of the total loss, computed in float64, kept in float32
        stat:*                  running statistics after the one forward pass in training mode (float64 -> float32)
        eval:mean               mean of the heads in eval mode, with the initial weights and those statistics
        metadata                head_losses, loss (float64), adam_losses and adam_losses_float64: 20 Adam steps
                                (lr 1e-3) in each precision, the loss before each update
    losses.json                 loss and gradients of single losses over a 1x1 convolution, float64
    optimizers.json             ten steps of each optimizer on the same small problem, float64

Losses are the textbook ones, written out below, not imported from anywhere: per head 0.5 * bce + dice, mean over heads.
"""

import argparse
import json
import pathlib
import struct
import sys
import tempfile

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

here = pathlib.Path(__file__).parent
pinned = dict(line.split("==") for line in (here / "requirements.txt").read_text().split())
for name, module in (("torch", torch), ("numpy", np)):
    version = module.__version__.split("+")[0]
    if version != pinned[name]:
        sys.exit(f"recorded with {name} {pinned[name]}, but {version} is installed")

WIDTH = (4, 6, 8, 10, 12)
SIZE = 32
BATCH = 2


# --- files -----------------------------------------------------------------------------------------------------------


def save_safetensors(path, tensors, metadata):
    """The safetensors layout (8-byte header length, JSON, data), float32, tensors in the order given."""
    header = {"__metadata__": metadata}
    offset = 0
    for name, t in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [offset, offset + 4 * t.numel()]}
        offset += 4 * t.numel()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for t in tensors.values():
            f.write(t.detach().to(torch.float32).contiguous().numpy().tobytes())


def save_json(path, value):
    path.write_text(json.dumps(value, indent=1) + "\n")


# --- losses: z logits, y target, both [N, K, ...] ---------------------------------------------------------------------


def overlap(p, y):
    """Intersection, predicted and true mass of each sample and channel."""
    return (p * y).flatten(2).sum(2), p.flatten(2).sum(2), y.flatten(2).sum(2)


def dice(p, y):
    i, a, b = overlap(p, y)
    return 1 - ((2 * i + 1) / (a + b + 1)).mean()


def jaccard(p, y):
    i, a, b = overlap(p, y)
    return 1 - ((i + 1) / (a + b - i + 1)).mean()


def tversky(p, y, alpha, beta):
    i, a, b = overlap(p, y)
    return 1 - ((i + 1) / (i + alpha * (a - i) + beta * (b - i) + 1)).mean()


def focal(z, y, gamma, alpha):
    """Lin et al. (2017), equation 5, on independent logits."""
    p = torch.sigmoid(z)
    p_t = p * y + (1 - p) * (1 - y)
    alpha_t = alpha * y + (1 - alpha) * (1 - y)
    return (-alpha_t * (1 - p_t) ** gamma * torch.log(p_t)).mean()


def lovasz(errors, y):
    """Berman et al. (2018): errors of each sample and channel in falling order, times the growth of the Jaccard loss."""
    errors, order = torch.sort(errors.flatten(2), 2, descending=True)
    truth = y.flatten(2).gather(2, order)
    total = truth.sum(2, keepdim=True)
    loss = 1 - (total - truth.cumsum(2)) / (total + (1 - truth).cumsum(2))
    growth = torch.cat([loss[..., :1], loss[..., 1:] - loss[..., :-1]], 2)
    return (torch.relu(errors) * growth).sum(2).mean()


def head_loss(z, y):
    return 0.5 * F.binary_cross_entropy_with_logits(z, y) + dice(torch.sigmoid(z), y)


# --- UNet++ -----------------------------------------------------------------------------------------------------------


class Cell(nn.Module):
    """[transposed convolution], then twice convolution, [batch norm], ReLU."""

    def __init__(self, cin, cout, up_from, bn):
        super().__init__()
        self.up = nn.ConvTranspose2d(up_from, cout, 2, 2) if up_from else None
        self.conv1 = nn.Conv2d(cin, cout, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(cout) if bn else nn.Identity()
        self.conv2 = nn.Conv2d(cout, cout, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(cout) if bn else nn.Identity()

    def forward(self, x):
        return torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))))


class UNetPlusPlus(nn.Module):
    def __init__(self, width, up, bn, channels=3):
        super().__init__()
        self.depth = len(width) - 1
        self.resize = {
            "deconv": None,
            "nearest": nn.Upsample(scale_factor=2, mode="nearest"),
            "bilinear": nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
        }[up]
        cells = {}
        for i, j in self.indices():
            if j == 0:
                cells[f"{i},{j}"] = Cell(channels if i == 0 else width[i - 1], width[i], None, bn)
            elif up == "deconv":
                cells[f"{i},{j}"] = Cell(width[i] * (j + 1), width[i], width[i + 1], bn)
            else:
                cells[f"{i},{j}"] = Cell(width[i] * j + width[i + 1], width[i], None, bn)
        self.cells = nn.ModuleDict(cells)
        self.heads = nn.ModuleList(nn.Conv2d(width[0], 1, 1) for _ in range(self.depth))

    def indices(self):
        return [(i, j) for j in range(self.depth + 1) for i in range(self.depth + 1 - j)]

    def forward(self, image):
        """Logits of each head."""
        x = {}
        for i, j in self.indices():
            cell = self.cells[f"{i},{j}"]
            if j == 0:
                x[i, 0] = cell(image if i == 0 else F.max_pool2d(x[i - 1, 0], 2))
            else:
                below = x[i + 1, j - 1]
                up = cell.up(below) if cell.up else self.resize(below)
                x[i, j] = cell(torch.cat([x[i, k] for k in range(j)] + [up], 1))
        return [head(x[0, k + 1]) for k, head in enumerate(self.heads)]

    def named(self, tensors):
        """`cells.1,0.conv1.weight` -> `X[1,0].conv1.weight`, `heads.0.bias` -> `S[1].bias`."""
        named = {}
        for key, value in tensors:
            kind, index, rest = key.split(".", 2)
            cell = f"X[{index}]" if kind == "cells" else f"S[{int(index) + 1}]"
            named[f"{cell}.{rest}"] = value
        return named


def initialize(model, generator):
    """He-normal weights, and biases, scales and shifts off 0 and 1, so that a mistake in any of them shows."""
    with torch.no_grad():
        for m in model.modules():
            if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d)):
                taps = 9 if m.kernel_size == (3, 3) else 1  # that reach one output
                deviation = (2 / (m.in_channels * taps)) ** 0.5
                m.weight.copy_(deviation * torch.randn(m.weight.shape, generator=generator))
            elif isinstance(m, nn.BatchNorm2d):
                m.weight.copy_(0.6 + 0.8 * torch.rand(m.weight.shape, generator=generator))
            else:
                continue
            m.bias.copy_(0.1 * torch.randn(m.bias.shape, generator=generator))


def make_batch(generator):
    image = torch.rand(BATCH, 3, SIZE, SIZE, generator=generator)
    rows, columns = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    disks = [((rows - r) ** 2 + (columns - c) ** 2 < q**2).float() for r, c, q in ((12, 14, 8), (20, 9, 6))]
    target = torch.stack(disks)[:, None]
    return 0.6 * image + 0.4 * target, target


def margin(model, image):
    """How far the closest unit is from a kink: a ReLU's zero, or two candidates for a pool's maximum."""
    closest = []
    relu, max_pool2d = torch.relu, F.max_pool2d

    def watched_relu(x):
        closest.append(x.abs().min().item())
        return relu(x)

    def watched_pool(x, size):
        windows = x.unfold(2, size, size).unfold(3, size, size).flatten(4)
        first, second = windows.topk(2, dim=4).values.unbind(4)
        closest.append((first - second)[first > 0].min().item())
        return max_pool2d(x, size)

    torch.relu, F.max_pool2d = watched_relu, watched_pool
    try:
        with torch.no_grad():
            model(image)
    finally:
        torch.relu, F.max_pool2d = relu, max_pool2d
    return min(closest)


def network_off_kinks(up, bn, image):
    """The first seed at which no unit is so near a kink that single precision may take the other side: there the
    gradient jumps, and two correct programs disagree."""
    for seed in range(1000):
        model = UNetPlusPlus(WIDTH, up, bn)
        initialize(model, torch.Generator().manual_seed(seed))
        state = {k: v.clone() for k, v in model.state_dict().items()}
        if margin(model.double().train(), image.double()) > 2e-5:
            model.float().load_state_dict(state)
            return model, seed
    sys.exit(f"no seed keeps {up} off every kink")


def record_network(folder, up, bn, image, target):
    model, seed = network_off_kinks(up, bn, image)
    initial = {k: v.clone() for k, v in model.named(model.named_parameters()).items()}
    state = {k: v.clone() for k, v in model.state_dict().items()}

    model.double().train()
    losses = [head_loss(z, target.double()) for z in model(image.double())]
    loss = sum(losses) / len(losses)
    loss.backward()
    tensors = dict(initial)
    tensors |= {f"grad:{k}": p.grad for k, p in model.named(model.named_parameters()).items()}
    statistics = [(k, v.clone()) for k, v in model.named_buffers() if v.is_floating_point()]
    tensors |= {f"stat:{k}": v for k, v in model.named(statistics).items()}
    with torch.no_grad():
        model.eval()
        tensors["eval:mean"] = sum(torch.sigmoid(z) for z in model(image.double())) / len(losses)

    def adam_losses(dtype):
        model.float().load_state_dict(state)
        model.to(dtype).train()
        optimizer = torch.optim.Adam(model.parameters(), 1e-3)
        x, y = image.to(dtype), target.to(dtype)
        taken = []
        for _ in range(20):
            total = sum(head_loss(z, y) for z in model(x)) / model.depth
            taken.append(total.item())
            optimizer.zero_grad()
            total.backward()
            optimizer.step()
        return json.dumps(taken)

    metadata = {
        "torch": pinned["torch"],
        "seed": str(seed),
        "loss": json.dumps(loss.item()),
        "head_losses": json.dumps([x.item() for x in losses]),
        "adam_losses": adam_losses(torch.float32),
        "adam_losses_float64": adam_losses(torch.float64),
    }
    save_safetensors(folder / f"unetpp-{up}{'-bn' if bn else ''}.safetensors", tensors, metadata)


# --- single losses and optimizers: logits z = conv1x1(x), 3 channels --------------------------------------------------


def small_problem():
    g = torch.Generator().manual_seed(11)
    x = torch.randn(2, 3, 4, 5, generator=g).double()
    weight = torch.randn(3, 3, 1, 1, generator=g).double()
    bias = (0.3 * torch.randn(3, generator=g)).double()
    # The last sample's second channel is empty: what a smoothed overlap loss is smoothed for.
    masks = (torch.rand(2, 3, 4, 5, generator=g) < 0.4).double()
    masks[1, 1] = 0
    classes = F.one_hot(torch.randint(0, 3, (2, 4, 5), generator=g), 3).permute(0, 3, 1, 2).double()
    # Rounded to float32, since that is what the tests can feed.
    return [t.float().double().contiguous() for t in (x, weight, bias, masks, classes)]


def numbers(t):
    return t.detach().flatten().tolist()


def record_losses(folder):
    x, weight, bias, masks, classes = small_problem()

    def cross_entropy(z, y):
        return -(y * torch.log_softmax(z, 1)).sum(1).mean()

    def focal_softmax(z, y, gamma):
        entropy = -(y * torch.log_softmax(z, 1)).sum(1)
        return ((1 - torch.exp(-entropy)) ** gamma * entropy).mean()

    sigmoid = {
        "bce": lambda z, y: F.binary_cross_entropy_with_logits(z, y),
        "dice": lambda z, y: dice(torch.sigmoid(z), y),
        "jaccard": lambda z, y: jaccard(torch.sigmoid(z), y),
        "tversky(alpha: 0.3, beta: 0.7)": lambda z, y: tversky(torch.sigmoid(z), y, 0.3, 0.7),
        "focal": lambda z, y: focal(z, y, 2, 0.25),
        "focal(gamma: 1.5, alpha: 0.6)": lambda z, y: focal(z, y, 1.5, 0.6),
        "0.5 * bce + dice": head_loss,
        "lovasz": lambda z, y: lovasz(1 - z * (2 * y - 1), y),
    }
    softmax = {
        "cross_entropy": cross_entropy,
        "cross_entropy + dice": lambda z, y: cross_entropy(z, y) + dice(torch.softmax(z, 1), y),
        "cross_entropy + 2 * jaccard": lambda z, y: cross_entropy(z, y) + 2 * jaccard(torch.softmax(z, 1), y),
        "focal": lambda z, y: focal_softmax(z, y, 2),
        "lovasz": lambda z, y: lovasz((y - torch.softmax(z, 1)).abs(), y),
    }
    cases = []
    for activation, table, target in (("sigmoid", sigmoid, masks), ("softmax", softmax, classes)):
        for text, rule in table.items():
            w, b = (t.clone().requires_grad_() for t in (weight, bias))
            loss = rule(F.conv2d(x, w, b), target)
            loss.backward()
            cases.append(
                {
                    "activation": activation,
                    "loss": text,
                    "value": loss.item(),
                    "weight_gradient": numbers(w.grad),
                    "bias_gradient": numbers(b.grad),
                }
            )
    problem = {
        "image": numbers(x),
        "weight": numbers(weight),
        "bias": numbers(bias),
        "masks": numbers(masks),
        "classes": numbers(classes),
    }
    save_json(folder / "losses.json", {"shape": list(x.shape), **problem, "cases": cases})


def record_optimizers(folder):
    x, weight, bias, masks, _ = small_problem()
    cases = {
        "sgd(lr: 0.5, momentum: 0.9)": (lambda p: torch.optim.SGD(p, 0.5, momentum=0.9), None),
        "sgd(lr: 0.5, momentum: 0.9, nesterov: true, weight_decay: 0.01)": (
            lambda p: torch.optim.SGD(p, 0.5, momentum=0.9, nesterov=True, weight_decay=0.01),
            None,
        ),
        "adam(lr: 0.05)": (lambda p: torch.optim.Adam(p, 0.05), None),
        "adam(lr: 0.05, weight_decay: 0.1)": (lambda p: torch.optim.Adam(p, 0.05, weight_decay=0.1), None),
        "adamw(lr: 0.05, weight_decay: 0.1)": (lambda p: torch.optim.AdamW(p, 0.05, weight_decay=0.1), None),
        "adam(lr: 0.05, beta1: 0.8, beta2: 0.99)": (lambda p: torch.optim.Adam(p, 0.05, betas=(0.8, 0.99)), 0.05),
    }
    recorded = []
    for text, (make, clip) in cases.items():
        w, b = (t.clone().requires_grad_() for t in (weight, bias))
        optimizer = make([w, b])
        losses, norms, steps = [], [], []
        for _ in range(10):
            loss = F.binary_cross_entropy_with_logits(F.conv2d(x, w, b), masks)
            optimizer.zero_grad()
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_([w, b], clip if clip is not None else 1e9)
            optimizer.step()
            losses.append(loss.item())
            norms.append(norm.item())
            steps.append(numbers(w) + numbers(b))
        recorded.append({"optimizer": text, "clip": clip, "losses": losses, "norms": norms, "parameters": steps})
    save_json(folder / "optimizers.json", {"cases": recorded})


# --- all --------------------------------------------------------------------------------------------------------------


def record(folder):
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    image, target = make_batch(torch.Generator().manual_seed(5))
    save_safetensors(folder / "batch.safetensors", {"image": image, "target": target}, {"torch": pinned["torch"]})
    for bn in (False, True):
        for up in ("nearest", "bilinear", "deconv"):
            record_network(folder, up, bn, image, target)
    record_losses(folder)
    record_optimizers(folder)


def main():
    parser = argparse.ArgumentParser(description="record PyTorch's numbers for the parity tests")
    parser.add_argument("--check", action="store_true", help="compare with what is recorded instead of rewriting it")
    target = here / "recorded"
    if not parser.parse_args().check:
        target.mkdir(exist_ok=True)
        record(target)
        return
    with tempfile.TemporaryDirectory() as folder:
        record(pathlib.Path(folder))
        fresh = sorted(p.name for p in pathlib.Path(folder).iterdir())
        old = {p.name: p.read_bytes() for p in target.iterdir()}
        stale = [n for n in fresh if old.get(n) != (pathlib.Path(folder) / n).read_bytes()]
    if stale:
        sys.exit("differs from a fresh recording: " + ", ".join(stale))
    print(f"{len(fresh)} files agree")


if __name__ == "__main__":
    main()
