#!/usr/bin/env python3
"""Trains one network of each row of the paper's tables for a few short epochs and prints a table of their losses.

train_each.py CIFAR10_DIR IMAGENETTE_DIR [NETWORK...]: networks for 32x32 images on the first 2,000 training images of
CIFAR-10 in batches of 100, those for 224x224 images on 297 of Imagenette (33 of each class, a tenth held out) in batches of
20. Two epochs, but four of stochastic depth, whose loss jumps with the layers that a batch leaves out. All, or those
named; all take an hour on two cores. Fails if a network's loss does not fall from the first epoch to the last.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from built import aigis
from given import folder_with

SMALL = ["resnet-110", "preresnet-110", "stochastic-depth-110", "aig-110", "dense-aig-40"]
# The target rates of the authors' code: the layers at 1 always run.
AIG_50 = "aig-50:target_rates=1:1:0.8:1:0.7:0.7:0.7:1:0.7:0.7:0.7:0.7:0.7:1:0.7:1"
AIG_101 = "aig-101:target_rates=" + ":".join(["1"] * 8 + ["0.5"] * 25)
LARGE = ["resnet-18", "resnet-34", "resnet-50", "resnet-101", "resnet-152", "stochastic-depth-50", "stochastic-depth-101",
         "aig-34", AIG_50, AIG_101]
IMAGES_OF_A_CLASS = 33


def small_imagenette(source, target):
    """The first images of each class, as links."""
    for part in ("train", "val"):
        for folder in sorted((source / part).iterdir()):
            (target / part / folder.name).mkdir(parents=True)
            for image in sorted(folder.iterdir())[:IMAGES_OF_A_CLASS]:
                (target / part / folder.name / image.name).symlink_to(image)


def losses(model, data, out, *options):
    epochs = "4" if model.startswith("stochastic-depth") else "2"
    aigis("train", "--model", model, "--data", data, "--epochs", epochs, "--out", out, *options)
    record = json.loads((Path(out) / "train.json").read_text())
    return record["curve"][0]["loss"], record["curve"][-1]["loss"], record["curve"][-1]["images_per_second"]


def name_of(model):
    return model.split(":")[0]


def network(text):
    names = [name_of(model) for model in SMALL + LARGE]
    if text not in names:
        raise argparse.ArgumentTypeError(f"'{text}'; expected one of {', '.join(names)}")
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cifar10", type=folder_with("data_batch_1.bin"), metavar="CIFAR10_DIR")
    parser.add_argument("imagenette", type=folder_with("train", "val"), metavar="IMAGENETTE_DIR")
    parser.add_argument("networks", nargs="*", type=network, metavar="NETWORK")
    arguments = parser.parse_args()
    cifar, imagenette = arguments.cifar10.resolve(), arguments.imagenette.resolve()
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "imagenette"
        small_imagenette(imagenette, images)
        jobs = [(model, f"cifar10:{cifar}", "--limit", 2000, "--batch", 100, "--learning-rate", 0.1) for model in SMALL]
        jobs += [(model, f"imagefolder:{images},size=224", "--batch", 20, "--learning-rate", 0.001) for model in LARGE]
        jobs = [job for job in jobs if not arguments.networks or name_of(job[0]) in arguments.networks]
        print("| network | loss, first epoch | loss, last | images/s |\n|---|---|---|---|")
        failed = []
        for number, (model, data, *options) in enumerate(jobs):
            first, last, rate = losses(model, data, f"{folder}/{number}", *options)
            print(f"| `{name_of(model)}` | {first:.3f} | {last:.3f} | {rate:.1f} |", flush=True)
            if not last < first:  # nor where it is no number
                failed.append(model)
    if failed:
        sys.exit(f"the loss did not fall: {', '.join(failed)}")


if __name__ == "__main__":
    main()
