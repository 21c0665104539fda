"""AutoAttack of aigis and of its authors (pyautoattack) on the same weights and images: which images stand, and how long it took.

    python -m pip install pyautoattack==0.2.0      # beside the packages of scripts/requirements.txt
    autoattack.py MODEL CIFAR10_DIR [--norm linf|l2|l1] [--eps 1/255] [--images 1000] [--seeds 0] [--bf16] --state FILE

MODEL is a checkpoint of a ResNet 6n+2, which the peer gets as the PyTorch network that its user would have, or one with
deterministic gates, with options as aigis takes them (`m.safetensors:gates=argmax`), which it gets as TorchScript that
aigis exported, in the layout that is faster for it. It works in parts of 250 images for each of its seeds, in turns with
aigis on all images; what is done stands in FILE, image by image, and a run that was cut off goes on there, as does one of
another build, for which the peer need not run again. Prints how many images aigis and
the peer judge differently, how many two seeds of the peer do, and the ratio of their times, which are those of attack and
verdict, without loading; those of aigis, whose cores share batches of 50, include clean accuracy and report. With --bf16
aigis runs a second time, with gradients in bfloat16 (all other passes and verdicts are in float32); made for processors
that have it.
"""

import argparse
import hashlib
import json
import re
import tempfile
import time
from pathlib import Path

import torch

from peer import cifar, evaluated, trained
from built import aigis, program  # of scripts/, which peer adds to the path
from given import budget, count, file, folder_with, json_file

PART = 250


def network_of(model):
    if "resnet" in Path(model).name and ":" not in model:
        return trained(model)
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / "model.pt"
        aigis("export", model, "--out", exported)
        return torch.jit.load(exported).eval().requires_grad_(False)


def ours(arguments, seed, gradients):
    """Which images stand, and the seconds."""
    model = arguments.model + ("," if ":" in arguments.model else ":") + f"gradients={gradients}"
    _, saved, seconds = evaluated(
        "--model", model, "--norm", arguments.norm, "--eps", arguments.eps, "--seed", seed, "--data", f"cifar10:{arguments.cifar10}", "--batch", 50,
        attack="autoattack", images=arguments.images, examples=arguments.images)
    return saved["0.hits"].tolist(), seconds


class InLayout(torch.nn.Module):
    """Of a network that is given images in the default layout, the only one that the peer takes."""

    def __init__(self, net, layout):
        super().__init__()
        self.net, self.layout = net, layout

    def forward(self, x):
        return self.net(x.contiguous(memory_format=self.layout))


def in_faster_layout(net, images):
    """By the seconds of a gradient, the second time."""
    seconds = {}
    for layout in [torch.contiguous_format, torch.channels_last] * 2:
        candidate, x = InLayout(net, layout), images.clone().requires_grad_(True)
        begin = time.perf_counter()
        candidate(x).sum().backward()
        seconds[candidate] = time.perf_counter() - begin
    return min(list(seconds)[2:], key=seconds.get).eval()


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def theirs(net, images, labels, norm, epsilon, seed):
    from pyautoattack import AutoAttack  # needed only for answers that FILE does not hold

    begin = time.perf_counter()
    attack = AutoAttack(net, norm=norm.capitalize(), eps=epsilon, version="standard", seed=seed, device="cpu")
    adversarial, _ = attack.run_standard_evaluation(images, labels, batch_size=PART)
    with torch.no_grad():
        stands = (net(adversarial).argmax(1) == labels).int().tolist()
    return stands, time.perf_counter() - begin


def model_with_options(text):
    file(text.partition(":")[0])
    return text


def seeds(text):
    if not re.fullmatch("[0-9]+(,[0-9]+)*", text):
        raise argparse.ArgumentTypeError(f"'{text}'; expected whole numbers with commas between them, such as 0,1")
    return [int(seed) for seed in text.split(",")]


def state_file(text):
    """Its path and what it holds: nothing if it is not there yet."""
    path = Path(text)
    if not path.exists():
        folder_with()(path.parent)
        return path, {}
    done = json_file(text)
    if not isinstance(done, dict) or "settings" not in done:
        raise argparse.ArgumentTypeError(f"'{text}' is of another kind; expected a file that this script wrote, or a new one")
    return path, done


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=model_with_options)
    parser.add_argument("cifar10", type=folder_with("test_batch.bin"))
    parser.add_argument("--norm", choices=["linf", "l2", "l1"], default="linf")
    parser.add_argument("--eps", type=budget, default="1/255")
    parser.add_argument("--images", type=count, default=1000)
    parser.add_argument("--seeds", type=seeds, default="0")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--state", type=state_file, required=True)
    arguments = parser.parse_args()
    images, labels = cifar(arguments.cifar10, arguments.images)
    if len(images) < arguments.images:
        parser.error(f"argument --images: {arguments.images}; expected at most the {len(images)} in {arguments.cifar10}")
    checkpoint, _, options = arguments.model.partition(":")
    settings = [digest(checkpoint), options, arguments.norm, str(arguments.eps), arguments.images]
    state, done = arguments.state
    if done.setdefault("settings", settings) != settings:
        parser.error(f"{state} is of {done['settings']}, and this would be {settings}; expected a file for each model and setting")
    build = digest(program())[:12]

    def keep(key, value):
        done[key] = value
        state.with_suffix(".part").write_text(json.dumps(done))
        state.with_suffix(".part").rename(state)

    net = in_faster_layout(network_of(arguments.model), images[:PART])
    precisions = ["fp32"] + ["bf16"] * arguments.bf16
    for seed in arguments.seeds:
        for begin in range(0, len(images), PART):
            key = f"peer {seed} {begin}"
            if key not in done:
                part = slice(begin, begin + PART)
                keep(key, theirs(net, images[part], labels[part], arguments.norm, float(arguments.eps), seed))
            print(f"peer, seed {seed}, images from {begin}: {done[key][1]:.0f} s, {sum(done[key][0])} stand", flush=True)
        for gradients in precisions:
            key = f"aigis {build} {seed} {gradients}"
            if key not in done:
                keep(key, ours(arguments, seed, gradients))
            print(f"aigis {gradients}: {done[key][1]:.0f} s, {sum(done[key][0])} stand", flush=True)
    parts = range(0, len(images), PART)
    peer = {seed: [stands for begin in parts for stands in done[f"peer {seed} {begin}"][0]] for seed in arguments.seeds}
    for seed in arguments.seeds:
        seconds = sum(done[f"peer {seed} {begin}"][1] for begin in parts)
        for gradients in precisions:
            stands, took = done[f"aigis {build} {seed} {gradients}"]
            differ = sum(a != b for a, b in zip(stands, peer[seed]))
            print(f"seed {seed}: {differ} of {len(images)} images judged differently; aigis {gradients} {seconds / took:.2f} times as fast")
    first, *others = arguments.seeds
    for seed in others:
        print(f"peer's seeds {first} and {seed}: {sum(a != b for a, b in zip(peer[first], peer[seed]))} images judged differently")


if __name__ == "__main__":
    main()
