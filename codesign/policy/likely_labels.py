"""How likely each label of a sample is, by everything that all exits say of it: a steadier judge than its one label.

Counting right answers on some thousand samples is noisy: the few on which an exit and the end of the chain differ
decide, and thresholds tuned to them are tuned to chance. A weighted sum of all exits' log-probabilities, its weights
fitted to the labels, says of every sample how likely each label is; with it an answer's chance of being right is known
for samples on which the label happened otherwise. Weights of so few terms do not learn the samples by heart.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ShapeError

RIDGE = 1e-3  # pulls weights towards 0 where exits say the same


def likely_labels(logits: FloatArray, labels: IntArray) -> FloatArray:
    """Probabilities (samples, classes) of each sample's label.

    Args:
        logits: (candidates, samples, classes), what every exit answers.
        labels: (samples,), to which the weights are fitted, by maximum likelihood.
    Raises:
        ShapeError: logits of another rank, or of another number of samples.
    """
    if logits.ndim != 3 or logits.shape[1] != labels.size:
        raise ShapeError(f"logits must be (candidates, {labels.size} samples, classes), got shape {logits.shape}")
    told = log_softmax(logits.astype(np.float64), axis=2)
    candidates, everybody = len(told), np.arange(labels.size)
    of_labels = told[:, everybody, labels]  # (candidates, samples)

    def surprise(weights: FloatArray) -> tuple[float, FloatArray]:
        """Mean -ln of the labels' probabilities with the ridge, and its gradient."""
        joint = log_softmax(np.tensordot(weights, told, axes=1), axis=1)
        expected = np.einsum("knc,nc->k", told, np.exp(joint))
        slope = (expected - of_labels.sum(axis=1)) / labels.size
        loss = -joint[everybody, labels].mean() + RIDGE * weights @ weights
        return float(loss), slope + 2.0 * RIDGE * weights

    start = np.zeros(candidates)
    start[-1] = 1.0
    weights = minimize(surprise, start, jac=True, method="L-BFGS-B").x
    likely: FloatArray = softmax(np.tensordot(weights, told, axes=1), axis=1)
    return likely
