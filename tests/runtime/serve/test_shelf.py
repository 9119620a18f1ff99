"""What fits into a budget of memory, and what goes first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runtime.serve.shelf import STAY_S, Shelf, stage_bytes

# a and b share a stage of 10.
DESIGNS = {"a": {"s": 10, "a1": 20}, "b": {"s": 10, "b1": 30}, "c": {"c1": 40}}


def shelf(budget_bytes: int, *loaded: str) -> Shelf:
    """Everything was loaded at the same time, and used in this order."""
    return Shelf(DESIGNS, budget_bytes, dict.fromkeys(loaded, 0.0), {name: k for k, name in enumerate(loaded)})


def test_stages_that_designs_share_count_once() -> None:
    assert shelf(0).size_bytes(["a"]) == 30
    assert shelf(0).size_bytes(["a", "b"]) == 60
    assert shelf(0).size_bytes([]) == 0


def test_nothing_goes_while_there_is_room() -> None:
    assert shelf(100, "a").to_drop("b", ["a"], 100.0) == ()


def test_what_was_used_longest_ago_goes_first_and_no_more_than_must() -> None:
    assert shelf(80, "a", "c").to_drop("b", [], 100.0) == ("a",)
    assert shelf(70, "c", "a").to_drop("b", [], 100.0) == ("c",)
    assert shelf(40, "c", "a").to_drop("b", [], 100.0) == ("c", "a")


def test_what_is_pinned_stays() -> None:
    assert shelf(70, "a", "c").to_drop("b", ["a"], 100.0) == ("c",)
    assert shelf(70, "a", "c").to_drop("b", ["a", "c"], 100.0) is None
    assert not shelf(70).fits("b", ["c", "a"])
    assert shelf(70).fits("b", ["c"]) is False
    assert shelf(80).fits("b", ["c"])


def test_what_has_just_been_loaded_stays_for_a_while() -> None:
    assert shelf(40, "c").to_drop("a", [], STAY_S / 2) is None
    assert shelf(40, "c").to_drop("a", [], STAY_S) == ("c",)


def test_a_stage_takes_more_than_its_file() -> None:
    assert stage_bytes(0) > 0
    assert stage_bytes(2_000_000) > 2 * 2_000_000


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.dictionaries(st.sampled_from("uvwxyz"), st.just(10), min_size=1)),
    st.integers(0, 100),
    st.data(),
)
def test_what_is_left_fits_and_nothing_pinned_is_gone(
    designs: dict[str, dict[str, int]], budget_bytes: int, data: st.DataObject
) -> None:
    if not designs:
        return
    names = sorted(designs)
    loaded = data.draw(st.lists(st.sampled_from(names), unique=True))
    wanted = data.draw(st.sampled_from(names))
    pinned = [name for name in loaded if data.draw(st.booleans())]
    kept = Shelf(designs, budget_bytes, dict.fromkeys(loaded, 0.0))
    drop = kept.to_drop(wanted, pinned, 1000.0)
    if drop is None:
        assert kept.size_bytes({*pinned, wanted}) > budget_bytes
    else:
        left = {*loaded, wanted} - set(drop)
        assert kept.size_bytes(left) <= budget_bytes
        assert not set(drop) & {*pinned, wanted}
