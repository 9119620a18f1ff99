"""codesign/exits/averaged_weights.py"""

from __future__ import annotations

import torch
from torch import nn

from codesign.exits.averaged_weights import DECAY, AveragedWeights


def test_the_mean_follows_slowly_and_late_steps_count_little() -> None:
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    mean = AveragedWeights(network)
    nn.init.ones_(network.weight)
    mean.follow(network, 10**6)
    assert torch.allclose(mean.means()["weight"], torch.tensor(1 - DECAY), atol=1e-6)
    mean.follow(network, 1)  # early: the start is soon forgotten
    assert float(mean.means()["weight"]) > 0.9


def test_counters_are_copied_and_the_means_fit_the_network() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2))
    mean = AveragedWeights(network)
    network(torch.ones(3, 1, 2, 2))
    mean.follow(network, 5)
    assert int(mean.means()["1.num_batches_tracked"]) == 1
    network.load_state_dict(mean.means())


def test_it_is_part_of_a_state_that_can_be_kept() -> None:
    network = nn.Linear(2, 2)
    mean, other = AveragedWeights(network), AveragedWeights(nn.Linear(2, 2))
    other.load_state_dict(mean.state_dict())
    assert torch.equal(other.means()["weight"], network.weight)
