"""Records the gradients of every preset as PyTorch and TensorFlow derive them, each by its own automatic differentiation.

    python -m venv a && a/bin/pip install -r test/parity/requirements.txt
    python -m venv b && b/bin/pip install -r test/parity/gradients/requirements-tensorflow.txt
    a/bin/python test/parity/gradients/record.py torch            # rewrites recorded/gradients/*.torch.safetensors
    b/bin/python test/parity/gradients/record.py tensorflow       # after it, since PyTorch's chooses the seeds
    ... record.py torch --check [NAME ...]                        # computes afresh and compares with the files there

The networks are networks.py's, weights and images come from rules (numbers_by_rule.py), all in double precision. Of a
gradient only projections on vectors of signs are kept: as many squared differences, each on average the squared distance.

    projections     [parameters, 16] float32, on `signs("k:path")`, in the order of the metadata's paths
    norms           [parameters] float32
    metadata        seed, settings (for --set), image (shape), gain, paths, loss and head_losses (float64), by
"""

import argparse
import importlib
import json
import pathlib
import struct
import sys

import numpy as np

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here))

import numbers_by_rule as rule
from networks import PRESETS

folder = here.parent / "recorded" / "gradients"
PROJECTIONS = 16
# Of a map's deviation: single precision stays well within it on its way down a network.
MARGIN = 1e-5


def losses_of(preset, seed):
    mask = (preset.image[0], 1, *preset.image[2:])

    def build(layers):
        image = layers.constant(rule.image(seed, preset.image))
        target = layers.constant(rule.target(seed, mask))
        heads = preset.build(layers, image, **preset.settings, **preset.options)
        return [preset.loss(layers, z, target) for z in heads.values()]

    return build


def off_kinks(differentiate, preset, name):
    """The first seed at which no unit is so near a kink that single precision may take the other side."""
    for seed in range(5000):
        found = differentiate(losses_of(preset, seed), seed, preset.gain)
        if found["margin"] > MARGIN:
            return seed, found
    sys.exit(f"no seed keeps {name} off every kink")


def encoded(preset, seed, found, by):
    names = list(found["gradients"])
    flat = [g.ravel() for g in found["gradients"].values()]
    projected = [[g @ rule.signs(f"{k}:{n}", g.size) for k in range(PROJECTIONS)] for n, g in zip(names, flat)]
    tensors = {"projections": np.array(projected), "norms": np.array([np.linalg.norm(g) for g in flat])}
    metadata = {
        "by": by,
        "seed": str(seed),
        "settings": json.dumps({key: json.dumps(value) for key, value in preset.settings.items()}),
        "image": json.dumps(preset.image),
        "gain": json.dumps(preset.gain),
        "paths": json.dumps(names, separators=(",", ":")),
        "loss": json.dumps(found["loss"]),
        "head_losses": json.dumps(found["head_losses"]),
    }
    header, offset, data = {"__metadata__": metadata}, 0, []
    for name, values in tensors.items():
        data.append(values.astype("<f4").tobytes())
        end = offset + len(data[-1])
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(data)


def metadata_of(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length])["__metadata__"]


def projections_of(data):
    (length,) = struct.unpack("<Q", data[:8])
    return np.frombuffer(data[8 + length :], "<f4")


def same(a, b):
    """Equal but for the last digits, in which builds of a framework for other processors differ."""
    values = [projections_of(x) for x in (a, b)]
    return values[0].shape == values[1].shape and np.allclose(*values, rtol=1e-5, atol=1e-6 * np.abs(values[0]).max())


def pinned(framework):
    path = here.parent / "requirements.txt" if framework == "torch" else here / "requirements-tensorflow.txt"
    return dict(line.split("==") for line in path.read_text().split())["torch" if framework == "torch" else "tensorflow-cpu"]


def main():
    parser = argparse.ArgumentParser(description="record the gradients of the presets")
    parser.add_argument("framework", choices=("torch", "tensorflow"))
    parser.add_argument("names", nargs="*", help="presets; all without")
    parser.add_argument("--check", action="store_true", help="compare with what is recorded instead of rewriting it")
    options = parser.parse_args()
    backend = importlib.import_module(f"{options.framework}_layers")
    due = f"{options.framework} {pinned(options.framework)}"
    if backend.version != due:
        sys.exit(f"recorded with {due}, but {backend.version} is installed")
    folder.mkdir(exist_ok=True)
    stale = []
    for name in options.names or PRESETS:
        preset, path = PRESETS[name], folder / f"{name}.{options.framework}.safetensors"
        if options.framework == "torch" and not options.check:
            seed, found = off_kinks(backend.differentiate, preset, name)
        else:
            seed = int(metadata_of(folder / f"{name}.torch.safetensors")["seed"])
            found = backend.differentiate(losses_of(preset, seed), seed, preset.gain)
        fresh = encoded(preset, seed, found, backend.version)
        if options.check:
            if not path.exists() or not same(path.read_bytes(), fresh):
                stale.append(name)
        else:
            path.write_bytes(fresh)
        print(f"{name}: seed {seed}, {len(found['gradients'])} parameters, loss {found['loss']:.6f}, {len(fresh)} bytes", flush=True)
    if stale:
        sys.exit("differ from a fresh recording: " + ", ".join(stale))


if __name__ == "__main__":
    main()
