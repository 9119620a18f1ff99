"""Sums over a minute of one mode."""

from __future__ import annotations

from runtime.contract.operating_point import OperatingPoint
from runtime.contract.telemetry_batch import AGGREGATE, COLUMNS
from runtime.telemetry.inference import Circumstances, Inference, ServedAs
from runtime.telemetry.minute import Minute, khz, micro, milli

SERVED = ServedAs("b", "m", (0.001, 0.003), (0.010, 0.030), energy_kind="measured")


def test_a_minute_adds_up_and_leaves_out_energy_that_is_not_known() -> None:
    minute = Minute([0, 0])
    minute.add(Inference(1.0, SERVED, 0, 0.5, 0.004, 0.002, 0.01))
    minute.add(Inference(2.0, SERVED, 1, 0.1, 0.008, 0.003, None))
    row = minute.row(
        SERVED, at_s=60.0, seconds=60.0, refused=2, board_j=None, hottest_c=51.5, last=Circumstances(throttled=3)
    )
    assert row.keys() == COLUMNS[AGGREGATE].keys()
    assert (row["exits"], row["images"], row["refused"]) == ("1,1", 2, 2)
    assert (row["energy_uj"], row["energy_images"], row["board_uj"]) == (10_000, 1, None)
    assert (row["promised_uj"], row["promised_us"], row["run_us"]) == (40_000, 4000, 5000)
    assert (row["latency_us"], row["latency_most_us"], row["entropy_unats"]) == (12_000, 8000, 600_000)
    assert (row["temperature_mc"], row["throttled"], row["applied_khz"]) == (51_500, 3, None)


def test_energy_that_cannot_be_compared_with_the_promise_is_in_no_sum() -> None:
    minute, shared_out = Minute([0]), ServedAs("b", "m", (0.001,), (0.010,), comparable=False)
    minute.add(Inference(1.0, shared_out, 0, 0.5, 0.004, 0.002, 0.01))
    assert (minute.images, minute.energy_images, minute.energy_j) == (1, 0, 0.0)


def test_units_are_those_of_the_columns() -> None:
    assert micro(1.5) == 1_500_000
    assert (milli(1.5), milli(None)) == (1500, None)
    assert khz(OperatingPoint(1_000_000_000, 2_000_000_000, 3_000_000_000)) == "1000000/2000000/3000000"
