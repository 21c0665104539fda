"""Training steps of `aigis` and of the same network in Python's PyTorch, in turns in one run.

train_step.py [ROUNDS]: ResNet-20, batch 128, channels_last, bf16 autocast where the processor has it (as aigis does, else
both in float32), SGD with Nesterov momentum (foreach), images augmented beforehand for Python (which flatters it). Prints
images/s of each round and the median ratio.
"""

import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from peer import network, print_ratio, rate_of

BATCH, STEPS, WARM_UP = 128, 30, 5
BFLOAT16 = "avx512_bf16" in Path("/proc/cpuinfo").read_text()


def python_rate():
    model = network("resnet-20").to(memory_format=torch.channels_last)
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


if __name__ == "__main__":
    print(f"precision: {'bfloat16' if BFLOAT16 else 'float32'}")
    ratios = []
    for turn in range(int(sys.argv[1]) if len(sys.argv) > 1 else 5):
        ours, theirs = rate_of("training", "--model", "resnet-20", "--batch", BATCH, "--count", STEPS), python_rate()
        ratios.append(ours / theirs)
        print(f"round {turn + 1}: aigis {ours:.0f} images/s, Python {theirs:.0f} images/s")
    print_ratio("ratio aigis / Python", ratios)
