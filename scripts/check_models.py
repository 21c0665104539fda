#!/usr/bin/env python3
"""Judges committed checkpoints on the images held out of their training, against what their train.json says.

check_models.py [--cifar10 DIR] [--limit N] [FILE.train.json ...]: all of models/ by default, which needs CIFAR-10's
binary version; a few minutes on two cores. Prints a row for each checkpoint and way of deciding its gates, and exits
with 1 if one is not as recorded: another file, other images, or another accuracy than rounding explains (of N images:
than their choice among all that were held out explains, four standard errors).
"""

import argparse
import json
import math
import sys
import tempfile
from pathlib import Path

from built import ROOT, aigis
from given import count, document, folder_with

ROUNDING = 0.002  # share of answers that may turn: training judges before BatchNorm is folded into its convolutions


def judged(checkpoint, gates, data, seed, limit):
    """The report of a checkpoint without an attack, its gates decided in each of these ways."""
    models = [str(checkpoint) if mode == "none" else f"{checkpoint}:gates={mode}" for mode in gates]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        aigis("evaluate", *[word for model in models for word in ("--model", model)], "--data", data, *(["--limit", limit] if limit else []),
              "--attack", "none", "--eps", 0, "--seed", seed, "--checks", "off", "--out", out)
        return json.loads(out.read_text())


def held_out_spec(record, cifar10):
    name, _, options = record["data"]["spec"].partition(":")
    options = cifar10 if name == "cifar10" else options
    return f"{name}:{options}{',' if options else ''}part=held_out"


def tolerance(share, count, whole):
    """By how much the share of right answers among `count` of `whole` images may differ from that among all."""
    return 4 * math.sqrt(share * (1 - share) / count * (whole - count) / (whole - 1)) + ROUNDING


def check(path, record, cifar10, limit):
    """Prints the rows of one train.json; returns what is not as it says."""
    results = record["final"]["held_out"]
    checkpoint = path.with_name(path.name.replace(".train.json", ".safetensors"))
    report = judged(checkpoint, results, held_out_spec(record, cifar10), record["config"]["seed"], limit)
    wrong = []
    if report["models"][0]["checkpoint"]["sha256"] != record["hashes"]["model.safetensors"]:
        wrong.append("is another file")
    data, trained_on = report["data"], record["data"]
    if data["count"] == trained_on["held_out"] and data["sha256"] != trained_on["held_out_sha256"]:
        wrong.append("was judged on other images")
    for (mode, said), run in zip(results.items(), report["runs"], strict=True):
        found = run["accuracy"]["clean"]
        differs = abs(found["value"] - said["value"]) > tolerance(said["value"], found["trials"], said["trials"])
        print(f"| {checkpoint.stem} | {mode} | {100 * said['value']:.2f} | {100 * found['value']:.2f} | "
              f"{found['trials']} | {'differs' if differs else 'as recorded'} |", flush=True)
        if differs:
            wrong.append(f"gates={mode}: {found['value']:.4f}, recorded {said['value']:.4f}")
    return [f"{checkpoint}: {reason}" for reason in wrong]


def record(text):
    """The path of a train.json, and what it says."""
    return Path(text), document("aigis-train")(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", nargs="*", type=record, metavar="FILE.train.json",
                        default=[record(path) for path in sorted((ROOT / "models").glob("*.train.json"))])
    parser.add_argument("--cifar10", type=folder_with("data_batch_1.bin"), metavar="DIR")
    parser.add_argument("--limit", type=count, help="only the first N held-out images")
    arguments = parser.parse_args()
    if arguments.cifar10 is None and any(said["data"]["name"] == "cifar10" for _, said in arguments.records):
        parser.error("checkpoints of CIFAR-10 need --cifar10 DIR, a folder with data_batch_1.bin and the others")
    print("| checkpoint | gates | recorded, % | found, % | images | |\n|---|---|---|---|---|---|")
    wrong = []
    for path, said in arguments.records:
        wrong += check(path, said, arguments.cifar10, arguments.limit)
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
