"""codesign/walk/backbones.py: what a supernet and a user's networks have in common."""

from __future__ import annotations

from codesign.walk.backbones import Backbones
from codesign.walk.user_models import UserBackbones
from tests.codesign.walk.conftest import Parts


def test_a_supernets_slices_are_backbones(parts: Parts) -> None:
    backbones: Backbones = parts.evaluator
    genome = (0,) * 9
    assert str(backbones.design(genome))
    assert backbones.exited(genome).outputs[-1] == "logits"
    assert backbones.data is parts.data


def test_networks_that_a_user_brought_are_backbones(parts: Parts) -> None:
    backbones: Backbones = UserBackbones((), (parts.evaluator.exited((0,) * 9),), parts.data, parts.folder)
    assert backbones.exited((0,)).outputs[-1] == "logits"
    assert backbones.folder is parts.folder
