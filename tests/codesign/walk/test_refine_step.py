"""A finished run, served in the field, is refined: the loop as the command walks it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("duckdb", reason="duckdb is not installed (the extra `collect`)")
pytest.importorskip("pyarrow", reason="pyarrow is not installed (the extra `collect`)")

from codesign.walk.refine_step import Refinement, RefineOptions, refined
from runtime.contract.errors import ConfigError, DataError
from tests.codesign.walk.field import Field


@pytest.fixture(scope="module")
def refinement(field: Field) -> Refinement:
    return refined(field.settings, field.walked, [field.served], field.ask, RefineOptions())


def test_costs_are_told_several_times_better_than_as_shipped(refinement: Refinement) -> None:
    errors = {row["what"]: row for row in refinement.told["errors"]}
    for what in ("time", "power at work"):
        assert errors[what]["refined"] < 0.03
        assert errors[what]["refined"] < 0.4 * errors[what]["shipped"]


def test_every_mode_is_decided_upon_and_keeps_its_networks(field: Field, refinement: Refinement) -> None:
    assert refinement.found.keys() == field.served.chosen.keys()
    served = {record.name for chosen in field.served.chosen.values() for record in chosen.chain}
    for found in refinement.found.values():
        assert {record.name for record in found.after.chain} <= served
        assert found.changed == (found.after is not found.before)


def test_dearer_clocks_make_modes_move(refinement: Refinement) -> None:
    assert refinement.changed
    for found in refinement.found.values():
        if found.changed:
            assert found.saving.low > 0.0
            assert found.saving.expected >= 0.01


def test_a_unit_that_is_asked_for_must_have_reported(field: Field) -> None:
    told = refined(field.settings, field.walked, [field.served], field.ask, RefineOptions(unit="unit-1"))
    assert told.found
    with pytest.raises(ConfigError, match="reported nothing that can be used"):
        refined(field.settings, field.walked, [field.served], field.ask, RefineOptions(unit="nobody"))


def test_telemetry_of_other_bundles_alone_is_refused_with_what_it_holds(field: Field) -> None:
    other = replace(field.served, manifest=replace(field.served.manifest, bundle_id="f" * 64))
    with pytest.raises(DataError, match=r"says nothing of the run's bundle.*another bundle"):
        refined(field.settings, field.walked, [other], field.ask, RefineOptions())


@pytest.mark.parametrize(
    ("option", "message"),
    [({"least_rows": 0}, "--min-rows must be at least 1"), ({"least_saving": 1.0}, "--min-saving is a share")],
)
def test_options_that_cannot_be_meant_are_refused(option: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        RefineOptions(**option)  # type: ignore[arg-type]


def test_what_is_told_is_finite(refinement: Refinement) -> None:
    for row in refinement.told["modes"]:
        assert np.isfinite([row["before"]["energy_j"], row["after"]["energy_j"], row["saving"]["expected"]]).all()
