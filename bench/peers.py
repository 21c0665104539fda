"""PGD of aigis, torchattacks and foolbox on the same weights and images, in turns in one run.

    python -m pip install torchattacks==3.5.1 foolbox==3.3.4      # beside the packages of scripts/requirements.txt
    peers.py CHECKPOINT CIFAR10_DIR [--steps 10] [--eps 8/255] [--images 1000] [--rounds 3] [--bf16]

A ResNet 6n+2 in float32, steps of 2/255 from a random start. A tool's time is that of attack and verdict, without loading;
with aigis it is what the whole program takes beyond what it takes for one image, clean accuracy and report included. Peers
get batches of 250 in the layout that is faster for them. Prints
each round's images a second and robust accuracies, and the median ratio to the fastest peer. With --bf16 aigis runs twice
in a round, the second time with gradients in bfloat16 (verdicts are in float32); made for processors that have it.
"""

import argparse
import statistics
import time
from fractions import Fraction
from pathlib import Path

import foolbox
import numpy as np
import torch
import torchattacks
from safetensors.torch import load_file

from peer import evaluated, network

BATCH = 250


def load(checkpoint, depth):
    """The peers' network with the checkpoint's weights: the same tensors in the same order."""
    weights = load_file(checkpoint)
    mean, std = weights.pop("normalize.mean"), weights.pop("normalize.std")
    net = network(f"resnet-{depth}")
    names = [name for name in net.state_dict() if not name.endswith("num_batches_tracked")]
    by_layer = sorted(weights, key=order_of)
    state = dict(zip(names, [weights[name] for name in by_layer]))
    net.load_state_dict(state, strict=False)
    return torch.nn.Sequential(Normalize(mean, std), net).eval()


class Normalize(torch.nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.mean, self.std = mean, std

    def forward(self, x):
        return (x - self.mean) / self.std


def order_of(name):
    """State-dict names in the order of the network: stem, blocks with the shortcut last, head."""
    parts = name.split(".")
    fields = ["weight", "bias", "running_mean", "running_var"].index(parts[-1])
    inner = {"conv1": 0, "bn1": 1, "conv2": 2, "bn2": 3}
    if name.startswith("layer"):
        place = 4 + int(parts[3]) if parts[2] == "downsample" else inner[parts[2]]
        return (1, parts[0], int(parts[1]), place, fields)
    return (2 if parts[0] == "fc" else 0, "", 0, inner.get(parts[0], 0), fields)


def cifar(folder, count):
    data = np.fromfile(Path(folder) / "test_batch.bin", np.uint8).reshape(-1, 3073)[:count]
    return torch.from_numpy(data[:, 1:].reshape(-1, 3, 32, 32).copy()).float() / 255, torch.from_numpy(data[:, 0].astype(np.int64))


def timed(attack, net, images, labels, layout):
    begin, right = time.perf_counter(), 0
    for start in range(0, len(images), BATCH):
        x, y = images[start:start + BATCH].to(memory_format=layout), labels[start:start + BATCH]
        adversarial = attack(x, y)
        with torch.no_grad():
            right += (net(adversarial).argmax(1) == y).sum().item()
    return len(images) / (time.perf_counter() - begin), right / len(images)


def ours(arguments, gradients):
    report, _, seconds = evaluated(
        "--model", f"{arguments.checkpoint}:gradients={gradients}", "--attack", f"pgd:steps={arguments.steps},step_size=2/255",
        "--eps", arguments.eps, "--data", f"cifar10:{arguments.cifar10}", images=arguments.images)
    return arguments.images / seconds, report["accuracy"]["robust"]["value"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint")
    parser.add_argument("cifar10")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--eps", default="8/255")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bf16", action="store_true")
    arguments = parser.parse_args()
    epsilon = float(Fraction(arguments.eps))
    images, labels = cifar(arguments.cifar10, arguments.images)
    weights = load_file(arguments.checkpoint)
    net = load(arguments.checkpoint, sum(name.endswith("conv1.weight") for name in weights) * 2)
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    layouts = {"default": torch.contiguous_format, "channels_last": torch.channels_last}
    torchattack = torchattacks.PGD(net, eps=epsilon, alpha=2 / 255, steps=arguments.steps)
    fool = foolbox.attacks.LinfProjectedGradientDescentAttack(abs_stepsize=2 / 255, steps=arguments.steps)
    peer = foolbox.PyTorchModel(net, bounds=(0, 1))
    peers = {"torchattacks": torchattack, "foolbox": lambda x, y: fool(peer, x, y, epsilons=epsilon)[1]}
    layout = {}
    for name, attack in peers.items():
        rate = {key: [timed(attack, net, images[:BATCH], labels[:BATCH], l)[0] for _ in range(2)][1] for key, l in layouts.items()}
        layout[name] = layouts[max(rate, key=rate.get)]
    ratios = {gradients: [] for gradients in ["fp32"] + ["bf16"] * arguments.bf16}
    for turn in range(arguments.rounds):
        line, fastest, rates = f"round {turn + 1}:", 0, {}
        for gradients in ratios:
            rates[gradients], robust = ours(arguments, gradients)
            line += f" aigis {gradients} {rates[gradients]:.1f} images/s ({100 * robust:.1f} % robust),"
        for name, attack in peers.items():
            theirs, accuracy = timed(attack, net, images, labels, layout[name])
            fastest = max(fastest, theirs)
            line += f" {name} {theirs:.1f} ({100 * accuracy:.1f} %),"
        for gradients, rate in rates.items():
            ratios[gradients].append(rate / fastest)
        print(line.rstrip(","), flush=True)
    for gradients, each in ratios.items():
        print(f"{gradients}: median {statistics.median(each):.2f} times the fastest peer, from {min(each):.2f} to {max(each):.2f}")


if __name__ == "__main__":
    main()
