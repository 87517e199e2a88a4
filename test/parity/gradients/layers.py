"""What networks.py's networks are written in; torch_layers.py and tensorflow_layers.py say it in their framework."""

import contextlib

import numbers_by_rule as rule


class Layers:
    """Applies layers and makes their parameters on the way, by our compiler's names: a scope (a cell, a head), the
    operator, and the how-manieth of its kind in the scope. Shapes are [N, C, ...space] to the outside."""

    def __init__(self, seed, gain):
        self.seed = seed
        # What kernels are multiplied by: under dropout maps grow, and probabilities would all be 0 or 1.
        self.gain = gain
        # By name, in the order of definition: what the framework differentiates by.
        self.parameters = {}
        self.masks = 0
        self.at = ""
        self.counts = {}

    @contextlib.contextmanager
    def scope(self, path):
        before = self.at, self.counts
        self.at, self.counts = path, {}
        yield
        self.at, self.counts = before

    def next(self, operator):
        self.counts[operator] = self.counts.get(operator, 0) + 1
        return f"{self.at}.{operator}{self.counts[operator]}"

    def parameter(self, name, shape):
        if name in self.parameters:
            raise KeyError(f"{name} is defined twice")
        self.parameters[name] = self.variable(rule.parameter(f"{self.seed}:{name}", shape, self.gain))
        return self.parameters[name]

    def kernel(self, operator, shape, bias, channels):
        """Weight and bias of the scope's next `operator`."""
        name = self.next(operator)
        return self.parameter(f"{name}.weight", shape), self.parameter(f"{name}.bias", (channels,)) if bias else None

    def scale_and_shift(self, operator, channels):
        name = self.next(operator)
        return self.parameter(f"{name}.weight", (channels,)), self.parameter(f"{name}.bias", (channels,))

    def dropout(self, x, rate):
        """Masks are numbered in the order in which the graph can compute them."""
        mask = rule.dropout_mask(self.seed, self.masks, rate, self.shape(x))
        self.masks += 1
        return x * self.constant(mask)

    def twice(self, step, x, c):
        return step(step(x, c), c)

    def conv_bn_relu(self, x, c, **options):
        return self.relu(self.batchnorm(self.conv(x, c, **options)))

    def conv_relu(self, x, c):
        return self.relu(self.conv(x, c))
