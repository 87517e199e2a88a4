"""Checks the models that export-models.mjs wrote, in Python: the official ONNX checker with shape inference on every
file, and Python's onnxruntime against the answers recorded from Node.

    pip install onnx==1.23.2 onnxruntime==1.32.0
    python test/parity/check_models.py DIR
"""

import json
import os
import sys

import numpy as np
import onnx
import onnxruntime

folder = sys.argv[1]
cases = json.load(open(os.path.join(folder, "cases.json")))


def tensor(entry):
    return np.fromfile(os.path.join(folder, entry["file"]), np.float32).reshape(entry["shape"])


checked, sessions, worst, compared = set(), {}, 0.0, 0
for case in cases:
    path = os.path.join(folder, case["model"])
    if path not in checked:
        onnx.checker.check_model(path, full_check=True)
        checked.add(path)
    if "input" not in case:
        continue
    if path not in sessions:
        sessions = {path: onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])}
    session = sessions[path]
    answers = session.run([o["name"] for o in case["outputs"]], {session.get_inputs()[0].name: tensor(case["input"])})
    for answer, due in zip(answers, case["outputs"]):
        assert list(answer.shape) == due["shape"], (case["model"], answer.shape, due["shape"])
        worst = max(worst, float(np.abs(answer - tensor(due)).max()))
        compared += 1
assert worst <= 1e-5, worst
print(f"{len(checked)} models pass onnx.checker {onnx.__version__}; {compared} answers of onnxruntime "
      f"{onnxruntime.__version__} differ by at most {worst:.1e}")
