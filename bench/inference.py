"""Inference of `aigis` and of the same network run layer by layer in Python's PyTorch, in turns in one run.

inference.py [MODEL [ROUNDS [IMAGES]]]: resnet-N, preresnet-N or aig-N with N = 6n+2 (resnet-110) at batch 64, or one of
torchvision's networks, such as resnet-50, on 224x224 images of the folder IMAGES (train/ and val/ by class) at batch 16;
float32, no gradient, the same number of threads, fresh weights. aigis folds BatchNorm into the convolutions and runs groups of images that fit the cache; Python's
network runs as it is written, in LibTorch's default layout and in channels_last. aigis runs an aig with masks, as published
code does, and with closed layers left out, whose gain depends on the rate. Prints images/s of each round and the median
ratios.
"""

import argparse
import statistics
import time

import torch

from peer import IMAGENET, model_name, network, print_ratio, rate_of
from given import count, folder_with  # of scripts/, which peer adds to the path

COUNT, WARM_UP = 15, 3
LAYOUTS = {"default layout": torch.contiguous_format, "channels_last": torch.channels_last}


def python_rate(name, batch, side, layout):
    model = network(name).eval().to(memory_format=layout)
    images = torch.rand(batch, 3, side, side).to(memory_format=layout)
    times = []
    with torch.inference_mode():
        for _ in range(WARM_UP + COUNT):
            begin = time.perf_counter()
            model(images)
            times.append(time.perf_counter() - begin)
    return batch / statistics.median(times[WARM_UP:])


def main():
    torchvisions = [f"resnet-{depth}" for depth in IMAGENET]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", type=lambda text: text if text in torchvisions else model_name(text), default="resnet-110")
    parser.add_argument("rounds", nargs="?", type=count, default=5)
    parser.add_argument("images", nargs="?", type=folder_with("train", "val"))
    arguments = parser.parse_args()
    name = arguments.model
    batch, side = (16, 224) if name in torchvisions else (64, 32)
    if side == 224 and arguments.images is None:
        parser.error(f"{name} needs IMAGES, a folder with train and val")
    if side == 32 and arguments.images is not None:
        parser.error(f"{name} is measured on images of its own; IMAGES are for networks of 224x224 images")
    data = ["--data", f"imagefolder:{arguments.images},size=224"] if side == 224 else []
    specs = {"aigis": name} if not name.startswith("aig") else {"aigis": name, "aigis, skipping": f"{name}:execution=skip"}
    ratios = {(ours, layout): [] for ours in specs for layout in LAYOUTS}
    for turn in range(arguments.rounds):
        ours = {key: rate_of("inference", "--model", spec, "--batch", batch, "--count", COUNT, *data) for key, spec in specs.items()}
        theirs = {key: python_rate(name, batch, side, layout) for key, layout in LAYOUTS.items()}
        for one, other in ratios:
            ratios[one, other].append(ours[one] / theirs[other])
        rates = [f"{key} {rate:.1f}" for key, rate in ours.items()] + [f"Python ({key}) {rate:.1f}" for key, rate in theirs.items()]
        print(f"round {turn + 1}, images/s:", ", ".join(rates), flush=True)
    for (one, other), values in ratios.items():
        print_ratio(f"ratio {one} / Python, {other}", values)


if __name__ == "__main__":
    main()
