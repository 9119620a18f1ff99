"""A genome becomes a record: by the network that will be served, once, and kept."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from codesign.backbones.batches import as_tensor
from codesign.walk.evaluate import Evaluator, exit_log, record_of, to_exited_backbone
from codesign.walk.run_folder import RunFolder
from runtime.contract.entropy import entropy_nats
from runtime.contract.errors import ConfigError, StorageError
from runtime.contract.work import NO_WORK, total
from tests.codesign.walk.conftest import Parts

GENOME = (0, 1, 1, 0, 1, 0, 1, 0, 1)  # two blocks, then three


def evaluator_in(parts: Parts, folder: RunFolder) -> Evaluator:
    return Evaluator(parts.evaluator.supernet, parts.evaluator.heads, parts.data, folder)


def test_a_record_is_the_same_made_again_or_read_back(parts: Parts, empty_folder: RunFolder) -> None:
    made = evaluator_in(parts, empty_folder)(GENOME)
    read = evaluator_in(parts, empty_folder)(GENOME)
    again = parts.evaluator(GENOME)
    for other in (read, again):
        assert (other.genome, other.works, other.static) == (made.genome, made.works, made.static)
        np.testing.assert_array_equal(other.log.entropy_nats, made.log.entropy_nats)
        np.testing.assert_array_equal(other.log.predictions, made.log.predictions)


def test_what_was_evaluated_is_not_evaluated_again(
    parts: Parts, empty_folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluator = evaluator_in(parts, empty_folder)
    evaluator(GENOME)
    monkeypatch.setattr(Evaluator, "network", lambda *_: pytest.fail("evaluated again"))
    evaluator(GENOME)


def test_a_damaged_record_is_not_taken_for_one(parts: Parts, empty_folder: RunFolder) -> None:
    evaluator = evaluator_in(parts, empty_folder)
    name = evaluator(GENOME).name
    path = empty_folder.backbones / f"{name}.npz"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(StorageError, match=f"a saved step cannot be read.*\n  where: .*{name}.npz\n  to do: delete it"):
        evaluator(GENOME)


def test_the_log_is_what_the_network_answers_on_select(parts: Parts) -> None:
    network, select = parts.evaluator.network(GENOME), parts.data.select
    with torch.no_grad():
        logits = network(as_tensor(select.images, parts.data.input)).numpy()
    log = parts.evaluator(GENOME).log
    np.testing.assert_array_equal(log.labels, select.labels)
    np.testing.assert_array_equal(log.predictions, logits.argmax(axis=2))
    for found, of_exit in zip(log.entropy_nats, logits, strict=True):
        np.testing.assert_allclose(found, entropy_nats(of_exit), atol=1e-4)


def test_work_is_counted_per_segment_with_a_head_at_every_exit_but_the_end(parts: Parts) -> None:
    record = parts.evaluator(GENOME)
    assert len(record.works.segments) == len(record.works.heads) == record.log.candidates == 5
    assert record.works.heads[-1] == NO_WORK
    assert all(head.macs > 0 for head in record.works.heads[:-1])
    whole = total(block for segment in record.works.segments for block in segment)
    assert whole.macs == pytest.approx(record.static.macs)  # entropy multiplies nothing
    assert whole.traffic_bytes > total(record.static.blocks).traffic_bytes


def test_a_larger_genome_is_more_work(parts: Parts) -> None:
    space = parts.evaluator.supernet.space
    smallest, largest = (tuple(map(int, space.encode(d))) for d in (space.smallest(), space.largest()))
    assert parts.evaluator(smallest).static.macs < parts.evaluator(GENOME).static.macs
    assert parts.evaluator(GENOME).static.macs < parts.evaluator(largest).static.macs


def test_a_design_is_decoded_by_the_space_of_the_supernet(parts: Parts) -> None:
    design = parts.evaluator.design(GENOME)
    assert [stage.depth for stage in design.stages] == [2, 3]
    with pytest.raises(ConfigError, match="a genome of space 'small' has 9 genes, got 2"):
        parts.evaluator.design((0, 1))


def test_a_log_can_be_taken_on_any_split(parts: Parts) -> None:
    exited = to_exited_backbone(parts.evaluator.network(GENOME), parts.data)
    log = exit_log(exited, parts.data, parts.data.test)
    assert log.samples == len(parts.data.test.labels)
    assert record_of(GENOME, exited, log).accuracy == float(log.correct[-1].mean())
