"""Records what PyTorch answers for the networks of specs/, each written out here once more from its source.

    venv/bin/python test/parity/record_presets.py             # rewrites three files of test/parity/recorded/
    venv/bin/python test/parity/record_presets.py --check     # computes afresh and compares with the files there

No weight is stored: `rule` makes every number of a tensor from the tensor's name, here and in test/parity/rule.ts, so a
preset costs a few hundred bytes. Names are those of our compiler: a scope (a cell, a head), the operator, and the
how-manieth of its kind in the scope. For each preset:

    set, input      the --set values it was computed with, and the shape of its image
    gain            what the kernels of heads are multiplied by: residual sums grow, and all of a sigmoid's answers
                    would be 0 or 1
    tensors         how many parameters and statistics there are at these widths
    parameters      how many weights at the widths of the spec, counted on empty tensors
    heads           of each head in eval mode: the mean, and some 64 of its numbers, evenly spaced (float64)
"""

import argparse
import contextlib
import json
import math
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

here = pathlib.Path(__file__).parent
pinned = dict(line.split("==") for line in (here / "requirements.txt").read_text().split())
for package, module in (("torch", torch), ("numpy", np)):
    version = module.__version__.split("+")[0]
    if version != pinned[package]:
        sys.exit(f"recorded with {package} {pinned[package]}, but {version} is installed")


# --- numbers from names ----------------------------------------------------------------------------------------------


def uniform(name, count):
    """`count` numbers in [0, 1): FNV-1a of the name, a step of the golden ratio each, and murmur3's finalizer."""
    h = 0x811C9DC5
    for byte in name.encode():
        h = (h ^ byte) * 0x01000193 & 0xFFFFFFFF
    x = (np.arange(1, count + 1, dtype=np.uint64) * 0x9E3779B9 + h) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor) & np.uint64(0xFFFFFFFF)
    return x / 2.0**32


def rule(name, shape):
    """Of variance 2 / fan-in for a kernel; off 0 and 1 for all others, so that none can be forgotten unnoticed."""
    u = uniform(name, math.prod(shape))
    if name.endswith("running_var"):
        values = 0.5 + u
    elif len(shape) > 1:
        operator = name.split(".")[-2]
        fan_in = shape[0] if operator.startswith("conv_transpose") else math.prod(shape[1:])
        values = (2 * u - 1) * math.sqrt(6 / fan_in)
    elif name.endswith("weight"):
        values = 0.8 + 0.4 * u
    else:
        values = 0.4 * u - 0.2
    # Rounded as our weights are, so that both sides compute with the same numbers.
    return torch.from_numpy(values.astype(np.float32).reshape(shape)).double()


# --- what networks are made of ---------------------------------------------------------------------------------------


class Net:
    """Applies layers and makes their tensors on the way. `counting`: empty tensors, for the size of a large network."""

    def __init__(self, counting=False, gain=1.0):
        self.counting = counting
        self.gain = gain
        self.shapes = {}
        self.at = ""
        self.numbers = {}

    @contextlib.contextmanager
    def scope(self, path):
        before = self.at, self.numbers
        self.at, self.numbers = path, {}
        yield
        self.at, self.numbers = before

    def layer(self, operator):
        self.numbers[operator] = self.numbers.get(operator, 0) + 1
        return f"{self.at}.{operator}{self.numbers[operator]}"

    def tensor(self, name, shape):
        assert name not in self.shapes, name
        self.shapes[name] = tuple(shape)
        if self.counting:
            return torch.empty(shape, dtype=torch.double, device="meta")
        return rule(name, shape) * (self.gain if name.startswith("S") and len(shape) > 1 else 1)

    def conv(self, x, c, k=3, stride=1, bias=True):
        name, rank = self.layer("conv"), x.dim() - 2
        w = self.tensor(f"{name}.weight", (c, x.shape[1]) + (k,) * rank)
        b = self.tensor(f"{name}.bias", (c,)) if bias else None
        return (F.conv2d if rank == 2 else F.conv3d)(x, w, b, stride=stride, padding=k // 2)

    def deconv(self, x, c, k=2, bias=True):
        name, rank = self.layer("conv_transpose"), x.dim() - 2
        w = self.tensor(f"{name}.weight", (x.shape[1], c) + (k,) * rank)
        b = self.tensor(f"{name}.bias", (c,)) if bias else None
        up = F.conv_transpose2d if rank == 2 else F.conv_transpose3d
        return up(x, w, b, stride=2, padding=(k - 2) // 2)

    def bn(self, x, eps=1e-5):
        name = self.layer("batchnorm")
        own = [self.tensor(f"{name}.{n}", (x.shape[1],)) for n in ("weight", "bias", "running_mean", "running_var")]
        return F.batch_norm(x, own[2], own[3], own[0], own[1], eps=eps)

    def instance(self, x):
        name = self.layer("instancenorm")
        own = [self.tensor(f"{name}.{n}", (x.shape[1],)) for n in ("weight", "bias")]
        return F.instance_norm(x, weight=own[0], bias=own[1])

    def conv_bn_relu(self, x, c, **options):
        return F.relu(self.bn(self.conv(x, c, **options)))

    def head(self, name, x, k=1, scale=1):
        with self.scope(name):
            z = self.conv(x, 1, k)
        return torch.sigmoid(z if scale == 1 else bilinear(z, scale))


def nearest(x):
    return F.interpolate(x, scale_factor=2, mode="nearest")


def bilinear(x, scale=2, corners=False):
    return F.interpolate(x, scale_factor=scale, mode="bilinear", align_corners=corners)


def pool(x, k=2):
    return (F.max_pool2d if x.dim() == 4 else F.max_pool3d)(x, k)


def cat(*parts):
    return torch.cat(parts, 1)


def twice(step, x, c):
    return step(step(x, c), c)


# --- the presets: (net, image, the spec's params) -> heads -----------------------------------------------------------


def unet(net, x, width, norm=False):
    """Ronneberger et al., 2015; padded."""
    step = net.conv_bn_relu if norm else lambda t, c: F.relu(net.conv(t, c))
    skips = []
    for i, c in enumerate(width):
        with net.scope(f"Encoder[{i}]"):
            x = twice(step, x if i == 0 else pool(x), c)
        skips.append(x)
    for i in reversed(range(len(width) - 1)):
        with net.scope(f"Decoder[{i}]"):
            x = twice(step, cat(skips[i], net.deconv(x, width[i])), width[i])
    return {"S": net.head("S", x)}


def unetpp(net, image, width, norm=False, up="deconv", up_first=False):
    """Zhou et al., 2018; dropout does nothing in eval mode."""
    step = net.conv_bn_relu if norm else lambda t, c: F.relu(net.conv(t, c))
    depth = len(width) - 1
    x = {}
    for j in range(depth + 1):
        for i in range(depth + 1 - j):
            with net.scope(f"X[{i},{j}]"):
                if j == 0:
                    x[i, 0] = twice(step, image if i == 0 else pool(x[i - 1, 0]), width[i])
                    continue
                below = x[i + 1, j - 1]
                if up == "deconv":
                    above = net.deconv(below, width[i])
                else:
                    above = nearest(below) if up == "nearest" else bilinear(below, 2, corners=True)
                row = [x[i, k] for k in range(j)]
                x[i, j] = twice(step, cat(above, *row) if up_first else cat(*row, above), width[i])
    return {f"S[{j}]": net.head(f"S[{j}]", x[0, j]) for j in range(1, depth + 1)}


def attention_unet(net, x, width):
    """AttU_Net of LeeJunHyun/Image_Segmentation."""
    skips = []
    for i, c in enumerate(width):
        with net.scope(f"Encoder[{i}]"):
            x = twice(net.conv_bn_relu, x if i == 0 else pool(x), c)
        skips.append(x)
    for i in reversed(range(len(width) - 1)):
        with net.scope(f"Decoder[{i}]"):
            up = net.conv_bn_relu(nearest(x), width[i])
            inner = width[i] // 2
            both = net.bn(net.conv(up, inner, 1)) + net.bn(net.conv(skips[i], inner, 1))
            psi = torch.sigmoid(net.bn(net.conv(F.relu(both), 1, 1)))
            x = twice(net.conv_bn_relu, cat(skips[i] * psi, up), width[i])
    return {"S": net.head("S", x)}


def unet3plus(net, x, width):
    """UNet_3Plus_DeepSup of ZJUGiveLab/UNet-Version; head k is the decoder's k-th row from below."""
    encoder = []
    for i, c in enumerate(width):
        with net.scope(f"Encoder[{i}]"):
            x = twice(net.conv_bn_relu, x if i == 0 else pool(x), c)
        encoder.append(x)
    depth, each = len(width) - 1, width[0]
    decoder = {depth: encoder[depth]}
    for i in reversed(range(depth)):
        with net.scope(f"Decoder[{i}]"):
            strands = [encoder[k] if k == i else pool(encoder[k], 2 ** (i - k)) for k in range(i + 1)]
            strands += [bilinear(decoder[k], 2 ** (k - i)) for k in range(i + 1, depth + 1)]
            decoder[i] = net.conv_bn_relu(cat(*[net.conv_bn_relu(s, each) for s in strands]), each * len(width))
    rows = {depth + 1 - i: (decoder[i], 2**i) for i in range(depth + 1)}
    return {f"S[{k}]": net.head(f"S[{k}]", t, k=3, scale=scale) for k, (t, scale) in sorted(rows.items())}


def resunet(net, x, width):
    """ResUnet of rishikksh20/ResUnet."""

    def unit(x, c, stride=1):
        y = net.conv(F.relu(net.bn(x)), c, stride=stride)
        y = net.conv(F.relu(net.bn(y)), c)
        return y + net.bn(net.conv(x, c, stride=stride))

    with net.scope("Encoder[0]"):
        x = net.conv(net.conv_bn_relu(x, width[0]), width[0]) + net.conv(x, width[0])
    skips = [x]
    for i in range(1, len(width)):
        with net.scope(f"Encoder[{i}]"):
            x = unit(x, width[i], 2)
        skips.append(x)
    for i in reversed(range(len(width) - 1)):
        with net.scope(f"Decoder[{i}]"):
            x = unit(cat(net.deconv(x, width[i + 1]), skips[i]), width[i])
    return {"S": net.head("S", x)}


def resnet(net, x, width, units, cell):
    """The rows of a ResNet of basic units (He et al., 2016) without its classifier, as torchvision's resnet34."""

    def unit(x, c, stride):
        y = net.conv_bn_relu(x, c, stride=stride, bias=False)
        y = net.bn(net.conv(y, c, bias=False))
        return F.relu(y + (x if stride == 1 else net.bn(net.conv(x, c, k=1, stride=stride, bias=False))))

    rows = []
    for i, c in enumerate(width):
        with net.scope(cell(i)):
            if i == 0:
                x = net.conv_bn_relu(x, c, k=7, stride=2, bias=False)
            else:
                x = F.max_pool2d(x, 3, 2, 1) if i == 1 else x
                for n in range(units[i]):
                    x = unit(x, c, 2 if n == 0 and i > 1 else 1)
        rows.append(x)
    return rows


def resnet34_unetpp(net, image, width, units, top):
    """UnetPlusPlus('resnet34') of segmentation_models.pytorch."""
    depth = len(width) - 1
    step = lambda t, c: net.conv_bn_relu(t, c, bias=False)
    x = {(i, 0): t for i, t in enumerate(resnet(net, image, width, units, lambda i: f"X[{i},0]"))}
    for j in range(1, depth + 1):
        for i in range(depth + 1 - j):
            with net.scope(f"X[{i},{j}]"):
                row = [x[i, k] for k in reversed(range(j))]
                c = top[0] if (i, j) == (0, depth) else width[i]
                x[i, j] = twice(step, cat(nearest(x[i + 1, j - 1]), *row), c)
    with net.scope("S"):
        return {"S": torch.sigmoid(net.conv(twice(step, nearest(x[0, depth]), top[1]), 1))}


def se_unet(net, image, width, units, decoder, top):
    """Unet('resnet34', decoder_attention_type='scse') of segmentation_models.pytorch."""
    step = lambda t, c: net.conv_bn_relu(t, c, bias=False)

    def scse(x):
        c = x.shape[1]
        squeezed = x.mean((2, 3), keepdim=True)
        channels = torch.sigmoid(net.conv(F.relu(net.conv(squeezed, c // 16, 1)), c, 1))
        return x * channels + x * torch.sigmoid(net.conv(x, 1, 1))

    rows = resnet(net, image, width, units, lambda i: f"Encoder[{i}]")
    x = rows[-1]
    for i in reversed(range(len(width) - 1)):
        with net.scope(f"Decoder[{i}]"):
            x = scse(twice(step, scse(cat(nearest(x), rows[i])), decoder[i]))
    with net.scope("S"):
        return {"S": torch.sigmoid(net.conv(scse(twice(step, nearest(x), top)), 1))}


def unetpp_3d(net, volume, width):
    """BasicUNetPlusPlus of MONAI."""
    step = lambda t, c: F.leaky_relu(net.instance(net.conv(t, c)), 0.1)
    depth = len(width) - 1
    x = {}
    for j in range(depth + 1):
        for i in range(depth + 1 - j):
            with net.scope(f"X[{i},{j}]"):
                if j == 0:
                    x[i, 0] = twice(step, volume if i == 0 else pool(x[i - 1, 0]), width[i])
                    continue
                up = net.deconv(x[i + 1, j - 1], width[1] if i == 0 else width[i + 1] // 2)
                x[i, j] = twice(step, cat(*[x[i, k] for k in range(j)], up), width[i])
    return {f"S[{j}]": net.head(f"S[{j}]", x[0, j]) for j in range(1, depth + 1)}


def xnet(net, image, width, convs, decoder):
    """Xnet('vgg16', decoder_block_type='transpose') of MrGiovanni/UNetPlusPlus (Keras: epsilon 1e-3)."""
    depth = len(width)
    x, pooled = {}, {}
    for i in range(depth):
        with net.scope(f"X[{i},0]"):
            t = image if i == 0 else pooled[i - 1]
            for _ in range(convs[i]):
                t = F.relu(net.conv(t, width[i]))
        x[i, 0], pooled[i] = t, pool(t)
    for j in range(1, depth + 1):
        for i in range(depth + 1 - j):
            with net.scope(f"X[{i},{j}]"):
                below = pooled[i] if j == 1 else x[i + 1, j - 1]
                up = F.relu(net.bn(net.deconv(below, decoder[i], k=4, bias=False), 1e-3))
                joined = cat(up, *[x[i, k] for k in range(j)])
                x[i, j] = F.relu(net.bn(net.conv(joined, decoder[i], bias=False), 1e-3))
    return {"S": net.head("S", x[0, depth], k=3)}


def image(channels, *space):
    """A batch of two at a small size; at the full widths one image of 64."""
    shapes = {False: (2, channels, *space), True: (1, channels, *(64 for _ in space))}

    def make(net, large):
        shape = shapes[large]
        net.image = shape
        if net.counting:
            return (torch.empty(shape, dtype=torch.double, device="meta"),)
        return (torch.from_numpy(uniform("image", math.prod(shape)).astype(np.float32).reshape(shape)).double(),)

    return make


FIVE = {"width": [4, 6, 8, 10, 12]}
PAPER = {"width": [32, 64, 128, 256, 512]}
LARGE = {"width": [64, 128, 256, 512, 1024]}
NUCLEI = {"width": [16, 32, 64, 128, 256]}
GRAY, COLOUR = image(1, 32, 32), image(3, 32, 32)
RESNET = {"width": [64, 64, 128, 256, 512], "units": [0, 3, 4, 6, 3]}
SMALL_RESNET = {"width": [4, 4, 6, 8, 10], "units": [0, 2, 1, 2, 1]}

# What the kernels of heads are multiplied by; a power of two, so that nothing is rounded.
GAIN = {"resunet": 1 / 64}

# name -> the small params, which go to --set, and the network.
PRESETS = {
    "unet": (FIVE, unet, GRAY, PAPER, {}),
    "wide-unet": (FIVE, unet, GRAY, {"width": [35, 70, 140, 280, 560]}, {}),
    "unet-nuclei": (FIVE, unet, COLOUR, NUCLEI, {"norm": True}),
    "unetpp": (FIVE, unetpp, GRAY, PAPER, {"up_first": True}),
    "unetpp-bn": (FIVE, unetpp, COLOUR, PAPER, {"norm": True, "up": "bilinear"}),
    "unetpp-nuclei": (FIVE, unetpp, COLOUR, NUCLEI, {"norm": True}),
    "demo": (FIVE, unetpp, COLOUR, {"width": [8, 16, 32, 64, 128]}, {"norm": True}),
    "starter": ({"width": [4, 6, 8, 10]}, unetpp, COLOUR, {"width": [16, 32, 64, 128]}, {"norm": True}),
    "attention-unet": (FIVE, attention_unet, COLOUR, LARGE, {}),
    "unet3plus": (FIVE, unet3plus, COLOUR, LARGE, {}),
    "resunet": ({"width": [4, 6, 8, 10]}, resunet, COLOUR, {"width": [64, 128, 256, 512]}, {}),
    "resnet34-unetpp": (SMALL_RESNET | {"top": [5, 3]}, resnet34_unetpp, COLOUR, RESNET | {"top": [32, 16]}, {}),
    "se-unet": (
        {"width": [16, 16, 32, 16, 32], "units": [0, 2, 1, 2, 1], "decoder": [16, 32, 16, 16], "top": 16},
        se_unet,
        COLOUR,
        RESNET | {"decoder": [32, 64, 128, 256], "top": 16},
        {},
    ),
    "unetpp-3d": ({"width": [4, 4, 6, 8, 10]}, unetpp_3d, image(1, 32, 32, 32), {"width": [32, 32, 64, 128, 256]}, {}),
    "xnet": (
        {"width": [4, 6, 8, 10, 12], "convs": [1, 2, 1, 2, 1], "decoder": [3, 4, 5, 6, 2]},
        xnet,
        COLOUR,
        {"width": [64, 128, 256, 512, 512], "convs": [2, 2, 3, 3, 3], "decoder": [32, 64, 128, 256, 16]},
        {},
    ),
}


def sample(t):
    """Some 64 numbers of a tensor, an odd step apart so that they are of every column, and its mean."""
    flat = t.flatten()
    step = flat.numel() // 64 | 1
    return {"mean": float(f"{flat.mean().item():.9g}"), "sample": [float(f"{v:.9g}") for v in flat[::step].tolist()]}


def record_presets():
    recorded = {}
    for name, (small, build, make, full, options) in PRESETS.items():
        net, large = Net(gain=GAIN.get(name, 1)), Net(counting=True)
        heads = build(net, *make(net, False), **small, **options)
        build(large, *make(large, True), **full, **options)
        # Numbers that are all alike would hide a mistake.
        for head, t in heads.items():
            inside = ((t > 0.02) & (t < 0.98)).double().mean()
            assert t.std() > 0.01 and inside > 0.5, (name, head, t.std(), inside)
        recorded[name] = {
            "set": {key: json.dumps(value) for key, value in small.items()},
            "input": list(net.image),
            "gain": net.gain,
            "tensors": len(net.shapes),
            "parameters": sum(math.prod(s) for n, s in large.shapes.items() if ".running_" not in n),
            "heads": {head: sample(t) for head, t in heads.items()},
        }
    return recorded


# --- single operators ------------------------------------------------------------------------------------------------


def layer_norm(x, *own, eps):
    """Over the channels of each pixel: PyTorch normalizes the last dimension."""
    return F.layer_norm(x.movedim(1, -1), (x.shape[1],), *own, eps=eps).movedim(-1, 1)


OPERATORS = [
    ("groupnorm", {"groups": 2, "eps": 1e-5, "affine": True}, [(2, 4, 3, 2), (4,), (4,)], lambda x, w, b: F.group_norm(x, 2, w, b)),
    ("groupnorm", {"groups": 3, "eps": 1e-3, "affine": False}, [(2, 6, 5)], lambda x: F.group_norm(x, 3, eps=1e-3)),
    ("layernorm", {"eps": 1e-5, "affine": True}, [(2, 4, 3, 2), (4,), (4,)], lambda x, w, b: layer_norm(x, w, b, eps=1e-5)),
    ("layernorm", {"eps": 1e-6, "affine": False}, [(1, 5, 2, 2, 2)], lambda x: layer_norm(x, eps=1e-6)),
    ("prelu", {"num_parameters": 1, "init": 0.25}, [(2, 3, 4), (1,)], F.prelu),
    ("prelu", {"num_parameters": 3, "init": 0.25}, [(2, 3, 2, 2), (3,)], F.prelu),
    ("pixel_shuffle", {"upscale_factor": 2}, [(2, 8, 3, 2)], lambda x: F.pixel_shuffle(x, 2)),
    ("pixel_unshuffle", {"downscale_factor": 3}, [(2, 2, 3, 6)], lambda x: F.pixel_unshuffle(x, 3)),
]


def record_operators():
    """Each on inputs x0, x1 ... of `uniform` - 0.5, with dL/dy of `uniform`: y and every dL/dx, in float64."""
    recorded = []
    for op, attrs, shapes, apply in OPERATORS:
        make = lambda name, shape: torch.from_numpy(uniform(name, math.prod(shape)).reshape(shape))
        inputs = [(make(f"x{k}", shape) - 0.5).requires_grad_() for k, shape in enumerate(shapes)]
        y = apply(*inputs)
        y.backward(make("dy", tuple(y.shape)))
        numbers = lambda t: [float(f"{v:.12g}") for v in t.detach().flatten().tolist()]
        recorded.append(
            {
                "op": op,
                "attrs": attrs,
                "inputs": [list(s) for s in shapes],
                "shape": list(y.shape),
                "y": numbers(y),
                "gradients": [numbers(x.grad) for x in inputs],
            }
        )
    return recorded


# --- a schedule ------------------------------------------------------------------------------------------------------


def record_plateau():
    """The rate in each epoch under ReduceLROnPlateau, from 1; a metric ends each epoch."""
    recorded = []
    for k, (mode, factor, patience, threshold, cooldown, least) in enumerate(
        [
            ("min", 0.1, 4, 1e-4, 0, 0.0),
            ("min", 0.5, 1, 0.05, 2, 0.0),
            ("max", 0.3, 0, 0.01, 0, 0.05),
            ("max", 0.5, 2, 0.0, 1, 0.2),
        ]
    ):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, mode, factor, patience, threshold, "rel", cooldown, least
        )
        # Falls or rises to a level, with noise.
        noise = 0.02 * uniform(f"plateau{k}", 50)
        falling = 0.1 + 0.8 ** np.arange(50) + noise
        metrics = [round(float(v), 6) for v in (falling if mode == "min" else 1.2 - falling)]
        rates = []
        for metric in metrics:
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step(metric)
        case = {"mode": mode, "factor": factor, "patience": patience, "threshold": threshold, "cooldown": cooldown}
        recorded.append({**case, "min_lr": least, "metrics": metrics, "rates": rates})
    return recorded


# --- all --------------------------------------------------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser(description="record PyTorch's answers for the presets")
    parser.add_argument("--check", action="store_true", help="compare with what is recorded instead of rewriting it")
    check = parser.parse_args().check
    torch.set_num_threads(1)
    stale = []
    for name, value in (("presets.json", record_presets()), ("operators.json", record_operators()), ("plateau.json", record_plateau())):
        lines = value.items() if isinstance(value, dict) else enumerate(value)
        body = ",\n".join((f"{json.dumps(k)}: " if isinstance(k, str) else "") + json.dumps(v) for k, v in lines)
        text = f"{{\n{body}\n}}\n" if isinstance(value, dict) else f"[\n{body}\n]\n"
        path = here / "recorded" / name
        if not check:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(name)
    if stale:
        sys.exit("differs from a fresh recording: " + ", ".join(stale))


if __name__ == "__main__":
    main()
