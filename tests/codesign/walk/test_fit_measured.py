from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codesign.space.chain_sampling import ChainSampler
from codesign.walk.fit_measured import ENERGY, LATENCY, MeasuredCosts, lowest_pass
from codesign.walk.fit_networks import ChainNetworks
from codesign.walk.measure_target import MeasureTarget
from runtime.contract.errors import BoardError
from runtime.contract.kind import Kind
from runtime.measure.plan import Quality, WarmUp
from runtime.measure.records_file import read_records
from tests.codesign.chains import SPACES

QUICK = {
    "runs": 10,
    "warm_up": WarmUp(window_runs=1, window_s=0.0, thermal_window_s=0.0, latency_agreement=0.9, max_s=0.1),
    "quality": Quality(every=10, max_spread=0.5, attempts=1),
}
RNG = np.random.default_rng(0)
DESIGNS = np.stack([ChainSampler(SPACES[0]).draw(RNG) for _ in range(3)])
REFERENCES = np.stack([ChainSampler(SPACES[0]).draw(RNG) for _ in range(2)])


def measurer(folder: Path, cost: str = LATENCY, passes: int = 1) -> MeasuredCosts:
    return MeasuredCosts(ChainNetworks(SPACES[0]), MeasureTarget(), cost, folder, passes, QUICK)


def test_networks_are_timed_by_the_measuring_command_itself(tmp_path: Path) -> None:
    ticks: list[tuple[int, int]] = []
    one = measurer(tmp_path)
    found = one.measure(DESIGNS, REFERENCES, 4, 0, lambda done, of, _: ticks.append((done, of)))
    records = read_records(tmp_path / "batch-4-0-0.jsonl")
    by_name = {record.subject: record.prefixes[-1].latency.mean_s for record in records.measurements}
    assert found.costs.tolist() == [by_name[f"design-{number}"] for number in range(3)]
    assert found.references.tolist() == [by_name["reference-0"], by_name["reference-1"]]
    assert found.latency_s.tolist() == found.costs.tolist()
    assert ticks[-1] == (5, 5)
    assert (one.kind, "ONNX Runtime" in one.hardware) == (Kind.MEASURED, True)


def test_the_networks_are_removed_and_the_records_are_kept(tmp_path: Path) -> None:
    measurer(tmp_path, passes=2).measure(DESIGNS, REFERENCES, 0, 1, lambda *_: None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["batch-0-1-0.jsonl", "batch-0-1-1.jsonl"]


def test_joules_are_asked_of_the_record_and_refused_where_nobody_meters_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measurer(tmp_path).measure(DESIGNS[:1], REFERENCES[:1], 0, 0, lambda *_: None)
    (record, *_) = read_records(tmp_path / "batch-0-0-0.jsonl").measurements
    without = replace(record, prefixes=(replace(record.prefixes[0], energy=None),), why_no_energy="no rail")
    one = measurer(tmp_path, ENERGY)
    monkeypatch.setattr(
        MeasuredCosts, "_carried_out", lambda _self, plan, *_: dict.fromkeys([s.id for s in plan.subjects], without)
    )
    with pytest.raises(BoardError, match=r"no energy could be metered: no rail(.|\n)*use --cost latency"):
        one.measure(DESIGNS[:1], REFERENCES[:1], 0, 0, lambda *_: None)


def test_before_the_first_batch_the_hardware_is_where_it_is(tmp_path: Path) -> None:
    assert measurer(tmp_path).hardware == "local"


@pytest.mark.parametrize(
    ("passes", "lowest", "alone"),
    [
        ([3.0, 1.0, 1.01], 1.0, False),
        ([1.0, 2.0, 4.0], 1.0, True),
        ([1.02, 1.0], 1.0, False),
        ([1.04, 1.0], 1.0, True),
        ([1.0], 1.0, True),
    ],
)
def test_the_lowest_pass_counts_and_is_alone_where_no_second_confirms_it(
    passes: list[float], lowest: float, alone: bool
) -> None:
    found, is_alone = lowest_pass(np.array(passes)[:, None], 0.03)
    assert (found.tolist(), is_alone.tolist()) == ([lowest], [alone])
