from __future__ import annotations

import pytest

from codesign.predict.fitting.rules import LoopRules
from runtime.contract.errors import ConfigError


def test_the_defaults_are_the_papers_where_it_gives_any() -> None:
    rules = LoopRules()
    assert (rules.sampling, rules.initial, rules.extra, rules.max_spread) == ("balanced", 300, 100, 0.03)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sampling": "clever"}, "unknown sampling 'clever'"),
        ({"initial": 0}, "initial must be at least 1"),
        ({"references": 0}, "references must be at least 1"),
        ({"max_measurements": 10}, "less than the 300 initial ones"),
        ({"bin_accuracy": 1.0}, "bin_accuracy must be between 0 and 1"),
        ({"bin_accuracy": 95.0}, "bin_accuracy must be between 0 and 1"),
        ({"below": -1.0}, "weights must be at least 0"),
        ({"below": 0.0, "above": 0.0}, "weights must be at least 0, and one above"),
        ({"max_spread": 0.0}, "max_spread must be above 0"),
        ({"seed": -1}, "seed must be at least 0"),
    ],
)
def test_rules_that_cannot_be_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        LoopRules(**change)  # type: ignore[arg-type]


def test_rules_are_written_with_every_default() -> None:
    assert LoopRules(**LoopRules(seed=3).to_json()) == LoopRules(seed=3)
