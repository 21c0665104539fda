"""What the comparisons with Python's tools share: the program's times, and the same network as nn.Modules."""

import argparse
import json
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F

sys.path.append(str(Path(__file__).resolve().parent.parent / "scripts"))
import given  # noqa: E402
from built import aigis  # noqa: E402


class Block(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.BatchNorm2d(cout)
        self.conv2, self.bn2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False), nn.BatchNorm2d(cout)
        self.down = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout)) if cin != cout else nn.Identity()

    def forward(self, x):
        return F.relu(self.down(x) + self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


class PreActivationBlock(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(cin), nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn2, self.conv2 = nn.BatchNorm2d(cout), nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.down = nn.Conv2d(cin, cout, 1, stride, bias=False) if cin != cout else None

    def forward(self, x):
        activated = F.relu(self.bn1(x))
        shortcut = self.down(activated) if self.down else x
        return shortcut + self.conv2(F.relu(self.bn2(self.conv1(activated))))


class GatedBlock(Block):
    """With the gate of ConvNet-AIG, as published code runs it: every branch is computed and multiplied by 0 or 1."""

    def __init__(self, cin, cout, stride):
        super().__init__(cin, cout, stride)
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(cin, 16), nn.ReLU(), nn.Linear(16, 2))

    def forward(self, x):
        opened = F.gumbel_softmax(self.gate(x), hard=True)[:, 1].view(-1, 1, 1, 1)
        return F.relu(self.down(x) + opened * self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


IMAGENET = (18, 34, 50, 101, 152)
BLOCKS = {"resnet": Block, "preresnet": PreActivationBlock, "aig": GatedBlock}


def network(name):
    """"resnet-20": a family for images of 32x32 pixels, ten classes, and its depth 6n+2; or torchvision's "resnet-50"."""
    family, depth = name.rsplit("-", 1)
    if int(depth) in IMAGENET:
        import torchvision  # half a second, and needed only here

        return getattr(torchvision.models, family + depth)()
    layers, cin = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()], 16
    for cout in (16, 32, 64):
        for i in range((int(depth) - 2) // 6):
            layers.append(BLOCKS[family](cin, cout, 2 if i == 0 and cout > 16 else 1))
            cin = cout
    if family == "preresnet":
        layers = [layers[0], *layers[3:], nn.BatchNorm2d(64), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def tensors_of(path):
    from safetensors.torch import load_file  # which a machine that only times steps need not have

    return load_file(path)


def trained(checkpoint):
    """A ResNet 6n+2 with a checkpoint's weights, the same tensors in the same order, frozen."""
    weights = tensors_of(checkpoint)
    mean, std = weights.pop("normalize.mean"), weights.pop("normalize.std")
    net = network(f"resnet-{2 * sum(name.endswith('conv1.weight') for name in weights)}")
    names = [name for name in net.state_dict() if not name.endswith("num_batches_tracked")]
    by_layer = sorted(weights, key=order_of)
    state = dict(zip(names, [weights[name] for name in by_layer]))
    net.load_state_dict(state, strict=False)
    return nn.Sequential(Normalize(mean, std), net).eval().requires_grad_(False)


class Normalize(nn.Module):
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
    content = bytearray((Path(folder) / "test_batch.bin").read_bytes())
    data = torch.frombuffer(content, dtype=torch.uint8).view(-1, 3073)[:count]
    return data[:, 1:].reshape(-1, 3, 32, 32).float() / 255, data[:, 0].long()


def asked_images(parser, arguments):
    """The first --images of the test part in the folder that is given as cifar10, and their labels."""
    images, labels = cifar(arguments.cifar10, arguments.images)
    if len(images) < arguments.images:
        parser.error(f"argument --images: {arguments.images}; expected at most the {len(images)} in {arguments.cifar10}")
    return images, labels


def rate_of(*arguments):
    """Images a second by `aigis bench`."""
    return float(re.search(r"([0-9.]+) images/s", aigis("bench", *arguments)).group(1))


def evaluated(*arguments, attack, images, examples=0):
    """What `aigis evaluate` reports of one run, its saved examples, and the seconds by the clock on the wall that `images`
    took: of the whole program, less those that it takes for one image without an attack, which are spent on starting and
    loading."""
    def run(folder, attack, count):
        out = Path(folder) / f"{count}.json"
        begin = time.perf_counter()
        aigis("evaluate", *arguments, "--attack", attack, "--limit", count, "--save-examples", min(examples, count),
              "--checks", "off", "--out", out)
        return time.perf_counter() - begin, json.loads(out.read_text())["runs"][0]

    with tempfile.TemporaryDirectory() as folder:
        start, _ = run(folder, "none", 1)
        whole, report = run(folder, attack, images)
        saved = tensors_of(Path(folder) / report["examples"]["file"]) if examples else {}
    return report, saved, whole - start


def print_ratio(name, ratios):
    print(f"{name}: median {statistics.median(ratios):.3f}, from {min(ratios):.3f} to {max(ratios):.3f}")


def model_name(text):
    family, _, depth = text.rpartition("-")
    if family not in BLOCKS or not depth.isdigit() or int(depth) % 6 != 2 or int(depth) in IMAGENET:
        raise argparse.ArgumentTypeError(f"'{text}'; expected one of {', '.join(BLOCKS)} of depth 6n+2, such as resnet-110")
    return text


def step_arguments(description):
    """What is asked of a comparison of steps on images of 32x32 pixels."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("rounds", nargs="?", type=given.count, default=5, metavar="ROUNDS")
    parser.add_argument("--model", type=model_name, default="resnet-20")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--batch", type=given.count, default=128)
    return parser.parse_args()


def clock(device):
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def compare_in_turns(rounds, ours, theirs):
    """Rates of aigis by name, each from a function, beside Python's: prints those of each round and the median ratios."""
    ratios = {name: [] for name in ours}
    for turn in range(rounds):
        rates = {name: rate() for name, rate in ours.items()}
        peer = theirs()
        for name, rate in rates.items():
            ratios[name].append(rate / peer)
        print(f"round {turn + 1}, images/s:", ", ".join(f"{name} {rate:.0f}" for name, rate in {**rates, "Python": peer}.items()), flush=True)
    for name, values in ratios.items():
        print_ratio(f"ratio {name} / Python", values)
