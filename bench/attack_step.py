"""Attack steps of `aigis`, with and without recorded passes, and of the same network in Python's PyTorch, in turns in one run.

attack_step.py [--model resnet-20] [--device cpu] [--batch 128] [ROUNDS]: PGD of ten steps within 8/255 on fresh weights of a
resnet, preresnet or aig of depth 6n+2, images of 32x32 pixels; float32 without TF32, and no image leaves. Python's network
runs as it is written, in channels_last, and on a GPU it may choose the fastest convolutions; aigis folds BatchNorm into the
convolutions and gets the wall's time of whole attacks, its count of gradients included. Passes are recorded on a GPU alone.
Prints images/s of each round and the median ratios.
"""

import argparse

import torch
import torch.nn.functional as F

from peer import network, print_ratio, rate_of
from train_step import clock, model_name

ATTACKS, WARM_UP, STEPS = 10, 2, 10
EPSILON, STEP_SIZE = 8 / 255, 2 / 255


def attack(model, images, labels):
    low, high = (images - EPSILON).clamp(min=0), (images + EPSILON).clamp(max=1)
    x = (images + torch.empty_like(images).uniform_(-EPSILON, EPSILON)).clamp(0, 1)
    for _ in range(STEPS):
        x.requires_grad_(True)
        loss = F.cross_entropy(model(x), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, x)
        x = torch.min(torch.max(x.detach() + STEP_SIZE * gradient.sign(), low), high)


def python_rate(name, device, batch):
    model = network(name).eval().requires_grad_(False).to(device, memory_format=torch.channels_last)
    images = torch.rand(batch, 3, 32, 32, device=device).to(memory_format=torch.channels_last)
    labels = torch.randint(10, (batch,), device=device)
    for turn in range(WARM_UP + ATTACKS):
        if turn == WARM_UP:
            begin = clock(device)
        attack(model, images, labels)
    return batch * ATTACKS / (clock(device) - begin)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rounds", nargs="?", type=int, default=5, metavar="ROUNDS")
    parser.add_argument("--model", type=model_name, default="resnet-20")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--batch", type=int, default=128)
    arguments = parser.parse_args()
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = False
    print(f"PGD-{STEPS} on {arguments.model}, batch {arguments.batch}, {arguments.device}, float32")
    specs = {"aigis": arguments.model}
    if arguments.device == "cuda":
        specs["aigis, recorded"] = f"{arguments.model}:passes=recorded"
    run = ("--attack", f"pgd:steps={STEPS},step_size=2/255", "--device", arguments.device, "--batch", arguments.batch, "--count", ATTACKS,
           "--data", f"synthetic:test={arguments.batch}")
    ratios = {key: [] for key in specs}
    for turn in range(arguments.rounds):
        ours = {key: rate_of("attack", "--model", spec, *run) for key, spec in specs.items()}
        theirs = python_rate(arguments.model, arguments.device, arguments.batch)
        for key, rate in ours.items():
            ratios[key].append(rate / theirs)
        print(f"round {turn + 1}, images/s:", ", ".join(f"{key} {rate:.0f}" for key, rate in {**ours, "Python": theirs}.items()), flush=True)
    for key, values in ratios.items():
        print_ratio(f"ratio {key} / Python", values)


if __name__ == "__main__":
    main()
