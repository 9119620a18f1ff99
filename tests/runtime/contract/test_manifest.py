from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runtime.contract.errors import BundleError, ConfigError
from runtime.contract.fingerprint import json_sha256
from runtime.contract.manifest import FORMAT_VERSION, MANIFEST, Manifest, check_abbreviated, read_manifest, stage_file
from runtime.contract.tensor_spec import TensorSpec

WHOLE = Manifest(
    board="orin-nano-super",
    device="gpu",
    classes=("cat", "dög"),
    input=TensorSpec(32, 32, (0.1, 0.2, 0.3), (0.5, 0.5, 0.5)),
    modes=("balanced",),
    default_mode="balanced",
    stages={"d0": 2},
    files={"policy.json": "00" * 32, stage_file("d0", 0): "11" * 32},
    provenance={"seed": 0},
).identified()


def write(bundle: Path, table: Any) -> Path:
    bundle.mkdir(exist_ok=True)
    (bundle / MANIFEST).write_text(json.dumps(table), encoding="utf-8")
    return bundle


def resealed(**changes: Any) -> dict[str, Any]:
    """The content of WHOLE with changes, under an id that fits it."""
    content = WHOLE.content() | changes
    content = {key: value for key, value in content.items() if value is not ...}
    return {"bundle_id": json_sha256(content), **content}


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    assert read_manifest(write(tmp_path / "bundle", WHOLE.to_json())) == WHOLE


def test_the_id_depends_on_every_field_but_itself() -> None:
    assert WHOLE.identified() == WHOLE
    ids = {resealed(**{key: "other"})["bundle_id"] for key in WHOLE.content()}
    assert len(ids | {WHOLE.bundle_id}) == len(WHOLE.content()) + 1


def test_stages_lie_under_their_design() -> None:
    assert stage_file("d0", 1) == "designs/d0/stages/1.onnx"


def test_keys_added_by_a_later_minor_version_are_left_aside(tmp_path: Path) -> None:
    later = resealed(format_version=f"{FORMAT_VERSION.split('.')[0]}.7", colour="blue")
    assert read_manifest(write(tmp_path / "bundle", later)).format_version.endswith(".7")


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"is not a bundle: it has no manifest\.json"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe\x00", b'{"format_version": NaN}', b"[-Infinity]", b"[" * 100_000])
def test_a_manifest_that_is_not_json_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(BundleError, match="the manifest cannot be read"):
        read_manifest(tmp_path)


def test_a_manifest_that_is_no_object_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="the manifest is not a JSON object"):
        read_manifest(write(tmp_path / "bundle", [1, 2]))


def test_a_manifest_changed_after_writing_is_refused(tmp_path: Path) -> None:
    table = WHOLE.to_json() | {"board": "another"}
    with pytest.raises(BundleError, match="the manifest was changed after it was written"):
        read_manifest(write(tmp_path / "bundle", table))


@pytest.mark.parametrize("version", ["2.0", "10.3"])
def test_a_newer_major_version_asks_for_an_update(tmp_path: Path, version: str) -> None:
    with pytest.raises(BundleError, match=rf"format version {version}; this runtime reads up to 1\.x") as caught:
        read_manifest(write(tmp_path / "bundle", resealed(format_version=version)))
    assert caught.value.to_do is not None
    assert "update edge-codesign" in caught.value.to_do


@pytest.mark.parametrize("version", ["", "one", "1", "1.0.0"])
def test_an_unreadable_version_is_refused(tmp_path: Path, version: str) -> None:
    with pytest.raises(BundleError, match=f"unreadable format version '{version}'"):
        read_manifest(write(tmp_path / "bundle", resealed(format_version=version)))


@pytest.mark.parametrize(
    "changes",
    [{"board": ...}, {"stages": [1]}, {"stages": {"d0": "x"}}, {"input": {}}, {"input": None}, {"classes": 3}],
)
def test_a_manifest_that_lacks_or_garbles_a_key_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(BundleError, match="the manifest lacks or garbles a key"):
        read_manifest(write(tmp_path / "bundle", resealed(**changes)))


def test_an_input_that_no_image_can_have_is_refused(tmp_path: Path) -> None:
    impossible = TensorSpec(1, 1).to_json() | {"height": 0}
    with pytest.raises(BundleError, match="the manifest lacks or garbles a key"):
        read_manifest(write(tmp_path / "bundle", resealed(input=impossible)))


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "designs/../../x"])
def test_a_file_outside_the_bundle_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BundleError, match="the manifest lists a file outside the bundle"):
        read_manifest(write(tmp_path / "bundle", resealed(files={name: "00"})))


def test_a_bundle_is_not_named_by_a_few_digits() -> None:
    check_abbreviated("0123abcd")
    with pytest.raises(ConfigError, match="'0123abc' is too short to name a bundle"):
        check_abbreviated("0123abc")
