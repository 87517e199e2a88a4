"""Opens in Python's TensorFlow what export-saved-models.mjs wrote, which says how both are run.

    python test/parity/check_saved_models.py DIR

Models: tf.saved_model.load and the loader of TensorFlow 1 answer as the ONNX of the same level, mode and weights does in
onnxruntime, to 1e-5, at three sizes and two batch sizes from one file. Training steps: restore, ten steps and snapshot, by
either loader, give the losses of our engine and its parameters. `saved_model_cli show` reads every file.
"""

import json
import os
import pathlib
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import onnxruntime
import tensorflow as tf
import tensorflow.compat.v1 as tf1

tf.get_logger().setLevel("ERROR")
folder = pathlib.Path(sys.argv[1])
cases = json.loads((folder / "cases.json").read_text())


def last(x):
    """[N, C, ...space] to [N, ...space, C]."""
    return np.moveaxis(x, 1, -1)


def first(x):
    return np.moveaxis(x, -1, 1)


class Modern:
    """tf.saved_model.load: a function a signature."""

    def __init__(self, path):
        self.model = tf.saved_model.load(str(path))

    def call(self, signature, **feeds):
        return {k: v.numpy() for k, v in self.model.signatures[signature](**{k: tf.constant(v) for k, v in feeds.items()}).items()}

    def close(self):
        pass


class Old:
    """TensorFlow 1: one session, tensors by name."""

    def __init__(self, path):
        self.session = tf1.Session(graph=tf1.Graph())
        with self.session.graph.as_default():
            self.signatures = tf1.saved_model.load(self.session, ["serve"], str(path)).signature_def

    def call(self, signature, **feeds):
        entry = self.signatures[signature]
        outputs = {k: v.name for k, v in entry.outputs.items()}
        return self.session.run(outputs, {entry.inputs[k].name: v for k, v in feeds.items()})

    def close(self):
        self.session.close()


def shown(path):
    """What `saved_model_cli show` says, run as its command is."""
    tool = pathlib.Path(sys.executable).parent / "saved_model_cli"
    done = subprocess.run([tool, "show", "--dir", path, "--all"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def sizes_of(case):
    """Three sizes that every preset takes, two of them with a batch of three."""
    n = len(case["space"])
    small, large = (8, 16) if n == 3 else (64, 128)
    spaces = [(small,) * n, (small, *(large,) * (n - 1)), (large, *(small,) * (n - 1))]
    return [(1, s) for s in spaces] + [(3, s) for s in spaces[:2]]


def check_model(case):
    session = onnxruntime.InferenceSession(folder / f"{case['name']}.onnx", providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    feed = session.get_inputs()[0].name
    random = np.random.default_rng(3)
    worst, answers = 0.0, 0
    loaded = [kind(folder / case["name"]) for kind in (Modern, Old)]
    for batch, space in sizes_of(case):
        image = random.random((batch, case["channels"], *space), np.float32)
        due = dict(zip(names, session.run(names, {feed: image})))
        for model in loaded:
            found = model.call("serving_default", **{feed: last(image)})
            assert set(found) == set(due), (case["name"], set(found), set(due))
            for name, answer in found.items():
                assert first(answer).shape == due[name].shape, (case["name"], answer.shape, due[name].shape)
                worst = max(worst, float(np.abs(first(answer) - due[name]).max()))
                answers += 1
    for model in loaded:
        model.close()
    return worst, answers


def reordered(vector, slots):
    """An arena as unetc.filters says: of a filter [O, I, ...kernel], [...kernel, I, O] lies there."""
    out = vector.copy()
    for slot in slots:
        part = vector[slot["offset"] : slot["offset"] + slot["length"]].reshape(slot["shape"])
        if part.ndim >= 3:
            part = part.transpose(*range(2, part.ndim), 1, 0)
        out[slot["offset"] : slot["offset"] + slot["length"]] = part.ravel()
    return out


def without_biases(vector, slots):
    """A bias before batch norm has a gradient of rounding alone, and Adam makes of its sign a step of the full rate: there
    two orders of summation part. Losses tell whether other biases are right."""
    kept = [s for s in slots if len(s["shape"]) > 1 or "norm" in s["path"]]
    return np.concatenate([vector[s["offset"] : s["offset"] + s["length"]] for s in kept])


def check_step(case):
    def read(key, shape=(-1,)):
        return np.fromfile(folder / f"{case['name']}.{key}.bin", np.float32).reshape(shape)

    about = json.loads((folder / case["name"] / "unetc.json").read_text())
    slots = json.loads(about["unetc.parameters"])["slots"]
    state = {k: read(k) if k == "statistics" else reordered(read(k), slots) for k in case["vectors"]}
    state = {k: v for k, v in state.items() if v.size}
    batch = {"image": last(read("image", case["image"])), "target": last(read("target", case["target"]))}
    worst_loss, worst_parameter = 0.0, 0.0
    for kind in (Modern, Old):
        model = kind(folder / case["name"])
        entry = json.dumps(shown_inputs[case["name"]]["step"])
        model.call("restore", **{k: v for k, v in state.items() if k in shown_inputs[case["name"]]["restore"]})
        for k, due in enumerate(case["losses"]):
            feeds = {**batch, "lr": np.float32(case["lr"]), "step": np.float32(k + 1)}
            if '"seed"' in entry:
                feeds["seed"] = np.int64(k + 1)
            loss = float(model.call("step", **feeds)["loss"])
            worst_loss = max(worst_loss, abs(loss - due))
        after = without_biases(model.call("snapshot")["parameters"], slots)
        due = without_biases(reordered(read("after"), slots), slots)
        worst_parameter = max(worst_parameter, float(np.linalg.norm(after - due) / np.linalg.norm(due)))
        model.close()
    return worst_loss, worst_parameter


def inputs_of(text):
    """Inputs by signature, from what saved_model_cli prints."""
    found, signature = {}, None
    for line in text.splitlines():
        if line.startswith("signature_def["):
            signature = found.setdefault(line.split("'")[1], [])
        elif line.strip().startswith("inputs["):
            signature.append(line.split("'")[1])
    return found


# A tenth of a second a file for what it says, and seconds for its start: one model of a preset is enough.
seen, shown_inputs = set(), {}
for case in cases["models"] + cases["steps"]:
    preset = case["name"].rsplit("-L", 1)[0]
    if preset not in seen:
        seen.add(preset)
        shown_inputs[case["name"]] = inputs_of(shown(folder / case["name"]))
print(f"saved_model_cli reads {len(shown_inputs)} of them, each preset's first and its training step", flush=True)

results = [(case["name"], *check_model(case)) for case in cases["models"]]
worst = max(results, key=lambda r: r[1])
print(f"{len(results)} models, {sum(r[2] for r in results)} answers: at most {worst[1]:.1e} off onnxruntime's ({worst[0]})", flush=True)

for case in cases["steps"]:
    loss, parameter = check_step(case)
    print(f"{case['name']}: ten losses at most {loss:.1e} off, parameters after them {parameter:.1e}", flush=True)
    assert loss <= 1e-5 and parameter <= 1e-5, case["name"]
assert worst[1] <= 1e-5, worst
