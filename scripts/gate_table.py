#!/usr/bin/env python3
"""The tables of docs/gates.md: what attacks on gates do to one network, from the report of configs/sweep/gates.json;
and from the reports of its neighbours in that folder: what they do to gates that draw (gates-sampled), what they do over
epsilon (gates-curves), what patches do (gates-patches), and what is done by who sees the cost alone (gates-black-box).

    scripts/gate_table.py REPORT [MODEL [--brief] | --sampled | --curves | --patches | --black-box]

MODEL: its place in the report, from 0, the default. Accuracy, answers kept, gates flipped, accuracy of the clean images
along the gates of the attacked ones, and images over the budget are in %, rates of open gates with their 95 % interval,
and time is that of a pass over the time for clean images. --brief leaves out budget and time; the other flags make the
tables of the other reports.
"""

import argparse
import json

import given


def share(value):
    text = f"{value:.3f}"
    return text.lstrip("0") if value < 1 else text


def percent(proportion):
    return f"{100 * proportion['value']:.1f}"


def name_of(attack):
    name, options = attack["name"], attack["options"]
    if name == "noise":
        best_of = options["best_of"]
        return "sign noise" + (f", best of {best_of:,} for {options['by']}" if best_of > 1 else "")
    if name in ("pgd", "apgd-ce"):
        starts = "" if options["restarts"] == 1 else f", {options['restarts']} starts"
        return f"{name.split('-')[0].upper()}-{options['steps']} on the answer{starts}"
    text = f"`{name}`"
    if name == "gate-oracle":
        text += f", {options['wants']}"
    if name == "gate-universal":
        text += f", {options['aim']}"
    if options.get("class", -1) == 3:
        text += " of cats"
    if options.get("per_class"):
        text += ", by class"
    if options.get("keep_label"):
        text += ", label kept"
    return text


def within(run):
    gates = run["gates"]["after"]
    rate = f"{share(gates['mean'])} [{', '.join(map(share, gates['ci95']))}]"
    return [percent(run["accuracy"]["robust"]), percent(run["accuracy"]["label_kept"]), rate]


def times(run):
    """The time of a pass over that of the clean images, with its interval where there were passes enough for one."""
    ratio = run["latency"]["ratio"]
    ends = f" [{ratio['ci95'][0]:.2f}, {ratio['ci95'][1]:.2f}]" if ratio["ci95"] else ""
    return f"{ratio['value']:.2f}{ends}"


def rows(report, model, brief=False):
    """The table's lines, for the smallest and the largest budget; what is more than a rate, at the largest."""
    runs = [run for run in report["runs"] if run["model"] == report["models"][model]["id"]]
    attacks = {}
    for run in runs:
        attacks.setdefault(json.dumps(run["attack"]), []).append(run)
    for budgets in attacks.values():
        small, large = budgets[0], budgets[-1]
        cells = [name_of(large["attack"]), *within(small), *within(large)]
        cells.append(f"{100 * large['gates']['flipped']['share']:.1f}")
        cells.append(percent(large["gates"]["swap"]["clean_on_adversarial_gates"]))
        if not brief:
            cells.append(f"{100 * large['macs']['distribution']['over_budget']['after']['value']:.0f}")
            cells.append(times(large))
        yield f"| {' | '.join(cells)} |"


WANTS = {
    "sloth": "gates open",
    "starve": "gates shut",
    "hijack": "the graph of cats",
    "reroute": "another answer, unseen",
}


RANDOM = {"sign": "nothing: random colours, each 0 or 1", "uniform": "nothing: random colours"}


def patch_rows(report):
    """By the side, with random colours first."""
    for run in sorted(report["runs"], key=lambda run: run["attack"]["options"]["patch"]):
        options = run["attack"]["options"]
        wants = RANDOM[options["kind"]] if run["attack"]["name"] == "noise" else WANTS[options["aim"]]
        flipped = f"{100 * run['gates']['flipped']['share']:.1f}"
        yield f"| {' | '.join([str(options['patch']), wants, *within(run), flipped])} |"


def black_box_rows(report):
    """An attack a line: passes an image, then answers kept and the rate within each budget."""
    attacks = {}
    for run in report["runs"]:
        attacks.setdefault(json.dumps(run["attack"]), []).append(run)
    for budgets in attacks.values():
        cells = [name_of(budgets[0]["attack"]), f"{budgets[0]['queries']['forward'] / budgets[0]['count']:,.0f}"]
        for run in budgets:
            cells += [percent(run["accuracy"]["label_kept"]), within(run)[2]]
        yield f"| {' | '.join(cells)} |"


def sampled_rows(report):
    """Of gates that draw, at the largest budget, the models side by side."""
    attacks = {}
    for run in report["runs"]:
        if run["epsilon"] == report["runs"][-1]["epsilon"]:
            attacks.setdefault(json.dumps(run["attack"]), []).append(run)
    for runs in attacks.values():
        options = runs[0]["attack"]["options"]
        draws = ", four draws a step" if options.get("draws", 1) == 4 else ""
        cells = [name_of(runs[0]["attack"]) + draws]
        for run in runs:
            spread = run["macs"]["spread"]["after"]
            deviation, low, high = (f"{value / 1e6:.1f}" for value in (spread["value"], *spread["ci95"]))
            cells += [*within(run), f"{deviation} [{low}, {high}]", f"{100 * monitored(run)['value']:.0f}",
                      times(run)]
        yield f"| {' | '.join(cells)} |"


def monitored(run):
    return run["macs"]["monitor"]["unseen_and_wrong"]


def unseen(run):
    return percent(monitored(run))


def open_gates(run):
    return share(run["gates"]["after"]["mean"])


def like_automobiles(run):
    return share(run["gates"]["likeness"]["after"][1])


CURVES = [  # label, attack, with its label kept, and what is told of it
    ("open gates: sign noise", "noise", False, open_gates),
    ("`gate-sloth`, label kept", "gate-sloth", True, open_gates),
    ("`gate-starve`, label kept", "gate-starve", True, open_gates),
    ("wrong, and unseen by a monitor, %: sign noise", "noise", False, unseen),
    ("`gate-reroute`", "gate-reroute", False, unseen),
    ("likeness to the graph of automobiles: sign noise", "noise", False, like_automobiles),
    ("`gate-sloth`", "gate-sloth", False, like_automobiles),
    ("`gate-hijack:class=1`", "gate-hijack", False, like_automobiles),
]


def curve_rows(report):
    for label, attack, kept, told in CURVES:
        runs = [run for run in report["runs"] if run["attack"]["name"] == attack]
        cells = [told(run) for run in runs if run["attack"]["options"].get("keep_label", False) == kept]
        yield f"| {' | '.join([label, *cells])} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=given.report)
    parser.add_argument("model", type=int, nargs="?", default=0, help="its number in the report, from 0")
    parser.add_argument("--brief", action="store_true")
    others = {"--sampled": sampled_rows, "--curves": curve_rows, "--patches": patch_rows, "--black-box": black_box_rows}
    for flag, rows_of in others.items():
        parser.add_argument(flag, dest="other", action="store_const", const=rows_of)
    arguments = parser.parse_args()
    report = arguments.report
    if arguments.model not in range(len(report["models"])):
        parser.error(f"argument model: '{arguments.model}'; expected a number from 0 to {len(report['models']) - 1}")
    print("\n".join(arguments.other(report) if arguments.other else rows(report, arguments.model, arguments.brief)))
