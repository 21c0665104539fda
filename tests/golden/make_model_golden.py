"""Writes networks with seeded weights, images, and what they give in Python's PyTorch in float64.

make_model_golden.py ARCHITECTURE OUT.safetensors [ARCHITECTURE OUT.safetensors ...]

ARCHITECTURE is `aig-8:gate_norm=true` or the like, computed by tests/reference.py, or `torchvision-resnet-50`: torchvision's
own network, saved as a bare state dict.
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from reference import IMAGENET_BLOCKS, Reference, blocks_of, gate_noise, parse_architecture, reference_options  # noqa: E402

SEED = 11
IDS = [0, 3, 4, 1000, 2**31, 7]
LABELS = [1, 0, 9, 4, 4, 2]


class RandomState(dict):
    """Weights, and BatchNorm statistics that are not those of a fresh network."""

    def __init__(self, generator, gate_norm, target_rates):
        super().__init__()
        self.generator, self.gate_norm = generator, gate_norm
        self.always = {i for i, rate in enumerate(target_rates) if rate == 1}
        self["normalize.mean"] = torch.tensor([0.49, 0.48, 0.45]).view(3, 1, 1)
        self["normalize.std"] = torch.tensor([0.25, 0.24, 0.26]).view(3, 1, 1)

    def normal(self, *shape, scale):
        return torch.randn(*shape, generator=self.generator) * scale

    def conv(self, name, cin, cout, kernel):
        self[name + ".weight"] = self.normal(cout, cin, kernel, kernel, scale=(2 / (cin * kernel * kernel)) ** 0.5)

    def norm(self, name, channels):
        self[name + ".weight"] = 1 + self.normal(channels, scale=0.2)
        self[name + ".bias"] = self.normal(channels, scale=0.2)
        self[name + ".running_mean"] = self.normal(channels, scale=0.2)
        self[name + ".running_var"] = 0.5 + torch.rand(channels, generator=self.generator)

    def linear(self, name, cin, cout, scale=0.3):
        self[name + ".weight"] = self.normal(cout, cin, scale=scale)
        self[name + ".bias"] = self.normal(cout, scale=0.1)

    def gate(self, name, number, channels):
        if number in self.always:
            return
        self.linear(name + ".gate.fc1", channels, 16, scale=channels**-0.5)
        self.linear(name + ".gate.fc2", 16, 2, scale=1.0)
        if self.gate_norm:
            self.norm(name + ".gate.norm", 16)


def fill_residual(state, family, depth, shortcut):
    is_imagenet, is_bottleneck, is_preactivated = depth in IMAGENET_BLOCKS, depth in (50, 101, 152), family == "preresnet"
    channels = 64 if is_imagenet else 16
    state.conv("conv1", 3, channels, 7 if is_imagenet else 3)
    state.norm("bn1", channels)
    for number, (name, width, stride) in enumerate(blocks_of(depth)):
        out = 4 * width if is_bottleneck else width
        sizes = [(channels, width, 1), (width, width, 3), (width, out, 1)] if is_bottleneck else [(channels, width, 3), (width, out, 3)]
        for i, (cin, cout, kernel) in enumerate(sizes, 1):
            state.conv(f"{name}.conv{i}", cin, cout, kernel)
            if not (is_preactivated and number == 0 and i == 1):
                state.norm(f"{name}.bn{i}", cin if is_preactivated else cout)
        if not is_preactivated:
            state[f"{name}.bn{len(sizes)}.weight"] *= 0.5  # or the sum doubles in each block
        if (out != channels or stride != 1) and shortcut == "conv":
            state.conv(name + ".downsample.0", channels, out, 1)
            if not is_preactivated:
                state.norm(name + ".downsample.1", out)
        if family == "aig":
            state.gate(name, number, channels)
        channels = out
    if is_preactivated:
        state.norm("norm", channels)
    state.linear("fc", channels, 10)


def fill_dense(state, depth, growth):
    channels, layers = 2 * growth, (depth - 4) // 3
    state.conv("conv", 3, channels, 3)
    for stage in (1, 2, 3):
        for i in range(layers):
            name = f"stage{stage}.{i}"
            state.norm(name + ".norm", channels)
            state.conv(name + ".conv", channels, growth, 3)
            state.gate(name, (stage - 1) * layers + i, channels)
            channels += growth
        if stage < 3:
            state.norm(f"transition{stage}.norm", channels)
            state.conv(f"transition{stage}.conv", channels, channels, 1)
    state.norm("norm", channels)
    state.linear("fc", channels, 10)


def centre_gates(state, model_of, images):
    """Shifts and scales each gate's last layer so that images differ in it: random weights alone leave it shut or open."""
    for column, layer in enumerate(model_of(state).layers):
        with torch.no_grad():
            delta = model_of(state).forward(images)[1][:, column]
        scale = (1.5 / delta.std()).item()
        state[layer + ".gate.fc2.weight"] *= scale
        state[layer + ".gate.fc2.bias"] *= scale
        state[layer + ".gate.fc2.bias"][1] += 0.3 - scale * delta.mean().item()


def gate_modes(layers, ids, generator):
    """Arguments of Reference.forward for each way in which gates decide, and what a user would give of them."""
    if layers == 0:
        return {"none": {}}, {}
    noise = gate_noise(SEED, "verdict_gates", ids, layers, draw=2, step=3, restart=1)
    rates = (0.2 + 0.7 * torch.rand(layers, generator=generator)).tolist()
    if layers > 5:
        rates[1], rates[4] = 1.0, 0.0  # a layer that always ran, and one that never did
    graph = [int(i % 3 != 1) for i in range(layers)]
    modes = {"argmax": {}, "sampled": {"noise": noise}, "always": {}, "scaled": {"rates": rates},
             "marginal": {"rates": rates, "noise": noise}, "fixed": {"graph": graph},
             "budget": {"rates": rates, "to_run": layers // 2}}
    given = {"rates": torch.tensor(rates, dtype=torch.float64), "graph": torch.tensor(graph)}
    return {mode: {"mode": mode} | arguments for mode, arguments in modes.items()}, given


def gradients_of(forward, images, labels):
    x = images.double().requires_grad_(True)
    result = forward(x)
    F.cross_entropy(result[0], labels, reduction="sum").backward()
    return result, x.grad


def our_family(architecture):
    generator = torch.Generator().manual_seed(5)
    family, depth, options = parse_architecture(architecture)
    target_rates = [float(rate) for rate in options.get("target_rates", "").split(":") if rate]
    state = RandomState(generator, options.get("gate_norm") == "true", target_rates)
    if family == "dense-aig":
        fill_dense(state, depth, int(options.get("growth", 12)))
    else:
        fill_residual(state, family, depth, options.get("shortcut", "conv"))
    side, count = (64, 3) if depth in IMAGENET_BLOCKS else (32, len(IDS))
    colours = torch.rand(count, 3, 1, 1, generator=generator)
    images, labels = (colours + torch.rand(count, 3, side, side, generator=generator)) / 2, torch.tensor(LABELS[:count])

    def model_of(weights):
        return Reference(weights, depth, **reference_options(family, options))

    centre_gates(state, model_of, images)
    model = model_of(state)
    golden = {"images": images, "labels": labels, "ids": torch.tensor(IDS[:count])}
    modes, given = gate_modes(len(model.layers), IDS[:count], generator)
    if depth in IMAGENET_BLOCKS:  # slow, and their gates decide as others' do
        modes = {mode: arguments for mode, arguments in modes.items() if mode in ("none", "argmax", "sampled", "budget")}
    golden |= given
    for mode, arguments in modes.items():
        for gradient in ("straight-through", "fixed-graph"):
            (logits, deltas, gates), golden[f"{mode}.{gradient}.gradient"] = gradients_of(
                lambda x: model.forward(x, straight_through=gradient == "straight-through", **arguments), images, labels)
        golden[f"{mode}.logits"] = logits.detach()
        if gates is not None:
            golden |= {f"{mode}.gate_logits": deltas.detach(), f"{mode}.gates": gates, f"{mode}.executed": model.executed_macs(gates)}
    golden["parameters"] = torch.tensor(model.parameters)
    golden["macs_full"] = torch.tensor(sum(model.macs.values()))
    golden["layer_macs"] = torch.tensor([model.macs[layer] for layer in model.layers], dtype=torch.int64)
    golden["gate_macs"] = torch.tensor([model.macs[layer + ".gate"] for layer in model.layers], dtype=torch.int64)
    metadata = {"format": "aigis-checkpoint 1", "architecture": architecture, "classes": '["a","b","c","d","e","f","g","h","i","j"]',
                "input": f"[3,{side},{side}]"}
    if "rates" in given:
        metadata["execution_rates"] = str(given["rates"].tolist())
    return state, metadata, golden


def of_torchvision(architecture):
    import torchvision  # half a second, and needed only here

    torch.manual_seed(5)
    model = getattr(torchvision.models, architecture.removeprefix("torchvision-").replace("-", ""))(num_classes=10).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.weight, 1, 0.2)
            torch.nn.init.normal_(module.bias, 0, 0.2)
            torch.nn.init.normal_(module.running_mean, 0, 0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    model.double()
    mean, deviation = (torch.tensor(numbers).double().view(3, 1, 1) for numbers in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    images, labels = torch.rand(1, 3, 224, 224), torch.tensor(LABELS[:1])
    (logits,), gradient = gradients_of(lambda x: (model((x - mean) / deviation),), images, labels)
    golden = {"images": images, "labels": labels, "ids": torch.tensor(IDS[:1]), "none.logits": logits.detach(),
              "none.straight-through.gradient": gradient, "parameters": torch.tensor(sum(p.numel() for p in model.parameters()))}
    return state, None, golden


def write(architecture, out):
    make = of_torchvision if architecture.startswith("torchvision-") else our_family
    state, metadata, golden = make(architecture)
    save_file({name: t.contiguous() for name, t in state.items()}, out, metadata=metadata)
    save_file({"golden." + name: t.contiguous() for name, t in golden.items()}, out + ".golden")


if __name__ == "__main__":
    for architecture, out in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        write(architecture, out)
