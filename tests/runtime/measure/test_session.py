"""A session carries out its plan, whole or after an interruption, and leaves the clocks as they were."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runtime.contract.errors import BoardError
from runtime.measure.apparatus import Apparatus, header
from runtime.measure.network import Network
from runtime.measure.plan import Plan, Quality, fingerprint
from runtime.measure.records_file import Records, open_records, read_records
from runtime.measure.session import Summary, carry_out, check_points
from runtime.measure.time_source import TimeSource

from .small_plan import CHAIN, FAST, LONE, PLAIN, SLOW, HandClocks, HandTime, apparatus, small_plan, write_networks


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_networks(tmp_path)
    return tmp_path


def measured(
    plan: Plan, folder: Path, at_hand: Apparatus | None = None, time: TimeSource | None = None, resume: bool = False
) -> tuple[Summary, Records, list[str]]:
    at_hand, time = at_hand or apparatus(), time or HandTime().source
    notes: list[str] = []
    head = header(at_hand, fingerprint(plan, folder), "now")
    with open_records(folder / "m.jsonl", head, resume=resume) as file:
        summary = carry_out(
            plan, folder, at_hand, file, time=time, tick=lambda done, of, note: notes.append(f"{done}/{of} {note}")
        )
    return summary, read_records(folder / "m.jsonl"), notes


def test_every_subject_is_measured_at_every_point(folder: Path) -> None:
    plan = small_plan(points=(SLOW, FAST))
    summary, records, _ = measured(plan, folder, apparatus(clocks=HandClocks()))
    assert summary == Summary(measured=6, kept=0, noisy=())
    assert records.done == {(subject.id, point) for subject in (CHAIN, LONE, PLAIN) for point in (SLOW, FAST)}
    assert [len(record.prefixes) for record in records.measurements if record.subject == "chain"] == [3, 3]


def test_the_order_is_random_and_follows_the_seed(folder: Path, tmp_path: Path) -> None:
    orders = set()
    for seed in range(6):
        _, records, _ = measured(small_plan(seed=seed), folder)
        orders.add(tuple(record.subject for record in records.measurements))
        (tmp_path / "m.jsonl").unlink()
    assert len(orders) > 1
    _, again, _ = measured(small_plan(seed=5), folder)
    assert tuple(record.subject for record in again.measurements) in orders


def test_the_reference_is_measured_first_after_every_batch_and_last(folder: Path) -> None:
    _, records, notes = measured(small_plan(), folder)
    assert len(records.references_s) == 3  # before, after two tasks, after the third
    assert [index for index, note in enumerate(notes) if "reference" in note] == [0, 5, 8]
    assert notes[-1] == "3/3 done"


def test_after_an_interruption_only_the_rest_is_measured(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held, runs, original = HandClocks(), 0, Network.run
    at_hand = apparatus(clocks=held)

    def interrupted(self: Network, *arguments) -> list[float]:  # type: ignore[no-untyped-def]
        nonlocal runs
        runs += 1
        if runs > 70:
            assert held.current() == SLOW
            raise KeyboardInterrupt
        return original(self, *arguments)

    monkeypatch.setattr(Network, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        measured(small_plan(points=(SLOW,)), folder, at_hand)
    assert held.current() == FAST
    saved = read_records(folder / "m.jsonl")
    assert len(saved.measurements) == 2
    monkeypatch.setattr(Network, "run", original)
    summary, records, _ = measured(small_plan(points=(SLOW,)), folder, at_hand, resume=True)
    assert (summary.measured, summary.kept) == (1, 2)
    assert records.measurements[:2] == saved.measurements
    assert len(records.done) == 3


def test_a_finished_plan_is_not_measured_again(folder: Path) -> None:
    measured(small_plan(), folder)
    summary, records, notes = measured(small_plan(), folder, resume=True)
    assert (summary.measured, summary.kept) == (0, 3)
    assert notes == ["3/3 done"]
    assert len(records.references_s) == 3


def test_a_machine_that_changes_has_its_tasks_marked_noisy(folder: Path) -> None:
    time = HandTime()
    time._step_s = lambda: 1e-3 * (1.0 + time.at_s)  # slower and slower
    plan = small_plan(CHAIN, LONE, quality=Quality(every=1, attempts=2))
    summary, records, notes = measured(plan, folder, time=time.source)
    assert len(summary.noisy) == 2
    assert all(record.noisy and record.attempts == 2 for record in records.measurements)
    assert any("the reference changed by" in why for record in records.measurements for why in record.why_noisy)
    assert any("attempt 2" in note for note in notes)
    assert summary.noisy[0].startswith(f"{records.measurements[0].subject} at the clocks found: ")


def test_the_reference_keeps_to_one_point(folder: Path) -> None:
    held = HandClocks()
    points = held.asked
    measured(small_plan(CHAIN, points=(SLOW, FAST)), folder, apparatus(clocks=held))
    assert (points[0], points[-1]) == (FAST, FAST)  # the fastest of the plan's
    points.clear()
    (folder / "m.jsonl").unlink()
    measured(small_plan(CHAIN, points=(None, SLOW)), folder, apparatus(clocks=held))
    assert points == [SLOW, SLOW]  # one task in two halves; the reference at the clocks found


def test_a_plan_with_clocks_needs_clocks() -> None:
    with pytest.raises(BoardError, match=r"this machine's cannot be set\n  where: test machine(.|\n)*as_found"):
        check_points(small_plan(points=(SLOW,)), apparatus())
    check_points(small_plan(points=(SLOW,), without_clocks="as_found"), apparatus())
    check_points(small_plan(), apparatus())


def test_a_point_that_is_not_on_offer_is_named_before_anything_is_measured() -> None:
    strange = replace(SLOW, gpu_hz=301_000_000)
    with pytest.raises(BoardError, match=r"does not offer the clocks CPU 800 · GPU 301(.|\n)*doctor"):
        check_points(small_plan(points=(SLOW, strange)), apparatus(clocks=HandClocks()))
    check_points(small_plan(points=(SLOW, FAST)), apparatus(clocks=HandClocks()))


def test_clocks_found_instead_are_said_in_every_record(folder: Path) -> None:
    plan = small_plan(CHAIN, points=(SLOW,), without_clocks="as_found")
    _, records, _ = measured(plan, folder)
    (record,) = records.measurements
    assert (record.requested, record.applied, record.pinned) == (SLOW, None, False)
