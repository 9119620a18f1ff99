"""What is expected of a mode is counted on all images that the networks have not learnt."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from codesign.walk.expected_step import certify_answers, expected_by_mode
from tests.codesign.small_run import SmallRun


def test_images_of_certify_count_unless_the_networks_know_them(finished_run: SmallRun, tmp_path: Path) -> None:
    pytest.importorskip("duckdb", reason="duckdb is not installed (the extra `collect`)")
    from tests.codesign.walk.field import walked_again

    _, walked = walked_again(finished_run, Path(shutil.copytree(finished_run.out, tmp_path / "run")))
    select, certify = len(walked.data.select.labels), len(walked.data.certify.labels)
    known = replace(walked.searched, uncertifiable="they were trained elsewhere")
    for searched, images in ((walked.searched, select + certify), (known, select)):
        found = expected_by_mode(walked.modes.items(), searched, walked.folder.path)
        assert found.keys() == dict(walked.modes.items()).keys()
        assert {each.images for each in found.values()} == {images}
    asked = certify_answers(walked.searched, walked.folder.path)
    assert asked.split is walked.data.certify
    assert (walked.folder.path / "certify_logs").is_dir()
