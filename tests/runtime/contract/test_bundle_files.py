"""A bundle's files are there, unchanged, and consistent."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.contract import bundle_files
from runtime.contract.bundle_files import bundle_folder, check_files, read_modes, read_promises, read_stage
from runtime.contract.errors import BundleError
from runtime.contract.manifest import GOLDEN, POLICY, PROMISES, read_manifest
from tests.rewritten import with_file, with_json, with_manifest


def checked(bundle: Path) -> None:
    manifest = read_manifest(bundle)
    check_files(bundle, manifest)
    read_promises(bundle, manifest, read_modes(bundle, manifest))


def test_an_unharmed_bundle_passes(bundle: Path) -> None:
    checked(bundle)
    assert list(read_modes(bundle, read_manifest(bundle))) == ["balanced", "thorough", "trunk-only", "one-shot"]


@pytest.mark.parametrize("name", [POLICY, PROMISES, GOLDEN, "designs/chain-1/stages/2.onnx"])
def test_a_missing_file_is_named(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    with pytest.raises(BundleError, match=f"{name} is missing"):
        checked(bundle)


def test_a_changed_file_is_named(bundle: Path) -> None:
    with (bundle / "designs/trunk/stages/0.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(BundleError, match=r"designs/trunk/stages/0\.onnx was changed after the bundle was written"):
        checked(bundle)


@pytest.mark.parametrize("name", ["notes.txt", "designs/trunk/stages/3.onnx", "enginesX"])
def test_an_unlisted_file_is_named(bundle: Path, name: str) -> None:
    (bundle / name).write_text("stowaway")
    with pytest.raises(BundleError, match=f"{name} is in the bundle but not in its manifest"):
        checked(bundle)


def test_engines_brought_back_from_a_board_are_no_part_of_the_content(bundle: Path) -> None:
    (bundle / "engines" / "key").mkdir(parents=True)
    (bundle / "engines" / "key" / "0.plan").write_bytes(b"engine")
    checked(bundle)


def test_a_link_in_place_of_a_file_is_refused(bundle: Path, tmp_path: Path) -> None:
    (bundle / GOLDEN).rename(tmp_path / "elsewhere.npz")
    (bundle / GOLDEN).symlink_to(tmp_path / "elsewhere.npz")
    with pytest.raises(BundleError, match=r"golden\.npz is not a plain file"):
        checked(bundle)


def test_an_unreadable_file_is_named(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(_: Path) -> str:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(bundle_files, "file_sha256", unreadable)
    with pytest.raises(BundleError, match=r"cannot be read: .*Input/output error"):
        checked(bundle)


def test_a_manifest_that_does_not_list_what_the_format_needs_is_refused(bundle: Path) -> None:
    with_manifest(bundle, lambda table: table["files"].pop("designs/lone/stages/0.onnx"))
    with pytest.raises(BundleError, match=r"the manifest does not list designs/lone/stages/0\.onnx"):
        checked(bundle)


def test_a_stage_is_hashed_as_it_is_read(bundle: Path) -> None:
    manifest = read_manifest(bundle)
    assert read_stage(bundle, manifest, "lone", 0) == (bundle / "designs/lone/stages/0.onnx").read_bytes()
    (bundle / "designs/lone/stages/0.onnx").write_bytes(b"swapped after the check")
    with pytest.raises(BundleError, match=r"designs/lone/stages/0\.onnx was changed"):
        read_stage(bundle, manifest, "lone", 0)
    (bundle / "designs/lone/stages/0.onnx").unlink()
    with pytest.raises(BundleError, match=r"designs/lone/stages/0\.onnx cannot be read"):
        read_stage(bundle, manifest, "lone", 0)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda table: table["modes"].pop(), r"policy\.json has the modes .* the manifest \["),
        (lambda table: table["modes"][0].update(design="gone"), "'balanced' uses the design 'gone', which is not in"),
        (lambda table: table["modes"][0]["thresholds_nats"].pop(), "has 2 thresholds for 4 stages; it needs 3"),
        (lambda table: table["modes"][0]["exit_shares"].pop(), "has 3 exit shares for 4 stages"),
        (lambda table: table["modes"][0].pop("precision"), "a mode cannot be read"),
        (lambda table: table.update(format_version="2.0"), r"format version '2\.0'; this runtime reads 1\.x"),
        (lambda table: table.update(modes="none"), "has no list of modes"),
    ],
)
def test_an_inconsistent_policy_is_refused(bundle: Path, change: Callable[[Any], None], complaint: str) -> None:
    with_json(bundle, POLICY, change)
    with pytest.raises(BundleError, match=complaint):
        checked(bundle)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda table: table["modes"].pop("balanced"), "promises for the modes .*'one-shot'.* has"),
        (lambda table: table["modes"]["balanced"]["stage_energy_j"].pop(), "4 latencies and 3 energies for 4 stages"),
        (lambda table: table["modes"]["balanced"].pop("kind"), "a promise cannot be read"),
        (lambda table: table.update(modes=[]), "promises for the modes \\[\\]"),
    ],
)
def test_inconsistent_promises_are_refused(bundle: Path, change: Callable[[Any], None], complaint: str) -> None:
    with_json(bundle, PROMISES, change)
    with pytest.raises(BundleError, match=complaint):
        checked(bundle)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"{", "cannot be read"), (b"[" * 100_000, "cannot be read"), (b"[]", "is not a JSON object")],
)
def test_a_policy_that_is_no_json_object_is_refused(bundle: Path, content: bytes, complaint: str) -> None:
    with_file(bundle, POLICY, content)
    with pytest.raises(BundleError, match=rf"policy\.json {complaint}"):
        checked(bundle)


def test_a_default_mode_that_does_not_exist_is_refused(bundle: Path) -> None:
    with_manifest(bundle, lambda table: table.update(default_mode="turbo"))
    with pytest.raises(BundleError, match="the default mode 'turbo' is none of"):
        checked(bundle)


def test_an_install_root_leads_to_its_current_bundle(bundle: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "current").symlink_to(bundle)
    assert bundle_folder(root) == bundle.resolve()
    assert bundle_folder(bundle) == bundle
    (root / "current").unlink()
    (root / "current").symlink_to("nowhere")
    with pytest.raises(BundleError, match="the current bundle is gone"):
        bundle_folder(root)
