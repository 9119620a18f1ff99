"""Has a board build a bundle's TensorRT engines, and brings them into the bundle's `engines/`.

The bundle's id and signature stay as they are: engines lie outside both, one set for each kind of board, and boards of
another kind pass over them. They are signed one by one, by `codesign sign`.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from runtime.contract.bundle_files import ENGINES, check_files
from runtime.contract.durable import copy_file, sync_folder
from runtime.contract.errors import BoardError, EngineError
from runtime.contract.fingerprint import file_sha256
from runtime.contract.manifest import MANIFEST, Manifest, read_manifest
from runtime.engine.engine_key import EngineKey
from runtime.engine.engine_store import CARD, PLAN, read_card

from .board_commands import Errand, checked, copying, failed, on_board, streamed
from .measure_run import Programs
from .measure_target import MeasureTarget
from .progress import Tick

REMOTE_FOLDER = ".cache/edge-codesign/engines"  # in the home of whoever logs in
SOME_WITHOUT = 1  # exit status of `edge-runtime engines build`
BUILDING = Errand(
    "building engines",
    "--from",
    "run codesign engines again",
    "install OpenSSH's client, or run `edge-runtime engines build BUNDLE --out BUNDLE/engines` on the board",
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a board built."""

    keys: tuple[EngineKey, ...]
    added: int  # of them that the bundle did not have
    without: str | None  # what the board said of stages that got none; None: all have one


def fetch_engines(bundle: Path, target: MeasureTarget, tick: Tick, programs: Programs) -> Fetched:
    """Build there, one stage at a time, and bring here what was built.

    Args:
        bundle: a bundle folder; engines that lie in it stay.
        target: the board, or this machine.
    Raises:
        BundleError: the bundle is damaged; nothing was sent.
        BoardError: the board cannot be reached, has no TensorRT, or sends what is no engine of this bundle.
        StorageError: ssh is not installed here.
        OSError: an engine cannot be written here.
    """
    manifest = read_manifest(bundle)
    check_files(bundle, manifest)
    with TemporaryDirectory(prefix="edge-engines-") as name:
        sent, built = Path(name) / "bundle", Path(name) / ENGINES
        for file in (*manifest.files, MANIFEST):  # without engines and signatures: the board needs neither
            (sent / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(bundle / file, sent / file)
        if target.host is None:
            command = [sys.executable, "-m", "runtime", "engines", "build", str(sent), "--out", str(built)]
            status, told = streamed(command, tick, BUILDING)
        else:
            status, told = _built_there(sent, built, manifest.bundle_id, target, tick, programs)
        if status not in (0, SOME_WITHOUT):
            raise failed(target, status, told, BUILDING)
        found = [_checked_engine(folder, manifest, target) for folder in sorted(built.glob("*")) if folder.is_dir()]
        added = sum(_keep(built / key.name, bundle / ENGINES / key.name) for key in found)
    return Fetched(tuple(found), added, told if status == SOME_WITHOUT else None)


def _built_there(
    sent: Path, built: Path, bundle_id: str, target: MeasureTarget, tick: Tick, programs: Programs
) -> tuple[int, str]:
    there, scp = f"{REMOTE_FOLDER}/{bundle_id}", copying(target, programs.scp)
    checked(target, on_board(target, programs.ssh, ["mkdir", "-p", f"{there}/{ENGINES}"]), tick, BUILDING)
    checked(target, [*scp, str(sent), f"{target.scp_login}:{there}/"], tick, BUILDING)
    # What an earlier call built is kept there, so that a call that was broken off goes on.
    build = [target.program, "engines", "build", f"{there}/bundle", "--out", f"{there}/{ENGINES}"]
    status, told = streamed(on_board(target, programs.ssh, build), tick, BUILDING)
    if status in (0, SOME_WITHOUT):
        checked(target, [*scp, f"{target.scp_login}:{there}/{ENGINES}", str(built.parent)], tick, BUILDING)
        checked(target, on_board(target, programs.ssh, ["rm", "-r", there]), tick, BUILDING)
    return status, told


def _checked_engine(folder: Path, manifest: Manifest, target: MeasureTarget) -> EngineKey:
    """The key of an engine that arrived. Raises BoardError where it is none of this bundle's."""
    try:
        key, digest = read_card(folder)
    except EngineError as error:
        raise _strange(target, folder, error.what) from error
    if key.onnx_sha256 not in manifest.files.values():
        raise _strange(target, folder, "it is of no stage of this bundle")
    if not (folder / PLAN).is_file() or file_sha256(folder / PLAN) != digest:
        raise _strange(target, folder, f"{PLAN} did not arrive as it was built")
    return key


def _keep(source: Path, target: Path) -> bool:
    """Copy an engine into the bundle; whether it was not there."""
    if target.is_dir():
        return False
    writing = target.with_name(f".writing-{target.name}")
    shutil.rmtree(writing, ignore_errors=True)
    try:
        writing.mkdir(parents=True)
        for name in (PLAN, CARD):
            copy_file(source / name, writing / name)
        sync_folder(writing)
        writing.rename(target)
    finally:
        shutil.rmtree(writing, ignore_errors=True)  # an interrupt, too, leaves nothing that could not be signed
    sync_folder(target.parent)
    return True


def _strange(target: MeasureTarget, folder: Path, why: str) -> BoardError:
    return BoardError(
        f"{target} sent what is no engine of this bundle: {folder.name[:12]}: {why}",
        where="--from",
        to_do="see that the same version of edge-codesign is installed there and here, then run this again",
    )
