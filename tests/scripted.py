"""A user's network as TorchScript, and its evaluation."""

import torch
from safetensors.torch import load_file

from program import aigis, report

ATTACK = ["--attack", "pgd:steps=3", "--eps", "8/255", "--data", "synthetic:test=40"]


class Net(torch.nn.Module):
    """A user's network, with a layer that differs between training and evaluation."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.body = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 3, stride=2, padding=1), torch.nn.BatchNorm2d(8), torch.nn.ReLU(), torch.nn.Dropout(0.5),
            torch.nn.AdaptiveAvgPool2d(4), torch.nn.Flatten(), torch.nn.Linear(128, 10))

    def forward(self, x):
        return self.body(x)


def saved(module, path):
    torch.jit.save(torch.jit.script(module), path)
    return path


def evaluated(model, folder, *flags):
    result = aigis("evaluate", "--model", model, *(flags or ATTACK), "--save-examples", 40, "--out", folder / "r.json")
    assert result.returncode == 0, result.stderr
    document = report(folder / "r.json")
    return document, load_file(folder / document["runs"][0]["examples"]["file"])
