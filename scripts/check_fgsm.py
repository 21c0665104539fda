"""FGSM once more, in a few lines of Python's PyTorch, beside the accuracies of a report.

check_fgsm.py REPORT.json CIFAR_DIR: for each undefended model with deterministic gates and each epsilon, prints the
report's count, Python's count and the near ties; exits 1 where they differ by more than the near ties allow.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from reference import Reference, parse_architecture, read_metadata, reference_options  # noqa: E402


def main(report_path, folder):
    report = json.loads(Path(report_path).read_text())
    records = np.fromfile(Path(folder) / "test_batch.bin", dtype=np.uint8).reshape(-1, 3073)[: report["data"]["count"]]
    images = torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).copy()).float() / 255
    labels = torch.from_numpy(records[:, 0].astype(np.int64))
    failed = False
    for model in report["models"]:
        if model["gates"]["mode"] not in ("none", "argmax"):
            continue
        path = model["id"].split(":")[0]
        family, depth, options = parse_architecture(read_metadata(path)["architecture"])
        network = Reference(load_file(path), depth, torch.float32, **reference_options(family, options))
        runs = [r for r in report["runs"] if r["model"] == model["id"] and r["defense"]["name"] == "none" and r["attack"]["name"] == "fgsm"]
        right = {r["epsilon"]: 0 for r in runs}
        for begin in range(0, len(images), 250):
            x = images[begin : begin + 250].requires_grad_(True)
            y = labels[begin : begin + 250]
            gradient = torch.autograd.grad(F.cross_entropy(network.forward(x)[0], y, reduction="sum"), x)[0]
            with torch.no_grad():
                for epsilon in right:
                    adversarial = (x + epsilon * gradient.sign()).clamp(0, 1)
                    right[epsilon] += (network.forward(adversarial)[0].argmax(1) == y).sum().item()
        for run in runs:
            ours, theirs = run["accuracy"]["robust"]["successes"], right[run["epsilon"]]
            # Rounding may turn the sign of a vanishing gradient, so an image may differ that was no near tie: one in 1000.
            allowed = run["near_ties"] + len(images) / 1000
            failed |= abs(ours - theirs) > allowed
            print(f"{model['architecture']:10} eps {255 * run['epsilon']:5.1f}/255  report {ours:7.0f}  Python {theirs:6d}  near ties {run['near_ties']}")
    return int(failed)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
