"""Engines are kept whole, found by their key, and pruned by when they were used."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.contract.errors import EngineError, StorageError
from runtime.engine.engine_key import BuildSite, EngineKey, engine_key
from runtime.engine.engine_store import (
    CARD,
    PLAN,
    get_engine,
    kept_engines,
    onnx_runtimes_folder,
    prune_engines,
    put_engine,
    read_card,
    sweep_engines,
    timing_cache,
)

SITE = BuildSite("10.3.0", "36.5.0", "nvidia,tegra234", "248", "sm_87, 8 processors")
KEY = engine_key(b"onnx", "fp16", SITE, builder="test", shapes={"batch": "1-64"})


def other(number: int) -> EngineKey:
    return replace(KEY, onnx_sha256=f"{number:064x}")


def test_what_was_put_is_got_by_its_key_and_by_no_other(tmp_path: Path) -> None:
    assert get_engine(tmp_path, KEY) is None
    put_engine(tmp_path, KEY, b"plan", "built here")
    assert get_engine(tmp_path, KEY) == b"plan"
    assert get_engine(tmp_path, other(1)) is None
    assert read_card(tmp_path / KEY.name)[0] == KEY


@pytest.mark.parametrize("damage", [(PLAN, b"plam"), (CARD, b"{}"), (CARD, b"no json")])
def test_a_damaged_engine_is_none_and_is_replaced(damage: tuple[str, bytes], tmp_path: Path) -> None:
    put_engine(tmp_path, KEY, b"plan", "built here")
    (tmp_path / KEY.name / damage[0]).write_bytes(damage[1])
    assert get_engine(tmp_path, KEY) is None
    put_engine(tmp_path, KEY, b"plan", "built here")
    assert get_engine(tmp_path, KEY) == b"plan"


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        put_engine(tmp_path, KEY, b"plan", "built here")
    assert not list(tmp_path.iterdir())


def test_those_not_used_for_longest_go_first_and_needed_ones_never(tmp_path: Path) -> None:
    for number in range(4):
        put_engine(tmp_path, other(number), bytes(1000), "built here")
        os.utime(tmp_path / other(number).name / CARD, (number, number))
    get_engine(tmp_path, other(1))  # just used
    assert kept_engines(tmp_path)[0].name == other(1).name
    size = sum(engine.size_bytes for engine in kept_engines(tmp_path))
    removed = prune_engines(tmp_path, size // 2, {other(0).name})
    assert [engine.name for engine in removed] == [other(2).name, other(3).name]
    assert prune_engines(tmp_path, 0, {other(0).name, other(1).name}) == ()


def test_nothing_goes_where_all_fits(tmp_path: Path) -> None:
    put_engine(tmp_path, KEY, b"plan", "built here")
    assert prune_engines(tmp_path, 1 << 20, ()) == ()
    assert kept_engines(tmp_path / "absent") == ()


def test_an_engine_that_cannot_be_removed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_engine(tmp_path, KEY, b"plan", "built here")

    def refused(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("runtime.engine.engine_store.shutil.rmtree", refused)
    with pytest.raises(StorageError, match="an engine cannot be removed: Permission denied"):
        prune_engines(tmp_path, 0, ())


def test_onnx_runtimes_own_files_are_kept_under_a_card_too(tmp_path: Path) -> None:
    folder = onnx_runtimes_folder(tmp_path, KEY)
    (folder / "model.engine").write_bytes(bytes(100))
    (engine,) = kept_engines(tmp_path)
    assert engine.card is not None
    assert engine.card["origin"] == "built here by ONNX Runtime"
    assert engine.size_bytes > 100
    assert get_engine(tmp_path, KEY) is None  # none of ours


def test_what_a_power_cut_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / f".writing-{KEY.name}-1").mkdir(parents=True)
    assert kept_engines(tmp_path) == ()
    sweep_engines(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_card_of_another_folder_is_refused(tmp_path: Path) -> None:
    folder = put_engine(tmp_path, KEY, b"plan", "built here")
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(EngineError, match="of another key than its folder's name"):
        read_card(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / CARD).write_text(json.dumps({"key": {}}))
    with pytest.raises(EngineError, match=r"engine\.json cannot be read"):
        read_card(tmp_path / "elsewhere")


def test_sites_have_times_of_their_own(tmp_path: Path) -> None:
    assert timing_cache(tmp_path, SITE) != timing_cache(tmp_path, replace(SITE, power_gating="240"))
