"""A convolution of what nearest upsampling repeated, and the transposed convolution that replaces it: forward, input
gradient and filter gradient as TensorFlow's operators, best of seven in milliseconds.

    python bench/tensorflow/upsampled.py [fp32|bf16]      with tensorflow 2.20 installed; two threads, batch 16
"""

import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
import tensorflow as tf  # noqa: E402

tf.config.threading.set_intra_op_parallelism_threads(2)
dtype = tf.bfloat16 if sys.argv[1:] == ["bf16"] else tf.float32
batch = 16


def best(compute, rounds=7):
    compute()
    compute()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        compute().numpy()
        seconds.append(time.perf_counter() - start)
    return f"{min(seconds) * 1000:.1f}"


def compare(size, inner, outer):
    """Small images of `size`, `inner` channels in and `outer` out."""
    small = tf.cast(tf.random.normal([batch, size, size, inner]), dtype)
    large = tf.repeat(tf.repeat(small, 2, 1), 2, 2)
    dy = tf.cast(tf.random.normal([batch, 2 * size, 2 * size, outer]), dtype)
    kernel = tf.cast(tf.random.normal([3, 3, inner, outer]), dtype)
    summed = tf.cast(tf.random.normal([4, 4, outer, inner]), dtype)
    input_grad = tf.raw_ops.Conv2DBackpropInput
    filter_grad = tf.raw_ops.Conv2DBackpropFilter
    one, two = [1, 1, 1, 1], [1, 2, 2, 1]
    direct = [
        lambda: tf.nn.conv2d(large, kernel, 1, "SAME"),
        lambda: input_grad(
            input_sizes=large.shape, filter=kernel, out_backprop=dy, strides=one, padding="SAME"
        ),
        lambda: filter_grad(
            input=large, filter_sizes=kernel.shape, out_backprop=dy, strides=one, padding="SAME"
        ),
    ]
    transposed = [
        lambda: input_grad(
            input_sizes=dy.shape, filter=summed, out_backprop=small, strides=two, padding="SAME"
        ),
        lambda: tf.nn.conv2d(dy, summed, 2, "SAME"),
        lambda: filter_grad(
            input=dy, filter_sizes=summed.shape, out_backprop=small, strides=two, padding="SAME"
        ),
    ]
    figures = [", ".join(best(tf.function(f)) for f in side) for side in (direct, transposed)]
    print(f"{size}x{size}, {inner} to {outer}: direct {figures[0]}; transposed {figures[1]}", flush=True)


for case in [(48, 32, 16), (24, 64, 32), (12, 128, 64), (6, 256, 128)]:
    compare(*case)
