"""A report's intervals, computed once more in Python."""

import math

import numpy as np
import pytest


def wilson(successes, trials, z=1.959963984540054):
    p = successes / trials
    centre = (p + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials**2))
    return [centre - half, centre + half]


def clustered(shares, draws):
    """Wilson's interval of a mean over images at the effective sample size (Korn & Graubard 1998)."""
    n, p = len(shares), np.mean(shares)
    variance = np.var(shares, ddof=1) / n if np.ptp(shares) > 1e-12 else 0
    effective = np.clip(p * (1 - p) / variance, n, n * draws) if variance > 0 else n
    return pytest.approx(np.clip(wilson(p * effective, effective), 0, 1), abs=1e-9)


def known_trials(hits, misses):
    """For each image, by how many images the rarer outcome is spread over; of what each image has of both."""
    return min(of_images.sum() ** 2 / (of_images**2).sum() if of_images.any() else 0 for of_images in (hits, misses)) / 20


def of_shares(shares):
    """Of what each image has between 0 and 1 of unlike things."""
    return clustered(shares, np.inf if known_trials(shares, 1 - shares) >= 1 else 1)


def of_hits(hits):
    """Of [draws, images] of right and wrong."""
    if len(hits) == 1:
        return pytest.approx(np.clip(wilson(hits.sum(), hits.shape[1]), 0, 1), abs=1e-9)
    return clustered(hits.mean(0), np.clip(known_trials(hits.sum(0), (1 - hits).sum(0)), 1, len(hits)))
