"""Attack steps of `aigis`, with and without recorded passes, and of the same network in Python's PyTorch, in turns in one run.

attack_step.py [--model resnet-20] [--device cpu] [--batch 128] [ROUNDS]: PGD of ten steps within 8/255 on fresh weights of a
resnet, preresnet or aig of depth 6n+2, images of 32x32 pixels; float32 without TF32, and no image leaves. Python's network
runs as it is written, in channels_last, and on a GPU it may choose the fastest convolutions; aigis folds BatchNorm into the
convolutions and gets the wall's time of whole attacks, its count of gradients included; of both the median attack counts.
Passes are recorded on a GPU alone. Prints images/s of each round and the median ratios.
"""

import statistics
from functools import partial

import torch
import torch.nn.functional as F

from peer import clock, compare_in_turns, network, rate_of, step_arguments

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
    seconds = []
    for _ in range(WARM_UP + ATTACKS):
        begin = clock(device)
        attack(model, images, labels)
        seconds.append(clock(device) - begin)
    return batch / statistics.median(seconds[WARM_UP:])


def main():
    arguments = step_arguments(__doc__.splitlines()[0])
    name, device, batch = arguments.model, arguments.device, arguments.batch
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = False
    print(f"PGD-{STEPS} on {name}, batch {batch}, {device}, float32")
    specs = {"aigis": name} | ({"aigis, recorded": f"{name}:passes=recorded"} if device == "cuda" else {})
    run = ("--attack", f"pgd:steps={STEPS},step_size=2/255", "--device", device, "--batch", batch, "--count", ATTACKS,
           "--data", f"synthetic:test={batch}")
    ours = {key: partial(rate_of, "attack", "--model", spec, *run) for key, spec in specs.items()}
    compare_in_turns(arguments.rounds, ours, lambda: python_rate(name, device, batch))


if __name__ == "__main__":
    main()
