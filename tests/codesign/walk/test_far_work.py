"""Where backbones are evaluated, chains solved and heads trained changes nothing of what comes of it."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from codesign.scale.in_process import InProcess
from codesign.scale.workplace import Given, Heard, Item, Result, Task, Workplace
from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.walk.evaluate import Evaluator
from codesign.walk.far_work import (
    Failed,
    HeadsToTrain,
    evaluate_all,
    evaluated,
    own_heads,
    own_heads_path,
    solve_all,
    solved,
    train_all,
)
from codesign.walk.progress import unheard_tick
from codesign.walk.run_folder import RunFolder
from codesign.walk.search_step import train_finalist, train_finalists
from runtime.contract.errors import EngineError, StorageError
from tests.codesign.walk.conftest import Parts

GENOMES: tuple[Genome, ...] = ((0, 1, 1, 0, 1, 0, 1, 0, 1), (0, 0, 0, 0, 0, 0, 0, 0, 0), (0, 1, 1, 0, 1, 1, 1, 0, 1))
HERE = InProcess()


@dataclass
class Backwards:
    """A workplace where the last item is done first; it can break off."""

    breaks_after: int | None = None
    done: list[Any] = field(default_factory=list)

    def run(
        self,
        task: Task[Given, Item, Result],
        given: Given,
        items: list[Item],
        heard: Heard[Result],
        board: str | None = None,  # noqa: ARG002
    ) -> list[Result]:
        found = {}
        for number in reversed(range(len(items))):
            if self.breaks_after is not None and len(self.done) == self.breaks_after:
                raise KeyboardInterrupt
            found[number] = task(given, items[number])
            self.done.append(items[number])
            heard(number, found[number])
        return [found[number] for number in range(len(items))]


@pytest.fixture
def evaluator(parts: Parts, empty_folder: RunFolder) -> Evaluator:
    """The small run's, with nothing evaluated yet."""
    return Evaluator(parts.evaluator.supernet, parts.evaluator.heads, parts.data, empty_folder)


def contents(folder: Path) -> dict[str, dict[str, bytes]]:
    found = {}
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as arrays:
            found[path.name] = {name: arrays[name].tobytes() for name in arrays.files}
    return found


def nothing(*_: object) -> None:
    """Nobody counts."""


def test_records_are_the_same_wherever_and_in_whatever_order_they_were_made(evaluator: Evaluator) -> None:
    backwards: Workplace = Backwards()  # type: ignore[assignment]
    noted: list[Genome] = []
    found = evaluate_all(evaluator, [*GENOMES, GENOMES[0]], backwards, noted.append)
    assert [one.genome for one in found] == [*GENOMES, GENOMES[0]]
    assert noted == [*reversed(GENOMES)]
    one_by_one = [evaluator.fresh(genome) for genome in GENOMES]
    for record, again in zip(found, one_by_one, strict=False):
        assert isinstance(record, BackboneRecord)
        assert record.works == again.works
        np.testing.assert_array_equal(record.log.entropy_nats, again.log.entropy_nats)


def test_on_a_cluster_the_run_folder_holds_the_same_bytes_as_in_this_process(
    parts: Parts, evaluator: Evaluator, cluster: Workplace, tmp_path: Path
) -> None:
    from codesign.walk.run_folder import start

    elsewhere = start(tmp_path / "elsewhere", {}, {}, resume=False)
    far = Evaluator(evaluator.supernet, evaluator.heads, evaluator.data, elsewhere)
    fronts = []
    for place, one in ((HERE, evaluator), (cluster, far)):
        records = [r for r in evaluate_all(one, GENOMES, place, nothing) if isinstance(r, BackboneRecord)]
        chains = [(records[1], records[0]), (records[2],)]
        fronts.append(solve_all(parts.solver, chains, one.folder, place, nothing))
        train_finalists(one, GENOMES[:2], parts.preset.training, 1, 0, unheard_tick, place)
    here = evaluator.folder
    assert len(contents(here.backbones)) == 3
    assert contents(here.backbones) == contents(elsewhere.backbones)
    assert len(contents(here.fronts)) == 2
    assert contents(here.fronts) == contents(elsewhere.fronts)
    assert len(contents(here.logits)) == 2
    assert contents(here.logits) == contents(elsewhere.logits)
    for genome in GENOMES[:2]:
        assert own_heads_path(here, genome).read_bytes() == own_heads_path(elsewhere, genome).read_bytes()


def test_what_is_kept_is_read_and_what_came_back_before_an_interruption_is_kept(evaluator: Evaluator) -> None:
    breaks: Any = Backwards(breaks_after=2)
    with pytest.raises(KeyboardInterrupt):
        evaluate_all(evaluator, GENOMES, breaks, nothing)
    goes_on: Any = Backwards()
    evaluate_all(evaluator, GENOMES, goes_on, nothing)
    assert goes_on.done == [GENOMES[0]]


def test_a_backbone_that_cannot_be_evaluated_is_told_and_neither_kept_nor_fatal(
    evaluator: Evaluator, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = evaluator.fresh

    def broken(genome: Genome) -> BackboneRecord:
        if genome == GENOMES[1]:
            raise EngineError("exit 0 answers something that is not a number")
        return fresh(genome)

    monkeypatch.setattr(evaluator, "fresh", broken)
    found = evaluate_all(evaluator, GENOMES, HERE, nothing)
    assert found[1] == Failed(GENOMES[1], "exit 0 answers something that is not a number")
    assert evaluated(evaluator, GENOMES[1]) == found[1]
    assert len(contents(evaluator.folder.backbones)) == 2


def test_a_damaged_record_ends_the_run(evaluator: Evaluator) -> None:
    evaluate_all(evaluator, GENOMES[:1], HERE, nothing)
    next(iter(evaluator.folder.backbones.iterdir())).write_bytes(b"no archive")
    with pytest.raises(StorageError, match="a saved step cannot be read"):
        evaluate_all(evaluator, GENOMES[:1], HERE, nothing)


def test_a_front_that_is_kept_is_not_solved_again(parts: Parts, evaluator: Evaluator) -> None:
    chain = (evaluator.fresh(GENOMES[0]),)
    (first,) = solve_all(parts.solver, [chain], evaluator.folder, HERE, nothing)
    again: Any = Backwards()
    counted: list[None] = []
    (second,) = solve_all(parts.solver, [chain], evaluator.folder, again, lambda: counted.append(None))
    assert again.done == []
    assert len(counted) == 1
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first.energy_j, second.energy_j)
    fresh = solved(parts.solver, chain)
    assert fresh is not None
    np.testing.assert_array_equal(first.energy_j, fresh.energy_j)


def heads_of(genome: Genome, parts: Parts, tick: Callable[[int, int, str], None]) -> HeadsToTrain:
    return HeadsToTrain(genome, parts.preset.training, 1, 0, tick)


def test_heads_come_out_the_same_however_many_threads_the_machine_has(parts: Parts, evaluator: Evaluator) -> None:
    heads, found = heads_of(GENOMES[0], parts, unheard_tick), torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = own_heads(evaluator, heads)
        torch.set_num_threads(3)
        three = own_heads(evaluator, heads)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(found)
    assert all(torch.equal(tensor, three[name]) for name, tensor in one.items())


def test_heads_that_are_kept_are_not_trained_again(parts: Parts, evaluator: Evaluator) -> None:
    ticks: list[tuple[int, int, str]] = []
    heads = [heads_of(genome, parts, unheard_tick) for genome in GENOMES[:2]]
    train_all(evaluator, heads[:1], HERE, unheard_tick)
    again: Any = Backwards()
    train_all(evaluator, heads, again, lambda *told: ticks.append(told))
    assert again.done == heads[1:]
    assert ticks == [(1, 1, "backbones with heads of their own")]


def test_several_finalists_are_each_what_it_would_be_alone(parts: Parts, evaluator: Evaluator) -> None:
    recipe = parts.preset.training
    found = train_finalists(evaluator, GENOMES[:2], recipe, 1, 0, unheard_tick)
    assert list(found) == list(GENOMES[:2])
    own_heads_path(evaluator.folder, GENOMES[1]).unlink()
    alone = train_finalist(evaluator, GENOMES[1], recipe, 1, 0, unheard_tick)
    np.testing.assert_array_equal(found[GENOMES[1]].logits, alone.logits)


def test_the_steps_of_a_training_are_heard_in_this_process_and_not_sent_away(
    parts: Parts, evaluator: Evaluator
) -> None:
    ticks: list[tuple[int, int, str]] = []
    heads = heads_of(GENOMES[0], parts, lambda *told: ticks.append(told))
    own_heads(evaluator, heads)
    assert ticks[0][2].startswith("epoch 1/1")
    sent = pickle.loads(pickle.dumps(heads))  # noqa: S301 (just written)
    assert sent == heads_of(GENOMES[0], parts, unheard_tick)
