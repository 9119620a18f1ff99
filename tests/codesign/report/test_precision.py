"""codesign/report/precision.py"""

from __future__ import annotations

from typing import Any

import pytest

from codesign.report.page import rendered
from codesign.report.precision import precision_from
from codesign.report.reading import Node
from codesign.report.results import results_from
from runtime.contract.errors import ConfigError
from tests.codesign.report.sample import sample


def lowered() -> dict[str, Any]:
    return {
        "precision": "int8",
        "shown": "INT8",
        "networks": [],
        "full_network": {
            "split": "test",
            "accuracy_kind": "measured",
            "energy_kind": "simulated",
            "fp32": {"accuracy": 0.92, "energy_j": 0.018, "latency_s": 0.002},
            "deployed": {"accuracy": 0.918, "energy_j": 0.006, "latency_s": 0.001},
        },
    }


def test_the_sentence_keeps_apart_what_the_format_does_and_what_exits_do() -> None:
    said = precision_from(Node(lowered(), "precision")).sentence(1).replace("\u00a0", " ")
    assert said == (
        "Everything compared here computes in INT8, but losses count against the full network in FP32. The format "
        "alone takes that from 92.0 % to 91.8 % on test (measured) and from 18.0 mJ to 6.00 mJ (simulated), before "
        "any exit."
    )


def test_the_page_says_it_first_where_there_is_another_format_and_not_otherwise() -> None:
    before, after = rendered(results_from(sample())), rendered(results_from({**sample(), "precision": lowered()}))
    assert "Everything compared here computes in INT8" in after
    assert "computes in" not in before


def test_a_missing_key_is_named_by_its_path() -> None:
    table = lowered()
    del table["full_network"]["deployed"]
    with pytest.raises(ConfigError, match=r"missing key 'precision\.full_network\.deployed'"):
        precision_from(Node(table, "precision"))
