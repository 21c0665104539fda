#!/usr/bin/env python3
"""The tables of reports/results/where-robustness-comes-from/README.md, from a report of configs/sweep/transfer.json, or of
configs/sweep/where-robustness-comes-from.json with --attacks or --leads.

    scripts/study_table.py REPORT [--attacks | --leads]

Without a flag: accuracy of each model on what was made against each, in whole percent. --attacks: accuracy in % within
1/255 for each attack; then for the worst of all, with its interval, within 1/255 and 2/255, and both through JPEG.
--leads: by how many points of accuracy the first model of those LEADS that the report has leads the second, averaged over
the budgets, under the worst of all attacks, without a defense and through JPEG; bold where the report calls it decided.
"""

import argparse
from pathlib import Path

import given
from gate_table import percent

NETWORKS = {
    "cifar10-resnet-20": "ResNet-20", "cifar10-resnet-20-long": "trained longer", "cifar10-resnet-14": "ResNet-14",
    "cifar10-stochastic-depth-20": "stochastic depth", "cifar10-aig-20": "coins", "cifar10-aig-20-decisive": "decides",
}
LEADS = [
    ("trained longer", "ResNet-20"),
    ("coins, sampled", "ResNet-20"), ("coins, scaled", "ResNet-20"), ("coins, argmax", "ResNet-20"),
    ("coins, always open", "ResNet-20"),
    ("decides, sampled", "ResNet-20"), ("decides, argmax", "ResNet-20"), ("decides, scaled", "ResNet-20"),
    ("decides, always open", "ResNet-20"), ("stochastic depth", "ResNet-20"),
    ("coins, sampled", "coins, marginal"), ("coins, sampled", "coins, drawn once"), ("coins, sampled", "coins, scaled"),
    ("coins, sampled", "coins, argmax"), ("coins, scaled", "coins, argmax"), ("coins, drawn once", "coins, always open"),
    ("decides, sampled", "decides, marginal"), ("decides, sampled", "decides, drawn once"),
    ("decides, sampled", "decides, argmax"), ("decides, sampled", "decides, scaled"),
    ("decides, argmax", "decides, scaled"), ("decides, argmax", "decides, frozen"),
]


def name_of(spec):
    checkpoint, _, options = spec.partition(":")
    network = NETWORKS[Path(checkpoint).stem]
    given_options = dict(option.split("=") for option in options.split(",") if option)
    if given_options.get("noise") == "fixed":
        return f"{network}, drawn once"
    gates = {"always": "always open"}.get(given_options.get("gates"), given_options.get("gates"))
    return f"{network}, {gates}" if gates else network


def row(*cells):
    return f"| {' | '.join(cells)} |"


def transfer_rows(report):
    runs = {(run["model"], run["access"]): run["accuracy"] for run in report["runs"]}
    judges = [model["id"] for model in report["models"]]
    whole = lambda share: f"{100 * share['value']:.0f}"
    yield row("made against, judged by", *map(name_of, judges))
    yield row("nothing", *(whole(runs[judge, "white-box"]["clean"]) for judge in judges))
    yield row("the judge itself", *(whole(runs[judge, "white-box"]["robust"]) for judge in judges))
    for other in report["surrogates"]:
        yield row(name_of(other["id"]), *(whole(runs[judge, f"transfer:{other['id']}"]["robust"]) for judge in judges))


def with_interval(share):
    return f"{percent(share)} [{', '.join(f'{100 * bound:.1f}' for bound in share['ci95'])}]"


def kind_of(attack):
    """What stands for an attack in the table: the way through or around gates where it is not the usual one."""
    path = attack["options"].get("gates")
    return path if path in ("relaxed", "fixed-graph") else attack["name"]


def attack_rows(report):
    for model in report["models"]:
        runs = {(kind_of(run["attack"]), run["defense"]["name"], round(255 * run["epsilon"], 6)): run["accuracy"]["robust"]
                for run in report["runs"] if run["model"] == model["id"]}
        clean = next(run["accuracy"]["clean"] for run in report["runs"] if run["model"] == model["id"])
        at = lambda kind: runs[kind, "none", 1]
        around = min(at("relaxed"), at("fixed-graph"), key=lambda share: share["value"])
        yield row(name_of(model["id"]), percent(clean), *map(percent, (at("fgsm"), at("pgd"), at("eot-pgd"), around, at("autoattack"))),
                  *(with_interval(runs["worst-case", defense, budget]) for defense in ("none", "jpeg") for budget in (1, 2)))


def lead_rows(report):
    runs, curves = report["runs"], report["curves"]
    found = {}
    for pair in report["curve_comparisons"]:
        a, b = (runs[curves[pair[side]]["runs"][0]] for side in ("curve_a", "curve_b"))
        if a["attack"]["name"] == "worst-case":
            value, ci = pair["difference"]["value"], pair["difference"]["ci95"]
            decided = pair["more_robust"] is not None
            key = (name_of(a["model"]), name_of(b["model"]), a["defense"]["name"])
            found[key] = (value, ci, decided)
            found[key[1], key[0], key[2]] = (-value, [-ci[1], -ci[0]], decided)
    names = {name_of(model["id"]) for model in report["models"]}
    for first, second in LEADS:
        if not {first, second} <= names:
            continue
        cells = []
        for defense in ("none", "jpeg"):
            value, ci, decided = found[first, second, defense]
            text = f"{100 * value:+.1f} [{100 * ci[0]:.1f}, {100 * ci[1]:.1f}]"
            cells.append(f"**{text}**" if decided else text)
        yield row(first, second, *cells)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=given.report)
    parser.add_argument("--attacks", dest="rows", action="store_const", const=attack_rows, default=transfer_rows)
    parser.add_argument("--leads", dest="rows", action="store_const", const=lead_rows)
    arguments = parser.parse_args()
    print("\n".join(arguments.rows(arguments.report)))
