"""Writes a plausible report, train.json or inspect.json with invented numbers, to try schemas and plots on.

    make_sample_report.py OUT [--train|--inspect] [--models N] [--layers L] [--classes K] [--epsilons 0,1] [--attacks fgsm,pgd]

By default: resnet-20, aig-20 by argmax and aig-20 sampled; no defense, JPEG in grey box and in white box; nine
budgets. `--models N` makes N gated models instead. The same arguments give the same file. Standard library only.
"""

import argparse
import hashlib
import json
import math
import random

CIFAR10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
EPSILONS = "0,1,2,4,8,12,16,20,25.5"
IMAGES = 1000


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def proportion(share, images, draws=1):
    """A share with Wilson's interval; whole successes, or tenths of them where several draws are averaged."""
    successes = round(share * images * draws) / draws
    value, z = successes / images, 1.959964
    middle = (value + z * z / 2 / images) / (1 + z * z / images)
    half = z / (1 + z * z / images) * math.sqrt(value * (1 - value) / images + z * z / 4 / images**2)
    return {"value": value, "successes": successes, "trials": images,
            "ci95": [max(0.0, min(middle - half, value)), min(1.0, max(middle + half, value))]}


def layer_names(count):
    per_stage = max(1, math.ceil(count / 3))
    return [f"layer{1 + i // per_stage}.{i % per_stage}" for i in range(count)]


def tool():
    return {"version": "0.1.0", "commit": "0123456789abcdef0123456789abcdef01234567",
            "build": {"compiler": "GNU 12.2.0", "libtorch": "2.11.0", "cuda": False},
            "command_line": "aigis sweep --model models/aig-20.safetensors:gates=argmax --limit 1000"}


def environment():
    return {"cpu": "AMD EPYC 9R14", "device": "cpu", "threads": 2, "determinism": "bitwise for the same build"}


def gated_layers(count):
    return [{"name": name, "macs": 3538944 if name.endswith(".0") and i else 4718592, "gate_macs": 336}
            for i, name in enumerate(layer_names(count))]


def make_model(name, mode, layers):
    count = 0 if mode == "none" else layers
    full = 40_813_184 + sum(layer["macs"] for layer in gated_layers(count)) * (count > 9)
    file = f"models/{name}.safetensors"
    return {"id": file if mode == "none" else f"{file}:gates={mode}", "architecture": name,
            "options": {} if mode == "none" else {"gates": mode, "execution": "skip"},
            "checkpoint": {"file": file, "sha256": sha256(name)}, "parameters": 272_474 + 4000 * count,
            "macs": {"full": full, "expected": full * (0.75 if count else 1)},
            "gates": {"count": count, "mode": mode, "draws": 10 if mode == "sampled" else 1,
                      "layers": gated_layers(count)}}


def make_rates(rng, layers, classes, base, shift, passes):
    per_class = [[min(1.0, max(0.0, base[i] + 0.25 * math.sin(1.7 * k + 2.3 * i) * (1 - base[i]) + shift[i]
                               + rng.gauss(0, 0.01))) for i in range(layers)] for k in range(classes)]
    per_layer = [round(sum(row[i] for row in per_class) / classes * passes) / passes for i in range(layers)]
    return {"mean": sum(per_layer) / layers if layers else 0, "per_layer": per_layer, "per_class": per_class}


def with_intervals(rates):
    by_class = [row and [around(rate) for rate in row] for row in rates["per_class"]]
    return rates | {"ci95": around(rates["mean"]), "per_layer_ci95": [around(rate) for rate in rates["per_layer"]],
                    "per_class_ci95": by_class}


def histogram(rates, passes):
    """Passes by executed layers, as many and with the mean that they must have, else as if layers ran independently of
    each other."""
    shares = [1.0]
    for rate in rates:
        shares = [closed * (1 - rate) + opened * rate for closed, opened in zip(shares + [0.0], [0.0] + shares)]
    counts = [round(share * passes) for share in shares]
    counts[counts.index(max(counts))] += passes - sum(counts)
    lacking = round(sum(rates) * passes) - sum(ran * count for ran, count in enumerate(counts))
    step = 1 if lacking > 0 else -1
    for _ in range(abs(lacking)):
        fullest = max((ran for ran in range(len(counts)) if 0 <= ran + step < len(counts)), key=counts.__getitem__)
        counts[fullest] -= 1
        counts[fullest + step] += 1
    return counts


def around(share):
    return [max(0.0, share - 0.02), min(1.0, share + 0.02)]


def make_gates(rng, model, classes, epsilon):
    layers, sampled = model["gates"]["count"], model["gates"]["mode"] == "sampled"
    base = [1 - 0.5 * abs(math.sin(1 + 1.3 * i)) * (0.9 if sampled else 0.5) for i in range(layers)]
    shift = [3 * epsilon * math.cos(2.1 * i) for i in range(layers)]
    passes = IMAGES * model["gates"]["draws"]
    before = make_rates(rng, layers, classes, base, [0] * layers, passes)
    after = make_rates(rng, layers, classes, base, shift, passes)
    if classes > 9:
        before["per_class"][9] = after["per_class"][9] = None  # a class of which the first images hold none
    redraw = 0.21 if sampled else 0.0
    return {"before": with_intervals(before), "after": with_intervals(after),
            "flipped": {"share": min(1.0, redraw / 2 + 1.5 * epsilon), "share_on_clean_redraw": redraw,
                        "ci95": around(min(1.0, redraw / 2 + 1.5 * epsilon)), "ci95_on_clean_redraw": around(redraw)},
            "executed_layers_histogram": {"before": histogram(before["per_layer"], passes),
                                          "after": histogram(after["per_layer"], passes)},
            "likeness": {"before": [0.7] * classes, "after": [min(1.0, 0.7 + epsilon)] * classes,
                         "before_ci95": [around(0.7)] * classes,
                         "after_ci95": [around(min(1.0, 0.7 + epsilon))] * classes,
                         "own": [0.84] * classes, "most": [0.91] * classes},
            "swap": make_swap(model["gates"]["draws"], epsilon)}


def make_swap(draws, epsilon):
    def damage(value):
        return {"value": value, "ci95": [max(-1.0, value - 0.02), min(1.0, value + 0.03)]}

    graph, features = min(0.4, 2 * epsilon), min(0.5, 9 * epsilon)
    return {"clean_on_adversarial_gates": proportion(0.85 - graph, IMAGES, draws),
            "adversarial_on_clean_gates": proportion(0.85 - features, IMAGES, draws),
            "damage": {"graph": damage(graph), "features": damage(features), "both": damage(min(0.8, graph + features))}}


def make_flags(model, attack, epsilon, draws):
    flags = []
    if draws > 1 and epsilon > 0:
        flags.append({"check": "randomized", "level": "warning",
                      "message": "predictions differ between passes: average gradients over draws",
                      "numbers": {"share_of_images": 0.113, "passes": 5}})
    if attack == "pgd" and epsilon > 0.09:
        flags.append({"check": "zero_gradient", "level": "error", "message": "the gradient was exactly zero",
                      "numbers": {"images": 12, "steps": 80}})
    if epsilon == 4 / 255 and model["gates"]["mode"] == "argmax":
        flags.append({"check": "rounding", "level": "info", "message": "rounded to 8 bits, some images are right again",
                      "numbers": {"robust": 0.18, "robust_quantized": 0.2}})
    return flags


def make_macs(model, before, after, robust):
    full, gated, draws = model["macs"]["full"], model["gates"]["count"] > 0, model["gates"]["draws"]
    recovery = (after - before) / (1 - before) if gated else None
    unseen = max(0.0, 1 - 4 * abs(after - before))

    def spread(share):
        return {"value": 0.1 * full * share, "ci95": [0.09 * full * share, 0.11 * full * share]}

    return {"before": full * before, "after": full * after, "recovery": recovery,
            "ci95": {"before": [full * end for end in around(before)], "after": [full * end for end in around(after)],
                     "recovery": [recovery - 0.05, min(1.0, recovery + 0.05)]} if gated else None,
            "spread": {"before": spread(before), "after": spread(after)} if gated and draws > 1 else None,
            "monitor": {"tolerance": 0.05, "unseen": proportion(unseen, IMAGES, draws),
                        "unseen_and_wrong": proportion(unseen * (1 - robust), IMAGES, draws)} if gated else None,
            "distribution": make_costs(full, before, after) if gated else None}


def make_run(rng, model, index, attack, defense, access, epsilon, classes):
    draws = model["gates"]["draws"]
    clean = max(0.1, 0.87 - 0.012 * (index % 7) - (0.05 if defense == "jpeg" else 0))
    grey = defense == "jpeg" and access == "grey-box"
    strength = (30 if grey else 70) * (1.6 if attack == "pgd" else 1) * (1 - 0.22 * (index % 4))
    robust = clean * (0.08 + 0.92 * math.exp(-strength * epsilon))
    clean_share, robust_share = proportion(clean, IMAGES, draws), proportion(robust, IMAGES, draws)
    gates = make_gates(rng, model, classes, epsilon) if model["gates"]["count"] else None
    full = model["macs"]["full"]
    mean = (lambda when: gates[when]["mean"]) if gates else (lambda when: 1)
    steps = 10 if attack == "pgd" else 1
    return {
        "model": model["id"],
        "attack": {"name": attack, "gradient_mode": "straight-through" if gates else "exact", "aim": "wrong-answer",
                   "options": {"steps": 10, "step_size": epsilon / 4, "restarts": 1} if attack == "pgd" else {}},
        "defense": {"name": defense, "options": {"quality": 75} if defense == "jpeg" else {},
                    "gradient_mode": "none" if defense == "none" else "identity"},
        "access": access, "norm": "linf", "epsilon": epsilon, "count": IMAGES, "seed": 0, "nested": False,
        "accuracy": {"convention": "mean", "draws": draws, "clean": clean_share, "robust": robust_share,
                     "robust_quantized": proportion(min(clean, robust + 0.004), IMAGES, draws),
                     "on_target": None, "label_kept": proportion(robust + 0.08 * (1 - robust), IMAGES, draws),
                     "clean_top5": proportion(clean + 0.9 * (1 - clean), IMAGES, draws),
                     "robust_top5": proportion(robust + 0.6 * (1 - robust), IMAGES, draws)},
        "gates": gates, "macs": make_macs(model, mean("before"), mean("after"), robust),
        "perturbation": {"linf": {"mean": epsilon, "max": epsilon},
                         "l2": {"mean": 55 * epsilon * 0.97, "max": 55 * epsilon},
                         "l1": {"mean": 3000 * epsilon * 0.97, "max": 3072 * epsilon},
                         "l0": {"mean": 3060.0 if epsilon else 0.0, "max": 3072.0 if epsilon else 0.0}},
        "queries": {"forward": IMAGES * steps, "backward": IMAGES * steps, "aside": 0,
                    "to_success": [[2 ** k, 40] for k in range(10)] if attack == "square" else None},
         "stages": None, "near_ties": rng.randrange(4), "without_answer": 0,
        "seconds": 2.5 * steps, "images_per_second": 400 / steps,
        "latency": {"clean_ms": 1.5, "adversarial_ms": 1.5 * (1 + epsilon), "batches": 30,
                    "ratio": {"value": 1 + epsilon, "ci95": [1.0, 1 + 2 * epsilon]}} if gates else None,
        "flags": make_flags(model, attack, epsilon, draws)}


def make_costs(full, before, after):
    def quantiles(mean):
        return [round(full * min(1.0, mean * factor)) for factor in (0.8, 0.9, 1.0, 1.1, 1.2)]

    def exceedance(mean):
        return [max(0.0, min(1.0, (1.3 * mean - share / 20) / 0.6)) for share in range(1, 21)]

    def with_ends(values, slack):
        return {**values, **{f"{when}_ci95": [[max(0, value - slack), value + slack] for value in values[when]] for when in values}}

    return {"quantiles": with_ends({"before": quantiles(before), "after": quantiles(after)}, 1000),
            "budget": quantiles(before)[-1],
            "exceedance": with_ends({"before": exceedance(before), "after": exceedance(after)}, 0),
            "over_budget": {"before": {"value": 0.04, "ci95": [0.03, 0.06]}, "after": {"value": 0.2, "ci95": [0.18, 0.23]}}}


def compare(runs):
    """The first two models under the first attack, by numbers that are made up like the rest."""
    second = next((i for i, run in enumerate(runs) if run["model"] != runs[0]["model"]), None)
    if second is None:
        return []
    ahead = {"run_a": 0, "run_b": second, "difference": 0.031, "ci95": [0.012, 0.05], "p": 0.0011, "p_holm": 0.0022,
             "more_robust": runs[0]["model"]}
    return [ahead, ahead | {"difference": -0.002, "ci95": [-0.02, 0.016], "p": 0.8, "p_holm": 0.8, "more_robust": None}]


def curves(runs):
    """Of the first two models under the same attack, if there are several budgets."""
    key = lambda run: (run["attack"]["name"], run["defense"]["name"], run["access"])
    models = list(dict.fromkeys(run["model"] for run in runs))
    made = []
    for model in models[:2]:
        indices = [i for i, run in enumerate(runs)
                   if run["model"] == model and run["epsilon"] > 0 and key(run) == key(runs[0])]
        if len(indices) > 1:
            made.append({"runs": indices, "mean_accuracy": {"value": 0.42, "ci95": [0.4, 0.44]}})
    if len(made) < 2:
        return {"curves": made, "curve_comparisons": []}
    return {"curves": made, "curve_comparisons": [
        {"curve_a": 0, "curve_b": 1, "difference": {"value": -0.05, "ci95": [-0.07, -0.03]}, "p": 1e-6, "p_holm": 1e-6,
         "more_robust": models[1]}]}


def check(runs):
    """One of each level, of the first model."""
    if not runs:
        return []
    made = {"numbers": {"gained": 9}, "count": 128, "smallest_effect": 7 / 128, "runs": [0]}
    return [{"check": "noise", "level": "passed", "message": "noise breaks nothing", **made},
            {"check": "longer", "level": "undecided", "message": "too few stood to tell", **made},
            {"check": "one-step", "level": "warning", "message": "fgsm breaks <9> of them", **made},
            {"check": "clean-accuracy", "level": "error", "message": "normalized twice", **made | {"smallest_effect": None}}]


def make_report(arguments):
    rng = random.Random(1)
    classes = CIFAR10 if arguments.classes == 10 else [f"class {k}" for k in range(arguments.classes)]
    if arguments.models is None:
        models = [make_model("resnet-20", "none", 0), make_model("aig-20", "argmax", arguments.layers),
                  make_model("aig-20", "sampled", arguments.layers)]
    else:
        models = [make_model(f"aig-{20 + i}", "argmax", arguments.layers) for i in range(arguments.models)]
    settings = [("none", "white-box"), ("jpeg", "grey-box"), ("jpeg", "white-box")]
    runs = [make_run(rng, model, index, attack, defense, access, float(epsilon) / 255, len(classes))
            for index, model in enumerate(models) for attack in arguments.attacks.split(",")
            for defense, access in settings for epsilon in filter(None, arguments.epsilons.split(","))]
    return {"schema": "aigis-report", "version": "1.20", "text_sha256": "0" * 64, "tool": tool(), "environment": environment(),
            "config": {"seed": 0, "limit": IMAGES, "batch": 100}, "models": models, "runs": runs, "comparisons": compare(runs), "checks": check(runs),
            **curves(runs),
            "data": {"name": "cifar10", "split": "test", "count": IMAGES, "classes": classes,
                     "sha256": sha256("cifar10"), "training_sha256": sha256("training images"),
                     "spec": "cifar10:../datasets/cifar-10-batches-bin"}}


def make_training(arguments):
    rng = random.Random(2)
    layers, epochs = arguments.layers, 10
    curve = []
    for epoch in range(1, epochs + 1):
        done = epoch / epochs
        rates = [0.87 - (0.87 - 0.5 - 0.45 * abs(math.cos(i))) * done + rng.gauss(0, 0.01) for i in range(layers)]
        rates = [min(1.0, max(0.0, rate)) for rate in rates]
        curve.append({"epoch": epoch, "learning_rate": 0.3 * (1 - done), "loss": 2.1 * math.exp(-1.7 * done),
                      "penalty": 0.05 * math.exp(-2 * done) if layers else 0.0,
                      "train_accuracy": 0.3 + 0.57 * done**0.6,
                      "held_out": proportion(0.3 + 0.54 * done**0.5 + rng.gauss(0, 0.01), 5000),
                      "execution_rate": sum(rates) / layers if layers else None, "rates": rates,
                      "seconds": 84.0, "images_per_second": 535.0, "device": "cpu", "precision": "float32"})
    modes = ["sampled", "argmax"] if layers else ["none"]
    final = {"held_out": {mode: proportion(0.84, 5000) for mode in modes}}
    if layers:
        final["execution_rate"] = {mode: 0.72 for mode in modes}
    return {"schema": "aigis-train", "version": "1.1", "tool": tool(), "environment": environment(),
            "config": {"epochs": epochs, "seed": 0},
            "data": {"name": "cifar10", "spec": "cifar10:../datasets/cifar-10-batches-bin", "classes": CIFAR10,
                     "train": 45000, "held_out": 5000},
            "model": {"architecture": "aig-20" if layers else "resnet-20", "options": {}, "parameters": 276_000,
                      "macs_full": 40_813_184, "gated": gated_layers(layers)},
            "curve": curve, "final": final, "hashes": {"model.safetensors": sha256("model")}}


# The smallest JPEG: one grey pixel.
PIXEL = ("/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwSExIQ"
         "Ew8QEBD/yQALCAABAAEBAREA/8wABgAQEAX/2gAIAQEAAD8A0s8g/9k=")


def make_inspected(rng, name, layers, classes):
    """A model without gates, or one in two modes of which the first is told in detail."""
    full = 40_813_184
    model = {**make_model(name, "sampled" if layers else "none", layers), "training": None, "execution": None}
    model["id"] = model["id"].split(":")[0]
    model["macs"] = {"full": full}
    model["gates"]["draws"] = draws = 5 if layers else 1
    modes = [("sampled", 5, 0.8), ("argmax", 1, 0.9), ("marginal", 5, 0.8)] if layers else [("none", 1, 1)]
    model["modes"] = [
        {"mode": mode, "draws": n, "accuracy": proportion(0.85 + 0.02 * i, IMAGES, n),
         "top5": proportion(0.99, IMAGES, n), "macs": full * rate,
         "executed_layers": {"mean": rate * layers, "deviation": 0.1 * layers} if layers else None}
        for i, (mode, n, rate) in enumerate(modes)]
    if layers:
        base = [1 - 0.4 * abs(math.sin(1 + 1.3 * i)) for i in range(layers)]
        rates = make_rates(rng, layers, classes, base, [0] * layers, IMAGES * draws)
        shares = [0.05 + 0.85 * i / layers for i in range(layers)]
        picture = lambda number, ran: {"id": number, "layers": ran, "jpeg": PIXEL}
        model["execution"] = {
            "mode": "sampled", "draws": draws, **with_intervals(rates), "histogram": histogram(rates["per_layer"], IMAGES * draws),
            "adaptivity": [{"share": share, "ci95": [share * 0.9, share * 1.05]} for share in shares[:-1]]
            + [{"share": None, "ci95": None}],
            "extremes": [{"fewest": [picture(10 * k + i, 0.4 * layers + i) for i in range(2)],
                          "most": [picture(10 * k + 5 + i, layers - 0.2 * i) for i in range(2)]} for k in range(classes)]}
    return model


def make_inspection(arguments):
    rng = random.Random(3)
    models = [make_inspected(rng, "resnet-20", 0, arguments.classes),
              make_inspected(rng, "aig-20", arguments.layers, arguments.classes)]
    classes = CIFAR10 if arguments.classes == 10 else [f"class {k}" for k in range(arguments.classes)]
    return {"schema": "aigis-inspect", "version": "1.2", "tool": tool(), "environment": environment(),
            "config": {"seed": 0}, "models": models,
            "data": {"name": "cifar10", "split": "test", "count": IMAGES, "classes": classes,
                     "sha256": sha256("cifar10"), "spec": "cifar10:../datasets/cifar-10-batches-bin"}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--inspect", action="store_true")
    parser.add_argument("--models", type=int)
    parser.add_argument("--layers", type=int, default=9)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--epsilons", default=EPSILONS)
    parser.add_argument("--attacks", default="fgsm")
    arguments = parser.parse_args()
    make = make_training if arguments.train else make_inspection if arguments.inspect else make_report
    text = json.dumps(make(arguments), indent=1)
    if make is make_report:
        text = text.replace("0" * 64, sha256(text), 1)
    with open(arguments.out, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
