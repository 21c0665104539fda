"""Training steps of `aigis` and of the same network in Python's PyTorch, in turns in one run.

train_step.py [ROUNDS]: ResNet-20, batch 128, channels_last, bf16 autocast where the processor has it (as aigis does, else
both in float32), SGD with Nesterov momentum (foreach), images augmented beforehand for Python (which flatters it). Prints
images/s of each round and the median ratio.
"""

import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F

PROGRAM = Path(__file__).resolve().parent.parent / "build/aigis"
BATCH, STEPS, WARM_UP = 128, 30, 5
BFLOAT16 = "avx512_bf16" in Path("/proc/cpuinfo").read_text()


class Block(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.BatchNorm2d(cout)
        self.conv2, self.bn2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False), nn.BatchNorm2d(cout)
        self.down = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout)) if cin != cout else nn.Identity()

    def forward(self, x):
        return F.relu(self.down(x) + self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


def resnet20():
    layers, cin = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()], 16
    for cout in (16, 32, 64):
        for i in range(3):
            layers.append(Block(cin, cout, 2 if i == 0 and cout > 16 else 1))
            cin = cout
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)).to(memory_format=torch.channels_last)


def python_rate():
    model = resnet20()
    optimiser = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9, weight_decay=5e-4, nesterov=True, foreach=True)
    images = torch.rand(BATCH, 3, 32, 32).to(memory_format=torch.channels_last)
    labels = torch.randint(10, (BATCH,))
    for step in range(WARM_UP + STEPS):
        if step == WARM_UP:
            begin = time.perf_counter()
        optimiser.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=BFLOAT16):
            loss = F.cross_entropy(model(images).float(), labels)
        loss.backward()
        optimiser.step()
    return BATCH * STEPS / (time.perf_counter() - begin)


def our_rate():
    out = subprocess.run([PROGRAM, "bench", "training", "--model", "resnet-20", "--batch", str(BATCH), "--count", str(STEPS)],
                         capture_output=True, text=True, check=True).stdout
    return float(re.search(r"([0-9.]+) images/s", out).group(1))


if __name__ == "__main__":
    print(f"precision: {'bfloat16' if BFLOAT16 else 'float32'}")
    ratios = []
    for turn in range(int(sys.argv[1]) if len(sys.argv) > 1 else 5):
        ours, theirs = our_rate(), python_rate()
        ratios.append(ours / theirs)
        print(f"round {turn + 1}: aigis {ours:.0f} images/s, Python {theirs:.0f} images/s")
    print(f"ratio aigis / Python: median {statistics.median(ratios):.3f}, from {min(ratios):.3f} to {max(ratios):.3f}")
