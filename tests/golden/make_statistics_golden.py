#!/usr/bin/env python3
"""Intervals and tests by scipy 1.17.1 and statsmodels 0.15.0, for tests/statistics.h.

    python -m pip install scipy==1.17.1 statsmodels==0.15.0
    make_statistics_golden.py OUT.json
"""

import json
import sys

import numpy as np
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

wilson = [{"successes": k, "trials": n, "ci95": list(stats.binomtest(k, n).proportion_ci(method="wilson"))}
          for k, n in ((0, 10), (1, 10), (7, 10), (10, 10), (123, 1000), (9998, 10000))]
pairs = [{"both": both, "a": a, "b": b, "neither": neither,
          "p": mcnemar([[both, a], [b, neither]], exact=True).pvalue}
         for both, a, b, neither in ((5, 3, 1, 2), (40, 0, 6, 4), (700, 60, 30, 210), (7000, 900, 890, 1210), (10, 1, 1, 0))]
generator = np.random.default_rng(0)
paired = []
for draws, count in ((1, 400), (5, 300)):
    a, b = generator.binomial(draws, 0.7, count), generator.binomial(draws, 0.6, count)
    difference = (a - b) / draws
    resampled = stats.bootstrap((difference,), np.mean, n_resamples=20000, method="percentile", rng=generator)
    test = stats.ttest_1samp(difference, 0)
    paired.append({"draws": draws, "a": a.tolist(), "b": b.tolist(), "difference": difference.mean(), "t_test": test.pvalue,
                   "bootstrap": [resampled.confidence_interval.low, resampled.confidence_interval.high]})
sign_flip = []
for differences in ([5, 5, 5, 5, 5, 5, 5], [1] * 7, [1, 2, 3], [1, -1], [0, 0, 4], [3, -1, 4, -1, 5, -9, 2, 6, 0, 5, 3, 5],
                    [20, 13, -7, 1, 1, 1, -2, 0, 18]):
    exact = stats.permutation_test((differences,), np.sum, permutation_type="samples", n_resamples=np.inf)
    sign_flip.append({"differences": differences, "p": float(exact.pvalue)})
few = []
other = np.random.default_rng(1)
for count in (10, 20):
    ahead = [5] * (6 * count // 10) + [3] * (4 * count // 10), [0] * (6 * count // 10) + [3] * (4 * count // 10)
    for a, b in (ahead, [other.binomial(5, p, count).tolist() for p in (0.7, 0.5)]):
        few.append({"a": a, "b": b, "differences": ((np.array(a) - np.array(b)) / 5).tolist()})
    few.append({"differences": other.normal(0.15, 0.25, count).clip(-1, 1).tolist()})
for row in few:
    exact = stats.permutation_test((row["differences"],), np.sum, permutation_type="samples", n_resamples=np.inf, batch=2**16)
    row["p"] = float(exact.pvalue)
binomial = [{"k": k, "n": n, "p": p, "tail": float(stats.binom.cdf(k, n, p))}
            for k, n, p in ((0, 1, 0.91), (0, 5, 0.91), (3, 10, 0.5), (880, 1000, 0.91), (9300, 10000, 0.91), (12, 20, 0.03))]
many = [sorted(generator.uniform(0, 0.05, 7).tolist(), key=lambda p: np.sin(1000 * p)), [0.01], [0.5, 0.6, 0.0]]
holm = [{"p": p, "adjusted": multipletests(p, method="holm")[1].tolist()} for p in many]
student = []
for count in (2, 3, 7, 8, 31, 128):
    values = [0.01 * i * i - 0.3 * (i % 3) for i in range(count)]
    ends = {name: list(stats.t.interval(share, count - 1, np.mean(values), stats.sem(values))) for name, share in (("ci95", 0.95), ("ci999", 0.999))}
    student.append({"values": values, **ends})
json.dump({"wilson": wilson, "mcnemar": pairs, "paired": paired, "sign_flip": sign_flip, "few": few, "binomial": binomial, "holm": holm, "student": student}, open(sys.argv[1], "w"), indent=1)
