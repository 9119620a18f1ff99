from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np

from codesign.predict.fitting.journal import MemoryJournal
from codesign.predict.fitting.loop import Outcome, run_loop
from codesign.space.chain_sampling import ChainSampler
from codesign.walk.fit_picture import fit_picture
from runtime.contract.kind import Kind
from tests.codesign.chains import LeastSquares, small_space
from tests.codesign.predict.fitting.stand_ins import Onlooker, SumOfGenes

from .fits import RULES

SOURCE = ChainSampler(small_space())
SVG = "{http://www.w3.org/2000/svg}"


def outcome(**changes: object) -> Outcome:
    rules = replace(RULES, bin_accuracy=0.99999, **changes)  # type: ignore[arg-type]
    return run_loop(SOURCE, rules, LeastSquares(), SumOfGenes(), MemoryJournal(), Onlooker())


def drawn(found: Outcome) -> ET.Element:
    bins = found.bins.of(SOURCE.depth(found.test.designs)).tolist()
    return ET.fromstring(fit_picture(found, bins, "ms", Kind.SIMULATED, 0.95))  # noqa: S314 (our own text)


def test_every_test_design_is_a_dot_with_its_costs() -> None:
    found = outcome()
    tips = [tip.text or "" for tip in drawn(found).iter(f"{SVG}title")]
    assert len(tips) == len(found.test.costs) == 15
    assert all("ms simulated" in tip and "ms predicted" in tip for tip in tips)


def test_every_bin_is_a_line_with_a_name() -> None:
    picture = drawn(outcome())
    assert len(list(picture.iter(f"{SVG}polyline"))) == 3
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    assert "2–3 blocks" in texts
    assert "6 blocks" in texts


def test_the_kind_of_the_costs_is_written_on_the_axes() -> None:
    assert any("simulated [ms]" in (text.text or "") for text in drawn(outcome()).iter(f"{SVG}text"))


def test_a_single_round_and_a_dreadful_accuracy_can_be_drawn() -> None:
    found = outcome(max_measurements=20)
    bad = replace(found.rounds[0], accuracy=(-3.0, 0.5, 1.0))
    drawn(replace(found, rounds=(bad,), predicted=replace(found.predicted, mean=np.full(15, 9.0))))
