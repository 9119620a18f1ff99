"""codesign/walk/precision_result.py; runs from end to end are in test_precision_step.py."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from codesign.walk.comparison import Judge
from codesign.walk.precision_result import precision_result
from codesign.walk.precision_step import deployed_genome
from codesign.walk.search_step import Searched
from codesign.walk.settings import Settings
from runtime.contract.kind import Kind
from tests.codesign.search.records import record


def test_the_full_network_is_compared_with_itself_in_the_other_format_and_with_no_other() -> None:
    full = record((3,))
    deployed = replace(full, genome=deployed_genome((3,), "int8"))
    other = replace(full, genome=deployed_genome((1,), "int8"))
    accuracies = {full.genome: 0.92, deployed.genome: 0.91, other.genome: 0.5}
    model = SimpleNamespace(kind=Kind.SIMULATED)

    def static_at(choice: Any, point: int | None) -> Any:
        assert point is None  # its own best clocks
        return SimpleNamespace(accuracy=choice.accuracy, energy_j=float(np.sum(choice.record.genome)), latency_s=1.0)

    fake: Any = SimpleNamespace(
        solver=SimpleNamespace(pricing=SimpleNamespace(model=model)),
        static_at=static_at,
        static_test_accuracy=lambda found: accuracies[found.genome],
    )
    finalists = {found.genome: SimpleNamespace(record=found) for found in (other, deployed)}
    searched: Any = SimpleNamespace(reference=full, finalists=finalists, lowered=({"network": "net"},))
    found = precision_result(Settings("digits", "tx2", precision="int8"), cast(Searched, searched), cast(Judge, fake))
    assert found["full_network"]["fp32"] == {"accuracy": 0.92, "energy_j": 3.0, "latency_s": 1.0}
    assert found["full_network"]["deployed"]["accuracy"] == 0.91
    assert (found["precision"], found["shown"], found["networks"]) == ("int8", "INT8", [{"network": "net"}])
    assert found["full_network"]["energy_kind"] == "simulated"
