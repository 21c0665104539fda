#!/usr/bin/env python3
"""All checks on an honest PGD-10 over many seeds: none of them may be raised.

check_honest.py DATA [--models FILE:EPS ...] [--seeds 20] [--limit 200]: by default the committed ResNet-20 within
1/255 and the adversarially trained one within 8/255. Prints a row for each model and exits with 1 if any check was
raised.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(os.environ.get("AIGIS_PROGRAM", ROOT / "build/aigis"))
MODELS = [f"{ROOT}/models/cifar10-resnet-20.safetensors:1/255", f"{ROOT}/models/cifar10-resnet-20-robust.safetensors:8/255"]


def levels(model, epsilon, seed, arguments, folder):
    """The level of each check, by its name."""
    out = Path(folder) / "report.json"
    subprocess.run([PROGRAM, "evaluate", "--model", model, "--data", arguments.data, "--limit", str(arguments.limit),
                    "--attack", "pgd:steps=10", "--eps", epsilon, "--seed", str(seed), "--checks", "full", "--out", out],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return {check["check"]: check["level"] for check in json.loads(out.read_text())["checks"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--limit", type=int, default=200)
    arguments = parser.parse_args()
    raised_any = False
    print("| model | epsilon | seeds | passed | undecided | raised | what did not pass |\n|---|---|---|---|---|---|---|")
    for entry in arguments.models:
        model, epsilon = entry.rsplit(":", 1)
        counts = collections.Counter()
        names = collections.Counter()
        with tempfile.TemporaryDirectory() as folder:
            for seed in range(arguments.seeds):
                for name, level in levels(model, epsilon, seed, arguments, folder).items():
                    raised = level not in ("passed", "undecided")
                    counts["raised" if raised else level] += 1
                    if level != "passed":
                        names[f"{name} ({level})"] += 1
        raised_any |= counts["raised"] > 0
        print(f"| {Path(model).stem} | {epsilon} | {arguments.seeds} | {counts['passed']} | {counts['undecided']} | "
              f"{counts['raised']} | {', '.join(f'{name} {n}x' for name, n in names.items()) or '-'} |", flush=True)
    sys.exit(raised_any)


if __name__ == "__main__":
    main()
