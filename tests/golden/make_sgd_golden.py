"""Writes what torch.optim.SGD does to small tensors in float64, with gradients clipped, without decay of biases, and
with a moving average behind it: make_sgd_golden.py OUT.safetensors"""

import sys

import torch
from safetensors.torch import save_file
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

generator = torch.Generator().manual_seed(3)
draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)
start = {"a": draw(4, 3), "b": draw(4, 3), "bias": draw(3)}
inputs = [draw(4, 3) for _ in range(4)]
golden = dict(start) | {f"input.{i}": x for i, x in enumerate(inputs)}


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        for name, tensor in start.items():
            self.register_parameter(name, torch.nn.Parameter(tensor.clone()))
        self.register_buffer("seen", torch.zeros(3, dtype=torch.float64))

    def forward(self, x):
        self.seen += x.sum(0)
        return ((self.a * self.b + self.bias) * x).sum()


for kind in ("plain", "nesterov", "clipped"):
    net = Net()
    decays = {"weight_decay": 5e-2}
    groups = [{"params": [net.a, net.b]} | decays, {"params": [net.bias], "weight_decay": 0 if kind == "clipped" else 5e-2}]
    optimiser = torch.optim.SGD(groups, lr=0.1, momentum=0.9, nesterov=kind == "nesterov")
    average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.7), use_buffers=True)
    for step, x in enumerate(inputs):
        for group in optimiser.param_groups:
            group["lr"] = 0.1 / (step + 1)
        optimiser.zero_grad()
        net(x).backward()
        if kind == "clipped":
            torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        average.update_parameters(net)
        for name in (*start, "seen"):
            golden[f"{kind}.{name}.{step}"] = net.state_dict()[name].clone()
            golden[f"{kind}.average.{name}.{step}"] = average.module.state_dict()[name].clone()
save_file(golden, sys.argv[1])
