"""codesign/walk/archive.py: what was evaluated, on what, and how surely, each thing once."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from codesign.search.ledger import ChainResult
from codesign.walk.archive import RunArchive, front_chains, note_measured
from codesign.walk.archive_file import OWN_HEADS, SHARED_HEADS, read_archive
from codesign.walk.far_work import Failed
from codesign.walk.run_folder import RunFolder
from tests.codesign.walk.conftest import Parts


def archive_in(parts: Parts, folder: RunFolder) -> RunArchive:
    return RunArchive(folder, parts.evaluator.supernet, parts.data, parts.settings.score, 0)


def test_a_run_archives_all_it_evaluated_with_how_surely_and_on_what(parts: Parts) -> None:
    entries = read_archive(parts.folder.archive).entries
    backbones = [entry for entry in entries if (entry.what, entry.fidelity) == ("backbone", SHARED_HEADS)]
    assert {f"{entry.name}.npz" for entry in backbones} == {file.name for file in parts.folder.backbones.iterdir()}
    own = {entry.name for entry in entries if entry.fidelity == OWN_HEADS}
    assert own == {file.stem for file in parts.folder.finalists.glob("*.safetensors")}
    for entry in backbones:
        assert set(entry.circumstances) == {"space", "images", "supernet", "heads", "score"}
        assert entry.circumstances["images"] == parts.data.fingerprint
        assert set(entry.made) == {"version", "time", "seed"}
        record = parts.evaluator(tuple(entry.values["genome"]))
        assert entry.values["accuracy"] == record.accuracy
        assert entry.values["exit_accuracies"] == pytest.approx(record.log.correct.mean(axis=1)[:-1])


def test_a_backbone_that_failed_is_archived_with_the_reason_and_each_thing_once(
    parts: Parts, empty_folder: RunFolder
) -> None:
    shutil.copy(parts.folder.heads, empty_folder.heads)
    for _ in range(2):  # the second time as a resumed run
        archive = archive_in(parts, empty_folder)
        archive.add_backbones([Failed((0,) * 9, "its graph has no end")])
    (entry,) = read_archive(empty_folder.archive).entries
    assert entry.values == {"genome": [0] * 9, "failed": "its graph has no end"}
    assert entry.files == {}


def test_measured_costs_are_archived_with_where_they_were_measured(parts: Parts, empty_folder: RunFolder) -> None:
    archive = archive_in(parts, empty_folder)
    archive.add_costs([{"name": "b1", "measured": 0.002}], "latency", "a board")
    (entry,) = read_archive(empty_folder.archive).entries
    assert (entry.what, entry.fidelity, entry.name) == ("cost", "measured", "b1 on a board")
    assert entry.values == {"latency": 0.002}


def test_the_front_of_no_results_is_empty_and_of_some_the_cheapest_first(parts: Parts) -> None:
    record = parts.evaluator((0,) * 9)
    front = parts.solver((record,))
    assert front is not None
    assert front_chains([ChainResult((record,), None)], 0.0) == []
    dear = replace(front, energy_j=front.energy_j * 2, accuracy=np.minimum(front.accuracy + 0.01, 1.0))
    other = replace(record, genome=(1,) * 9)
    results = [ChainResult((other,), dear), ChainResult((record,), front)]
    assert front_chains(results, 0.0) == [(record.genome,), (other.genome,)]
    assert front_chains(results, float(front.accuracy.max()) + 1e-9) == [(other.genome,)]


def test_what_a_design_took_on_a_board_is_archived_beside_what_was_predicted(empty_folder: RunFolder) -> None:
    figures = {"measured_latency_s": 0.002, "measured_energy_j": None, "predicted_latency_s": 0.001}
    row = {"name": "balanced", **figures, "predicted_energy_j": 0.003}
    results = {
        "modes": [{"name": "balanced", "design": "d1"}],
        "verification": {"bundle_id": "abc"},
        "measured": {"hardware": "a board", "rows": [row, {**row, "name": "static_max_clocks"}]},
    }
    for _ in range(2):  # resumed, it is the same measurement
        note_measured(empty_folder, results)
    (entry,) = read_archive(empty_folder.archive).entries
    assert (entry.what, entry.fidelity, entry.name) == ("design", "measured", "balanced (d1) on a board")
    assert entry.circumstances == {"bundle": "abc", "on": "a board"}
    assert entry.values == {**figures, "predicted_energy_j": 0.003}
    note_measured(empty_folder, {})
    assert len(read_archive(empty_folder.archive).entries) == 1
