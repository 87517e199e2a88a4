"""Opens the adaptive and fp16 models that export-models.mjs wrote in OpenVINO, and compares its answers with those recorded from Node.

    pip install openvino==2026.4.1 numpy
    python test/parity/check_openvino.py DIR
"""

import json
import os
import sys

import numpy as np
import openvino

folder = sys.argv[1]
every = json.load(open(os.path.join(folder, "cases.json")))
core = openvino.Core()


def tensor(entry):
    return np.fromfile(os.path.join(folder, entry["file"]), np.float32).reshape(entry["shape"])


def compare(cases):
    """How many models, how far they are off at most, and which levels answered how often."""
    compiled, worst, levels = {}, 0.0, {}
    for case in cases:
        if case["model"] not in compiled:
            # Its own choice on many processors is a lower precision.
            path = os.path.join(folder, case["model"])
            compiled[case["model"]] = core.compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        model = compiled[case["model"]]
        answers = model([tensor(case["input"])])
        for due in case["outputs"]:
            answer = answers[model.output(due["name"])]
            worst = max(worst, float(np.abs(answer - tensor(due)).max()))
            if due["name"] == "level":
                levels[int(answer)] = levels.get(int(answer), 0) + 1
    return len(compiled), worst, dict(sorted(levels.items()))


adaptive = [c for c in every if "-adaptive-" in c["model"]]
models, worst, levels = compare(adaptive)
assert worst <= 1e-4, worst
print(f"{models} adaptive models, {len(adaptive)} images in OpenVINO {openvino.__version__}: answered by "
      f"{levels}, off by at most {worst:.1e}")
half = [c for c in every if c["model"].endswith("-fp16.onnx")]
models, worst, _ = compare(half)
# On a CPU both compute in fp32 with weights rounded to fp16.
assert worst <= 1e-4, worst
print(f"{models} models in fp16, {len(half)} images: off by at most {worst:.1e}")
