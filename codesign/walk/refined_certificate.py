"""What becomes of a certified mode when its bundle is refined.

Other clocks change no answer, so that they keep its certificate. Another design, or other thresholds, must pass the
test anew; which one is tested is decided before the certifying images are looked at. On the run's own images an earlier
certificate stands beside the new one, each with its own confidence. On new images one design alone is tested, and what
passed on others is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from codesign.refine.resolve import Bench, Resolved, resolved
from codesign.search.choose import ChosenDesign
from codesign.search.ledger import ChainResult
from runtime.data.labelled import LabelledImages

from .bundle_step import design_id
from .certify_step import AIMED_SHARE, CERTIFIED_MODE, CertifiedMode, certified_mode
from .compile import Walked
from .expected_step import certify_answers
from .limits_step import within_limits
from .served_modes import ServedModes
from .settings import Settings
from .test_answers import TestAnswers


@dataclass(frozen=True, slots=True)
class NewImages:
    """Labelled since; what networks answer on them is kept in a folder."""

    images: LabelledImages
    answers_at: Path


@dataclass(frozen=True, slots=True)
class RefinedCertificate:
    """The certified mode, before and after, and what a bundle carries of its certificate."""

    found: Resolved
    certificate: Mapping[str, Any]


def refined_certificate(
    walked: Walked,
    now: ServedModes,
    settings: Settings,
    bench: Bench,
    results: list[ChainResult],
    new: NewImages | None,
    *,
    least_saving: float,
    unit: str | None,
) -> tuple[RefinedCertificate | None, str]:
    """Decide upon the certified mode of a bundle that has one.

    Returns:
        The mode, or None where nothing passes on new images; and a sentence for people, empty where nothing is new.
    """
    old = now.chosen[CERTIFIED_MODE]

    def decided(found: ChosenDesign | None) -> Resolved:
        return resolved(old, bench, found, least_saving=least_saving, unit=unit)

    searched = walked.searched
    aim = AIMED_SHARE * settings.epsilon
    start = bench.doubtful.least_harmful(results, searched.reference.log.correct[-1], aim)
    to_test = old if start is None else decided(start).after
    if new is None and _same_answers(to_test, old):
        return RefinedCertificate(decided(None), now.certificate or {}), ""
    answers = (
        certify_answers(searched, walked.folder.path)
        if new is None
        else TestAnswers(searched.backbones, searched.finalists, searched.reference, new.images, new.answers_at)
    )
    tested, sentence = certified_mode(to_test, answers, settings.epsilon, settings.delta, settings.precision)
    tested, sentence = within_limits(tested, bench.believed, sentence)
    if new is not None:
        return _on_new_images(old, tested, bench, decided, unit), sentence
    told = decided(None if tested is None else tested.chosen)
    if tested is None or _same_answers(told.after, old):
        return RefinedCertificate(told, now.certificate or {}), ""
    beside = "The certificate before was tested on the same images."
    return RefinedCertificate(told, tested.to_json()), f"certified: {sentence} {beside}"


def _on_new_images(
    old: ChosenDesign,
    tested: CertifiedMode | None,
    bench: Bench,
    decided: Callable[[ChosenDesign | None], Resolved],
    unit: str | None,
) -> RefinedCertificate | None:
    """What passed, whether or not it saves; at the clocks that are worth it."""
    if tested is None:
        return None
    told = decided(tested.chosen)
    if not _same_answers(told.after, tested.chosen):
        told = replace(told, after=tested.chosen, saving=bench.saving(old, tested.chosen, unit))
    return RefinedCertificate(told, tested.to_json())


def _same_answers(one: ChosenDesign, other: ChosenDesign) -> bool:
    """Whether two designs differ in clocks at most."""
    return design_id(one) == design_id(other) and one.policy == other.policy
