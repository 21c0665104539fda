"""Adversarial images as torchattacks 3.5.1, foolbox 3.3.4, pyautoattack 0.2.0 and the Adversarial Robustness Toolbox
(ART) 1.20.1 make them, for tests/attack_golden_test.cpp.

    python -m pip install torch==2.11.0 torchattacks==3.5.1 foolbox==3.3.4 pyautoattack==0.2.0 safetensors \
        adversarial-robustness-toolbox==1.20.1
    make_attack_golden.py OUT.safetensors

Everything is in float64 on a small smooth network. Where a tool draws random numbers, it is given those of this project
(tests/reference.py holds the generator), so that starts and neighbours are the same. A tensor is named by the attack as a
user of aigis types it, then its norm and budget, and 'final' where images that are broken are left, 'random' where the
network adds noise to its input that every pass draws afresh, 'gated' where every pass draws the states of gates, 'right'
where every label is the network's answer. AutoAttack as a whole draws its own numbers: of it there is in how many seeds
each of more images stands.
"""

import sys
from pathlib import Path

import art.attacks.evasion
import art.estimators.classification
import eagerpy
import foolbox
import numpy as np
import torch
import torch.nn.functional as F
import torchattacks
from pyautoattack import AutoAttack, autopgd_base
from pyautoattack.autopgd_base import APGDAttack, APGDAttack_targeted
from pyautoattack.fab_pt import FABAttack_PT
from pyautoattack.square import SquareAttack
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from reference import Gates, gate_noise, philox  # noqa: E402

COUNT, SIDE, CLASSES, EPS, SEED = 4, 8, 6, 8 / 255, 5
STANDARD_COUNT, STANDARD_SEEDS = 40, 5
GATES_PURPOSE, ATTACK_PURPOSE, START, DIVERSITY, NEIGHBOUR, SQUARE = 8, 9, 0, 1, 2, 4
IDS = np.arange(COUNT) + 40


class SmoothNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        draw = lambda *shape: torch.nn.Parameter(torch.randn(*shape, generator=generator, dtype=torch.float64), False)
        self.conv1, self.conv2, self.linear = draw(8, 3, 3, 3), draw(8, 8, 3, 3) * 0.3, draw(CLASSES, 8 * SIDE * SIDE) * 0.1

    def forward(self, x):
        hidden = torch.tanh(F.conv2d(torch.tanh(F.conv2d(x, self.conv1, padding=1)), self.conv2, padding=1))
        return F.linear(hidden.flatten(1), self.linear)


class GatedNet(SmoothNet):
    """Two residual layers whose gates draw: each of a step's passes with noise of its own. A gate reads its input's means."""

    def __init__(self, draws, straight_through=True):
        super().__init__()
        generator = torch.Generator().manual_seed(6)
        self.gate = torch.nn.Parameter(torch.randn(2, 8, generator=generator), False)
        self.draws, self.straight_through, self.passes = draws, straight_through, 0
        self.opened = []

    def forward(self, x):
        step, draw = divmod(self.passes, self.draws)
        self.passes += 1
        noise = gate_noise(SEED, "attack_gates", IDS, len(self.gate), draw, step)
        gates = Gates("sampled", noise, self.straight_through, None, None, None)
        hidden = torch.tanh(F.conv2d(x, self.conv1, padding=1))
        for weight in self.gate:
            z = gates.decide(F.linear(hidden.mean((2, 3)), weight))
            hidden = hidden + z * torch.tanh(F.conv2d(hidden, self.conv2, padding=1))
        self.opened.append(torch.stack(gates.open))
        return F.linear(hidden.flatten(1), self.linear)


def words(elements, use, restart=0, draw=0, step=0, purpose=ATTACK_PURPOSE):
    """[COUNT, elements] words of the counter-based generator, as attacks/parts/random.cpp takes them."""
    key = philox(np.array([purpose, restart, draw, step], dtype=np.uint64), (SEED, 0))[:2]
    blocks = (elements + 3) // 4
    counter = np.zeros((COUNT, blocks, 4), dtype=np.uint64)
    counter[..., 0], counter[..., 1] = np.arange(blocks), use
    counter[..., 2] = IDS[:, None].astype(np.uint64)
    return philox(counter, key).reshape(COUNT, -1)[:, :elements]


def uniform(use, **position):
    """U(-1, 1) in the shape of the images."""
    u = (words(3 * SIDE * SIDE, use, **position).astype(np.float64) + 0.5) / 2.0**32
    return torch.from_numpy(2 * u - 1).view(COUNT, 3, SIDE, SIDE)


def normal(use, **position):
    """N(0, 1) in the shape of the images, by Box and Muller's transform of pairs."""
    u = ((words(3 * SIDE * SIDE, use, **position).astype(np.float64) + 0.5) / 2.0**32).reshape(COUNT, -1, 2)
    radius, angle = np.sqrt(-2 * np.log(u[..., 0])), 2 * np.pi * u[..., 1]
    return torch.from_numpy(np.stack([radius * np.cos(angle), radius * np.sin(angle)], 2)).view(COUNT, 3, SIDE, SIDE)


class Noisy:
    """A network behind noise on its input: that of each step's draws, one pass after the other."""

    def __init__(self, net, draws):
        self.net, self.draws, self.passes = net, draws, 0

    def __call__(self, x):
        step, draw = divmod(self.passes, self.draws)
        self.passes += 1
        return self.net(x + 0.05 * uniform(START, draw=draw, step=step, purpose=GATES_PURPOSE))


class InjectedStarts:
    """While it holds, torch.rand and torch.randn hand out the starts of one run, and nothing falls back to float32."""

    def __init__(self, run):
        self.run = run

    def __enter__(self):
        self.before = torch.rand, torch.randn, torch.randn_like, torch.Tensor.float
        torch.rand = lambda shape: (uniform(START, restart=self.run) + 1) / 2
        torch.randn = torch.randn_like = lambda shape: normal(START, restart=self.run)
        torch.Tensor.float = torch.Tensor.double

    def __exit__(self, *unused):
        torch.rand, torch.randn, torch.randn_like, torch.Tensor.float = self.before


# In L1 pyautoattack goes from x to x + y - y, and counts what rounding leaves of that as pixel values that were changed.
autopgd_base.L0_norm = lambda x: (x.abs() > 1e-12).flatten(1).sum(1).double()


def auto_pgd(net, images, labels, norm, epsilon, steps, loss="ce", classes=0, larger_budgets=False, draws=1):
    """One run of Auto-PGD, or one towards each of the likeliest wrong classes: the last image that was seen to be wrong,
    else that of the greatest loss. pyautoattack targets ranks beginning at the second, for it leaves out images that are
    misclassified from the start; of such a one the first rank is wrong, too."""
    kind = {"linf": "Linf", "l2": "L2", "l1": "L1"}[norm]
    made, best = images.clone(), torch.full((COUNT,), -1e30)
    broken = torch.zeros(COUNT, dtype=torch.bool)
    wrong_classes = net(images).scatter(1, labels[:, None], -torch.inf).argsort(dim=1, descending=True) if classes else None
    for run in range(classes or 1):
        make = APGDAttack_targeted if classes else APGDAttack
        attack = make(net, n_iter=steps, norm=kind, eps=epsilon, eot_iter=draws, device="cpu", **({} if classes else {"loss": loss}))
        attack.init_hyperparam(images)
        if classes:
            attack.y_target = wrong_classes[:, run]
        with InjectedStarts(run):
            if larger_budgets:
                parts = [-(-3 * steps // 10)] * 2
                result = attack.decr_eps_pgd(images, labels, [3 * epsilon, 2 * epsilon, epsilon], [*parts, steps - sum(parts)])
            else:
                result = attack.attack_single_run(images, labels)
        x_best, right, loss_best, x_wrong = (t.detach() for t in result)
        wrong = right == 0
        made[wrong], broken = x_wrong[wrong], broken | wrong
        better = ~broken & (loss_best > best)
        made[better], best[better] = x_best[better], loss_best[better]
    return made


def standing(net, images, labels, norm, epsilon, steps, queries):
    """In how many seeds of AutoAttack's standard version each image stands."""
    count = torch.zeros(len(images), dtype=torch.long)
    before, torch.Tensor.float = torch.Tensor.float, torch.Tensor.double
    for seed in range(STANDARD_SEEDS):
        attack = AutoAttack(net, norm={"linf": "Linf", "l2": "L2", "l1": "L1"}[norm], eps=epsilon, seed=seed, device="cpu")
        attack.apgd.n_iter = attack.apgd_targeted.n_iter = attack.fab.n_iter = steps
        attack.apgd.n_iter_orig = attack.apgd_targeted.n_iter_orig = steps  # which L1 divides among its budgets
        attack.apgd_targeted.n_target_classes = attack.fab.n_target_classes = CLASSES - 1
        attack.square.n_queries = queries
        count += attack.run_standard_evaluation(images, labels, batch_size=len(images))[1] == labels
    torch.Tensor.float = before
    return count


def square(net, images, labels, norm, epsilon, queries):
    """pyautoattack draws one square for a batch; here each image is a batch, and torch.rand hands out our numbers."""
    attack = SquareAttack(net, norm={"linf": "Linf", "l2": "L2", "l1": "L1"}[norm], n_queries=queries, eps=epsilon,
                          resc_schedule=False, device="cpu")
    start, query = (3 * SIDE, 5) if norm == "linf" else (64 * 4, 8)
    numbers = [(words(start if q == 0 else query, SQUARE, step=q).astype(np.float64) + 0.5) / 2.0**32 for q in range(queries + 1)]
    made = []
    for i in range(COUNT):
        queue = iter(np.concatenate([of_query[i] for of_query in numbers]))
        attack.init_hyperparam(images[i:i + 1])
        with InjectedStarts(0):
            torch.rand = lambda shape: torch.tensor([next(queue) for _ in range(int(np.prod(shape)))]).view(*shape)
            made.append(attack.attack_single_run(images[i:i + 1], labels[i:i + 1])[1])
    return torch.cat(made)


def boundary(net, images, labels, norm, rank):
    """FAB towards the class of a rank or, with None, of any; and the distance of the farthest image that it found."""
    attack = FABAttack_PT(net, norm={"linf": "Linf", "l2": "L2", "l1": "L1"}[norm], n_iter=30, device="cpu")
    attack.target_class = rank
    with InjectedStarts(0):
        made = attack.attack_single_run(images, labels, is_targeted=rank is not None)
    return made, torch.linalg.vector_norm((made - images).flatten(1), {"linf": np.inf, "l2": 2, "l1": 1}[norm], 1).max().item()


def minimal(attack, peer, images, labels, norm):
    """A search for the nearest adversarial image, and the distance of the farthest that it found."""
    made = attack.run(peer, images, foolbox.Misclassification(labels))
    assert (peer(made).argmax(1) != labels).double().mean() > 0.5  # where nothing is found the clean image comes back
    return made, torch.linalg.vector_norm((made - images).flatten(1), {"linf": np.inf, "l2": 2, "l1": 1, "l0": 0}[norm], 1).max().item()


# foolbox projects onto the L2 ball with min(1, |x| / |x|): not at all. The paper projects x - x0 onto the ball of radius epsilon.
def project_l2(self, x, x0, epsilon):
    delta = (x - x0).raw
    size = delta.flatten(1).norm(dim=1).clamp_min(1e-12)
    factor = torch.minimum(torch.ones_like(size), epsilon.raw / size)
    return x0 + eagerpy.astensor(delta * factor.view(-1, 1, 1, 1))


foolbox.attacks.L2FMNAttack.project = project_l2


# In L0 foolbox keeps epsilon + 1 elements. The paper keeps epsilon.
def project_l0(self, x, x0, epsilon):
    delta = (x - x0).raw
    flat = delta.flatten(1)
    order = flat.abs().argsort(dim=1, descending=True, stable=True)
    kept = (torch.arange(flat.shape[1]).expand_as(order) < epsilon.raw.long().view(-1, 1)).to(flat.dtype)
    return x0 + eagerpy.astensor(delta * torch.zeros_like(flat).scatter(1, order, kept).view(delta.shape))


foolbox.attacks.L0FMNAttack.project = project_l0


class Injected:
    """While it holds, Tensor.uniform_ hands out given noises in turn, scaled to its limits."""

    def __init__(self, noises):
        self.noises = iter(noises)

    def __enter__(self):
        self.before = torch.Tensor.uniform_
        torch.Tensor.uniform_ = lambda t, low=0, high=1: t.copy_(low + (next(self.noises) + 1) / 2 * (high - low))

    def __exit__(self, *unused):
        torch.Tensor.uniform_ = self.before


def toolbox(net, images, labels, attack, **options):
    """An attack of ART, which computes in float32 unless told otherwise, module by module."""
    for name, module in list(sys.modules.items()):
        if name.startswith("art.") and hasattr(module, "ART_NUMPY_DTYPE"):
            module.ART_NUMPY_DTYPE = np.float64
    classifier = art.estimators.classification.PyTorchClassifier(
        net, torch.nn.CrossEntropyLoss(), images.shape[1:], CLASSES, clip_values=(0.0, 1.0), device_type="cpu")
    before = np.random.uniform
    np.random.uniform = lambda low, high, size: high * uniform(START).numpy().reshape(size)
    made = attack(classifier, **options).generate(images.numpy(), y=labels.numpy())
    np.random.uniform = before
    return torch.from_numpy(made)


class InjectedDiversity:
    """While it holds, an image's size, place and choice are those of this project: torch draws them in this order."""

    def __init__(self, numbers):
        self.numbers = iter(numbers)  # of each step: choice, size, top, left

    def __enter__(self):
        self.before = torch.randint, torch.rand
        self.drawn = []

        def next_number():
            if not self.drawn:
                choice, size, top, left = next(self.numbers)
                self.drawn = [size, top, left, choice]
            return self.drawn.pop(0)

        torch.randint = lambda low, high, size, **unused: torch.tensor([low + int(next_number() * (high - low))])
        torch.rand = lambda *unused: torch.tensor([next_number()])

    def __exit__(self, *unused):
        torch.randint, torch.rand = self.before


def diversified(net, images, labels, steps, **options):
    """torchattacks draws one size and place for a batch; here each image is a batch."""
    attack = torchattacks.DIFGSM(net, steps=steps, **options)
    numbers = np.stack([(words(4, DIVERSITY, step=step).astype(np.float64) + 0.5) / 2.0**32 for step in range(steps)])
    made = []
    for i in range(COUNT):
        with InjectedDiversity(numbers[:, i]):
            made.append(attack(images[i:i + 1], labels[i:i + 1]))
    return torch.cat(made)


def mean_one(gradient):
    return gradient / gradient.abs().mean((1, 2, 3), keepdim=True)


def enhanced_momentum(net, images, labels, steps, step_size, samples=11, radius=7):
    """EMI-FGSM from its paper (Wang et al. 2021, equations 4 to 6): no tool on PyPI has it."""
    x, momentum, last = images.clone(), torch.zeros_like(images), torch.zeros_like(images)
    for _ in range(steps):
        total = torch.zeros_like(images)
        for reach in np.linspace(-radius, radius, samples):
            point = (x + reach * step_size * last).requires_grad_(True)
            total += torch.autograd.grad(F.cross_entropy(net(point), labels, reduction="sum"), point)[0]
        last = mean_one(total / samples)
        momentum = momentum + last
        x = torch.clamp(images + torch.clamp(x + step_size * momentum.sign() - images, -EPS, EPS), 0, 1)
    return x


def ball(norm):
    """Uniform in the ball of radius 1, as attacks/parts/random.cpp draws it."""
    if norm == "linf":
        return uniform(START)
    if norm == "l2":
        direction = normal(START).flatten(1)
        u = (words(1, START, restart=2**32 - 1).astype(np.float64) + 0.5) / 2.0**32
        radius = torch.from_numpy(u) ** (1 / direction.shape[1])
        return (direction * (radius / direction.norm(dim=1, keepdim=True))).view(COUNT, 3, SIDE, SIDE)
    drawn = words(3 * SIDE * SIDE + 1, START)
    exponentials = torch.from_numpy(-np.log((drawn.astype(np.float64) + 0.5) / 2.0**32))
    signs = torch.from_numpy(np.where(drawn % 2 == 1, 1.0, -1.0))
    return (signs * exponentials / exponentials.sum(1, keepdim=True))[:, :-1].reshape(COUNT, 3, SIDE, SIDE)


def transformed_momentum(net, images, labels, steps, transform):
    """MI-FGSM over transformed images, which DIM and SIM are in TransferAttack: it is not on PyPI."""
    x, momentum = images.clone(), torch.zeros_like(images)
    for step in range(steps):
        leaf = x.clone().requires_grad_(True)
        seen = transform(leaf, step)
        loss = F.cross_entropy(net(seen), labels.repeat(len(seen) // COUNT), reduction="sum")
        momentum = momentum + mean_one(torch.autograd.grad(loss, leaf)[0])
        x = torch.clamp(images + torch.clamp(x + 1.6 / 255 * momentum.sign() - images, -EPS, EPS), 0, 1)
    return x


def darker_copies(x, _step):
    return torch.cat([x / 2**i for i in range(5)])


def enlarged(rate, probability):
    """TransferAttack's input diversity, which enlarges images, pads them, and resizes the whole back to their side; there one
    size and place for a batch, here for each image."""
    padded = int(SIDE * rate)

    def of_image(image, choice, share, top, left):
        if choice >= probability:
            return image
        size = SIDE + int(share * (padded - SIDE))
        top, left = int(top * (padded - size)), int(left * (padded - size))
        around = F.pad(F.interpolate(image, size=(size, size), mode="bilinear", align_corners=False),
                       (left, padded - size - left, top, padded - size - top))
        return F.interpolate(around, size=(SIDE, SIDE), mode="bilinear", align_corners=False)

    def transform(x, step):
        numbers = (words(4, DIVERSITY, step=step).astype(np.float64) + 0.5) / 2.0**32
        return torch.cat([of_image(image, *numbers[i]) for i, image in enumerate(x.split(1))])

    return transform


def patchwise(net, images, labels, epsilon, steps=10):
    """PI-FGSM as TransferAttack has it, which hands on 16/255 whatever epsilon."""
    kernel = torch.full((3, 1, 3, 3), 1 / 8)
    kernel[:, :, 1, 1] = 0
    x, amplified, length, handed = images.clone(), torch.zeros_like(images), 10 * (1.6 / 255), 16 / 255
    for _ in range(steps):
        leaf = x.clone().requires_grad_(True)
        stepped = length * torch.autograd.grad(F.cross_entropy(net(leaf), labels, reduction="sum"), leaf)[0].sign()
        amplified = amplified + stepped
        surplus = (amplified.abs() - epsilon).clamp_min(0) * amplified.sign()
        handed_on = handed * F.conv2d(surplus, kernel, padding=1, groups=3).sign()
        amplified = amplified + handed_on
        x = torch.clamp(images + torch.clamp(x + stepped + handed_on - images, -epsilon, epsilon), 0, 1)
    return x


def add_drawn_gates(torchattack):
    """The mean over passes through gates that draw."""
    for options, steps, draws, straight_through in (
            ("steps=1", 1, 2, True), ("steps=2", 2, 2, True), ("steps=10", 10, 2, True), ("steps=10,draws=20", 10, 20, True),
            ("steps=10,gates=fixed-graph", 10, 2, False)):
        gated = GatedNet(draws, straight_through)
        torchattack(f"eot-pgd:preset=torchattacks,{options}", torchattacks.EOTPGD(gated, steps=steps, eot_iter=draws),
                    [uniform(START)], kind="|gated")
        assert gated.passes == steps * draws
        by_draw = torch.stack(gated.opened).view(steps, draws, -1)
        assert (by_draw != by_draw[:, :1]).any(2).any(1).all()  # the draws of every step differ


def add_presets(net, images, labels, peer, add, torchattack):
    """Every preset by its name as that tool's attack with the defaults it comes with, from our starts; and what peers make
    that other goldens cannot show, because it is another attack."""
    start = [uniform(START)]
    torchattack("eot-pgd:preset=torchattacks", torchattacks.EOTPGD(net), start)
    with InjectedStarts(0):
        torchattack("r-fgsm:preset=torchattacks", torchattacks.RFGSM(net))
    patched = torchattacks.PIFGSM(net, max_epsilon=EPS)
    project = patched.project_noise
    patched.project_noise = lambda x, kernel, padding: project(x, kernel.double(), padding)
    torchattack("pi-fgsm:preset=torchattacks", patched)
    before = torch.Tensor.normal_
    torch.Tensor.normal_ = lambda t: t.copy_(normal(START))
    with Injected([2 * ball("l2").flatten(1).norm(dim=1).view(-1, 1, 1, 1) - 1]):
        add("pgd:preset=torchattacks-l2|l2|1.0", torchattacks.PGDL2(net)(images, labels))
    torch.Tensor.normal_ = before

    for name, norm, epsilon, attack in (
            ("pgd:preset=foolbox", "linf", EPS, foolbox.attacks.LinfProjectedGradientDescentAttack()),
            ("pgd:preset=foolbox-l2", "l2", 0.7, foolbox.attacks.L2ProjectedGradientDescentAttack())):
        attack.get_random_start = lambda x0, size, norm=norm: x0 + eagerpy.astensor(size * ball(norm))
        add(f"{name}|{norm}|{epsilon}", attack(peer, images, labels, epsilons=epsilon)[1])

    evasion = art.attacks.evasion
    for name, attack in (("bim", evasion.BasicIterativeMethod), ("pgd", evasion.ProjectedGradientDescentPyTorch),
                         ("mi-fgsm", evasion.MomentumIterativeMethod)):
        add(f"{name}:preset=art|linf|0.3", toolbox(net, images, labels, attack, verbose=False))
    # In L1 it projects by scaling, and goes on along a pixel value that the box stops: neither happens here.
    module = evasion.projected_gradient_descent.projected_gradient_descent_pytorch
    before, module.random_sphere = module.random_sphere, lambda *unused: 0.5 * 3.0 * ball("l1").numpy()
    add("pgd:steps=3,step_size=0.004,start_size=0.5,l1_share=1e-9|l1|3.0",
        toolbox(net, images, labels, evasion.ProjectedGradientDescentPyTorch, norm=1, eps=3.0, eps_step=0.004, max_iter=3,
                num_random_init=1, verbose=False))
    module.random_sphere = before

    # Where TransferAttack's attack is torchattacks' with other numbers, torchattacks makes it.
    alpha = 1.6 / 255
    torchattack("mi-fgsm:preset=transferattack", torchattacks.MIFGSM(net, alpha=alpha))
    torchattack("ni-fgsm:preset=transferattack", torchattacks.NIFGSM(net, alpha=alpha))
    torchattack("ti-fgsm:preset=transferattack", torchattacks.TIFGSM(net, alpha=alpha, decay=1.0, diversity_prob=0))
    torchattack("vmi-fgsm:preset=transferattack", torchattacks.VMIFGSM(net, alpha=alpha, N=20),
                [uniform(NEIGHBOUR, draw=i, step=s) for s in range(10) for i in range(20)])
    for steps in (1, 2, 10):
        add(f"si-ni-fgsm:preset=transferattack,steps={steps}|linf|{EPS}",
            transformed_momentum(net, images, labels, steps, darker_copies))
        add(f"di-fgsm:preset=transferattack,diversity_size=1.5,diversity=0.9,steps={steps}|linf|{EPS}",
            transformed_momentum(net, images, labels, steps, enlarged(1.5, 0.9)))
    for epsilon in (EPS, 16 / 255):
        add(f"pi-fgsm:preset=transferattack|linf|{epsilon}", patchwise(net, images, labels, epsilon))

    add("foolbox mi-fgsm linf", foolbox.attacks.LinfMomentumIterativeFastGradientMethod()(peer, images, labels, epsilons=EPS)[1])
    add("foolbox fgsm l1", foolbox.attacks.L1FastGradientAttack()(peer, images, labels, epsilons=3.0)[1])
    add("art fgsm l1", toolbox(net, images, labels, evasion.FastGradientMethod, eps=3.0, norm=1))


def main():
    torch.set_default_dtype(torch.float64)
    net = SmoothNet().eval()
    generator = torch.Generator().manual_seed(2)
    images = torch.rand(COUNT, 3, SIDE, SIDE, generator=generator)
    labels = net(images).argmax(1)
    labels[-1] = (labels[-1] + 1) % CLASSES  # one that is misclassified from the start
    made = {"images": images, "labels": labels, "conv1": net.conv1.data, "conv2": net.conv2.data, "linear": net.linear.data,
            "gate": GatedNet(1).gate.data}

    def add(name, tensor):
        assert tensor.shape == images.shape and tensor.min() >= 0 and tensor.max() <= 1
        made[name] = tensor.detach().clone()

    def torchattack(name, attack, noises=(), kind=""):
        for parameter, value in list(vars(attack).items()):
            if torch.is_tensor(value) and value.is_floating_point():
                setattr(attack, parameter, value.double())  # kernels are made in float32
        with Injected(noises):
            add(f"{name}|linf|{EPS}{kind}", attack(images, labels))

    start = [uniform(START)]
    torchattack("fgsm", torchattacks.FGSM(net, eps=EPS))
    for steps in (1, 2, 10):
        torchattack(f"bim:preset=torchattacks,steps={steps}", torchattacks.BIM(net, steps=steps))
        torchattack(f"mi-fgsm:preset=torchattacks,steps={steps}", torchattacks.MIFGSM(net, steps=steps))
        torchattack(f"ni-fgsm:preset=torchattacks,steps={steps}", torchattacks.NIFGSM(net, steps=steps))
        torchattack(f"si-ni-fgsm:preset=torchattacks,steps={steps}", torchattacks.SINIFGSM(net, steps=steps))
        torchattack(f"ti-fgsm:preset=torchattacks,diversity=0,steps={steps}",
                    torchattacks.TIFGSM(net, steps=steps, diversity_prob=0))
        torchattack(f"ti-fgsm:preset=torchattacks,diversity=0,momentum=0.5,steps={steps}",
                    torchattacks.TIFGSM(net, steps=steps, diversity_prob=0, decay=0.5))
        torchattack(f"pgd:preset=torchattacks,steps={steps}", torchattacks.PGD(net, steps=steps), start)
        neighbours = [uniform(NEIGHBOUR, draw=i, step=s) for s in range(steps) for i in range(5)]
        torchattack(f"vmi-fgsm:preset=torchattacks,steps={steps}", torchattacks.VMIFGSM(net, steps=steps), neighbours)
        torchattack(f"vni-fgsm:preset=torchattacks,steps={steps}", torchattacks.VNIFGSM(net, steps=steps), neighbours)
        patchwise = torchattacks.PIFGSM(net, max_epsilon=EPS, num_iter_set=steps)
        project = patchwise.project_noise
        patchwise.project_noise = lambda x, kernel, padding: project(x, kernel.double(), padding)
        torchattack(f"pi-fgsm:steps={steps},relative_step_size={1 / steps}", patchwise)
        add(f"di-fgsm:preset=torchattacks,diversity_size=0.5,steps={steps}|linf|{EPS}",
            diversified(net, images, labels, steps, resize_rate=0.5))
        add(f"di-fgsm:preset=torchattacks,diversity_size=0.5,diversity=0.9,momentum=1,steps={steps}|linf|{EPS}",
            diversified(net, images, labels, steps, resize_rate=0.5, diversity_prob=0.9, decay=1.0))
        add(f"emi-fgsm:preset=transferattack,steps={steps}|linf|{EPS}",
            enhanced_momentum(net, images, labels, steps, 1.6 / 255))
    torchattack("ffgsm:preset=torchattacks", torchattacks.FFGSM(net), start)
    for name, attack in (("bim", torchattacks.BIM(net)), ("mi-fgsm", torchattacks.MIFGSM(net))):
        attack.set_mode_targeted_least_likely(quiet=True)
        torchattack(f"{name}:preset=torchattacks,target=least-likely", attack)
    add("bim:step_size=0.2|l2|1.0", torchattacks.PGDL2(net, eps=1.0, alpha=0.2, steps=10, random_start=False)(images, labels))

    peer = foolbox.PyTorchModel(net, bounds=(0, 1))

    def fool(name, norm, epsilon, attack):
        add(f"{name}|{norm}|{epsilon}", attack(peer, images, labels, epsilons=epsilon)[1])

    fool("fgsm", "l2", 0.7, foolbox.attacks.L2FastGradientAttack())
    fool("bim:preset=foolbox", "linf", EPS, foolbox.attacks.LinfBasicIterativeAttack())
    fool("bim:preset=foolbox", "l2", 0.7, foolbox.attacks.L2BasicIterativeAttack())
    fool("bim:steps=40,relative_step_size=0.0333333333", "linf", EPS,
         foolbox.attacks.LinfProjectedGradientDescentAttack(rel_stepsize=0.0333333333, random_start=False))

    evasion = art.attacks.evasion
    add(f"fgsm|linf|{2 * EPS}", toolbox(net, images, labels, evasion.FastGradientMethod, eps=2 * EPS))
    add("fgsm|l2|0.5", toolbox(net, images, labels, evasion.FastGradientMethod, eps=0.5, norm=2))
    for steps in (1, 2, 10):
        options = dict(eps=EPS, eps_step=0.01, max_iter=steps, verbose=False)
        add(f"bim:steps={steps},step_size=0.01|linf|{EPS}", toolbox(net, images, labels, evasion.BasicIterativeMethod, **options))
        add(f"mi-fgsm:steps={steps},step_size=0.01,momentum=0.9|linf|{EPS}",
            toolbox(net, images, labels, evasion.MomentumIterativeMethod, decay=0.9, **options))
        add(f"pgd:steps={steps},step_size=0.01|linf|{EPS}",
            toolbox(net, images, labels, evasion.ProjectedGradientDescentPyTorch, num_random_init=1, **options))

    add_presets(net, images, labels, peer, add, torchattack)
    add_drawn_gates(torchattack)
    for norm, epsilon in (("linf", EPS), ("l2", 0.4), ("l1", 3.0)):
        for steps in (10, 100):
            # The last image is misclassified, and where its label ranks third DLR is constant: its gradient is what rounding
            # leaves, and directions made of that agree for ten signs, but neither for a hundred nor for lengths.
            for loss in ("ce",) if norm == "l2" else ("ce", "dlr"):
                add(f"apgd-{loss}:steps={steps}|{norm}|{epsilon}", auto_pgd(net, images, labels, norm, epsilon, steps, loss))
            if norm == "l1" and steps == 100:
                continue
            add(f"apgd-t:classes=3,steps={steps}|{norm}|{epsilon}", auto_pgd(net, images, labels, norm, epsilon, steps, classes=3))
    add("apgd-ce:larger_budgets=true|l1|3.0", auto_pgd(net, images, labels, "l1", 3.0, 100, larger_budgets=True))
    right = net(images).argmax(1)
    for steps in (10, 100):
        # Within this budget no label comes to rank third.
        add(f"apgd-dlr:steps={steps}|l2|0.3|right", auto_pgd(net, images, right, "l2", 0.3, steps, "dlr"))
    for steps in (10, 50):
        add(f"apgd-t:classes=3,larger_budgets=true,steps={steps}|l1|3.0|right",
            auto_pgd(net, images, right, "l1", 3.0, steps, classes=3, larger_budgets=True))
    # Draws are averaged whatever the loss; DLR has another gradient here where the label ranks third, as in some draw of these.
    for norm, epsilon in (("linf", EPS), ("l2", 0.4), ("l1", 3.0)):
        add(f"apgd-ce:draws=3,judged_by=last-draw,steps=20|{norm}|{epsilon}|random",
            auto_pgd(Noisy(net, 3), images, labels, norm, epsilon, 20, draws=3))
    for norm, epsilon in (("linf", 2 * EPS), ("l2", 0.7), ("l1", 6.0)):
        add(f"square:queries=200|{norm}|{epsilon}|final", square(net, images, labels, norm, epsilon, 200))
        found, farthest = boundary(net, images, labels, norm, 2)
        add(f"fab-t:classes=1,steps=30|{norm}|{1.01 * farthest}", found)
        found, farthest = boundary(net, images, labels, norm, None)
        add(f"fab:steps=30|{norm}|{1.01 * farthest}", found)
    more = torch.rand(STANDARD_COUNT, 3, SIDE, SIDE, generator=generator)
    answers = net(more).argmax(1)
    made["standard images"], made["standard labels"] = more, answers
    # So few steps leave images to each attack but Square, which comes last.
    for norm, epsilon, steps in (("linf", 0.04, 2), ("l2", 0.4, 2), ("l1", 2.0, 5)):
        made[f"autoattack:steps={steps},queries=100 {norm} {epsilon}"] = standing(net, more, answers, norm, epsilon, steps, 100)
    for name, norm, attack in (
            ("deepfool:preset=foolbox", "l2", foolbox.attacks.L2DeepFoolAttack()),
            ("deepfool:preset=foolbox", "linf", foolbox.attacks.LinfDeepFoolAttack()),
            ("deepfool:preset=foolbox,classes=2,overshoot=0.2", "l2", foolbox.attacks.L2DeepFoolAttack(candidates=3, overshoot=0.2)),
            ("ddn", "l2", foolbox.attacks.DDNAttack()), ("ddn:steps=20,gamma=0.2,radius=0.5", "l2",
             foolbox.attacks.DDNAttack(steps=20, gamma=0.2, init_epsilon=0.5)),
            ("fmn:overshoot=0", "l2", foolbox.attacks.L2FMNAttack()),
            # So few steps in Linf, for in later ones the last bit of the weights may decide which images are found: processors
            # whose sums round otherwise end 1e-3 away. These move by 1e-10 at most where weights do by 1e-12.
            ("fmn:overshoot=0,steps=20", "linf", foolbox.attacks.LInfFMNAttack(steps=20)),
            # With steps ten times as long it finds nothing in L1: they jump from few pixel values to few others.
            ("fmn:overshoot=0,step_size=0.1", "l1", foolbox.attacks.L1FMNAttack(max_stepsize=0.1)),
            ("fmn:overshoot=0", "l0", foolbox.attacks.L0FMNAttack()),
            ("fmn:overshoot=0,steps=10,step_size=0.3,gamma=0.2", "linf", foolbox.attacks.LInfFMNAttack(steps=10, max_stepsize=0.3, gamma=0.2))):
        found, farthest = minimal(attack, peer, images, labels, norm)
        add(f"{name}|{norm}|{1.01 * farthest}", found)
    for name, options in (("cw:steps=100,searches=6,step_size=0.05", dict(steps=100, binary_search_steps=6, stepsize=0.05)),
                          ("cw:steps=50,searches=4,weight=1,confidence=0.5",
                           dict(steps=50, binary_search_steps=4, initial_const=1, confidence=0.5))):
        attack = foolbox.attacks.L2CarliniWagnerAttack(**options)
        found = [minimal(attack, peer, images[i:i + 1], labels[i:i + 1], "l2") for i in range(COUNT - 1)]
        # It does not look at images that are wrong from the start, and stops by the loss of the whole batch.
        farthest = max(distance for _, distance in found)
        add(f"{name}|l2|{1.01 * farthest}", torch.cat([image for image, _ in found] + [images[COUNT - 1:]]))
    save_file(made, sys.argv[1])


if __name__ == "__main__":
    main()
