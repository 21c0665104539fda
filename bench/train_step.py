"""Training steps of `aigis` and of the same network in Python's PyTorch, in turns in one run.

train_step.py [--model resnet-20] [--device cpu] [--batch 128] [ROUNDS]: a resnet, preresnet or aig of depth 6n+2 on images
of 32x32 pixels; channels_last, bf16 autocast where the device has it (as aigis does, else both in float32), SGD with
Nesterov momentum (foreach). Python's images are augmented beforehand and lie on the device, its gates are trained without a
target rate, and on a GPU it may choose the fastest convolutions, which all flatters it. On a GPU aigis runs twice in a round,
the second time with steps recorded as a CUDA graph. Prints images/s of each round and the median ratios.
"""

import argparse
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from peer import BLOCKS, IMAGENET, network, print_ratio, rate_of

STEPS, WARM_UP = 30, 5


def has_bfloat16(device):
    return device == "cuda" or "avx512_bf16" in Path("/proc/cpuinfo").read_text()


def clock(device):
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def python_rate(name, device, batch, bfloat16):
    model = network(name).to(device, memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9, weight_decay=5e-4, nesterov=True, foreach=True)
    images = torch.rand(batch, 3, 32, 32, device=device).to(memory_format=torch.channels_last)
    labels = torch.randint(10, (batch,), device=device)
    for step in range(WARM_UP + STEPS):
        if step == WARM_UP:
            begin = clock(device)
        optimiser.zero_grad()
        with torch.autocast(device, torch.bfloat16, enabled=bfloat16):
            loss = F.cross_entropy(model(images).float(), labels)
        loss.backward()
        optimiser.step()
    return batch * STEPS / (clock(device) - begin)


def model_name(text):
    family, _, depth = text.rpartition("-")
    if family not in BLOCKS or not depth.isdigit() or int(depth) % 6 != 2 or int(depth) in IMAGENET:
        raise argparse.ArgumentTypeError(f"'{text}'; expected one of {', '.join(BLOCKS)} of depth 6n+2, such as resnet-110")
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rounds", nargs="?", type=int, default=5, metavar="ROUNDS")
    parser.add_argument("--model", type=model_name, default="resnet-20")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--batch", type=int, default=128)
    arguments = parser.parse_args()
    torch.backends.cudnn.benchmark = True
    bfloat16 = has_bfloat16(arguments.device)
    print(f"{arguments.model}, batch {arguments.batch}, {arguments.device}, {'bfloat16' if bfloat16 else 'float32'}")
    ours_run = ("--model", arguments.model, "--device", arguments.device, "--batch", arguments.batch, "--count", STEPS)
    flags = {"aigis": ()} if arguments.device == "cpu" else {"aigis": (), "aigis, recorded": ("--cuda-graph",)}
    ratios = {key: [] for key in flags}
    for turn in range(arguments.rounds):
        ours = {key: rate_of("training", *ours_run, *more) for key, more in flags.items()}
        theirs = python_rate(arguments.model, arguments.device, arguments.batch, bfloat16)
        for key, rate in ours.items():
            ratios[key].append(rate / theirs)
        print(f"round {turn + 1}, images/s:", ", ".join(f"{key} {rate:.0f}" for key, rate in {**ours, "Python": theirs}.items()), flush=True)
    for key, values in ratios.items():
        print_ratio(f"ratio {key} / Python", values)


if __name__ == "__main__":
    main()
