"""Every family of models once more, in Python: what the C++ code is compared with.

Written from the papers and from the state-dict names alone. Works in any floating type, reads the same safetensors.
"""

import json
import struct
from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F

PURPOSES = {"verdict_gates": 6, "redraw_gates": 7, "attack_gates": 8}
IMAGENET_BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}


def philox(counter, key):
    """Philox4x32-10 on arrays of 32-bit words: counter [..., 4], key (k0, k1)."""
    c = [np.asarray(counter[..., i], dtype=np.uint64) for i in range(4)]
    k0, k1 = int(key[0]), int(key[1])
    mask = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        a, b = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(b >> np.uint64(32)) ^ c[1] ^ np.uint64(k0), b & mask, (a >> np.uint64(32)) ^ c[3] ^ np.uint64(k1), a & mask]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(c, axis=-1).astype(np.uint64)


def gate_noise(seed, purpose, ids, layers, draw=0, step=0, restart=0):
    """Logistic noise [N, layers]: log(u / (1 - u)) with u from the counter (0, layer, image)."""
    key = philox(np.array([PURPOSES[purpose], restart, draw, step], dtype=np.uint64), (seed & 0xFFFFFFFF, seed >> 32))[:2]
    counter = np.zeros((len(ids), layers, 4), dtype=np.uint64)
    counter[..., 1] = np.arange(layers)
    counter[..., 2] = np.asarray(ids, dtype=np.uint64)[:, None]
    u = (philox(counter, key)[..., 0].astype(np.float64) + 0.5) / 2.0**32
    return np.log(u) - np.log1p(-u)


def read_metadata(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        return json.loads(file.read(length))["__metadata__"]


def parse_architecture(text):
    """"aig-50:stride_at=conv1,…" to family, depth and options."""
    name, _, options = text.partition(":")
    family, _, depth = name.rpartition("-")
    return family, int(depth), dict(option.split("=") for option in options.split(",") if option)


def reference_options(family, options):
    """Those of an architecture's options that weights do not tell."""
    chosen = {"stride_at": options["stride_at"]} if "stride_at" in options else {}
    return chosen | ({"survival": float(options.get("survival", 0.5))} if family == "stochastic-depth" else {})


def blocks_of(depth):
    """(name, width, stride) of each residual block; width counts the channels of its 3x3 convolutions."""
    blocks, width = IMAGENET_BLOCKS.get(depth) or ((depth - 2) // 6,) * 3, 64 if depth in IMAGENET_BLOCKS else 16
    return [(f"layer{stage + 1}.{i}", width * 2**stage, 2 if stage > 0 and i == 0 else 1)
            for stage, count in enumerate(blocks) for i in range(count)]


def logit(rates):
    """A layer that always or never ran is taken to be as good as certain, not certain."""
    p = np.clip(np.asarray(rates, dtype=np.float64), 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))


def budget_threshold(rates, left):
    """What a gate's logit must exceed for its layer to run, if layers at `rates`, this one first, still have to run `left`
    times: the threshold t at which layers with the logits of their rates would, sum sigmoid(logit(rate) - t) = left."""
    low, high = -60.0, 60.0
    while high - low > 1e-13:
        middle = (low + high) / 2
        if np.sum(1 / (1 + np.exp(middle - logit(rates)))) > left:
            low = middle
        else:
            high = middle
    return (low + high) / 2


class Gates:
    """The gates of one forward pass: sampled, argmax, always, scaled, marginal, fixed or budget."""

    def __init__(self, mode, noise, straight_through, rates, graph, to_run):
        self.mode, self.noise, self.straight_through = mode, noise, straight_through
        self.rates, self.graph, self.to_run = rates, graph, to_run
        self.deltas, self.open = [], []

    def decide(self, delta):
        """The factor z of the next gated layer, from its gate's beta_open - beta_closed."""
        layer, one = len(self.deltas), torch.ones_like(delta.detach())
        z = getattr(self, self.mode)(layer, delta, one)
        self.deltas.append(delta)
        self.open.append(one if self.mode == "scaled" else z.detach())
        return z.view(-1, 1, 1, 1)

    def hard(self, score):
        hard, soft = (score > 0).to(score.dtype), torch.sigmoid(score)
        return hard + (soft - soft.detach()) if self.straight_through else hard.detach()

    def sampled(self, layer, delta, one):
        return self.hard(delta + torch.as_tensor(self.noise[:, layer], dtype=delta.dtype))

    def argmax(self, layer, delta, one):
        return self.hard(delta)

    def always(self, layer, delta, one):
        return one

    def scaled(self, layer, delta, one):
        return one * self.rates[layer]

    def marginal(self, layer, delta, one):
        return (torch.as_tensor(logit(self.rates[layer]) + self.noise[:, layer]) > 0).to(delta.dtype)

    def fixed(self, layer, delta, one):
        return one * torch.as_tensor(self.graph, dtype=delta.dtype)[..., layer]

    def budget(self, layer, delta, one):
        remaining, z = len(self.rates) - layer, []
        for image in range(len(delta)):
            left = self.to_run - int(sum(open_[image] for open_ in self.open))
            if left in (0, remaining):
                z.append(one[image] * (left > 0))
            else:
                z.append(self.hard(delta[image] - budget_threshold(self.rates[layer:], left)))
        return torch.stack(z)


class Reference:
    """forward(images) -> logits, gate logits, gates; the last two are None where there are no gates.

    `stride_at` is where bottlenecks halve the resolution. With `survival`, the residual branch l of L is multiplied by
    1 - l/L (1 - survival), as stochastic depth does at test time.
    """

    def __init__(self, state, depth, dtype=torch.float64, stride_at="conv2", survival=None):
        self.state = {name: tensor.to(dtype) for name, tensor in state.items()}
        self.depth, self.dtype, self.stride_at, self.survival = depth, dtype, stride_at, survival
        self.is_dense = "stage1.0.conv.weight" in state
        names = [f"stage{stage}.{i}" for stage in (1, 2, 3) for i in range((depth - 4) // 3)] if self.is_dense else \
                [name for name, _, _ in blocks_of(depth)]
        self.layers = [name for name in names if name + ".gate.fc1.weight" in state]  # those with a gate
        self.parameters = sum(t.numel() for name, t in state.items() if name.endswith((".weight", ".bias")))

    def forward(self, images, noise=None, straight_through=True, mode=None, rates=None, graph=None, to_run=None):
        """`mode` is that of the gates: by default argmax, or sampled if there is noise; `to_run` layers with budget."""
        mode = mode or ("argmax" if noise is None else "sampled")
        self.gates = Gates(mode, noise, straight_through, rates, graph, to_run)
        self.macs, self.part = Counter(), "always"  # for one image: by layer, by gate, and of what always runs
        x = (images.to(self.dtype) - self.state["normalize.mean"]) / self.state["normalize.std"]
        x = self.dense(x) if self.is_dense else self.residual(x)
        logits = self.linear(x.mean((2, 3)), "fc")
        if not self.layers:
            return logits, None, None
        return logits, torch.stack(self.gates.deltas, 1), torch.stack(self.gates.open, 1)

    def executed_macs(self, open_gates):
        """Multiply-accumulates of each image, [N], after a forward pass."""
        fixed = sum(count for part, count in self.macs.items() if part not in self.layers)
        return fixed + open_gates.double() @ torch.tensor([float(self.macs[layer]) for layer in self.layers], dtype=torch.float64)

    # ---- layers ----------------------------------------------------------------------------------------------------

    def count(self, y, weight):
        """Each number of the output costs one multiply-accumulate for each weight that leads to it."""
        self.macs[self.part] += y[0].numel() * weight[0].numel()
        return y

    def conv(self, x, name, stride=1):
        weight = self.state[name + ".weight"]
        return self.count(F.conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2), weight)

    def linear(self, x, name):
        weight = self.state[name + ".weight"]
        return self.count(F.linear(x, weight, self.state[name + ".bias"]), weight)

    def norm(self, x, name):
        s = self.state
        return F.batch_norm(x, s[name + ".running_mean"], s[name + ".running_var"], s[name + ".weight"], s[name + ".bias"],
                            False, 0.1, 1e-5)

    def gate(self, x, layer):
        """z of a layer; 1 for one that has no gate."""
        if layer not in self.layers:
            return 1.0
        self.part, name = layer + ".gate", layer + ".gate"
        hidden = self.linear(x.mean((2, 3)), name + ".fc1")
        if name + ".norm.weight" in self.state:
            hidden = self.norm(hidden, name + ".norm")
        beta = self.linear(F.relu(hidden), name + ".fc2")
        self.part = "always"
        return self.gates.decide(beta[:, 1] - beta[:, 0])

    # ---- residual networks -----------------------------------------------------------------------------------------

    def residual(self, x):
        s = self.state
        if self.depth in IMAGENET_BLOCKS:
            x = F.max_pool2d(F.relu(self.norm(self.conv(x, "conv1", 2), "bn1")), 3, 2, 1)
        else:
            x = F.relu(self.norm(self.conv(x, "conv1"), "bn1"))
        blocks, is_preactivated = blocks_of(self.depth), "norm.weight" in s
        for number, (name, _, stride) in enumerate(blocks, 1):
            z = self.gate(x, name)
            if self.survival is not None:
                z = 1 - number / len(blocks) * (1 - self.survival)
            if is_preactivated:
                # The stem's activation is the first block's own.
                activated = x if number == 1 else F.relu(self.norm(x, name + ".bn1"))
                has_projection = name + ".downsample.0.weight" in s
                shortcut = self.conv(activated, name + ".downsample.0", stride) if has_projection else x
                self.part = name if name in self.layers else "always"
                y = F.relu(self.norm(self.conv(activated, name + ".conv1", stride), name + ".bn2"))
                x = shortcut + z * self.conv(y, name + ".conv2")
            else:
                shortcut = self.shortcut(x, name, stride)
                self.part = name if name in self.layers else "always"
                x = F.relu(shortcut + z * self.branch(x, name, stride))
            self.part = "always"
        return F.relu(self.norm(x, "norm")) if is_preactivated else x

    def branch(self, x, name, stride):
        convs = 3 if name + ".conv3.weight" in self.state else 2
        strided = 1 if convs == 2 or self.stride_at == "conv1" else 2
        for i in range(1, convs + 1):
            x = self.norm(self.conv(x if i == 1 else F.relu(x), f"{name}.conv{i}", stride if i == strided else 1), f"{name}.bn{i}")
        return x

    def shortcut(self, x, name, stride):
        if name + ".downsample.0.weight" in self.state:
            return self.norm(self.conv(x, name + ".downsample.0", stride), name + ".downsample.1")
        # Without weights: every second pixel, and zeros for the missing channels, as many before as behind.
        last = max(i for i in (1, 2, 3) if f"{name}.conv{i}.weight" in self.state)
        missing = self.state[f"{name}.conv{last}.weight"].shape[0] - x.shape[1]
        return F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, missing // 2, missing - missing // 2))

    # ---- densely connected networks --------------------------------------------------------------------------------

    def dense(self, x):
        x = self.conv(x, "conv")
        for stage in (1, 2, 3):
            for i in range((self.depth - 4) // 3):
                name = f"stage{stage}.{i}"
                z = self.gate(x, name)
                self.part = name if name in self.layers else "always"
                x = torch.cat([x, z * self.conv(F.relu(self.norm(x, name + ".norm")), name + ".conv")], 1)
                self.part = "always"
            if stage < 3:
                name = f"transition{stage}"
                x = F.avg_pool2d(self.conv(F.relu(self.norm(x, name + ".norm")), name + ".conv"), 2)
        return F.relu(self.norm(x, "norm"))
