"""ResNet and ConvNet-AIG for 32x32 images once more, in Python: what the C++ code is compared with.

Written from the papers and from the state-dict names alone. Works in any floating type, reads the same safetensors.
"""

import json
import struct

import numpy as np
import torch
import torch.nn.functional as F

PURPOSES = {"verdict_gates": 6, "redraw_gates": 7, "attack_gates": 8}


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


class Reference:
    """forward(images, noise) -> logits, gate logits, gates. `noise` None means argmax gates."""

    def __init__(self, state, depth, dtype=torch.float64):
        self.state = {name: tensor.to(dtype) for name, tensor in state.items()}
        self.depth, self.dtype = depth, dtype
        self.gated = any(".gate." in name for name in state)

    def norm(self, x, name):
        s = self.state
        return F.batch_norm(x, s[name + ".running_mean"], s[name + ".running_var"], s[name + ".weight"], s[name + ".bias"],
                            False, 0.1, 1e-5)

    def gate(self, x, name):
        s = self.state
        hidden = F.relu(F.linear(x.mean((2, 3)), s[name + ".fc1.weight"], s[name + ".fc1.bias"]))
        beta = F.linear(hidden, s[name + ".fc2.weight"], s[name + ".fc2.bias"])
        return beta[:, 1] - beta[:, 0]

    def forward(self, images, noise=None, straight_through=True):
        s = self.state
        x = (images.to(self.dtype) - s["normalize.mean"]) / s["normalize.std"]
        x = F.relu(self.norm(F.conv2d(x, s["conv1.weight"], padding=1), "bn1"))
        deltas, gates = [], []
        for stage in (1, 2, 3):
            for block in range((self.depth - 2) // 6):
                name = f"layer{stage}.{block}"
                stride = 2 if stage > 1 and block == 0 else 1
                z = 1.0
                if self.gated:
                    delta = self.gate(x, name + ".gate")
                    score = delta if noise is None else delta + torch.as_tensor(noise[:, len(deltas)], dtype=self.dtype)
                    hard, soft = (score > 0).to(self.dtype), torch.sigmoid(score)
                    z = hard + soft - soft.detach() if straight_through else hard
                    deltas.append(delta)
                    gates.append(hard)
                    z = z.view(-1, 1, 1, 1)
                y = F.relu(self.norm(F.conv2d(x, s[name + ".conv1.weight"], stride=stride, padding=1), name + ".bn1"))
                y = self.norm(F.conv2d(y, s[name + ".conv2.weight"], padding=1), name + ".bn2")
                shortcut = x
                if name + ".downsample.0.weight" in s:
                    shortcut = self.norm(F.conv2d(x, s[name + ".downsample.0.weight"], stride=stride), name + ".downsample.1")
                x = F.relu(shortcut + z * y)
        logits = F.linear(x.mean((2, 3)), s["fc.weight"], s["fc.bias"])
        if not self.gated:
            return logits, None, None
        return logits, torch.stack(deltas, 1), torch.stack(gates, 1)
