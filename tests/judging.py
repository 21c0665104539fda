"""Judges images in Python by the checkpoint that a run of a report names."""

import io
import math

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from reference import Reference, gate_noise

COUNT, DRAWS, SEED = 40, 3, 4


def jpeg(images, quality=75):
    """Through Pillow, which uses libjpeg-turbo too."""
    out = []
    for image in (images * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy():
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
        out.append(np.asarray(Image.open(buffer).convert("RGB")))
    return torch.from_numpy(np.stack(out)).permute(0, 3, 1, 2).double() / 255


def reference_of(run, images):
    """The model of a run, and what its defense makes of images."""
    model = Reference(load_file(run["model"].split(":")[0]), 8)
    return model, jpeg(images) if run["defense"]["name"] == "jpeg" else images.double()


@torch.no_grad()
def passes(run, images, purpose="verdict_gates"):
    """Of each draw logits [N, K], gate logits with their noise [N, L] and gates [N, L], which are None without gates. `purpose`
    is that of the noise in sampled gates."""
    sampled = "sampled" in run["model"]
    model, x = reference_of(run, images)
    of_draws = []
    for draw in range(DRAWS if sampled else 1):
        noise = gate_noise(SEED, purpose, range(COUNT), 3, draw=draw) if sampled else None
        logits, deltas, open_gates = model.forward(x, noise)
        if noise is not None:
            deltas = deltas + torch.as_tensor(noise)
        of_draws.append((logits, deltas, open_gates))
    return of_draws


def margins_of(of_draws, labels):
    """[N]: by what share of the greatest logit that of the label exceeds all others, in the draw where that is nearest to 0."""
    margins = []
    for logits, _, _ in of_draws:
        others = logits.scatter(1, labels[:, None], -math.inf).amax(1)
        margins.append((logits.gather(1, labels[:, None])[:, 0] - others) / logits.abs().amax(1))
    margins = torch.stack(margins)
    return margins.gather(0, margins.abs().argmin(0, keepdim=True))[0]


def judge(of_draws, labels):
    """hits [draws, N], hits among the top 5 [draws, N], gates [draws, N, L] or None, smallest margin of any decision."""
    hits, hits_top5, gates, margin = [], [], [], math.inf
    for logits, deltas, open_gates in of_draws:
        hits.append((logits.argmax(1) == labels).numpy())
        hits_top5.append((logits.topk(5, 1).indices == labels[:, None]).any(1).numpy())
        top = logits.topk(6, 1).values
        margin = min(margin, (top[:, 0] - top[:, 1]).min().item(), (top[:, 4] - top[:, 5]).min().item())
        if open_gates is not None:
            margin = min(margin, deltas.abs().min().item())
            gates.append(open_gates.numpy())
    return np.stack(hits), np.stack(hits_top5), np.stack(gates) if gates else None, margin


def judge_along(run, images, labels, graphs):
    """hits [draws, N] along gates [draws, N, L] that other images took, smallest margin of any decision."""
    model, x = reference_of(run, images)
    logits = torch.stack([model.forward(x, mode="fixed", graph=graph)[0] for graph in graphs])
    top = logits.topk(2, 2).values
    return (logits.argmax(2) == labels).numpy(), (top[:, :, 0] - top[:, :, 1]).min().item()
