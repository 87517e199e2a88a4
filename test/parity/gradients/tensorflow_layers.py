"""networks.py's layers in TensorFlow, channels last, in double precision; gradients by tf.GradientTape."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import tensorflow as tf
from layers import Layers

version = f"tensorflow {tf.__version__}"


def last(rank):
    """[N, C, ...space] to [N, ...space, C]."""
    return [0, *range(2, rank), 1]


class TensorFlowLayers(Layers):
    def variable(self, values):
        return tf.Variable(values, dtype=tf.float64)

    def constant(self, values):
        return tf.constant(values.transpose(last(values.ndim)), tf.float64)

    def shape(self, x):
        n, *space, c = x.shape
        return n, c, *space

    def filter(self, w):
        """[O, I, ...kernel] to [...kernel, I, O]; a transposed convolution's [I, O, ...kernel] to [...kernel, O, I]."""
        rank = len(w.shape)
        return tf.transpose(w, [*range(2, rank), 1, 0])

    def conv(self, x, c, k=3, stride=1, bias=True):
        rank = len(x.shape) - 2
        w, b = self.kernel("conv", (c, x.shape[-1]) + (k,) * rank, bias, c)
        around = tf.pad(x, [[0, 0], *[[k // 2, k // 2]] * rank, [0, 0]])
        y = (tf.nn.conv2d if rank == 2 else tf.nn.conv3d)(around, self.filter(w), [1, *[stride] * rank, 1], "VALID")
        return y if b is None else y + b

    def conv_transpose(self, x, c, k=2, bias=True):
        n, *space, channels = x.shape
        w, b = self.kernel("conv_transpose", (channels, c) + (k,) * len(space), bias, c)
        up = tf.nn.conv2d_transpose if len(space) == 2 else tf.nn.conv3d_transpose
        # SAME leaves out (k - 2) / 2 on either side of an output twice as large.
        y = up(x, self.filter(w), [n, *[2 * s for s in space], c], 2, "SAME")
        return y if b is None else y + b

    def normalized(self, operator, x, axes, eps):
        weight, bias = self.scale_and_shift(operator, x.shape[-1])
        mean, variance = tf.nn.moments(x, axes, keepdims=True)
        return tf.nn.batch_normalization(x, mean, variance, bias, weight, eps)

    def batchnorm(self, x, eps=1e-5):
        return self.normalized("batchnorm", x, list(range(len(x.shape) - 1)), eps)

    def instancenorm(self, x):
        return self.normalized("instancenorm", x, list(range(1, len(x.shape) - 1)), 1e-5)

    def relu(self, x):
        return tf.nn.relu(x)

    def leaky_relu(self, x, slope):
        return tf.nn.leaky_relu(x, slope)

    def maxpool(self, x, k=2, stride=None, padding=0):
        rank = len(x.shape) - 2
        if padding:
            x = tf.pad(x, [[0, 0], *[[padding, padding]] * rank, [0, 0]], constant_values=x.dtype.min)
        if rank == 3:
            # There is no kernel for three dimensions in double precision.
            return tf.cast(tf.nn.max_pool3d(tf.cast(x, tf.float32), k, stride or k, "VALID"), tf.float64)
        return tf.nn.max_pool2d(x, k, stride or k, "VALID")

    def nearest(self, x, scale=2):
        return tf.repeat(tf.repeat(x, scale, 1), scale, 2)

    def bilinear(self, x, scale=2, align_corners=False):
        size = [scale * s for s in x.shape[1:3]]
        # The kernel answers in single precision.
        resize = tf.raw_ops.ResizeBilinear
        y = resize(images=x, size=size, align_corners=align_corners, half_pixel_centers=not align_corners)
        return tf.cast(y, tf.float64)

    def concat(self, parts):
        return tf.concat(list(parts), -1)

    def mean_of_space(self, x):
        return tf.reduce_mean(x, [1, 2], keepdims=True)

    def sum_of_space(self, x):
        return tf.reduce_sum(x, list(range(1, len(x.shape) - 1)))

    def mean(self, x):
        return tf.reduce_mean(x)

    def sigmoid(self, x):
        return tf.sigmoid(x)

    def log(self, x):
        return tf.math.log(x)

    def bce(self, z, y):
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=z))


def differentiate(build, seed, gain):
    """`build(layers)` answers the losses of the heads; their mean is differentiated by every parameter."""
    layers = TensorFlowLayers(seed, gain)
    with tf.GradientTape() as tape:
        losses = build(layers)
        loss = tf.add_n(losses) / len(losses)
    gradients = tape.gradient(loss, list(layers.parameters.values()))
    return {
        "loss": loss.numpy().item(),
        "head_losses": [x.numpy().item() for x in losses],
        "gradients": {name: g.numpy() for name, g in zip(layers.parameters, gradients)},
    }
