"""OpenVINO from Python on PyTorch's export of UNet++, driven line by line so that another process can take turns with it.

    python bench/openvino/side.py --folder DIR [--width 32,64,128,256,512] [--size 256] [--threads 2]

It builds the UNet++ of bench/torch/step.py with the weights of its beginning, exports it at every level, with the head of
that level alone, into the folder, and compiles the exports. On standard output it writes one line of JSON when ready. Then for
each line on standard input, which is JSON:

    {"run": "L4 fp32"}                     runs that once, and answers the seconds it took; fp32, bf16 where the CPU has it, int8
    {"quantize": "a.onnx", "to": "b.onnx"} writes the same as int8 (QDQ, per channel, static, by random images)

It ends at the end of the input. bench/openvino/measure.mjs drives it.
"""

import argparse
import json
import os
import sys
import time

import numpy as np
import openvino
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "torch"))
from networks import UNetPlusPlus  # noqa: E402


class Pruned(torch.nn.Module):
    """The part of the network that the head of one level needs."""

    def __init__(self, whole, level):
        super().__init__()
        self.whole = whole
        self.level = level

    def forward(self, image):
        x = {}
        net = self.whole
        for i, j in net.indices():
            if i + j > self.level:
                continue
            if j == 0:
                before = image if i == 0 else torch.nn.functional.max_pool2d(x[i - 1, 0], 2)
            else:
                before = torch.cat([x[i, k] for k in range(j)] + [net.climbs[f"{i},{j}"](x[i + 1, j - 1])], 1)
            x[i, j] = net.cells[f"{i},{j}"](before)
        return torch.sigmoid(net.heads[self.level - 1](x[0, self.level]))


class Noise(CalibrationDataReader):
    def __init__(self, size):
        rng = np.random.default_rng(0)
        self.images = iter([{"image": rng.random((1, 3, size, size), np.float32)} for _ in range(4)])

    def get_next(self):
        return next(self.images, None)


def main():
    parser = argparse.ArgumentParser(description="OpenVINO on PyTorch's exports")
    parser.add_argument("--folder", required=True)
    parser.add_argument("--width", default="32,64,128,256,512", type=lambda s: [int(w) for w in s.split(",")])
    parser.add_argument("--size", default=256, type=int)
    parser.add_argument("--threads", default=2, type=int)
    options = parser.parse_args()

    def say(**fields):
        print(json.dumps(fields), flush=True)

    def quantize(source, target):
        quantize_static(
            source, target, Noise(options.size), quant_format=QuantFormat.QDQ, per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        )

    torch.manual_seed(0)
    whole = UNetPlusPlus(options.width, "nearest").eval()
    image = torch.rand(1, 3, options.size, options.size)
    core = openvino.Core()
    able = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    sides = {}

    def compiled(file, precision):
        hints = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
        model = core.compile_model(file, "CPU", {**hints, "INFERENCE_NUM_THREADS": str(options.threads)})
        request = model.create_infer_request()
        return lambda: request.infer([image.numpy()])

    for level in range(1, whole.depth + 1):
        file = os.path.join(options.folder, f"torch-L{level}.onnx")
        torch.onnx.export(Pruned(whole, level), (image,), file, dynamo=False, input_names=["image"], output_names=["mask"])
        sides[f"L{level} fp32"] = compiled(file, "f32")
        if "BF16" in able:
            sides[f"L{level} bf16"] = compiled(file, "bf16")
        if level == whole.depth:
            low = os.path.join(options.folder, f"torch-L{level}-int8.onnx")
            quantize(file, low)
            sides[f"L{level} int8"] = compiled(low, "f32")

    say(ready=True, engine=f"openvino {openvino.__version__.split('-')[0]}", torch=torch.__version__, sides=list(sides))
    for line in sys.stdin:
        asked = json.loads(line)
        start = time.perf_counter()
        if "quantize" in asked:
            quantize(asked["quantize"], asked["to"])
        else:
            sides[asked["run"]]()
        say(seconds=time.perf_counter() - start)


if __name__ == "__main__":
    # Exporters and quantizers print on standard output; that is for answers.
    answers, sys.stdout = os.fdopen(os.dup(1), "w"), sys.stderr
    os.dup2(2, 1)
    print = lambda text, flush: (answers.write(text + "\n"), answers.flush())  # noqa: A001, E731
    main()
