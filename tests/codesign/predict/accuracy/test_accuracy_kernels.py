"""Kernels between backbones: symmetric, of one scale, and 1 where nothing differs."""

from __future__ import annotations

import numpy as np

from codesign.predict.accuracy.accuracy_kernels import KERNELS, AccuracyKernels
from codesign.predict.accuracy.supernet_genes import cut_after, designs_of, supernet_genes
from codesign.predict.costs.genes import Genes
from tests.codesign.predict.accuracy.spaces import SIZES, SPACE, genomes

DESIGNS = designs_of(SPACE, genomes(30))
LARGEST = designs_of(SPACE, [tuple(size - 1 for size in SIZES)])


def test_each_is_a_covariance() -> None:
    found = AccuracyKernels(supernet_genes(SPACE)).between(DESIGNS, DESIGNS)
    assert len(found) == len(KERNELS)
    for kernel in found:
        np.testing.assert_allclose(kernel, kernel.T, atol=1e-12)
        assert np.linalg.eigvalsh(kernel).min() > -1e-9


def test_the_largest_backbone_is_wholly_like_itself() -> None:
    for kernel in AccuracyKernels(supernet_genes(SPACE)).between(LARGEST, LARGEST):
        np.testing.assert_allclose(kernel, [[1.0]])


def test_each_design_with_itself_is_the_diagonal() -> None:
    kernels = AccuracyKernels(supernet_genes(SPACE))
    for one, among in zip(kernels.alone(DESIGNS), kernels.between(DESIGNS, DESIGNS), strict=True):
        np.testing.assert_allclose(one, np.diag(among))


def test_single_genes_count_those_that_agree() -> None:
    other = LARGEST.copy()
    other[0, 0] = 16
    resolution, agreement, *_ = AccuracyKernels(supernet_genes(SPACE)).between(LARGEST, other)
    np.testing.assert_allclose(agreement, [[8 / 9]])
    np.testing.assert_array_equal(resolution, [[0.0]])


def test_a_space_without_genes_of_the_whole_network_has_the_other_kernels() -> None:
    genes = Genes.named(["layer_0", "layer_1"], values=[(1, 2), (1, 2)])
    found = AccuracyKernels(genes).between(np.asarray([[1, 2]]), np.asarray([[2, 2]]))
    assert len(found) == len(KERNELS)
    np.testing.assert_array_equal(found[0], [[1.0]])


def test_stages_that_were_cut_off_are_compared_as_well() -> None:
    resolution, *others = AccuracyKernels(supernet_genes(SPACE)).between(cut_after(LARGEST, (0, 0)), LARGEST)
    np.testing.assert_array_equal(resolution, [[1.0]])
    for kernel in others:
        assert 0.0 < kernel[0, 0] < 1.0
