"""The networks of specs/, each written out once more from its source, for any framework: `nn` is a Layers.

To add a preset: a function (nn, image, the spec's params) -> the heads' logits by name, a line in PRESETS, and record.py.
"""


def unet(nn, x, width, norm=False):
    """Ronneberger et al., 2015; padded."""
    step = nn.conv_bn_relu if norm else nn.conv_relu
    skips = []
    for i, c in enumerate(width):
        with nn.scope(f"Encoder[{i}]"):
            x = nn.twice(step, x if i == 0 else nn.maxpool(x), c)
        skips.append(x)
    for i in reversed(range(len(width) - 1)):
        with nn.scope(f"Decoder[{i}]"):
            x = nn.twice(step, nn.concat([skips[i], nn.conv_transpose(x, width[i])]), width[i])
    return {"S": head(nn, "S", x)}


def unetpp(nn, image, width, norm=False, bilinear=False, rate=None):
    """Zhou et al., 2018. With a rate of dropout: as in the authors' code, which also joins the upsampled map first."""

    def step(x, c):
        x = nn.conv_bn_relu(x, c) if norm else nn.conv_relu(x, c)
        return x if rate is None else nn.dropout(x, rate)

    depth = len(width) - 1
    x = {}
    for i, j in as_computed(depth):
        with nn.scope(f"X[{i},{j}]"):
            if j == 0:
                x[i, 0] = nn.twice(step, image if i == 0 else nn.maxpool(x[i - 1, 0]), width[i])
                continue
            below, row = x[i + 1, j - 1], [x[i, k] for k in range(j)]
            up = nn.bilinear(below, align_corners=True) if bilinear else nn.conv_transpose(below, width[i])
            x[i, j] = nn.twice(step, nn.concat([up, *row] if rate is not None else [*row, up]), width[i])
    return {f"S[{j}]": head(nn, f"S[{j}]", x[0, j]) for j in range(1, depth + 1)}


def as_computed(depth):
    """Cells of the triangle, each as soon as what it reads is there: by diagonals, from the encoder up."""
    return [(s - j, j) for s in range(depth + 1) for j in range(s + 1)]


def attention_unet(nn, x, width):
    """AttU_Net of LeeJunHyun/Image_Segmentation, after Oktay et al., 2018."""
    skips = []
    for i, c in enumerate(width):
        with nn.scope(f"Encoder[{i}]"):
            x = nn.twice(nn.conv_bn_relu, x if i == 0 else nn.maxpool(x), c)
        skips.append(x)
    for i in reversed(range(len(width) - 1)):
        with nn.scope(f"Decoder[{i}]"):
            up = nn.conv_bn_relu(nn.nearest(x), width[i])
            inner = width[i] // 2
            both = nn.batchnorm(nn.conv(up, inner, 1)) + nn.batchnorm(nn.conv(skips[i], inner, 1))
            psi = nn.sigmoid(nn.batchnorm(nn.conv(nn.relu(both), 1, 1)))
            x = nn.twice(nn.conv_bn_relu, nn.concat([skips[i] * psi, up]), width[i])
    return {"S": head(nn, "S", x)}


def unet3plus(nn, x, width):
    """UNet_3Plus_DeepSup of ZJUGiveLab/UNet-Version, after Huang et al., 2020; head k is the decoder's k-th row from below."""
    encoder = []
    for i, c in enumerate(width):
        with nn.scope(f"Encoder[{i}]"):
            x = nn.twice(nn.conv_bn_relu, x if i == 0 else nn.maxpool(x), c)
        encoder.append(x)
    depth, each = len(width) - 1, width[0]
    decoder = {depth: encoder[depth]}
    for i in reversed(range(depth)):
        with nn.scope(f"Decoder[{i}]"):
            strands = [encoder[k] if k == i else nn.maxpool(encoder[k], 2 ** (i - k)) for k in range(i + 1)]
            strands += [nn.bilinear(decoder[k], 2 ** (k - i)) for k in range(i + 1, depth + 1)]
            joined = nn.concat([nn.conv_bn_relu(s, each) for s in strands])
            decoder[i] = nn.conv_bn_relu(joined, each * len(width))
    heads = {}
    for k in range(1, depth + 2):
        i = depth + 1 - k
        z = head(nn, f"S[{k}]", decoder[i], k=3)
        heads[f"S[{k}]"] = z if i == 0 else nn.bilinear(z, 2**i)
    return heads


def resunet(nn, x, width):
    """ResUnet of rishikksh20/ResUnet, after Zhang et al., 2018."""

    def unit(x, c, stride=1):
        y = nn.conv(nn.relu(nn.batchnorm(x)), c, stride=stride)
        y = nn.conv(nn.relu(nn.batchnorm(y)), c)
        return y + nn.batchnorm(nn.conv(x, c, stride=stride))

    with nn.scope("Encoder[0]"):
        x = nn.conv(nn.conv_bn_relu(x, width[0]), width[0]) + nn.conv(x, width[0])
    skips = [x]
    for i in range(1, len(width)):
        with nn.scope(f"Encoder[{i}]"):
            x = unit(x, width[i], 2)
        skips.append(x)
    for i in reversed(range(len(width) - 1)):
        with nn.scope(f"Decoder[{i}]"):
            x = unit(nn.concat([nn.conv_transpose(x, width[i + 1]), skips[i]]), width[i])
    return {"S": head(nn, "S", x)}


def resnet(nn, x, width, units, cell):
    """The rows of a ResNet of basic units (He et al., 2016) without its classifier."""

    def unit(x, c, stride):
        y = nn.conv_bn_relu(x, c, stride=stride, bias=False)
        y = nn.batchnorm(nn.conv(y, c, bias=False))
        return nn.relu(y + (x if stride == 1 else nn.batchnorm(nn.conv(x, c, k=1, stride=stride, bias=False))))

    rows = []
    for i, c in enumerate(width):
        with nn.scope(cell(i)):
            if i == 0:
                x = nn.conv_bn_relu(x, c, k=7, stride=2, bias=False)
            else:
                x = nn.maxpool(x, 3, 2, 1) if i == 1 else x
                for n in range(units[i]):
                    x = unit(x, c, 2 if n == 0 and i > 1 else 1)
        rows.append(x)
    return rows


def resnet34_unetpp(nn, image, width, units, top):
    """UnetPlusPlus('resnet34') of segmentation_models.pytorch."""

    def step(x, c):
        return nn.conv_bn_relu(x, c, bias=False)

    depth = len(width) - 1
    x = {(i, 0): t for i, t in enumerate(resnet(nn, image, width, units, lambda i: f"X[{i},0]"))}
    for j in range(1, depth + 1):
        for i in range(depth + 1 - j):
            with nn.scope(f"X[{i},{j}]"):
                row = [x[i, k] for k in reversed(range(j))]
                c = top[0] if (i, j) == (0, depth) else width[i]
                x[i, j] = nn.twice(step, nn.concat([nn.nearest(x[i + 1, j - 1]), *row]), c)
    with nn.scope("S"):
        return {"S": nn.conv(nn.twice(step, nn.nearest(x[0, depth]), top[1]), 1)}


def se_unet(nn, image, width, units, decoder, top):
    """Unet('resnet34', decoder_attention_type='scse') of segmentation_models.pytorch, after Roy et al., 2018."""

    def step(x, c):
        return nn.conv_bn_relu(x, c, bias=False)

    def scse(x):
        c = nn.shape(x)[1]
        squeezed = nn.relu(nn.conv(nn.mean_of_space(x), c // 16, 1))
        return x * nn.sigmoid(nn.conv(squeezed, c, 1)) + x * nn.sigmoid(nn.conv(x, 1, 1))

    rows = resnet(nn, image, width, units, lambda i: f"Encoder[{i}]")
    x = rows[-1]
    for i in reversed(range(len(width) - 1)):
        with nn.scope(f"Decoder[{i}]"):
            x = scse(nn.twice(step, scse(nn.concat([nn.nearest(x), rows[i]])), decoder[i]))
    with nn.scope("S"):
        return {"S": nn.conv(scse(nn.twice(step, nn.nearest(x), top)), 1)}


def unetpp_3d(nn, volume, width):
    """BasicUNetPlusPlus of MONAI."""

    def step(x, c):
        return nn.leaky_relu(nn.instancenorm(nn.conv(x, c)), 0.1)

    depth = len(width) - 1
    x = {}
    for i, j in as_computed(depth):
        with nn.scope(f"X[{i},{j}]"):
            if j == 0:
                x[i, 0] = nn.twice(step, volume if i == 0 else nn.maxpool(x[i - 1, 0]), width[i])
                continue
            up = nn.conv_transpose(x[i + 1, j - 1], width[1] if i == 0 else width[i + 1] // 2)
            x[i, j] = nn.twice(step, nn.concat([*[x[i, k] for k in range(j)], up]), width[i])
    return {f"S[{j}]": head(nn, f"S[{j}]", x[0, j]) for j in range(1, depth + 1)}


def xnet(nn, image, width, convs, decoder):
    """Xnet('vgg16', decoder_block_type='transpose') of MrGiovanni/UNetPlusPlus (Keras: epsilon 1e-3)."""
    depth = len(width)
    x, pooled = {}, {}
    for i in range(depth):
        with nn.scope(f"X[{i},0]"):
            t = image if i == 0 else pooled[i - 1]
            for _ in range(convs[i]):
                t = nn.conv_relu(t, width[i])
        x[i, 0], pooled[i] = t, nn.maxpool(t)
    for j in range(1, depth + 1):
        for i in range(depth + 1 - j):
            with nn.scope(f"X[{i},{j}]"):
                below = pooled[i] if j == 1 else x[i + 1, j - 1]
                up = nn.relu(nn.batchnorm(nn.conv_transpose(below, decoder[i], k=4, bias=False), 1e-3))
                joined = nn.concat([up, *[x[i, k] for k in range(j)]])
                x[i, j] = nn.relu(nn.batchnorm(nn.conv(joined, decoder[i], bias=False), 1e-3))
    return {"S": head(nn, "S", x[0, depth], k=3)}


def head(nn, name, x, k=1):
    """Logits of one mask."""
    with nn.scope(name):
        return nn.conv(x, 1, k)


# --- losses: z logits, y target --------------------------------------------------------------------------------------


def overlap(nn, z, y):
    """Intersection, and predicted and true mass together, of each sample and channel."""
    p = nn.sigmoid(z)
    return nn.sum_of_space(p * y), nn.sum_of_space(p) + nn.sum_of_space(y)


def dice(nn, z, y):
    i, both = overlap(nn, z, y)
    return 1 - nn.mean((2 * i + 1) / (both + 1))


def jaccard(nn, z, y):
    i, both = overlap(nn, z, y)
    return 1 - nn.mean((i + 1) / (both - i + 1))


def focal(nn, z, y, gamma=2, alpha=0.25):
    """Lin et al., 2017, equation 5."""
    p = nn.sigmoid(z)
    p_t = p * y + (1 - p) * (1 - y)
    alpha_t = alpha * y + (1 - alpha) * (1 - y)
    return nn.mean(-alpha_t * (1 - p_t) ** gamma * nn.log(p_t))


def bce_and_dice(nn, z, y):
    return 0.5 * nn.bce(z, y) + dice(nn, z, y)


def bce_jaccard_focal(nn, z, y):
    return nn.bce(z, y) + jaccard(nn, z, y) + focal(nn, z, y)


# --- presets ---------------------------------------------------------------------------------------------------------


class Preset:
    """A network, what its spec is `--set` to here, the shape of its batch, and how the spec's choices are said above."""

    def __init__(self, build, settings, image=(2, 3, 32, 32), loss=bce_and_dice, gain=1.0, **options):
        self.build = build
        self.settings = settings
        self.image = image
        self.loss = loss
        self.gain = gain
        self.options = options


FIVE = {"width": [4, 6, 8, 10, 12]}
FOUR = {"width": [4, 6, 8, 10]}
ROWS = {"units": [0, 2, 1, 2, 1]}
GRAY = (2, 1, 32, 32)

PRESETS = {
    "unet": Preset(unet, FIVE, GRAY),
    "wide-unet": Preset(unet, {"width": [5, 7, 9, 11, 13]}, GRAY),
    "unet-nuclei": Preset(unet, FIVE, norm=True),
    "unetpp": Preset(unetpp, FIVE, GRAY, rate=0.5, gain=0.75),
    "unetpp-bn": Preset(unetpp, FIVE, norm=True, bilinear=True),
    "unetpp-nuclei": Preset(unetpp, FIVE, norm=True),
    "demo": Preset(unetpp, {"width": [3, 4, 5, 6, 7]}, norm=True),
    "starter": Preset(unetpp, FOUR, norm=True),
    "attention-unet": Preset(attention_unet, FIVE),
    "unet3plus": Preset(unet3plus, FIVE, loss=bce_jaccard_focal),
    "resunet": Preset(resunet, FOUR),
    "resnet34-unetpp": Preset(resnet34_unetpp, {"width": [4, 4, 6, 8, 10], **ROWS, "top": [5, 3]}, (2, 3, 64, 64)),
    "se-unet": Preset(
        se_unet, {"width": [16, 16, 32, 16, 32], **ROWS, "decoder": [16, 32, 16, 16], "top": 16}, (2, 3, 64, 64)
    ),
    "unetpp-3d": Preset(unetpp_3d, {"width": [4, 4, 6]}, (2, 1, 8, 8, 8)),
    "xnet": Preset(xnet, {"width": [4, 6, 8, 10, 12], "convs": [1, 2, 1, 2, 1], "decoder": [3, 4, 5, 6, 2]}, (2, 3, 64, 64)),
}
