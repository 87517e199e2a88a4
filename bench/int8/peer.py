"""The peer of `unetc build --quantize int8`: PyTorch's export of the same trained UNet++, quantized by onnxruntime.quantization.

    python bench/int8/peer.py make FOLDER      weights.safetensors, calibration.f32 -> peer.onnx, peer-int8.onnx
    python bench/int8/peer.py answers FOLDER   MODEL.onnx of models.json on inputs.f32 -> answers of onnxruntime and OpenVINO
    python bench/int8/peer.py openvino FOLDER  times of models.json in OpenVINO, in turns

FOLDER/facts.json says what bench/int8.mjs wrote there: width, size, images, rounds. numpy, torch, onnx, onnxruntime, openvino
and safetensors are needed; bench/int8.mjs drives it.
"""

import json
import os
import sys
import time

import numpy as np

folder = sys.argv[2]
facts = json.load(open(os.path.join(folder, "facts.json")))


def at(name):
    return os.path.join(folder, name)


def images(name):
    height, width = facts["size"]
    return np.fromfile(at(name), np.float32).reshape(-1, 1, 3, height, width)


def network():
    import torch
    import torch.nn as nn
    from safetensors.numpy import load_file

    weights = load_file(at("weights.safetensors"))
    depth = len(facts["width"]) - 1

    class Conv(nn.Module):
        def __init__(self, path, norm=True):
            super().__init__()
            w = weights[f"{path}.weight"]
            self.conv = nn.Conv2d(w.shape[1], w.shape[0], w.shape[2:], padding=w.shape[2] // 2)
            self.conv.weight.data = torch.from_numpy(w.copy())
            self.conv.bias.data = torch.from_numpy(weights[f"{path}.bias"].copy())
            self.norm = None
            if norm:
                bn = path.replace("conv", "batchnorm")
                self.norm = nn.BatchNorm2d(w.shape[0], eps=1e-5)
                self.norm.weight.data = torch.from_numpy(weights[f"{bn}.weight"].copy())
                self.norm.bias.data = torch.from_numpy(weights[f"{bn}.bias"].copy())
                self.norm.running_mean = torch.from_numpy(weights[f"{bn}.running_mean"].copy())
                self.norm.running_var = torch.from_numpy(weights[f"{bn}.running_var"].copy())

        def forward(self, x):
            return self.conv(x) if self.norm is None else torch.relu(self.norm(self.conv(x)))

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.nodes = nn.ModuleDict(
                {
                    f"{i}_{j}": nn.Sequential(Conv(f"X[{i},{j}].conv1"), Conv(f"X[{i},{j}].conv2"))
                    for i in range(depth + 1)
                    for j in range(depth + 1 - i)
                }
            )
            self.heads = nn.ModuleList([Conv(f"S[{j}].conv1", norm=False) for j in range(1, depth + 1)])
            self.up = nn.Upsample(scale_factor=2, mode="nearest")

        def forward(self, image):
            x = {(0, 0): self.nodes["0_0"](image)}
            for i in range(1, depth + 1):
                x[i, 0] = self.nodes[f"{i}_0"](torch.max_pool2d(x[i - 1, 0], 2))
            for j in range(1, depth + 1):
                for i in range(depth + 1 - j):
                    joined = [x[i, k] for k in range(j)] + [self.up(x[i + 1, j - 1])]
                    x[i, j] = self.nodes[f"{i}_{j}"](torch.cat(joined, 1))
            answers = [torch.sigmoid(head(x[0, j + 1])) for j, head in enumerate(self.heads)]
            return sum(answers) / len(answers)

    return Net().eval()


def make():
    import torch
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    space = {0: "N", 2: "H", 3: "W"}
    torch.onnx.export(
        network(),
        torch.zeros(1, 3, *facts["size"]),
        at("peer.onnx"),
        opset_version=17,
        input_names=["image"],
        output_names=["mask"],
        dynamic_axes={"image": space, "mask": space},
        dynamo=False,
    )
    quant_pre_process(at("peer.onnx"), at("peer-ready.onnx"), skip_symbolic_shape=True)

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.left = iter(images("calibration.f32"))

        def get_next(self):
            image = next(self.left, None)
            return None if image is None else {"image": image}

    # Seven bits for weights, as its documentation says for machines without VNNI.
    quantize_static(
        at("peer-ready.onnx"),
        at("peer-int8.onnx"),
        Reader(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )


def compiled(path):
    import openvino as ov

    core = ov.Core()
    return core.compile_model(path, "CPU", {"INFERENCE_NUM_THREADS": facts["threads"], "INFERENCE_PRECISION_HINT": "f32"})


def answers():
    import onnxruntime as ort

    inputs = images("inputs.f32")
    for name in facts["models"]:
        options = ort.SessionOptions()
        options.log_severity_level = 3
        session = ort.InferenceSession(at(f"{name}.onnx"), options)
        feed = session.get_inputs()[0].name
        np.concatenate([session.run(None, {feed: x})[0] for x in inputs]).tofile(at(f"{name}.onnxruntime.f32"))
        model = compiled(at(f"{name}.onnx"))
        np.concatenate([list(model(x).values())[0] for x in inputs]).tofile(at(f"{name}.openvino.f32"))


def openvino():
    models = {name: compiled(at(f"{name}.onnx")) for name in facts["timed"]}
    image = np.random.default_rng(0).random((1, 3, *facts["time_size"]), np.float32)
    times = {name: [] for name in models}
    for k in range(-3, facts["rounds"]):
        for name, model in models.items():
            started = time.perf_counter()
            model(image)
            if k >= 0:
                times[name].append(time.perf_counter() - started)
    print(json.dumps(times))


{"make": make, "answers": answers, "openvino": openvino}[sys.argv[1]]()
