"""networks.py's layers in PyTorch, in double precision; gradients by its autograd."""

import math

import torch
import torch.nn.functional as F
from layers import Layers

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
version = f"torch {torch.__version__.split('+')[0]}"


class TorchLayers(Layers):
    def __init__(self, seed, gain):
        super().__init__(seed, gain)
        # How far the closest unit is from a kink, in units of its map's deviation: a ReLU's zero, or two candidates
        # for a pool's maximum. There the gradient jumps, and two correct programs disagree.
        self.margin = math.inf

    def variable(self, values):
        return torch.from_numpy(values).requires_grad_()

    def constant(self, values):
        return torch.from_numpy(values)

    def shape(self, x):
        return tuple(x.shape)

    def watch(self, distances, x):
        with torch.no_grad():
            if distances.numel():
                self.margin = min(self.margin, (distances.min() / x.std()).item())

    def conv(self, x, c, k=3, stride=1, bias=True):
        rank = x.dim() - 2
        w, b = self.kernel("conv", (c, x.shape[1]) + (k,) * rank, bias, c)
        return (F.conv2d if rank == 2 else F.conv3d)(x, w, b, stride=stride, padding=k // 2)

    def conv_transpose(self, x, c, k=2, bias=True):
        rank = x.dim() - 2
        w, b = self.kernel("conv_transpose", (x.shape[1], c) + (k,) * rank, bias, c)
        up = F.conv_transpose2d if rank == 2 else F.conv_transpose3d
        return up(x, w, b, stride=2, padding=(k - 2) // 2)

    def batchnorm(self, x, eps=1e-5):
        weight, bias = self.scale_and_shift("batchnorm", x.shape[1])
        return F.batch_norm(x, None, None, weight, bias, training=True, eps=eps)

    def instancenorm(self, x):
        weight, bias = self.scale_and_shift("instancenorm", x.shape[1])
        return F.instance_norm(x, weight=weight, bias=bias)

    def relu(self, x):
        self.watch(x.abs(), x)
        return F.relu(x)

    def leaky_relu(self, x, slope):
        self.watch(x.abs(), x)
        return F.leaky_relu(x, slope)

    def maxpool(self, x, k=2, stride=None, padding=0):
        with torch.no_grad():
            windows = F.pad(x, (padding,) * (2 * (x.dim() - 2)), value=-math.inf)
            for axis in range(2, x.dim()):
                windows = windows.unfold(axis, k, stride or k)
            first, second = windows.flatten(x.dim()).topk(2, dim=-1).values.unbind(-1)
            # Where all is 0, ReLU lets no gradient through, whichever is taken.
            self.watch((first - second)[first != 0], x)
        return (F.max_pool2d if x.dim() == 4 else F.max_pool3d)(x, k, stride, padding)

    def nearest(self, x, scale=2):
        return F.interpolate(x, scale_factor=scale, mode="nearest")

    def bilinear(self, x, scale=2, align_corners=False):
        return F.interpolate(x, scale_factor=scale, mode="bilinear", align_corners=align_corners)

    def concat(self, parts):
        return torch.cat(list(parts), 1)

    def mean_of_space(self, x):
        return x.mean((2, 3), keepdim=True)

    def sum_of_space(self, x):
        return x.flatten(2).sum(2)

    def mean(self, x):
        return x.mean()

    def sigmoid(self, x):
        return torch.sigmoid(x)

    def log(self, x):
        return torch.log(x)

    def bce(self, z, y):
        return F.binary_cross_entropy_with_logits(z, y)


def differentiate(build, seed, gain):
    """`build(layers)` answers the losses of the heads; their mean is differentiated by every parameter."""
    layers = TorchLayers(seed, gain)
    losses = build(layers)
    loss = sum(losses) / len(losses)
    gradients = torch.autograd.grad(loss, list(layers.parameters.values()))
    return {
        "loss": loss.item(),
        "head_losses": [x.item() for x in losses],
        "gradients": {name: g.numpy() for name, g in zip(layers.parameters, gradients)},
        "margin": layers.margin,
    }
