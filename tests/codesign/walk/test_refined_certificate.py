"""codesign/walk/refined_certificate.py"""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("duckdb", reason="duckdb is not installed (the extra `collect`)")
pytest.importorskip("pyarrow", reason="pyarrow is not installed (the extra `collect`)")

from codesign.walk.bundle_step import design_id
from codesign.walk.compile import with_certified
from codesign.walk.refine_step import RefineOptions, refined
from codesign.walk.refined_certificate import NewImages
from codesign.walk.served_modes import ServedModes
from codesign.walk.settings import Settings
from runtime.data.labelled import LabelledImages
from tests.codesign.walk.field import Field


@pytest.fixture(scope="module")
def certified(field: Field) -> tuple[Settings, ServedModes]:
    """The same bundle with a certified mode; on so few images only much harm can be certified."""
    settings = replace(field.settings, epsilon=0.5)
    found = with_certified(field.walked.modes, field.walked.searched, settings, field.walked.folder).certified
    assert found is not None
    return settings, replace(
        field.served, chosen={**field.served.chosen, "certified": found.chosen}, certificate=found.to_json()
    )


def images_of(field: Field, count: int) -> LabelledImages:
    data = field.walked.data
    return LabelledImages(data.test.images[:count], data.test.labels[:count], tuple(data.classes))


def test_a_certified_mode_keeps_its_certificate_where_only_its_clocks_move(
    field: Field, certified: tuple[Settings, ServedModes]
) -> None:
    settings, served = certified
    told = refined(settings, field.walked, [served], field.ask, RefineOptions())
    found = told.found["certified"]
    same = design_id(found.after) == design_id(found.before) and found.after.policy == found.before.policy
    assert (told.certificate == served.certificate) is same
    assert found.changed


def test_on_new_labelled_images_the_certified_mode_is_certified_anew(
    field: Field, certified: tuple[Settings, ServedModes]
) -> None:
    settings, served = certified
    images, at = images_of(field, 50), field.folder / "field_logs"
    told = refined(settings, field.walked, [served], field.ask, RefineOptions(), NewImages(images, at))
    assert told.certificate is not None
    assert told.certificate["n"] == 50
    assert served.certificate is not None
    assert told.certificate["images_sha256"] != served.certificate["images_sha256"]


def test_where_new_images_cannot_certify_there_is_no_certified_mode_any_more(
    field: Field, certified: tuple[Settings, ServedModes]
) -> None:
    settings, served = certified
    images, at = images_of(field, 3), field.folder / "few_logs"
    told = refined(settings, field.walked, [served], field.ask, RefineOptions(), NewImages(images, at))
    assert "certified" not in told.found
    assert told.certificate is None
    assert told.withdrawn == ("certified",)
    unchanged = {name: replace(found, after=found.before) for name, found in told.found.items()}
    assert replace(told, found=unchanged).changed  # a bundle without that mode is worth writing
    assert any("3 images cannot certify" in note for note in told.told["notes"])


def test_new_images_that_no_mode_can_be_certified_on_are_said_to_be_of_no_use(field: Field) -> None:
    chosen = {name: design for name, design in field.served.chosen.items() if name != "certified"}
    new = NewImages(images_of(field, 5), field.folder / "unused_logs")
    served = replace(field.served, chosen=chosen, certificate=None)
    told = refined(field.settings, field.walked, [served], field.ask, RefineOptions(), new)
    assert any("new images were not used" in note for note in told.told["notes"])
    assert told.withdrawn == ()
