"""Whether a bundle is fit to be served."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.contract.errors import BundleError
from runtime.install.verify import verified
from tests.rewritten import with_file, with_json
from tests.tiny_cascade import fresh_stage

from .conftest import id_of


def test_a_sound_bundle_is_verified(bundle: Path) -> None:
    assert verified(bundle, board="test-board").bundle_id == id_of(bundle)


def test_hashes_schema_and_golden_samples_are_all_checked(bundle: Path, other_bundle: Path) -> None:
    with_json(bundle, "policy.json", lambda table: table["modes"][0].update(design="gone"))
    with pytest.raises(BundleError, match="uses the design 'gone'"):
        verified(bundle)
    with_file(other_bundle, "designs/lone/stages/0.onnx", fresh_stage(seed=3))
    with pytest.raises(BundleError, match="golden samples differ"):
        verified(other_bundle)
    (other_bundle / "golden.npz").unlink()
    with pytest.raises(BundleError, match=r"golden\.npz is missing"):
        verified(other_bundle)
