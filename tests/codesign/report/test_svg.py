"""Drawing primitives."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from codesign.report import svg

WORDS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=40)


@given(WORDS)
def test_any_text_survives_as_text(words: str) -> None:
    drawing = svg.drawing(10, 10, words, [svg.text(1, 2, words, tip=words), svg.rect(0, 0, 1, 1, "a", tip=words)], "c")
    root = ElementTree.fromstring(drawing)  # noqa: S314 - our own output
    assert root.get("aria-label") == words
    assert root.findtext("text", default="").startswith(words)
    assert (root.find("rect/title") is not None) == bool(words)


def test_text_that_does_not_fit_is_cut_and_kept_for_hovering() -> None:
    cut = svg.fitted_text(0, 0, "an extraordinarily long name", "label", 60, 10)
    assert "…" in cut
    assert "<title>an extraordinarily long name</title>" in cut
    assert "<title>" not in svg.fitted_text(0, 0, "short", "label", 60, 10)


@given(WORDS, st.floats(1, 400))
def test_cut_text_is_never_estimated_wider_than_its_room_but_for_one_character(words: str, width: float) -> None:
    assert svg.text_width(svg.fitted(words, width, 12), 12) <= max(width, svg.text_width("x", 12)) + 1e-9


def test_a_rectangle_never_has_a_negative_size() -> None:
    assert 'width="0"' in svg.rect(0, 0, -3, 1, "a")
