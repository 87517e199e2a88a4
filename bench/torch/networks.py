"""The networks that are trained, as PyTorch users write them; each answers its heads' logits."""

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


class Drawn(nn.Module):
    """A network written as a function: its layers are made when it first runs, and taken in the same order from then on."""

    def __init__(self, draw, width, channels=3):
        super().__init__()
        self.draw, self.width = draw, width
        self.layers = nn.ModuleList()
        self.next = 0
        # No smaller: batch norm wants more than one value a channel at the deepest row.
        side = 2 ** (len(width) + 1)
        self(torch.zeros(2, channels, side, side))

    def forward(self, image):
        self.next = 0
        return self.draw(self, image, self.width)

    def layer(self, make):
        if self.next == len(self.layers):
            self.layers.append(make())
        self.next += 1
        return self.layers[self.next - 1]

    def conv(self, x, c, k=3, stride=1, bias=True):
        return self.layer(lambda: nn.Conv2d(x.shape[1], c, k, stride, k // 2, bias=bias))(x)

    def deconv(self, x, c):
        return self.layer(lambda: nn.ConvTranspose2d(x.shape[1], c, 2, 2))(x)

    def bn(self, x):
        return self.layer(lambda: nn.BatchNorm2d(x.shape[1]))(x)

    def unit(self, x, c, **options):
        return F.relu(self.bn(self.conv(x, c, **options)), inplace=True)

    def twice(self, x, c):
        return self.unit(self.unit(x, c), c)

    def encoder(self, x, width):
        rows = []
        for i, c in enumerate(width):
            x = self.twice(x if i == 0 else F.max_pool2d(x, 2), c)
            rows.append(x)
        return rows


def enlarged(x, scale, mode):
    return x if scale == 1 else F.interpolate(x, scale_factor=scale, mode=mode)


def attention_unet(net, image, width):
    """AttU_Net of LeeJunHyun/Image_Segmentation."""
    *skips, x = net.encoder(image, width)
    for skip, c in zip(reversed(skips), reversed(width[:-1])):
        up = net.unit(enlarged(x, 2, "nearest"), c)
        seen = F.relu(net.bn(net.conv(up, c // 2, 1)) + net.bn(net.conv(skip, c // 2, 1)), inplace=True)
        gate = torch.sigmoid(net.bn(net.conv(seen, 1, 1)))
        x = net.twice(torch.cat([skip * gate, up], 1), c)
    return [net.conv(x, 1, 1)]


def unet3plus(net, image, width):
    """UNet_3Plus_DeepSup of ZJUGiveLab/UNet-Version."""
    rows = net.encoder(image, width)
    depth, each = len(width) - 1, width[0]
    decoder = {depth: rows[depth]}
    for i in reversed(range(depth)):
        strands = [rows[k] if k == i else F.max_pool2d(rows[k], 2 ** (i - k)) for k in range(i + 1)]
        strands += [enlarged(decoder[k], 2 ** (k - i), "bilinear") for k in range(i + 1, depth + 1)]
        decoder[i] = net.unit(torch.cat([net.unit(s, each) for s in strands], 1), each * len(width))
    return [enlarged(net.conv(decoder[i], 1), 2**i, "bilinear") for i in reversed(range(depth + 1))]


def resunet(net, image, width):
    """ResUnet of rishikksh20/ResUnet."""

    def residual(x, c, stride=1):
        y = net.conv(F.relu(net.bn(x)), c, stride=stride)
        return net.conv(F.relu(net.bn(y)), c) + net.bn(net.conv(x, c, stride=stride))

    x = net.conv(net.unit(image, width[0]), width[0]) + net.conv(image, width[0])
    skips = []
    for c in width[1:]:
        skips.append(x)
        x = residual(x, c, 2)
    for i in reversed(range(len(width) - 1)):
        x = residual(torch.cat([net.deconv(x, width[i + 1]), skips[i]], 1), width[i])
    return [net.conv(x, 1, 1)]


def make(family, width, up):
    """A network by name; `up` counts for U-Net and UNet++, the others have a way up of their own."""
    drawn = {"attention-unet": attention_unet, "unet3plus": unet3plus, "resunet": resunet}
    if family in drawn:
        return Drawn(drawn[family], width)
    return {"unetpp": UNetPlusPlus, "unet": UNet}[family](width, up)


families = ("unetpp", "unet", "attention-unet", "unet3plus", "resunet")
