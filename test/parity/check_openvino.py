"""Opens the adaptive models that export-models.mjs wrote in OpenVINO, and compares its answers with those recorded from Node.

    pip install openvino==2026.4.1 numpy
    python test/parity/check_openvino.py DIR
"""

import json
import os
import sys

import numpy as np
import openvino

folder = sys.argv[1]
cases = [c for c in json.load(open(os.path.join(folder, "cases.json"))) if "-adaptive-" in c["model"]]
core = openvino.Core()
compiled, worst, levels = {}, 0.0, {}


def tensor(entry):
    return np.fromfile(os.path.join(folder, entry["file"]), np.float32).reshape(entry["shape"])


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
assert worst <= 1e-4, worst
print(f"{len(compiled)} adaptive models, {len(cases)} images in OpenVINO {openvino.__version__}: answered by "
      f"{dict(sorted(levels.items()))}, off by at most {worst:.1e}")
