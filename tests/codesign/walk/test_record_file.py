"""Records, logs and fronts come back from their files bit for bit, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.search.backbone_record import BackboneRecord
from codesign.search.chain_works import BackboneWorks
from codesign.search.inner_front import InnerFront
from codesign.walk.record_file import (
    FOOTPRINT_ARRAYS,
    FRONT_ARRAYS,
    read_front,
    read_log,
    read_record,
    write_front,
    write_log,
    write_record,
)
from codesign.walk.run_folder import read_arrays, write_arrays
from runtime.contract.cost import StageWork
from runtime.contract.errors import StorageError
from runtime.contract.work import Work
from tests.codesign.policy.logs import plausible_log
from tests.codesign.search.chains import backbone_works
from tests.codesign.search.limited import footprint
from tests.codesign.search.records import POINTS, record, solver

Reader = Callable[[Path], Any]


def front() -> InnerFront:
    found = solver()((record((0,)),))
    assert found is not None
    return found


def some_front(path: Path) -> InnerFront | None:
    return read_front(path, POINTS)


@pytest.mark.parametrize("seed", range(8))
def test_a_record_comes_back_bit_for_bit(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    works = backbone_works(rng, candidates := int(rng.integers(1, 6)))  # some segments are empty
    static = StageWork(tuple(Work(float(rng.random()) / 3.0, 1e9 / 7.0, 0.1) for _ in range(seed)))
    made = BackboneRecord((seed, 0, 3), works, static, plausible_log(candidates, 30, seed))
    write_record(tmp_path / "x.npz", made)
    read = read_record(tmp_path / "x.npz")
    assert (read.genome, read.works, read.static, read.name) == (made.genome, made.works, made.static, made.name)
    for name in ("entropy_nats", "predictions", "labels"):
        np.testing.assert_array_equal(getattr(read.log, name), getattr(made.log, name))
        assert getattr(read.log, name).dtype == getattr(made.log, name).dtype
    assert all(isinstance(gene, int) for gene in read.genome)


def test_entropies_keep_their_precision_and_their_nan(tmp_path: Path) -> None:
    log = plausible_log(2, 5, 0)
    log.entropy_nats[0, 1] = np.nan
    single = type(log)(log.entropy_nats.astype(np.float32), log.predictions, log.labels)
    write_log(tmp_path / "x.npz", single)
    read = read_log(tmp_path / "x.npz")
    assert read.entropy_nats.dtype == np.float32
    np.testing.assert_array_equal(read.entropy_nats, single.entropy_nats)


def test_a_front_comes_back_bit_for_bit(tmp_path: Path) -> None:
    write_front(tmp_path / "x.npz", made := front())
    read = read_front(tmp_path / "x.npz", POINTS)
    assert read is not None
    assert [read.design(row) for row in range(len(read))] == [made.design(row) for row in range(len(made))]


def test_that_there_is_no_front_comes_back_too(tmp_path: Path) -> None:
    write_front(tmp_path / "x.npz", None)
    assert read_front(tmp_path / "x.npz", POINTS) is None


@pytest.mark.parametrize("name", FRONT_ARRAYS)
def test_a_front_that_lacks_an_array_is_not_taken_for_no_front(tmp_path: Path, name: str) -> None:
    write_front(tmp_path / "x.npz", front())
    arrays = read_arrays(tmp_path / "x.npz")
    del arrays[name]
    write_arrays(tmp_path / "x.npz", arrays)
    with pytest.raises(StorageError, match=rf"a saved front lacks '{name}'\n  where: .*x\.npz\n  to do: delete it"):
        read_front(tmp_path / "x.npz", POINTS)
    write_arrays(tmp_path / "x.npz", {})
    with pytest.raises(StorageError, match="a saved front lacks 'level'"):
        read_front(tmp_path / "x.npz", POINTS)


@pytest.mark.parametrize(
    "name", ["genome", "blocks", "segment_of_block", "heads", "static", "entropy_nats", "predictions", "labels"]
)
def test_a_record_that_lacks_an_array_is_told(tmp_path: Path, name: str) -> None:
    write_record(tmp_path / "x.npz", record((0,)))
    arrays = read_arrays(tmp_path / "x.npz")
    del arrays[name]
    write_arrays(tmp_path / "x.npz", arrays)
    with pytest.raises(StorageError, match=rf"a saved backbone lacks '{name}'\n  where: .*x\.npz\n  to do: delete it"):
        read_record(tmp_path / "x.npz")


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("segment_of_block", np.asarray([0, 0, 1, 1, 2, 9])),
        ("segment_of_block", np.asarray([0])),
        ("blocks", np.ones((6, 2))),
        ("heads", np.ones((3, 3))),
        ("labels", np.zeros(3, dtype=int)),
        ("predictions", np.zeros((2, 2), dtype=int)),
    ],
)
def test_arrays_that_do_not_fit_together_are_told_with_the_file(
    tmp_path: Path, name: str, array: np.ndarray[Any, Any]
) -> None:
    write_record(tmp_path / "x.npz", record((0,)))
    write_arrays(tmp_path / "x.npz", read_arrays(tmp_path / "x.npz") | {name: array})
    with pytest.raises(StorageError, match=r"a saved backbone .*\n  where: .*x\.npz\n  to do: delete it"):
        read_record(tmp_path / "x.npz")


@pytest.mark.parametrize("read", [read_record, read_log, some_front])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not an archive"])
def test_what_is_no_archive_is_told(tmp_path: Path, read: Reader, content: bytes) -> None:
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(StorageError, match=r"a saved step cannot be read.*\n  where: .*x\.npz"):
        read(tmp_path / "x.npz")


def test_a_log_that_lacks_an_array_is_told(tmp_path: Path) -> None:
    write_arrays(tmp_path / "x.npz", {"labels": np.zeros(3)})
    with pytest.raises(StorageError, match="saved answers lack 'entropy_nats'"):
        read_log(tmp_path / "x.npz")


def test_an_end_without_exits_comes_back(tmp_path: Path) -> None:
    only = BackboneRecord((), BackboneWorks(((),), (Work(),)), StageWork(()), plausible_log(1, 4, 0))
    write_record(tmp_path / "x.npz", only)
    assert read_record(tmp_path / "x.npz").works == only.works


def test_what_a_backbone_takes_up_comes_back_and_may_be_absent(tmp_path: Path) -> None:
    made = replace(record((0,)), footprint=footprint(5, 3))
    write_record(tmp_path / "x.npz", made)
    read = read_record(tmp_path / "x.npz").footprint
    assert made.footprint is not None
    assert read is not None
    for name in FOOTPRINT_ARRAYS:
        np.testing.assert_array_equal(getattr(read, name), getattr(made.footprint, name))
    write_record(tmp_path / "x.npz", record((0,)))
    assert read_record(tmp_path / "x.npz").footprint is None


def test_a_footprint_of_another_backbone_is_damage(tmp_path: Path) -> None:
    write_record(tmp_path / "x.npz", replace(record((0,)), footprint=footprint(5, 2)))
    with pytest.raises(StorageError, match="does not fit together: its footprint is of 2 candidates, not 3"):
        read_record(tmp_path / "x.npz")
