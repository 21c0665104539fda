"""Training steps of `aigis` and of the same network in Python's PyTorch, in turns in one run.

train_step.py [--model resnet-20] [--device cpu] [--batch 128] [ROUNDS]: a resnet, preresnet or aig of depth 6n+2 on images
of 32x32 pixels; channels_last, bf16 autocast where the device has it (as aigis does, else both in float32), SGD with
Nesterov momentum (foreach). Python's images are augmented beforehand and lie on the device, its gates are trained without a
target rate, and on a GPU it may choose the fastest convolutions, which all flatters it. On a GPU aigis runs twice in a round,
the second time with steps recorded as a CUDA graph. Prints images/s of each round and the median ratios.
"""

from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F

from peer import clock, compare_in_turns, network, rate_of, step_arguments

STEPS, WARM_UP = 30, 5


def has_bfloat16(device):
    return device == "cuda" or "avx512_bf16" in Path("/proc/cpuinfo").read_text()


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


def main():
    arguments = step_arguments(__doc__.splitlines()[0])
    name, device, batch = arguments.model, arguments.device, arguments.batch
    torch.backends.cudnn.benchmark = True
    bfloat16 = has_bfloat16(device)
    print(f"{name}, batch {batch}, {device}, {'bfloat16' if bfloat16 else 'float32'}")
    flags = {"aigis": ()} | ({"aigis, recorded": ("--cuda-graph",)} if device == "cuda" else {})
    run = ("--model", name, "--device", device, "--batch", batch, "--count", STEPS)
    ours = {key: partial(rate_of, "training", *run, *more) for key, more in flags.items()}
    compare_in_turns(arguments.rounds, ours, lambda: python_rate(name, device, batch, bfloat16))


if __name__ == "__main__":
    main()
