"""Expected error and cost of a distribution over designs, and their gradients, learnt from evaluated designs.

Ridge regression on the one-hot genome, for an error with products of pairs of genes beside. For genes drawn
independently, with probabilities p, the expectation of either is exact: Σ_j p_j · cost_j, as ProxylessNAS has its
expected latency (Cai et al., ICLR 2019, arXiv:1812.00332, equation 2), and Σ p_i p_j w_ij for pairs of genes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray

PENALTIES = np.logspace(-3, 2, 11)  # of the ridge; the best by leave-one-out is taken


@dataclass(frozen=True, slots=True)
class Surrogate:
    """In the dual form: what p is expected to be worth, by how likely it agrees with each design seen."""

    seen: FloatArray  # (seen, values of all genes), one-hot
    weights: FloatArray  # (seen,)
    pairs: bool
    genes: int
    middle: float

    def expected(self, chances: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(n,) expectations and (n, values) their gradients.

        Args:
            chances: (n, values of all genes), of each gene in turn.
        """
        shared = chances @ self.seen.T  # (n, seen), expected genes that agree
        per_gene = self.weights @ self.seen / self.genes
        worth = self.middle + chances @ per_gene
        gradient = np.broadcast_to(per_gene, chances.shape)
        if self.pairs:
            count = _pair_count(self.genes)
            squares = chances**2 @ self.seen.T
            worth = worth + 0.5 * (shared**2 - squares) @ self.weights / count
            weighted = self.weights @ self.seen
            gradient = gradient + ((shared * self.weights) @ self.seen - chances * weighted) / count
        return worth, gradient


def fitted(designs: IntArray, worth: FloatArray, gene_sizes: tuple[int, ...], *, pairs: bool) -> Surrogate:
    """The surrogate of designs evaluated, (n, genes), and what they are worth, (n,) finite."""
    genes = len(gene_sizes)
    hot = one_hot(designs, gene_sizes)
    shared = hot @ hot.T
    kernel = shared / genes
    if pairs:
        kernel = kernel + 0.5 * (shared**2 - shared) / _pair_count(genes)
    middle = float(worth.mean())
    values, vectors = np.linalg.eigh(kernel)
    turned = vectors.T @ (worth - middle)
    best, weights = np.inf, np.zeros(len(worth))
    for penalty in PENALTIES:
        shrunk = 1.0 / (np.maximum(values, 0.0) + penalty)
        alpha = vectors @ (shrunk * turned)
        left_out = alpha / (vectors**2 @ shrunk)  # leave-one-out residuals of a ridge, in closed form
        if (missed := float((left_out**2).mean())) < best:
            best, weights = missed, alpha
    return Surrogate(hot, weights, pairs, genes, middle)


def one_hot(designs: IntArray, gene_sizes: tuple[int, ...]) -> FloatArray:
    """(n, values of all genes): 1 where a gene of (n, genes) has the value, else 0."""
    starts = np.concatenate([[0], np.cumsum(gene_sizes)[:-1]])
    hot: FloatArray = np.zeros((len(designs), sum(gene_sizes)))
    hot[np.arange(len(designs))[:, None], designs + starts] = 1.0
    return hot


def _pair_count(genes: int) -> float:
    return max(0.5 * genes * (genes - 1), 1.0)
