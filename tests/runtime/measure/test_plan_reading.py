"""Values of a plan know their key."""

from __future__ import annotations

import pytest

from runtime.contract.errors import ConfigError
from runtime.measure.plan_reading import Entry


def test_a_key_is_the_path_from_the_top() -> None:
    inner = Entry({"a": [{"b": 1}]}, "plan.json").table(("a",))["a"].items()[0].table(("b",))["b"]
    assert inner.key == "a[0].b"
    assert inner.count(1, 1) == 1


def test_the_message_names_the_file_and_the_key() -> None:
    with pytest.raises(ConfigError, match=r"expected a string, found 3\n  where: plan.json: a\n  to do: mend the plan"):
        Entry(3, "plan.json", "a").text()


def test_an_unknown_key_is_answered_with_those_that_are_known() -> None:
    with pytest.raises(ConfigError, match=r"unknown key 'c'(.|\n)*use some of: a, b"):
        Entry({"c": 1}, "plan.json").table(("a", "b"))


def test_a_number_keeps_to_its_bounds() -> None:
    assert Entry(2, "p").number(1, 3) == 2.0
    with pytest.raises(ConfigError, match="a number from 1 to 3"):
        Entry(4, "p").number(1, 3)
    with pytest.raises(ConfigError, match="a number above 0, at most 3"):
        Entry(0.0, "p").above_zero(3)


def test_a_word_is_one_of_those_offered() -> None:
    assert Entry("a", "p").one_of("a", "b") == "a"
    with pytest.raises(ConfigError, match="one of a, b"):
        Entry([], "p").one_of("a", "b")
