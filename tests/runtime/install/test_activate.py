"""A verified bundle becomes current in one step, or nothing changes."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Any

import pytest

from codesign.bundle.sign import public_file, sign
from runtime.contract import durable
from runtime.contract.errors import BundleError, StorageError
from runtime.engine.bundle import open_bundle
from runtime.engine.trust import demand_for
from runtime.install import activate, verify
from runtime.install.activate import install
from runtime.install.rollback import roll_back
from runtime.install.root import read_state
from tests.keys import trust, write_key
from tests.rewritten import with_file, with_manifest
from tests.tiny_cascade import fresh_stage, random_images

from .conftest import id_of


def everything(root: Path) -> dict[str, Any]:
    """Every file under root with its content, and every link with its target; the lock aside."""
    return {
        str(path.relative_to(root)): path.readlink() if path.is_symlink() else path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.name != ".lock" and (path.is_symlink() or path.is_file())
    }


def test_what_was_installed_is_served(bundle: Path, root: Path) -> None:
    done = install(bundle, root)
    assert done.path == root / "bundles" / id_of(bundle)
    assert (done.was_current, done.previous) == (False, None)
    image = random_images(1)[0]
    served, original = open_bundle(root).infer(image), open_bundle(bundle).infer(image)
    assert served.label == original.label
    assert read_state(root).history == (id_of(bundle),)


def test_a_second_bundle_takes_over_and_the_first_is_remembered(bundle: Path, other_bundle: Path, root: Path) -> None:
    install(bundle, root)
    done = install(other_bundle, root)
    assert done.previous == id_of(bundle)
    assert open_bundle(root).manifest.bundle_id == id_of(other_bundle)
    assert read_state(root).history == (id_of(bundle), id_of(other_bundle))


def test_installing_the_same_again_changes_nothing(bundle: Path, root: Path) -> None:
    install(bundle, root)
    before = everything(root)
    done = install(bundle, root)
    assert done.was_current
    assert everything(root) == before


def test_installing_again_mends_a_damaged_copy(bundle: Path, root: Path) -> None:
    done = install(bundle, root)
    before = everything(root)
    (done.path / "golden.npz").write_bytes(b"rotten")
    with pytest.raises(BundleError, match=r"golden\.npz was changed"):
        open_bundle(root)
    install(bundle, root)
    assert everything(root) == before


def test_only_what_the_manifest_lists_is_copied(bundle: Path, root: Path) -> None:
    (bundle / "engines" / "key").mkdir(parents=True)
    (bundle / "engines" / "key" / "0.plan").write_bytes(b"an engine is code")
    assert not (install(bundle, root).path / "engines").exists()


def test_a_damaged_bundle_changes_nothing(bundle: Path, other_bundle: Path, root: Path) -> None:
    install(bundle, root)
    before = everything(root)
    with_file(other_bundle, "designs/lone/stages/0.onnx", fresh_stage(seed=5))
    with pytest.raises(BundleError, match="golden samples differ"):
        install(other_bundle, root)
    assert everything(root) == before


def test_a_missing_bundle_creates_no_root(tmp_path: Path, root: Path) -> None:
    with pytest.raises(BundleError, match="is not a bundle"):
        install(tmp_path / "nowhere", root)
    assert not root.exists()


def test_a_newer_major_version_is_not_installed(bundle: Path, root: Path) -> None:
    with_manifest(bundle, lambda table: table.update(format_version="99.0"))
    with pytest.raises(BundleError, match=r"format version 99\.0"):
        install(bundle, root)


def test_a_bundle_for_another_board_is_refused_only_when_asked(bundle: Path, root: Path) -> None:
    with pytest.raises(BundleError, match="compiled for 'test-board', this board is 'jetson-orin-nano'"):
        install(bundle, root, board="jetson-orin-nano")
    assert install(bundle, root, board="test-board").manifest.board == "test-board"


@pytest.mark.parametrize("file_number", [0, 1, 5, 11])
def test_a_full_disk_leaves_what_was_current(
    bundle: Path, other_bundle: Path, root: Path, monkeypatch: pytest.MonkeyPatch, file_number: int
) -> None:
    install(bundle, root)
    before = everything(root)
    copied: list[Path] = []

    def full(source: Path, target: Path) -> None:
        if len(copied) == file_number:
            target.write_bytes(source.read_bytes()[:10])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        copied.append(target)
        durable.copy_file(source, target)

    monkeypatch.setattr(activate, "copy_file", full)
    with pytest.raises(StorageError, match=r"cannot be installed: No space left on device(.|\n)*free some space"):
        install(other_bundle, root)
    assert everything(root) == before
    assert [path.name for path in (root / "bundles").iterdir()] == [id_of(bundle)]
    monkeypatch.undo()
    install(other_bundle, root)
    assert open_bundle(root).manifest.bundle_id == id_of(other_bundle)


def test_a_disk_that_is_full_in_earnest_leaves_nothing_behind(bundle: Path, root: Path) -> None:
    import resource  # the kernel itself refuses the write: EFBIG instead of ENOSPC, the same path through the code
    import signal

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    found = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(StorageError, match="cannot be installed: File too large"):
            install(bundle, root)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, found)
    assert list((root / "bundles").iterdir()) == []
    assert read_state(root).current is None


@pytest.mark.parametrize("step", ["write_history", "switch_link"])
def test_a_failure_while_switching_leaves_what_was_current(
    bundle: Path, other_bundle: Path, root: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    install(bundle, root)

    def fails(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(activate, step, fails)
    with pytest.raises(StorageError, match="No space left"):
        install(other_bundle, root)
    assert read_state(root).history == (id_of(bundle),)
    assert open_bundle(root).manifest.bundle_id == id_of(bundle)


def test_a_disk_that_writes_something_else_is_noticed(
    bundle: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(source: Path, target: Path) -> None:
        durable.copy_file(source, target)
        if target.name == "policy.json":
            target.write_bytes(b"{}")

    monkeypatch.setattr(activate, "copy_file", forgetful)
    with pytest.raises(BundleError, match=r"policy\.json was changed"):
        install(bundle, root)
    assert list((root / "bundles").iterdir()) == []


def test_an_interrupt_leaves_nothing_half_copied(bundle: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(activate, "copy_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        install(bundle, root)
    assert list((root / "bundles").iterdir()) == []


def test_what_a_power_cut_left_behind_is_swept_away(bundle: Path, root: Path) -> None:
    (root / "bundles" / ".incoming-abc").mkdir(parents=True)
    (root / "bundles" / ".incoming-abc" / "half").write_bytes(b"half")
    install(bundle, root)
    assert [path.name for path in (root / "bundles").iterdir()] == [id_of(bundle)]


def test_two_installs_at_once_are_refused(bundle: Path, root: Path) -> None:
    install(bundle, root)
    with (root / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(StorageError, match="another install or rollback is at work here"):
            install(bundle, root)


def test_a_root_that_trusts_keys_installs_only_what_they_signed(bundle: Path, root: Path, tmp_path: Path) -> None:
    key = write_key(tmp_path / "ours.key")
    trust(root, key)
    with pytest.raises(BundleError, match="is not signed"):
        install(bundle, root)
    assert not (root / "bundles").exists()
    sign(bundle, key)
    assert (install(bundle, root).path / "signature.json").is_file()
    assert open_bundle(root)


def test_a_signature_asked_for_comes_on_top_of_what_the_root_demands(bundle: Path, root: Path, tmp_path: Path) -> None:
    ours, theirs = write_key(tmp_path / "ours.key", 1), write_key(tmp_path / "theirs.key", 2)
    trust(root, ours)
    sign(bundle, theirs)
    with pytest.raises(BundleError, match="trusted_keys demands"):
        install(bundle, root, require=demand_for([public_file(theirs)], by="--require-signature"))
    sign(bundle, ours)
    assert install(bundle, root, require=demand_for([public_file(theirs)], by="--require-signature"))


def test_an_unsigned_bundle_is_refused_before_anything_in_it_runs(
    bundle: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loaded(*_: object) -> float:
        raise AssertionError("a stage was loaded")

    monkeypatch.setattr(verify, "replay_golden", loaded)
    trust(root, write_key(tmp_path / "ours.key"))
    with pytest.raises(BundleError, match="is not signed"):
        install(bundle, root)


def test_installing_again_brings_a_signature_that_was_made_since(bundle: Path, root: Path, tmp_path: Path) -> None:
    path = install(bundle, root).path
    key = write_key(tmp_path / "ours.key")
    sign(bundle, key)
    trust(root, key)
    with pytest.raises(BundleError, match="is not signed"):
        open_bundle(root)
    assert install(bundle, root).was_current
    assert (path / "signature.json").read_bytes() == (bundle / "signature.json").read_bytes()
    assert open_bundle(root)


def test_a_signature_that_is_a_link_is_not_copied(bundle: Path, root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (bundle / "signature.json").symlink_to(tmp_path / "secret")
    with pytest.raises(BundleError, match="not a plain file"):
        install(bundle, root)
    assert not (root / "bundles" / id_of(bundle)).exists()


def test_one_can_roll_back_while_a_bundle_is_made_ready(bundle: Path, other_bundle: Path, root: Path) -> None:
    install(bundle, root)
    install(other_bundle, root)

    def make_ready(path: Path) -> None:
        assert path.is_dir()
        roll_back(root)

    done = install(other_bundle, root, make_ready=make_ready)
    assert (done.was_current, done.previous) == (False, id_of(bundle))
    assert read_state(root).history == (id_of(bundle), id_of(other_bundle))


def test_what_cannot_be_made_ready_does_not_become_current(bundle: Path, other_bundle: Path, root: Path) -> None:
    install(bundle, root)

    def make_ready(_: Path) -> None:
        raise StorageError("no engine")

    with pytest.raises(StorageError, match="no engine"):
        install(other_bundle, root, make_ready=make_ready)
    assert read_state(root).history == (id_of(bundle),)
