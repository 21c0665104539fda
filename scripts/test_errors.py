#!/usr/bin/env python3
"""Test errors of training runs that differ in their seeds, and the layers that ran on test images, of those that are gated:
their mean and range, for each recipe and way of deciding gates. Without gates all layers run.

    scripts/test_errors.py FOLDER-SEED...

Each folder is one that `aigis train` wrote, with the report of `aigis evaluate --attack none` as test.json in it. Folders
that are named alike but for the seed are one row. Epochs are those that were trained, of those that were wanted.
"""

import argparse
import json
from collections import defaultdict

from given import folder_with


def judged(folders):
    """{(recipe, gates): [("epochs of all", error in %, layers run in %), ...]}"""
    found = defaultdict(list)
    for folder in folders:
        record, report = (json.loads((folder / name).read_text()) for name in ("train.json", "test.json"))
        epochs = f"{len(record['curve'])} of {record['config']['epochs']}"
        gates = {model["id"]: model["gates"]["mode"] for model in report["models"]}
        for run in report["runs"]:
            error = 100 * (1 - run["accuracy"]["clean"]["value"])
            layers = 100 * run["gates"]["before"]["mean"] if run["gates"] else 100
            found[str(folder).rpartition("-")[0], gates[run["model"]]].append((epochs, error, layers))
    return found


def rows(folders):
    yield "| recipe | gates | seeds | epochs | test error, %: mean | lowest to highest | layers run, %: mean | lowest to highest |"
    yield "|---|---|---|---|---|---|---|---|"
    for (recipe, gates), runs in judged(folders).items():
        epochs, errors, layers = zip(*runs)
        cells = [recipe, gates, str(len(runs)), ", ".join(dict.fromkeys(epochs)), *mean_and_range(errors), *mean_and_range(layers)]
        yield f"| {' | '.join(cells)} |"


def mean_and_range(values):
    return f"{sum(values) / len(values):.2f}", f"{min(values):.2f} to {max(values):.2f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=folder_with("train.json", "test.json"), metavar="FOLDER-SEED")
    print("\n".join(rows(parser.parse_args().folders)))
