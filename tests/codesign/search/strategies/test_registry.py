from __future__ import annotations

import pytest

from codesign.search.strategies import registry
from codesign.search.strategies.registry import Entry, make_strategy
from codesign.search.strategies.search_space import SearchSpace
from runtime.contract.errors import ConfigError

SPACE = SearchSpace((2, 2))


def test_an_unknown_strategy_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no strategy 'housse'\n  to do: choose one of .*house.*random"):
        make_strategy("housse", SPACE, 2, 0)


def test_a_strategy_whose_extra_is_not_installed_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = Entry("not.there", "make", "", package="BoTorch", imported=("no_such_module",), extra="bayes")
    monkeypatch.setitem(registry.STRATEGIES, "qlognehvi", entry)
    with pytest.raises(
        ConfigError, match=r"strategy qlognehvi needs BoTorch\n  to do: pip install 'edge-codesign\[bayes\]'"
    ):
        make_strategy("qlognehvi", SPACE, 2, 0)


@pytest.mark.parametrize(
    ("name", "objectives", "takes"), [("mnasnet", 3, "2"), ("random", 4, "1 to 3"), ("ofa-evolution", 3, "1 to 2")]
)
def test_a_number_of_objectives_that_a_strategy_cannot_work_with_is_refused(
    name: str, objectives: int, takes: str
) -> None:
    with pytest.raises(ConfigError, match=f"strategy {name} takes {takes} objectives, got {objectives}"):
        make_strategy(name, SPACE, objectives, 0)


def test_every_entry_says_what_it_does() -> None:
    assert all(entry.says for entry in registry.STRATEGIES.values())
