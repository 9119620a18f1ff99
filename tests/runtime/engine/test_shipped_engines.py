"""An engine that came with a bundle is code: it is taken over where a trusted key vouches for it, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from codesign.bundle.sign import new_key, sign_engines
from runtime.contract.bundle_files import ENGINES, SIGNATURE
from runtime.contract.errors import EngineError
from runtime.engine.engine_key import BuildSite, EngineKey, engine_key
from runtime.engine.engine_store import CARD, PLAN, get_engine, put_engine
from runtime.engine.shipped_engines import NOBODY, Shipped, take_over
from runtime.engine.trust import Demand, demand_for

pytest.importorskip("cryptography")

SITE = BuildSite("10.3.0", "36.5.0", "nvidia,tegra234", "248", "sm_87, 8 processors")
KEY = engine_key(b"onnx", "fp32", SITE, builder="test")
STAGES = {KEY.onnx_sha256}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    put_engine(tmp_path / "bundle" / ENGINES, KEY, b"plan", "built there")
    return tmp_path / "bundle"


@pytest.fixture
def demand(tmp_path: Path) -> Demand:
    return demand_for([Path(new_key(tmp_path / "fleet.key").where)], by="the test")


def taken(bundle: Path, tmp_path: Path, demand: Demand | None, site: BuildSite = SITE) -> Shipped:
    return take_over(bundle, tmp_path / "kept", site, STAGES, demand)


def test_a_signed_engine_for_this_board_is_kept(bundle: Path, tmp_path: Path, demand: Demand) -> None:
    assert sign_engines(bundle, tmp_path / "fleet.key") == 1
    assert taken(bundle, tmp_path, demand) == Shipped((KEY.name,), (), 0)
    assert get_engine(tmp_path / "kept", KEY) == b"plan"
    assert taken(bundle, tmp_path, None) == Shipped((), (), 0)  # it is kept: nobody needs to vouch for it again


def test_where_no_key_is_trusted_none_is_taken(bundle: Path, tmp_path: Path, demand: Demand) -> None:
    assert demand
    sign_engines(bundle, tmp_path / "fleet.key")
    found = taken(bundle, tmp_path, None)
    assert found.taken == ()
    assert found.refused == (f"engine {KEY.name[:12]}: {NOBODY}",)
    assert get_engine(tmp_path / "kept", KEY) is None


def test_an_engine_for_another_board_is_passed_over(bundle: Path, tmp_path: Path, demand: Demand) -> None:
    sign_engines(bundle, tmp_path / "fleet.key")
    for other in (replace(SITE, tensorrt="10.7.0"), replace(SITE, power_gating="240"), replace(SITE, soc="tegra264")):
        assert taken(bundle, tmp_path, demand, other) == Shipped((), (), 1)


def test_an_engine_of_something_else_is_passed_over(bundle: Path, tmp_path: Path, demand: Demand) -> None:
    sign_engines(bundle, tmp_path / "fleet.key")
    assert take_over(bundle, tmp_path / "kept", SITE, {"another"}, demand) == Shipped((), (), 1)


def test_an_unsigned_engine_is_not_taken(bundle: Path, tmp_path: Path, demand: Demand) -> None:
    assert "it is not signed: codesign sign BUNDLE" in taken(bundle, tmp_path, demand).refused[0]


def test_a_signature_by_a_stranger_counts_for_nothing(bundle: Path, tmp_path: Path, demand: Demand) -> None:
    new_key(tmp_path / "strange.key")
    sign_engines(bundle, tmp_path / "strange.key")
    assert "none of its signers is trusted" in taken(bundle, tmp_path, demand).refused[0]


def test_an_engine_that_was_changed_is_not_taken(bundle: Path, tmp_path: Path, demand: Demand) -> None:
    sign_engines(bundle, tmp_path / "fleet.key")
    (bundle / ENGINES / KEY.name / PLAN).write_bytes(b"evil")
    assert "was changed after it was built" in taken(bundle, tmp_path, demand).refused[0]
    with pytest.raises(EngineError, match="was changed after it was built"):
        sign_engines(bundle, tmp_path / "fleet.key")


def test_a_changed_engine_with_a_card_to_fit_is_not_taken(bundle: Path, tmp_path: Path, demand: Demand) -> None:
    sign_engines(bundle, tmp_path / "fleet.key")
    signature = (bundle / ENGINES / KEY.name / SIGNATURE).read_bytes()
    put_engine(bundle / ENGINES, KEY, b"evil", "built there")
    (bundle / ENGINES / KEY.name / SIGNATURE).write_bytes(signature)
    assert "its signature is for another engine" in taken(bundle, tmp_path, demand).refused[0]


def test_the_signature_of_one_engine_does_not_do_for_another(bundle: Path, tmp_path: Path, demand: Demand) -> None:
    sign_engines(bundle, tmp_path / "fleet.key")
    text = (bundle / ENGINES / KEY.name / SIGNATURE).read_text()
    other: EngineKey = replace(KEY, precision="fp16")
    put_engine(bundle / ENGINES, other, b"plan", "built there")
    (bundle / ENGINES / other.name / SIGNATURE).write_text(text.replace(KEY.name, other.name))
    found = taken(bundle, tmp_path, demand)
    assert found.taken == (KEY.name,)
    assert "its signature does not fit it" in found.refused[0]


def test_a_damaged_card_is_said(bundle: Path, tmp_path: Path, demand: Demand) -> None:
    (bundle / ENGINES / KEY.name / CARD).write_text("{")
    assert "engine.json cannot be read" in taken(bundle, tmp_path, demand).refused[0]


def test_a_plan_that_is_a_link_is_not_followed(bundle: Path, tmp_path: Path, demand: Demand) -> None:
    sign_engines(bundle, tmp_path / "fleet.key")
    plan = bundle / ENGINES / KEY.name / PLAN
    plan.rename(tmp_path / "elsewhere")
    plan.symlink_to(tmp_path / "elsewhere")
    assert "engine.plan is missing" in taken(bundle, tmp_path, demand).refused[0]
