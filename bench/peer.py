"""What the comparisons with Python's tools share: the program's times, and the same network as nn.Modules."""

import json
import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import torch.nn as nn
import torch.nn.functional as F
from safetensors.numpy import load_file

PROGRAM = Path(__file__).resolve().parent.parent / "build/aigis"


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


def rate_of(*arguments):
    """Images a second by `aigis bench`."""
    out = subprocess.run([PROGRAM, "bench", *map(str, arguments)], capture_output=True, text=True, check=True).stdout
    return float(re.search(r"([0-9.]+) images/s", out).group(1))


def evaluated(*arguments, images, examples=0):
    """What `aigis evaluate` reports of one run, its saved examples, and the seconds by the clock on the wall that `images`
    took: of the whole program, less those that it takes for one image, which are spent on starting and loading."""
    def run(folder, count):
        out = Path(folder) / f"{count}.json"
        begin = time.perf_counter()
        subprocess.run([PROGRAM, "evaluate", *map(str, arguments), "--limit", str(count), "--examples", str(min(examples, count)),
                        "--checks", "off", "--out", out], check=True, capture_output=True)
        return time.perf_counter() - begin, json.loads(out.read_text())["runs"][0]

    with tempfile.TemporaryDirectory() as folder:
        start, _ = run(folder, 1)
        whole, report = run(folder, images)
        saved = load_file(Path(folder) / report["examples"]["file"]) if examples else {}
    return report, saved, whole - start


def print_ratio(name, ratios):
    print(f"{name}: median {statistics.median(ratios):.3f}, from {min(ratios):.3f} to {max(ratios):.3f}")
