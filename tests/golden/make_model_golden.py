"""Writes a network with seeded weights, images, and what they give in Python's PyTorch in float64.

make_model_golden.py ARCHITECTURE DEPTH OUT.safetensors   (ARCHITECTURE: resnet or aig)
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from reference import Reference, gate_noise  # noqa: E402

SEED = 11


def random_state(gated, depth, generator):
    """Weights, and BatchNorm statistics that are not those of a fresh network."""
    state = {"normalize.mean": torch.tensor([0.49, 0.48, 0.45]).view(3, 1, 1), "normalize.std": torch.tensor([0.25, 0.24, 0.26]).view(3, 1, 1)}

    def normal(*shape, scale):
        return torch.randn(*shape, generator=generator) * scale

    def conv_norm(conv, norm, cin, cout, kernel):
        state[conv + ".weight"] = normal(cout, cin, kernel, kernel, scale=(2 / (cin * kernel * kernel)) ** 0.5)
        state[norm + ".weight"] = 1 + normal(cout, scale=0.2)
        state[norm + ".bias"] = normal(cout, scale=0.2)
        state[norm + ".running_mean"] = normal(cout, scale=0.2)
        state[norm + ".running_var"] = 0.5 + torch.rand(cout, generator=generator)

    conv_norm("conv1", "bn1", 3, 16, 3)
    channels = 16
    for stage in (1, 2, 3):
        for block in range((depth - 2) // 6):
            name, out = f"layer{stage}.{block}", 16 * 2 ** (stage - 1)
            conv_norm(name + ".conv1", name + ".bn1", channels, out, 3)
            conv_norm(name + ".conv2", name + ".bn2", out, out, 3)
            if out != channels:
                conv_norm(name + ".downsample.0", name + ".downsample.1", channels, out, 1)
            if gated:
                state[name + ".gate.fc1.weight"] = normal(16, channels, scale=channels**-0.5)
                state[name + ".gate.fc1.bias"] = normal(16, scale=0.1)
                state[name + ".gate.fc2.weight"] = normal(2, 16, scale=1.0)
                state[name + ".gate.fc2.bias"] = normal(2, scale=0.3)
            channels = out
    state["fc.weight"] = normal(10, 64, scale=0.3)
    state["fc.bias"] = normal(10, scale=0.1)
    return state


def main(family, depth, out):
    generator = torch.Generator().manual_seed(5)
    state = random_state(family == "aig", int(depth), generator)
    model = Reference(state, int(depth))
    images = torch.rand(6, 3, 32, 32, generator=generator)
    ids = [0, 3, 4, 1000, 2**31, 7]
    labels = torch.tensor([1, 0, 9, 4, 4, 2])
    golden = {"images": images, "labels": labels, "ids": torch.tensor(ids)}
    layers = 3 * ((int(depth) - 2) // 6)
    noises = {"argmax": None}
    if family == "aig":
        noises["sampled"] = gate_noise(SEED, "verdict_gates", ids, layers, draw=2, step=3, restart=1)
    for mode, noise in noises.items():
        for gradient in ("straight-through", "fixed-graph"):
            x = images.double().requires_grad_(True)
            logits, deltas, gates = model.forward(x, noise, gradient == "straight-through")
            F.cross_entropy(logits, labels, reduction="sum").backward()
            golden[f"{mode}.{gradient}.gradient"] = x.grad
        golden[f"{mode}.logits"] = logits.detach()
        if gates is not None:
            golden[f"{mode}.gate_logits"] = deltas.detach()
            golden[f"{mode}.gates"] = gates
    golden = {"golden." + name: tensor for name, tensor in golden.items()}
    classes = '["a","b","c","d","e","f","g","h","i","j"]'
    metadata = {"format": "aigis-checkpoint 1", "architecture": f"{family}-{depth}", "classes": classes, "input": "[3,32,32]"}
    save_file({name: t.contiguous() for name, t in state.items()}, out, metadata=metadata)
    save_file({name: t.contiguous() for name, t in golden.items()}, out + ".golden")


if __name__ == "__main__":
    main(*sys.argv[1:])
