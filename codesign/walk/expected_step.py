"""What a board should see of each mode: counted on `select`, and on `certify` where that has not been learnt from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from codesign.policy.expected_answers import expected_answers
from codesign.search.choose import ChosenDesign
from runtime.contract.expected_answers import ExpectedAnswers

from .search_step import Searched, polisher_of
from .test_answers import TestAnswers


def certify_answers(searched: Searched, run: Path) -> TestAnswers:
    """Answers on `certify`, kept in the folder of a run."""
    certify = searched.backbones.data.certify
    return TestAnswers(searched.backbones, searched.finalists, searched.reference, certify, run / "certify_logs")


def expected_by_mode(
    modes: Iterable[tuple[str, ChosenDesign]], searched: Searched, run: Path
) -> dict[str, ExpectedAnswers]:
    """Of designs of finalists, by the names of their modes. Raises ShapeError, ConfigError as `replay` does."""
    polisher, unseen = polisher_of(searched), None
    if searched.uncertifiable is None:  # else networks know these images by heart, which would not say what to expect
        unseen = certify_answers(searched, run)
    return {
        name: expected_answers(
            polisher.log(chosen),
            chosen.design.mask,
            chosen.policy,
            None if unseen is None else unseen.of_design(chosen),
        )
        for name, chosen in modes
    }
