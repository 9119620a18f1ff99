"""Exit histograms."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from codesign.report.histogram import exit_histogram
from codesign.report.results import results_from

from .sample import sample


def test_both_splits_are_drawn_on_one_scale() -> None:
    mode = results_from(sample()).default_mode
    root = ElementTree.fromstring(exit_histogram(mode))  # noqa: S314 - our own output
    shares = [share for exit_ in mode.exits for share in (exit_.test_share, exit_.select_share)]
    lengths = [float(e.get("width", "nan")) for e in root.iter("rect")]
    assert [length / lengths[1] for length in lengths] == pytest.approx([s / shares[1] for s in shares], abs=1e-3)
    assert [e.get("class", "").split()[1] for e in root.iter("rect")] == ["test", "select"] * 4


def test_an_exit_that_nobody_takes_has_no_accuracy() -> None:
    mode = results_from(sample(shares=(0.6, 0.0, 0.3, 0.1))).default_mode
    root = ElementTree.fromstring(exit_histogram(mode))  # noqa: S314 - our own output
    assert [e.text for e in root.iter("text") if e.get("text-anchor") == "end"][1] == "–"
