from __future__ import annotations

import torch

from codesign.backbones.layout import channels_last
from tests.codesign.small_networks import random_batch, small_supernet


def test_weights_move_to_channels_last_memory_and_keep_their_values() -> None:
    plain, moved = small_supernet(), channels_last(small_supernet())
    assert moved.stem.weight.is_contiguous(memory_format=torch.channels_last)
    assert not plain.stem.weight.is_contiguous(memory_format=torch.channels_last)
    assert all(torch.equal(a, b) for a, b in zip(plain.parameters(), moved.parameters(), strict=True))
    design = plain.space.smallest()
    left, right = plain(random_batch(), design), moved(random_batch(), design)
    torch.testing.assert_close(left, right, rtol=1e-4, atol=1e-4)


def test_it_is_the_network_itself_that_is_handed_back() -> None:
    network = small_supernet()
    assert channels_last(network) is network
