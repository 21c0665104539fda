#!/usr/bin/env python3
"""All checks on an honest PGD-10 over many seeds: none may be raised, and those that apply must pass.

check_honest.py DATA [--models FILE:EPS ...] [--seeds 20] [--limit 200]: by default the committed ResNet-20 within
1/255 and the adversarially trained one within 8/255. Prints a row for each model and exits with 1 if any check was
raised, or left undecided or out though it applies.
"""

import argparse
import collections
import json
import sys
import tempfile
from pathlib import Path

from built import ROOT, aigis
from given import count

MODELS = [(f"{ROOT}/models/cifar10-resnet-20.safetensors", "1/255"), (f"{ROOT}/models/cifar10-resnet-20-robust.safetensors", "8/255")]
# To one white-box attack at one budget, of ten steps, on a network without gates and without a defense.
APPLY = ["clean-accuracy", "classes", "logits", "gradients", "budget", "best-iterate", "randomness", "batch-dependence",
         "uphill", "noise", "one-step", "iterated", "black-box", "longer", "losses", "large-budget", "unbounded"]


def failures(levels):
    """The checks that should have passed and did not, with their levels."""
    wrong = {name: levels.get(name, "absent") for name in APPLY if levels.get(name) != "passed"}
    return wrong | {name: level for name, level in levels.items() if level not in ("passed", "undecided")}


def levels(model, epsilon, seed, arguments, folder):
    """The level of each check, by its name."""
    out = Path(folder) / "report.json"
    aigis("evaluate", "--model", model, "--data", arguments.data, "--limit", arguments.limit, "--attack", "pgd:steps=10",
          "--eps", epsilon, "--seed", seed, "--checks", "full", "--out", out)
    return {check["check"]: check["level"] for check in json.loads(out.read_text())["checks"]}


def model_within(text):
    model, colon, epsilon = text.rpartition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"'{text}'; expected FILE:EPS, such as model.safetensors:8/255")
    return model, epsilon


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--models", nargs="+", type=model_within, default=MODELS, metavar="FILE:EPS")
    parser.add_argument("--seeds", type=count, default=20)
    parser.add_argument("--limit", type=count, default=200)
    arguments = parser.parse_args()
    failed = False
    print("| model | epsilon | seeds | passed | undecided | raised | what did not pass |\n|---|---|---|---|---|---|---|")
    for model, epsilon in arguments.models:
        counts = collections.Counter()
        names = collections.Counter()
        with tempfile.TemporaryDirectory() as folder:
            for seed in range(arguments.seeds):
                found = levels(model, epsilon, seed, arguments, folder)
                counts.update("raised" if level not in ("passed", "undecided") else level for level in found.values())
                wrong = failures(found)
                failed |= bool(wrong)
                undecided = {name: level for name, level in found.items() if level == "undecided"}
                names.update(f"{name} ({level})" for name, level in (undecided | wrong).items())
        print(f"| {Path(model).stem} | {epsilon} | {arguments.seeds} | {counts['passed']} | {counts['undecided']} | "
              f"{counts['raised']} | {', '.join(f'{name} {n}x' for name, n in names.items()) or '-'} |", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
