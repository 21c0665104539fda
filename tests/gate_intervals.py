"""What a report says of gates and compute, with its intervals, from the gates of single passes."""

import itertools
import math

import numpy as np
import pytest

from intervals import of_hits, of_shares, wilson


def assert_intervals(run, labels, hits, gates, gates_before, model):
    """Gates are [draws, images, layers]; every mean is over images, whose draws go together."""
    draws, images, layers = gates.shape
    costs = np.array([layer["macs"] for layer in model["gates"]["layers"]], dtype=float)
    always, saved = model["macs"]["full"] - costs.sum(), costs.sum()
    for when, open_gates in (("before", gates_before), ("after", gates)):
        rates = run["gates"][when]
        assert rates["ci95"] == of_shares(open_gates.mean((0, 2)))
        for l in range(layers):
            assert np.clip(rates["per_layer_ci95"][l], 0, 1) == of_hits(open_gates[:, :, l])
            for k in range(10):
                assert np.clip(rates["per_class_ci95"][k][l], 0, 1) == of_hits(open_gates[:, labels == k, l])
        shares = (open_gates @ costs / saved).mean(0)
        low, high = run["macs"]["ci95"][when]
        assert [(low - always) / saved, (high - always) / saved] == of_shares(shares)
        reached = [((always + open_gates @ costs) >= model["macs"]["full"] * step / 20 - 0.5).mean() for step in range(1, 21)]
        exceedance = run["macs"]["distribution"]["exceedance"]
        assert exceedance[when] == pytest.approx(reached)
        ends = [np.clip(wilson(share * images, images), 0, 1) for share in reached]
        assert np.allclose(exceedance[f"{when}_ci95"], ends, atol=1e-9)
        if draws > 1:
            variances = (open_gates @ costs).var(0, ddof=1)
            half = 1.959963984540054 * variances.std(ddof=1) / math.sqrt(images)
            spread = run["macs"]["spread"][when]
            assert spread["value"] == pytest.approx(math.sqrt(variances.mean()))
            assert spread["ci95"] == pytest.approx(np.sqrt(np.clip([variances.mean() - half, variances.mean() + half], 0, None)))
        else:
            assert run["macs"]["spread"] is None
    q = np.stack([gates_before[:, labels == k].mean((0, 1)) for k in range(10)])
    weight = q.var(0) / max(q.var(0).sum(), 1e-300)
    for when, open_gates in (("before", gates_before), ("after", gates)):
        alike = [1 - (np.abs(open_gates[:, labels != k] - q[k]) @ weight).mean() for k in range(10)]
        said = run["gates"]["likeness"]
        if not q.var(0).any():
            assert said[when] == said[f"{when}_ci95"] == [None] * 10
            continue
        assert said[when] == pytest.approx(alike)
        for k in range(10):
            of_images = 1 - (np.abs(open_gates[:, labels != k] - q[k]) @ weight).mean(0)
            assert said[f"{when}_ci95"][k] == of_shares(of_images)
    own, most = run["gates"]["likeness"]["own"], run["gates"]["likeness"]["most"]
    if not q.var(0).any():
        assert own == most == [None] * 10
    else:
        graphs = np.array(list(itertools.product((0, 1), repeat=layers)))
        assert own == pytest.approx([1 - (np.abs(gates_before[:, labels == k] - q[k]) @ weight).mean() for k in range(10)])
        assert most == pytest.approx([(1 - np.abs(graphs - q[k]) @ weight).max() for k in range(10)])
    assert run["gates"]["flipped"]["ci95"] == of_shares((gates != gates_before).mean((0, 2)))

    before, after = ((open_gates @ costs / saved).mean(0) for open_gates in (gates_before, gates))
    if run["macs"]["recovery"] is not None:  # delta method, of a ratio of means over the same images
        ratio = (after - before).mean() / (1 - before).mean()
        residues = after - before - ratio * (1 - before)
        half = 1.959963984540054 * residues.std(ddof=1) / math.sqrt(images) if np.ptp(residues) > 1e-12 else wilson(0, images)[1]
        half /= (1 - before).mean()
        expected = [ratio - half, min(1, ratio + half)]
        assert run["macs"]["ci95"]["recovery"] == pytest.approx(expected, abs=1e-9)
    monitor = run["macs"]["monitor"]
    assert monitor["tolerance"] == 0.05
    unseen = np.abs(after - before) <= 0.05 + 1e-9
    assert monitor["unseen"]["successes"] == unseen.sum()
    assert monitor["unseen_and_wrong"]["successes"] == pytest.approx((unseen * (1 - hits.mean(0))).sum())
