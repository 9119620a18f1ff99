"""Exit logs made up for tests: by hypothesis with many ties, and by a seed with exits that get better with depth."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from codesign.policy.exit_log import ExitLog

CLASSES = 4


@st.composite
def exit_logs(draw: st.DrawFn, max_candidates: int = 6, max_samples: int = 25) -> ExitLog:
    """Small logs; entropies come from few values, so that they tie, and some are NaN."""
    candidates = draw(st.integers(1, max_candidates))
    samples = draw(st.integers(1, max_samples))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    entropy_nats = rng.choice([0.0, 0.1, 0.2, 0.5, 1.0, np.nan], size=(candidates, samples), p=[0.2] * 4 + [0.15, 0.05])
    predictions = rng.integers(0, CLASSES, (candidates, samples))
    labels = np.where(rng.random(samples) < 0.5, predictions[-1], rng.integers(0, CLASSES, samples))
    return ExitLog(entropy_nats, predictions, labels)


def plausible_log(candidates: int, samples: int, seed: int) -> ExitLog:
    """Deeper exits are right more often, and an exit that is sure is mostly right."""
    rng = np.random.default_rng(seed)
    skill = np.linspace(0.5, 2.5, candidates)[:, None]
    margin = skill - rng.normal(size=samples) + 0.5 * rng.normal(size=(candidates, samples))
    labels = rng.integers(0, CLASSES, samples)
    predictions = np.where(margin > 0.4, labels, (labels + 1) % CLASSES)
    noise = 0.3 * rng.normal(size=margin.shape)
    return ExitLog(2.0 * np.log(CLASSES) / (1.0 + np.exp(np.abs(2.0 * margin) + noise)), predictions, labels)
