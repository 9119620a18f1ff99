"""A backbone to look at comes from a run folder, or from anybody's logits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codesign.search.backbone_record import BackboneRecord
from codesign.walk.finished_backbone import HEAD_SHARE, of_logits, of_run
from codesign.walk.record_file import write_record
from codesign.walk.run_folder import RunFolder
from runtime.contract.errors import ConfigError, DataError
from tests.codesign.search.records import record


def keep(folder: Path, *records: BackboneRecord) -> None:
    folder.mkdir(parents=True)
    for one in records:
        write_record(folder / f"{one.name}.npz", one)


def logits_file(path: Path, *, exits: int = 4, cost: list[float] | None = None) -> Path:
    rng = np.random.default_rng(0)
    more = {} if cost is None else {"cost": np.asarray(cost)}
    np.savez(path, logits=rng.normal(size=(exits, 30, 5)), labels=rng.integers(0, 5, 30), **more)
    return path


def test_the_most_accurate_finalist_is_taken(tmp_path: Path) -> None:
    good, bad, best_unfinished = record((1,), skill=0.6), record((0,), skill=0.3), record((2,), skill=1.5)
    keep(RunFolder(tmp_path).backbones, best_unfinished)
    keep(RunFolder(tmp_path).finalists, good, bad)
    assert of_run(tmp_path, None).genome == (1,)
    assert of_run(tmp_path, best_unfinished.name).genome == (2,)


def test_before_there_are_finalists_any_evaluated_backbone_will_do(tmp_path: Path) -> None:
    keep(RunFolder(tmp_path).backbones, record((0,), skill=0.3), record((2,), skill=1.5))
    assert of_run(tmp_path, None).genome == (2,)


def test_a_run_without_backbones_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no evaluated backbone is kept here"):
        of_run(tmp_path, None)
    with pytest.raises(ConfigError, match="no such folder"):
        of_run(tmp_path / "none", None)
    keep(RunFolder(tmp_path).finalists, record((0,)))
    with pytest.raises(ConfigError, match="no backbone 'zebra'"):
        of_run(tmp_path, "zebra")


def test_assumed_work_is_spread_as_the_costs_are(tmp_path: Path) -> None:
    given = of_logits(logits_file(tmp_path / "l.npz", exits=3, cost=[1.0, 3.0, 4.0]), 100.0)
    assert [segment[0].macs for segment in given.works.segments] == pytest.approx([25.0, 50.0, 25.0])
    assert [head.macs for head in given.works.heads] == pytest.approx([100 * HEAD_SHARE, 100 * HEAD_SHARE, 0.0])
    assert given.static.macs == pytest.approx(100.0)


def test_without_costs_it_is_even_and_the_log_is_that_of_the_logits(tmp_path: Path) -> None:
    given = of_logits(logits_file(tmp_path / "l.npz"), 100.0)
    assert [segment[0].macs for segment in given.works.segments] == pytest.approx([25.0] * 4)
    with np.load(tmp_path / "l.npz") as arrays:
        np.testing.assert_array_equal(given.log.predictions, arrays["logits"].argmax(axis=2))


def test_logits_that_cannot_be_searched_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no early exit to choose"):
        of_logits(logits_file(tmp_path / "one.npz", exits=1), 100.0)
    with pytest.raises(DataError, match="zero throughout"):
        of_logits(logits_file(tmp_path / "free.npz", exits=2, cost=[0.0, 0.0]), 100.0)
