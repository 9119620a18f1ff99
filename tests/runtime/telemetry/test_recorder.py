from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.contract.errors import ConfigError
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.telemetry_batch import AGGREGATE, EVENT, INFERENCE, SAMPLE, decode
from runtime.telemetry.inference import Circumstances, Inference, Recording, ServedAs
from runtime.telemetry.recorder import KeepsNothing, TelemetryRecorder
from runtime.telemetry.spool import Spool

SERVED = ServedAs("bundle-1", "balanced", (0.001, 0.003), (0.010, 0.030), "VDD_IN", "sampled", 0.04, "measured")
FRUGAL = ServedAs("bundle-1", "frugal", (0.001,), (0.010,))
POINT = OperatingPoint(1_728_000_000, 1_020_000_000, 2_133_000_000)


class World:
    """A clock and a board that a test moves."""

    def __init__(self) -> None:
        self.now_s, self.board_j, self.temperature_c = 100.0, 0.0, 50.0

    def circumstances(self) -> Circumstances:
        return Circumstances(POINT, POINT, self.temperature_c, 0, self.board_j)

    def pass_(self, seconds: float) -> None:
        self.now_s, self.board_j = self.now_s + seconds, self.board_j + 5.0 * seconds


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(tmp_path / "spool", "d1", "b1") as spool:
        yield spool


def recorder_of(world: World, spool: Spool, **changes: Any) -> TelemetryRecorder:
    recording = Recording(**({"keep_one_in": 1} | changes))
    return TelemetryRecorder(
        spool, world.circumstances, recording, now_s=lambda: world.now_s, wall_s=lambda: world.now_s + 1e9
    )


def inference(
    world: World, exit_index: int = 0, served: ServedAs = SERVED, energy_j: float | None = 0.012
) -> Inference:
    return Inference(world.now_s, served, exit_index, 0.25, 0.004, 0.002, energy_j)


def rows(spool: Spool, row_class: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for item in spool.waiting(1 << 30):
        if item.row_class == row_class:
            batch = decode(item.content)
            found += [{name: values[k] for name, values in batch.columns.items()} for k in range(len(batch))]
    return found


def test_an_inference_becomes_a_row_with_what_was_promised_and_where_it_ran(world: World, spool: Spool) -> None:
    recorder = recorder_of(world, spool)
    recorder.note(inference(world, exit_index=1))
    recorder.tick()
    recorder.commit()
    (row,) = rows(spool, INFERENCE)
    assert row["at_us"] == 100_000_000
    assert (row["exit_index"], row["entropy_unats"], row["latency_us"], row["run_us"]) == (1, 250_000, 4000, 2000)
    assert (row["energy_uj"], row["promised_uj"], row["promised_us"]) == (12_000, 30_000, 3000)
    assert (row["energy_scope"], row["energy_quantum_mw"], row["energy_kind"]) == ("VDD_IN", 40, "measured")
    assert row["applied_khz"] == "1728000/1020000/2133000"
    assert (row["temperature_mc"], row["throttled"]) == (50_000, 0)


def test_an_image_that_ran_in_a_batch_has_no_time_of_its_own(world: World, spool: Spool) -> None:
    recorder = recorder_of(world, spool)
    recorder.note(inference(world)._replace(batch_images=4))
    recorder.close()
    assert rows(spool, INFERENCE)[0]["run_us"] is None
    assert rows(spool, AGGREGATE)[0]["run_us"] == 2000  # its share counts among all


def test_what_is_not_known_is_null(world: World, spool: Spool) -> None:
    recorder = TelemetryRecorder(spool, Circumstances, Recording(keep_one_in=1), now_s=lambda: world.now_s)
    recorder.note(inference(world, served=FRUGAL, energy_j=None))
    recorder.close()
    (row,) = rows(spool, INFERENCE)
    for name in ("energy_uj", "energy_scope", "energy_quantum_mw", "applied_khz", "temperature_mc", "throttled"):
        assert row[name] is None
    (minute,) = rows(spool, AGGREGATE)
    assert (minute["energy_uj"], minute["energy_images"], minute["board_uj"]) == (None, 0, None)


def test_nothing_is_committed_before_the_window_ends(world: World, spool: Spool) -> None:
    recorder = recorder_of(world, spool, commit_s=30.0)
    for _ in range(29):
        recorder.note(inference(world))
        world.pass_(1.0)
        recorder.tick()
    assert spool.waiting(1 << 20) == []
    world.pass_(1.0)
    recorder.tick()
    assert len(rows(spool, INFERENCE)) == 29


def test_a_minute_adds_up_what_happened_in_it(world: World, spool: Spool) -> None:
    recorder = recorder_of(world, spool, keep_one_in=0)
    for k in range(61):
        recorder.refused(k % 2)
        recorder.note(inference(world, exit_index=k % 2, energy_j=0.012 if k < 30 else None))
        world.pass_(1.0)
        world.temperature_c = 70.0 if k == 20 else 50.0
        recorder.tick()
    recorder.close()
    first = rows(spool, AGGREGATE)[0]
    assert rows(spool, INFERENCE) == []
    assert (first["exits"], first["images"], first["seconds_us"]) == ("30,30", 60, 60_000_000)
    assert (first["energy_uj"], first["energy_images"]) == (360_000, 30)
    assert (first["promised_uj"], first["promised_us"]) == (30 * 10_000 + 30 * 30_000, 30 * 1000 + 30 * 3000)
    assert first["temperature_mc"] == 70_000
    assert first["refused"] == 30
    assert sum(minute["images"] for minute in rows(spool, AGGREGATE)) == 61


def test_what_was_refused_is_told_once_and_not_lost_in_a_minute_without_images(world: World, spool: Spool) -> None:
    recorder = recorder_of(world, spool)
    recorder.refused(7)
    world.pass_(60.0)
    recorder.tick()
    recorder.note(inference(world))
    recorder.note(inference(world, served=FRUGAL))
    recorder.close()
    assert [row["refused"] for row in rows(spool, AGGREGATE)] == [7, 0]


def test_the_hottest_moment_may_have_been_at_zero_degrees(world: World, spool: Spool) -> None:
    recorder = recorder_of(world, spool)
    recorder.note(inference(world))
    for world.temperature_c in (-3.0, 0.0, -5.0):
        recorder.tick()
    recorder._end_minute(world.now_s)
    recorder.commit()
    assert rows(spool, AGGREGATE)[0]["temperature_mc"] == 0


def test_modes_have_minutes_of_their_own_and_share_no_board_energy(world: World, spool: Spool) -> None:
    recorder = recorder_of(world, spool)
    recorder.note(inference(world))
    recorder.note(inference(world, served=FRUGAL))
    recorder.close()
    assert {(row["mode"], row["board_uj"]) for row in rows(spool, AGGREGATE)} == {("balanced", None), ("frugal", None)}


@settings(deadline=None, max_examples=25)
@given(noted=st.lists(st.integers(0, 400), max_size=6), one_in=st.integers(1, 20))
def test_every_inference_is_in_a_minute_and_one_in_so_many_is_a_row(
    noted: list[int], one_in: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    world = World()
    with Spool(tmp_path_factory.mktemp("spool") / "spool", "d1", "b1") as spool:
        recorder = recorder_of(world, spool, keep_one_in=one_in)
        for count in noted:
            for _ in range(count):
                recorder.note(inference(world))
            world.pass_(20.0)
            recorder.tick()
        recorder.close()
        assert sum(row["images"] for row in rows(spool, AGGREGATE)) == sum(noted)
        assert 0 <= len(rows(spool, INFERENCE)) - sum(noted) // one_in <= 1  # of the last, unfinished ten, perhaps


def test_a_clients_own_rhythm_does_not_decide_what_is_kept(world: World, spool: Spool) -> None:
    recorder = recorder_of(world, spool, keep_one_in=10)
    for k in range(5000):  # every fifth request asks for another mode
        recorder.note(inference(world, served=FRUGAL) if k % 5 == 0 else inference(world))
    recorder.close()
    kept = [row["mode"] for row in rows(spool, INFERENCE)]
    assert len(kept) == 500
    assert 60 < kept.count("frugal") < 140  # 100 are to be expected, give or take 9


def test_a_queue_that_overflows_drops_and_says_how_many(world: World, spool: Spool) -> None:
    recorder = recorder_of(world, spool, queue=10)
    for _ in range(25):
        recorder.note(inference(world))
    recorder.close()
    assert len(rows(spool, INFERENCE)) == 10
    (event,) = rows(spool, EVENT)
    assert event["text"].startswith("15 inferences were not recorded")


def test_events_travel_with_the_next_window(world: World, spool: Spool) -> None:
    recorder = recorder_of(world, spool)
    recorder.event("swapped", "another bundle", bundle_id="bundle-2")
    recorder.commit()
    (event,) = rows(spool, EVENT)
    assert (event["name"], event["bundle_id"], event["mode"]) == ("swapped", "bundle-2", None)
    assert not recorder.commit()  # nothing left


def test_a_running_recorder_commits_what_is_left_when_it_is_closed(world: World, spool: Spool) -> None:
    recorder = recorder_of(world, spool)
    recorder.start()
    recorder.note(inference(world))
    recorder.close()
    assert len(rows(spool, INFERENCE)) == 1


@pytest.mark.parametrize("changes", [{"commit_s": 0.0}, {"commit_s": 1e9}, {"keep_one_in": -1}, {"minute_s": 0.0}])
def test_recordings_that_cannot_be_meant_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Recording(**changes)


class Watching:
    """Keeps what it was shown."""

    def __init__(self) -> None:
        self.seen: list[Inference] = []
        self.ticks: list[Circumstances] = []

    def saw(self, inference: Inference) -> None:
        self.seen.append(inference)

    def ticked(self, last: Circumstances) -> None:
        self.ticks.append(last)


def test_watchers_see_every_inference_whether_or_not_it_is_kept(world: World) -> None:
    recorder = TelemetryRecorder(KeepsNothing(), world.circumstances, Recording(keep_one_in=0))
    watching = Watching()
    recorder.watchers.append(watching)
    for _ in range(3):
        recorder.note(inference(world))
    recorder.tick()
    assert len(watching.seen) == 3
    assert watching.ticks == [world.circumstances()]
    recorder.close()


def test_a_sample_is_committed_at_once(world: World, spool: Spool) -> None:
    recorder = recorder_of(world, spool)
    recorder.sample({"at_us": 1, "image_png": "iVBO"})
    assert [row["image_png"] for row in rows(spool, SAMPLE)] == ["iVBO"]


def test_a_minute_that_the_boards_meter_does_not_know_whole_has_no_board_energy(world: World, spool: Spool) -> None:
    recorder = recorder_of(world, spool, keep_one_in=0)
    for second in range(240):
        recorder.note(inference(world))
        world.pass_(1.0)
        if second == 150:
            world.board_j = 0.0  # it began anew
        recorder.tick()
    recorder.close()
    found = [minute["board_uj"] for minute in rows(spool, AGGREGATE)[:4]]
    whole = pytest.approx(5.0 * 60 * 1e6)
    assert found == [None, whole, None, whole]  # when the first began, nothing had been read


def test_an_entropy_that_no_exit_computed_is_null(world: World, spool: Spool) -> None:
    recorder = recorder_of(world, spool)
    recorder.note(inference(world)._replace(entropy_nats=math.nan))
    recorder.note(inference(world))
    recorder.close()
    assert [row["entropy_unats"] for row in rows(spool, INFERENCE)] == [None, 250_000]
    assert rows(spool, AGGREGATE)[0]["entropy_unats"] == 250_000
