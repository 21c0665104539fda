#!/usr/bin/env python3
"""The table of README.md that says what FGSM does with and without JPEG, from the report of configs/sweep/fgsm-jpeg.json.

    scripts/fgsm_table.py REPORT

Accuracy of each model in %, under attack with its 95 % interval.
"""

import argparse

import given
from gate_table import percent


def name_of(model):
    family, depth = model["architecture"].rsplit("-", 1)
    name = f"{ {'resnet': 'ResNet', 'aig': 'AIG'}[family]}-{depth}"
    if model["gates"]["count"] == 0:
        return name
    draws = model["gates"]["draws"]
    return f"{name}, {model['gates']['mode']} gates{f', {draws} draws' if draws > 1 else ''}"


def attacked(run):
    robust = run["accuracy"]["robust"]
    return f"{percent(robust)} [{', '.join(f'{100 * bound:.1f}' for bound in robust['ci95'])}]"


def rows(report):
    for model in report["models"]:
        runs = {
            (run["defense"]["name"], run["access"], round(255 * run["epsilon"], 6)): run
            for run in report["runs"] if run["model"] == model["id"]
        }
        bare, shielded = runs["none", "white-box", 0], runs["jpeg", "white-box", 0]
        cells = [name_of(model), percent(bare["accuracy"]["clean"])]
        cells += [attacked(runs["none", "white-box", budget]) for budget in (2, 8)]
        cells.append(percent(shielded["accuracy"]["clean"]))
        cells += [attacked(runs["jpeg", access, 8]) for access in ("grey-box", "white-box")]
        yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=given.report)
    print("\n".join(rows(parser.parse_args().report)))
