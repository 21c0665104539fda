"""PGD of aigis, torchattacks, foolbox and ART on the same weights and images, in turns in one run.

    python -m pip install torchattacks==3.5.1 foolbox==3.3.4 adversarial-robustness-toolbox==1.20.1
    peers.py CHECKPOINT CIFAR10_DIR [--steps 10] [--eps 8/255] [--images 1000] [--rounds 3] [--bf16]

(These packages beside those of scripts/requirements.txt.) A ResNet 6n+2 in float32, steps of 2/255 from a random start.
What is timed is the same for all, without loading: accuracy on clean images, the attack, and accuracy on its images as they
are and rounded to 8 bits. With aigis it is what the whole program takes beyond what it takes for one image without an
attack, the report included. Peers get batches of 250 in the layout that is faster for them. Prints each round's images a
second and robust accuracies, and the median ratio to the fastest peer. With --bf16 aigis runs twice in a round, the second
time with gradients in bfloat16 (verdicts are in float32); made for processors that have it.
"""

import argparse
import statistics
import time

import torch

from peer import asked_images, evaluated, trained
from given import budget, count, file, folder_with  # of scripts/, which peer adds to the path

BATCH = 250


def timed(attack, net, images, labels, layout):
    begin, right = time.perf_counter(), 0
    for start in range(0, len(images), BATCH):
        x, y = images[start:start + BATCH].to(memory_format=layout), labels[start:start + BATCH]
        adversarial = attack(x, y)
        with torch.no_grad():
            right += (net(adversarial).argmax(1) == y).sum().item()
            for other in (x, (adversarial * 255).round() / 255):
                (net(other).argmax(1) == y).sum().item()
    return len(images) / (time.perf_counter() - begin), right / len(images)


def pgd_of_torchattacks(net, epsilon, steps):
    import torchattacks  # takes seconds, as do the others, and is needed only once the arguments are right

    return torchattacks.PGD(net, eps=epsilon, alpha=2 / 255, steps=steps)


def pgd_of_foolbox(net, epsilon, steps):
    import foolbox

    attack = foolbox.attacks.LinfProjectedGradientDescentAttack(abs_stepsize=2 / 255, steps=steps)
    model = foolbox.PyTorchModel(net, bounds=(0, 1))
    return lambda x, y: attack(model, x, y, epsilons=epsilon)[1]


def pgd_of_art(net, epsilon, steps):
    import numpy as np
    from art.attacks.evasion import ProjectedGradientDescentPyTorch
    from art.estimators.classification import PyTorchClassifier

    classifier = PyTorchClassifier(net, torch.nn.CrossEntropyLoss(), (3, 32, 32), 10, clip_values=(0, 1), device_type="cpu")
    attack = ProjectedGradientDescentPyTorch(
        classifier, norm=np.inf, eps=epsilon, eps_step=2 / 255, max_iter=steps, num_random_init=1, batch_size=BATCH, verbose=False)
    return lambda x, y: torch.from_numpy(attack.generate(x.numpy(), y.numpy()))


def ours(arguments, gradients):
    report, _, seconds = evaluated(
        "--model", f"{arguments.checkpoint}:gradients={gradients}", "--eps", arguments.eps,
        "--data", f"cifar10:{arguments.cifar10}", attack=f"pgd:steps={arguments.steps},step_size=2/255", images=arguments.images)
    return arguments.images / seconds, report["accuracy"]["robust"]["value"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=file)
    parser.add_argument("cifar10", type=folder_with("test_batch.bin"))
    parser.add_argument("--steps", type=count, default=10)
    parser.add_argument("--eps", type=budget, default="8/255")
    parser.add_argument("--images", type=count, default=1000)
    parser.add_argument("--rounds", type=count, default=3)
    parser.add_argument("--bf16", action="store_true")
    arguments = parser.parse_args()
    images, labels = asked_images(parser, arguments)
    net = trained(arguments.checkpoint)
    layouts = {"default": torch.contiguous_format, "channels_last": torch.channels_last}
    tools = {"torchattacks": pgd_of_torchattacks, "foolbox": pgd_of_foolbox, "ART": pgd_of_art}
    peers = {name: pgd_of(net, float(arguments.eps), arguments.steps) for name, pgd_of in tools.items()}
    layout = {}
    for name, attack in peers.items():
        rate = {key: [timed(attack, net, images[:BATCH], labels[:BATCH], l)[0] for _ in range(2)][1] for key, l in layouts.items()}
        layout[name] = layouts[max(rate, key=rate.get)]
    ratios = {gradients: [] for gradients in ["fp32"] + ["bf16"] * arguments.bf16}
    for turn in range(arguments.rounds):
        line, fastest, rates = f"round {turn + 1}:", 0, {}
        for gradients in ratios:
            rates[gradients], robust = ours(arguments, gradients)
            line += f" aigis {gradients} {rates[gradients]:.1f} images/s ({100 * robust:.1f} % robust),"
        for name, attack in peers.items():
            theirs, accuracy = timed(attack, net, images, labels, layout[name])
            fastest = max(fastest, theirs)
            line += f" {name} {theirs:.1f} ({100 * accuracy:.1f} %),"
        for gradients, rate in rates.items():
            ratios[gradients].append(rate / fastest)
        print(line.rstrip(","), flush=True)
    for gradients, each in ratios.items():
        print(f"{gradients}: median {statistics.median(each):.2f} times the fastest peer, from {min(each):.2f} to {max(each):.2f}")


if __name__ == "__main__":
    main()
