"""Numbers that both sides make from names, so that none of them has to be stored; rule.ts makes the same."""

import math

import numpy as np


def uniform(name, count):
    """`count` numbers in [0, 1): FNV-1a of the name, a step of the golden ratio each, and murmur3's finalizer."""
    h = 0x811C9DC5
    for byte in name.encode():
        h = (h ^ byte) * 0x01000193 & 0xFFFFFFFF
    x = (np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B9) + np.uint64(h)) & np.uint64(0xFFFFFFFF)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor) & np.uint64(0xFFFFFFFF)
    return x / 2.0**32


def parameter(name, shape, gain=1.0):
    """Of variance 2 / fan-in for a kernel, times `gain`; off 0 and 1 for all others: none can be forgotten unnoticed."""
    u = uniform(name, math.prod(shape))
    if len(shape) > 1:
        transposed = name.split(".")[-2].startswith("conv_transpose")
        values = (2 * u - 1) * math.sqrt(6 / (shape[0] if transposed else math.prod(shape[1:])))
    elif name.endswith("weight"):
        values = 0.8 + 0.4 * u
    else:
        values = 0.4 * u - 0.2
    # Rounded as our weights are, so that all compute with the same numbers.
    values = values.astype(np.float32).astype(np.float64)
    if len(shape) > 1:
        values = (values * gain).astype(np.float32).astype(np.float64)
    return values.reshape(shape)


def image(seed, shape):
    return uniform(f"{seed}:image", math.prod(shape)).astype(np.float32).astype(np.float64).reshape(shape)


def target(seed, shape):
    return (uniform(f"{seed}:target", math.prod(shape)) > 0.5).astype(np.float64).reshape(shape)


def signs(name, count):
    """A vector of 1 and -1: a projection onto it, squared, is on average the squared norm."""
    return np.where(uniform(name, count) < 0.5, -1.0, 1.0)


def dropout_mask(seed, salt, rate, shape):
    """The hash of compiler/ops/dropout.ts, which every engine computes: 0, or what a kept element is worth."""
    modulus, multiplier, increment = 2147483647, 48271, 11400714
    k = seed % modulus
    a = (k * multiplier + (salt * multiplier + increment) % modulus) % modulus
    b = (a * a + k) % modulus
    x = (np.arange(math.prod(shape), dtype=np.int64) * multiplier + b) % modulus
    y = (x * x + a) % modulus
    z = (y * y + x) % modulus
    return np.where(z < math.floor(rate * modulus), 0.0, 1 / (1 - rate)).reshape(shape)
