"""What each class pays."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from codesign.report.per_class import MOST_NAMED, class_changes, class_picture, class_sentence
from codesign.report.results import results_from

from .sample import sample


def default(table: dict[str, Any]) -> Any:
    return results_from(table).default_mode


def with_changes(changes: list[float]) -> Any:
    table = sample(classes=[f"class {i}" for i in range(len(changes))])
    for row, change in zip(table["modes"][1]["per_class"], changes, strict=True):
        row |= {"full": 0.9, "policy": 0.9 + change}
    return default(table)


def test_one_losing_class_is_named_with_its_size() -> None:
    sentence = class_sentence(with_changes([0.0, -0.05, 0.0]))
    assert sentence.startswith("1 of 3 classes lose accuracy, 0 gain.")
    assert "“class 1”: −5.0 points on its 36 test images" in sentence


def test_no_loss_is_said_as_such() -> None:
    assert class_sentence(with_changes([0.0, 0.02])) == "No class loses accuracy; 1 of 2 gain."


@pytest.mark.parametrize("which", ["wide", "narrow"])
@pytest.mark.parametrize("count", [1, 2, MOST_NAMED, MOST_NAMED + 1, 100])
def test_every_class_has_a_bar_within_the_paper(which: str, count: int) -> None:
    mode = with_changes([0.02 * ((i % 3) - 1) for i in range(count)])
    root = ElementTree.fromstring(getattr(class_picture(mode), which))  # noqa: S314 - our own output
    full = float(root.get("viewBox", "").split()[2])
    bars = [(float(e.get("x", "nan")), float(e.get("width", "nan"))) for e in root.iter("rect")]
    assert len(bars) == count
    assert all(x >= 0 and x + w <= full for x, w in bars)


def test_losses_come_first_and_lengths_are_to_scale() -> None:
    mode = with_changes([0.02, -0.04, 0.0])
    assert [entry.row.name for entry in class_changes(mode)] == ["class 1", "class 2", "class 0"]
    root = ElementTree.fromstring(class_picture(mode).wide)  # noqa: S314 - our own output
    loss, level, gain = (float(e.get("width", "nan")) for e in root.iter("rect"))
    assert loss == pytest.approx(2 * gain, rel=1e-3)
    assert level == 0.0


def test_a_class_without_test_images_is_left_out() -> None:
    table = sample()
    table["modes"][1]["per_class"][0] |= {"n": 0, "full": None, "policy": None}
    assert "0" not in [entry.row.name for entry in class_changes(default(table))]
    assert class_sentence(default(table)).startswith("3 of 9")
