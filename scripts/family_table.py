#!/usr/bin/env python3
"""The table of docs/attacks.md that says what gradient attacks do, from the report of configs/sweep/gradient-family.json.

    scripts/family_table.py REPORT

Accuracy of each model within each budget, then for the first model within the largest one: gradients an image, and
accuracy on images rounded to 8 bits. All but gradients in %, in the order of the first column.
"""

import argparse

import given
from gate_table import percent


def rows(report):
    models = [model["id"] for model in report["models"]]
    attacks = {}
    for run in report["runs"]:
        attacks.setdefault(run["attack"]["name"], {}).setdefault(run["model"], []).append(run)
    strongest_first = sorted(attacks.items(), key=lambda item: item[1][models[0]][0]["accuracy"]["robust"]["value"])
    for name, runs in strongest_first:
        last = runs[models[0]][-1]
        cells = [f"`{name}`"] + [percent(run["accuracy"]["robust"]) for model in models for run in runs[model]]
        cells.append(f"{last['queries']['backward'] / last['count']:.1f}")
        cells.append(percent(last["accuracy"]["robust_quantized"]))
        yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=given.report)
    print("\n".join(rows(parser.parse_args().report)))
