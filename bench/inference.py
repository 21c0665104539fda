"""Inference of `aigis` and of the same network run layer by layer in Python's PyTorch, in turns in one run.

inference.py [DEPTH [ROUNDS]]: a ResNet of depth 6n+2 (110), batch 64, float32, no gradient, the same number of threads.
aigis folds BatchNorm into the convolutions and runs groups of images that fit the cache; Python's network runs as it is
written, in LibTorch's default layout and in channels_last. Prints images/s of each round and the median ratios.
"""

import statistics
import sys
import time

import torch

from peer import print_ratio, rate_of, resnet

BATCH, COUNT, WARM_UP = 64, 15, 3


def python_rate(depth, layout):
    model = resnet(depth).eval().to(memory_format=layout)
    images = torch.rand(BATCH, 3, 32, 32).to(memory_format=layout)
    times = []
    with torch.inference_mode():
        for _ in range(WARM_UP + COUNT):
            begin = time.perf_counter()
            model(images)
            times.append(time.perf_counter() - begin)
    return BATCH / statistics.median(times[WARM_UP:])


if __name__ == "__main__":
    depth = int(sys.argv[1]) if len(sys.argv) > 1 else 110
    layouts = {"default layout": torch.contiguous_format, "channels_last": torch.channels_last}
    ratios = {name: [] for name in layouts}
    for turn in range(int(sys.argv[2]) if len(sys.argv) > 2 else 5):
        ours = rate_of("inference", "--model", f"resnet-{depth}", "--batch", BATCH, "--count", COUNT)
        theirs = {name: python_rate(depth, layout) for name, layout in layouts.items()}
        for name in layouts:
            ratios[name].append(ours / theirs[name])
        print(f"round {turn + 1}: aigis {ours:.0f} images/s, Python", ", ".join(f"{theirs[name]:.0f} ({name})" for name in layouts))
    for name in layouts:
        print_ratio(f"ratio aigis / Python, {name}", ratios[name])
