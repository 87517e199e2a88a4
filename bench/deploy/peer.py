"""The peers of bench/deploy.mjs: PyTorch's export of each network, with weights that ours can be given by name.

    python bench/deploy/peer.py FOLDER

FOLDER/networks.json lists the networks ({name, family, options, channels, size, exports: [{name, level, mode}]}). For each,
FOLDER/NAME.safetensors is written, and for every export FOLDER/EXPORT.onnx and FOLDER/EXPORT.f64, what PyTorch answers in double precision.

Networks are those of test/parity/record_presets.py, which say the names that our compiler gives. `library` says instead
that the module is made by segmentation_models_pytorch or MONAI, as their users get it: its layers are given the same weights in the
order in which they run, which is that of the network written out, or another one that `library.columns` says.
"""

import json
import math
import os
import pathlib
import re
import sys

import numpy as np
import torch
import torch.nn as nn
from safetensors.numpy import save_file

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent.parent / "test" / "parity"))
import record_presets as presets  # noqa: E402


class Written(nn.Module):
    """A network of record_presets.py as a module; its weights are made as it first runs."""

    def __init__(self, network):
        super().__init__()
        self.network = network
        self.answer = None
        self.order = []
        with torch.no_grad():
            self.heads(torch.zeros(1, network["channels"], *network["size"]))

    def heads(self, image):
        build = getattr(presets, self.network["family"])
        return build(Named(self), image, **self.network["options"])

    def forward(self, image):
        heads = self.heads(image)
        if self.answer is None:
            return heads["S"]
        kept = [heads[f"S[{k}]"] for k in range(1, self.answer["level"] + 1)]
        return kept[-1] if self.answer["mode"] == "fast" else sum(kept) / len(kept)

    def tensor(self, name, shape):
        key = name.replace(".", "/")
        if not hasattr(self, key):
            values = presets.rule(name, shape).float()
            # A layer's own scale of its answers; else a deep network's are all 0 or 1.
            gain = self.network.get("gain", 1) if name.startswith("S") and len(shape) > 1 else 1
            if ".running_" in name:
                self.register_buffer(key, values)
            else:
                self.register_parameter(key, nn.Parameter(values * gain, requires_grad=False))
            self.order.append(name)
        return getattr(self, key)

    def arrays(self):
        return {name: getattr(self, name.replace(".", "/")).detach().numpy() for name in self.order}


class Named(presets.Net):
    """Takes the tensors of a `Written`."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def tensor(self, name, shape):
        return self.module.tensor(name, shape)


def library(network):
    """The module as its library makes it, untrained."""
    name, options = network["library"]["name"], network["library"]["options"]
    if name.startswith("smp."):
        import segmentation_models_pytorch as smp

        return nn.Sequential(getattr(smp, name[4:])(encoder_weights=None, **options), nn.Sigmoid())
    import monai.networks.nets as nets

    class Last(nn.Module):
        """The deepest head's probabilities; MONAI answers a list of logits."""

        def __init__(self):
            super().__init__()
            self.net = getattr(nets, name[6:])(**options)

        def forward(self, image):
            return torch.sigmoid(self.net(image)[-1])

    return Last()


def give(module, written):
    """Gives a library's module the weights of `written`, layer by layer as they run."""
    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d, nn.InstanceNorm2d)
    ran = []
    hooks = [m.register_forward_hook(lambda m, *_: ran.append(m)) for m in module.modules() if isinstance(m, kinds)]
    network = written.network
    with torch.no_grad():
        module(torch.zeros(1, network["channels"], *network["size"]))
    for hook in hooks:
        hook.remove()
    arrays = written.arrays()
    layers = {}
    for path in written.order:
        layer, tensor = path.rsplit(".", 1)
        layers.setdefault(layer, {})[tensor] = torch.from_numpy(arrays[path])
    # Heads that a library computes, and a level does not answer.
    assert len(ran) == len(layers), (network["name"], len(ran), len(layers))
    left = list(layers.items())
    if network["library"].get("columns") == "from below":
        left.sort(key=lambda item: column(item[0]))
    for m in ran:
        own = {n: t for n, t in m.state_dict().items() if n != "num_batches_tracked"}
        for k, (layer, tensors) in enumerate(left):
            if {n: t.shape for n, t in own.items()} == {n: t.shape for n, t in tensors.items()}:
                m.load_state_dict(tensors, strict=False)
                del left[k]
                break
        else:
            sys.exit(f"{network['name']}: no layer is shaped like {m}")


def column(layer):
    """The encoder, then column by column of the grid, each from its deepest node, then the head."""
    cell = re.match(r"X\[(\d+),(\d+)\]", layer)
    if not cell:
        return (99, 0)
    i, j = map(int, cell.groups())
    return (0, i) if j == 0 else (j, -i)


def main():
    folder = sys.argv[1]
    torch.set_grad_enabled(False)
    for network in json.load(open(os.path.join(folder, "networks.json"))):
        written = Written(network).eval()
        module = written
        if "library" in network:
            module = library(network).eval()
            give(module, written)
        save_file(
            {name: np.ascontiguousarray(a) for name, a in written.arrays().items()},
            os.path.join(folder, f"{network['name']}.safetensors"),
        )
        for export in network["exports"]:
            written.answer = export if "level" in export else None
            torch.onnx.export(
                module,
                torch.zeros(1, network["channels"], *network["size"]),
                os.path.join(folder, f"{export['name']}.onnx"),
                opset_version=17,
                input_names=["image"],
                output_names=["mask"],
                dynamo=False,
            )
            # As bench/deploy/measure.mjs makes it.
            count = network["channels"] * math.prod(network["size"])
            image = ((np.sin(np.arange(count) * 12.9898) + 1) / 2).astype(np.float32).astype(np.float64)
            exact = module.double()(torch.from_numpy(image).reshape(1, network["channels"], *network["size"]))
            exact.numpy().tofile(os.path.join(folder, f"{export['name']}.f64"))
            module.float()


main()
