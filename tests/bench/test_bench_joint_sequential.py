"""How the comparison of joint and sequential designs splits images and sums up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.bench.bench_joint_sequential import shown, split_of, summary_of


def way(energy_j: float, chain: int = 1) -> dict[str, Any]:
    return {"energy_j": energy_j, "lost": 0.01, "harm": 0.02, "chain": [["name", 1.0]] * chain}


def rows(*joint: float | None) -> list[dict[str, Any]]:
    return [
        {
            "full": {"energy_best_clocks_j": 4.0},
            "certified 1": {
                "sequential": way(2.0),
                "one backbone": way(2.0),
                "joint": None if energy_j is None else way(energy_j, chain=2),
                "static": {"name": "b"},
            },
        }
        for energy_j in joint
    ]


def test_the_parts_of_a_split_share_no_image_and_leave_none_out() -> None:
    split = split_of(10, seed=0)
    parts = [split.select, split.certify, split.test]
    assert [part.size for part in parts] == [2, 2, 6]
    assert sorted(np.concatenate(parts).tolist()) == list(range(10))
    assert not np.array_equal(split.test, split_of(10, seed=1).test)


def test_savings_are_of_each_seed_and_then_summed_up() -> None:
    found = summary_of(rows(1.0, 1.5))["certified 1"]
    assert found["joint saves over sequential"]["mean"] == pytest.approx(0.375)
    assert found["joint saves over sequential"]["std"] == pytest.approx(np.std([0.5, 0.25], ddof=1))
    assert found["one backbone saves over sequential"]["mean"] == 0.0
    assert found["chains_among_joint"] == 2


def test_a_way_that_finds_nothing_counts_as_the_full_network() -> None:
    found = summary_of(rows(None))["certified 1"]
    assert found["joint"]["energy_j"]["mean"] == 4.0
    assert found["joint"]["without_exits"] == 1
    assert found["joint saves over sequential"]["mean"] == -1.0


def test_every_rule_and_way_has_a_line() -> None:
    text = shown("tx2:gpu", summary_of(rows(1.0, 1.0)))
    assert "certified 1: sequential loses 1.00 points" in text
    assert "joint                saves  50.0 ±  0.0 % over it, loses 1.00 points, harm 2.00 %" in text
