"""Writes what torch.optim.SGD does to two small tensors in float64: make_sgd_golden.py OUT.safetensors"""

import sys

import torch
from safetensors.torch import save_file

generator = torch.Generator().manual_seed(3)
start = {name: torch.randn(4, 3, generator=generator, dtype=torch.float64) for name in "ab"}
inputs = [torch.randn(4, 3, generator=generator, dtype=torch.float64) for _ in range(4)]
golden = dict(start) | {f"input.{i}": x for i, x in enumerate(inputs)}
for kind in ("plain", "nesterov"):
    a, b = (start[name].clone().requires_grad_(True) for name in "ab")
    optimiser = torch.optim.SGD([a, b], lr=0.1, momentum=0.9, weight_decay=5e-2, nesterov=kind == "nesterov")
    for step, x in enumerate(inputs):
        optimiser.param_groups[0]["lr"] = 0.1 / (step + 1)
        optimiser.zero_grad()
        (a * b * x).sum().backward()
        optimiser.step()
        golden |= {f"{kind}.{name}.{step}": t.detach().clone() for name, t in (("a", a), ("b", b))}
save_file(golden, sys.argv[1])
