"""A board builds a bundle's engines, and they come back. The board is a folder, its TensorRT a double."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from codesign.walk import engines_far
from codesign.walk.engines_far import fetch_engines
from codesign.walk.measure_run import Programs
from codesign.walk.measure_target import MeasureTarget
from runtime.contract.bundle_files import check_files
from runtime.contract.errors import BoardError, BundleError
from runtime.contract.manifest import read_manifest
from runtime.engine.engine_store import PLAN
from tests.closed_stages import write_closed_bundle
from tests.codesign.walk.test_measure_run import SCP, SSH

STAGES = 3
RUNTIME = """#!{python}
import json, sys
sys.path.insert(0, {repository!r})
with open({log!r}, "a") as log:
    log.write(json.dumps(["edge-runtime", *sys.argv[1:]]) + "\\n")
from tests import trt_double
from runtime.engine import engine_builder
engine_builder.PROGRAM = {builder!r}
trt_double.install("10.3.0", (8, 7, 8))
from runtime.commands.main import main
sys.exit(main())
"""
DIES = ("/bin/sh", "-c", "echo Killed >&2; exit 9")
REPOSITORY = Path(__file__).parents[3]
BUILDS = (
    f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); from tests.trt_double import install;"
    "from runtime.engine.build_engine import main; install('10.3.0', (8, 7, 8)); sys.exit(main(sys.argv[1:]))"
)


class Board:
    """Fake programs, and a folder for its home."""

    def __init__(self, root: Path, builder: tuple[str, ...] | None = None, *, unreachable: bool = False) -> None:
        self.home, self.log = root / "home", root / "log"
        self.home.mkdir()
        fields = {"python": sys.executable, "log": str(self.log), "home": str(self.home)}
        fields |= {"unreachable": str(unreachable), "repository": str(REPOSITORY)}
        fields |= {"builder": builder or (sys.executable, "-c", BUILDS)}
        for name, source in (("ssh", SSH), ("scp", SCP), ("edge-runtime", RUNTIME)):
            path = root / name
            path.write_text(source.format(**fields))
            path.chmod(0o755)
        self.programs = Programs(str(root / "ssh"), str(root / "scp"))
        self.target = MeasureTarget("board", "me", 2222, str(root / "edge-runtime"))


def no_tick(_done: int, _total: int, _what: str) -> None:
    """Nobody looks."""


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    write_closed_bundle(tmp_path / "bundle")
    return tmp_path / "bundle"


def test_every_stage_gets_an_engine_and_the_bundle_stays_what_it_is(bundle: Path, tmp_path: Path) -> None:
    board, before = Board(tmp_path), read_manifest(bundle).bundle_id
    ticks: list[tuple[int, int]] = []
    fetched = fetch_engines(bundle, board.target, lambda *tick: ticks.append(tick[:2]), board.programs)
    assert (len(fetched.keys), fetched.added, fetched.without) == (STAGES, STAGES, None)
    assert ticks == [(done, STAGES) for done in range(STAGES)]  # one engine may take minutes
    assert {key.site.tensorrt for key in fetched.keys} == {"10.3.0"}
    assert {key.site.gpu for key in fetched.keys} == {"sm_87, 8 processors"}
    assert all((bundle / "engines" / key.name / PLAN).is_file() for key in fetched.keys)
    manifest = read_manifest(bundle)
    assert manifest.bundle_id == before
    check_files(bundle, manifest)
    assert not list((board.home / ".cache/edge-codesign/engines").iterdir())  # nothing is left there


def test_a_board_that_can_build_none_says_why(bundle: Path, tmp_path: Path) -> None:
    board = Board(tmp_path, DIES)
    fetched = fetch_engines(bundle, board.target, no_tick, board.programs)
    assert fetched.keys == ()
    assert fetched.without is not None
    assert "its builder ended with status 9: Killed" in fetched.without


def test_a_board_that_cannot_be_reached_is_an_error(bundle: Path, tmp_path: Path) -> None:
    board = Board(tmp_path, unreachable=True)
    with pytest.raises(BoardError, match=r"cannot reach me@board(.|\n)*where: --from(.|\n)*codesign engines again"):
        fetch_engines(bundle, board.target, no_tick, board.programs)


def test_a_board_without_tensorrt_is_an_error(bundle: Path) -> None:
    with pytest.raises(BoardError, match=r"building engines on local failed with status 2(.|\n)*CUDA"):
        fetch_engines(bundle, MeasureTarget(), no_tick, Programs())


def test_a_damaged_bundle_is_not_sent(bundle: Path, tmp_path: Path) -> None:
    (bundle / "policy.json").write_text("{}")
    board = Board(tmp_path)
    with pytest.raises(BundleError, match=r"policy\.json was changed"):
        fetch_engines(bundle, board.target, no_tick, board.programs)
    assert not board.log.exists()


def test_engines_that_do_not_arrive_stay_on_the_board(bundle: Path, tmp_path: Path) -> None:
    first = f"import pathlib, sys; tried = pathlib.Path({str(tmp_path / 'tried')!r}); again = tried.exists()"
    fails_once = f"{first}; tried.touch(); again or sys.exit(9); {BUILDS}"
    board = Board(tmp_path, (sys.executable, "-c", fails_once))  # so some stage has no engine
    scp = Path(board.programs.scp)
    scp.rename(tmp_path / "scp.real")
    lost = "case $* in *me@board:*/engines/*/engines*) echo lost >&2; exit 1;; esac"
    scp.write_text(f'#!/bin/sh\n{lost}\nexec {scp}.real "$@"\n')
    scp.chmod(0o755)
    with pytest.raises(BoardError, match=r"building engines on (.|\n)* failed with status 1\n    lost"):
        fetch_engines(bundle, board.target, no_tick, board.programs)
    (there,) = (board.home / ".cache/edge-codesign/engines").iterdir()
    assert len(list((there / "engines").glob("*/engine.plan"))) == STAGES - 1


def test_an_engine_that_cannot_be_written_here_leaves_nothing_half_copied(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    board = Board(tmp_path)
    monkeypatch.setattr(engines_far, "copy_file", full)
    with pytest.raises(OSError, match="No space left"):
        fetch_engines(bundle, board.target, no_tick, board.programs)
    assert list((bundle / "engines").iterdir()) == []
