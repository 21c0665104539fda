"""AutoAttack of aigis and of its authors (pyautoattack) on the same weights and images: which images stand, and how long it took.

    python -m pip install pyautoattack==0.2.0      # beside the packages of scripts/requirements.txt
    autoattack.py MODEL CIFAR10_DIR [--norm linf|l2|l1] [--eps 1/255] [--images 1000] [--seeds 0] [--bf16] --state FILE

MODEL is a checkpoint of a ResNet 6n+2, which the peer gets as the PyTorch network that its user would have, or one with
deterministic gates, with options as aigis takes them (`m.safetensors:gates=argmax`), which it gets as TorchScript that
aigis exported, in the layout that is faster for it. Both take turns with parts of 250 images, for each of the seeds; what
is done stands in FILE, image by image, and a run that was cut off goes on there, as does one of another build, for which
the peer need not run again. aigis attacks the first images of a data set, so it gets each part at the head of a copy of
the file; the same random numbers come back with every part, as the peer's do. Prints how many images aigis and the peer
judge differently, how many two seeds of the peer do, and the ratio of their times: of all images, and its range from part
to part. Times are those of attack and verdict, without loading; those of aigis, whose cores share batches of 25, include
clean accuracy and report. With --bf16 aigis runs a second time, with gradients in bfloat16 (all other passes and verdicts
are in float32); made for processors that have it.
"""

import argparse
import hashlib
import json
import re
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import torch

from peer import asked_images, evaluated, trained
from built import aigis, program  # of scripts/, which peer adds to the path
from given import budget, count, file, folder_with, json_file

PART = 250
RECORD = 3073  # bytes of an image in CIFAR-10's files, with its label


def network_of(model):
    if "resnet" in Path(model).name and ":" not in model:
        return trained(model)
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / "model.pt"
        aigis("export", model, "--out", exported)
        return torch.jit.load(exported).eval().requires_grad_(False)


def ours(arguments, seed, gradients, begin, images):
    """Which of so many images stand, and the seconds."""
    model = arguments.model + ("," if ":" in arguments.model else ":") + f"gradients={gradients}"
    records = (arguments.cifar10 / "test_batch.bin").read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_batch.bin").write_bytes(records[begin * RECORD:] + records[:begin * RECORD])
        _, saved, seconds = evaluated(
            "--model", model, "--norm", arguments.norm, "--eps", arguments.eps, "--seed", seed,
            "--data", f"cifar10:{folder}", "--batch", 25, attack="autoattack", images=images, examples=images)
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


def differing(some, others):
    """How many images stand in one of two runs, which are given part by part, and not in the other."""
    return sum(a != b for (stands, _), (stood, _) in zip(some, others) for a, b in zip(stands, stood, strict=True))


def speed(ours, theirs):
    """In words, of two runs that are given part by part."""
    ratios = [slow / fast for (_, fast), (_, slow) in zip(ours, theirs)]
    whole = sum(slow for _, slow in theirs) / sum(fast for _, fast in ours)
    return f"{whole:.2f} times as fast, {min(ratios):.2f} to {max(ratios):.2f} from part to part"


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
    images, labels = asked_images(parser, arguments)
    checkpoint, _, options = arguments.model.partition(":")
    settings = [digest(checkpoint), options, arguments.norm, str(arguments.eps), arguments.images]
    state, done = arguments.state
    if done.setdefault("settings", settings) != settings:
        parser.error(f"{state} is of {done['settings']}, and this would be {settings}; expected a file for each model and setting")
    build = digest(program())[:12]

    def once(key, run, *given):
        """What `run` finds, or found when FILE was written."""
        if key not in done:
            done[key] = run(*given)
            state.with_suffix(".part").write_text(json.dumps(done))
            state.with_suffix(".part").rename(state)
        return done[key]

    net = in_faster_layout(network_of(arguments.model), images[:PART])
    precisions = ["fp32"] + ["bf16"] * arguments.bf16
    found = defaultdict(list)  # by tool and seed: what stands of each part, and the seconds
    for seed in arguments.seeds:
        for begin in range(0, len(images), PART):
            x, y = images[begin:begin + PART], labels[begin:begin + PART]
            peer = once(f"peer {seed} {begin}", theirs, net, x, y, arguments.norm, float(arguments.eps), seed)
            found["peer", seed].append(peer)
            print(f"peer, seed {seed}, images from {begin}: {peer[1]:.0f} s, {sum(peer[0])} stand", flush=True)
            for gradients in precisions:
                part = once(f"aigis {build} {seed} {gradients} {begin}", ours, arguments, seed, gradients, begin, len(x))
                found[gradients, seed].append(part)
                print(f"aigis {gradients}: {part[1]:.0f} s, {sum(part[0])} stand; {peer[1] / part[1]:.2f} times as fast", flush=True)
    for seed in arguments.seeds:
        for gradients in precisions:
            print(f"seed {seed}: {differing(found[gradients, seed], found['peer', seed])} of {len(images)} images judged differently; "
                  f"aigis {gradients} {speed(found[gradients, seed], found['peer', seed])}")
    first, *others = arguments.seeds
    for seed in others:
        print(f"peer's seeds {first} and {seed}: {differing(found['peer', first], found['peer', seed])} images judged differently")


if __name__ == "__main__":
    main()
