"""The certified mode: a design for little harm, with the boldest thresholds that the `certify` split lets pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from codesign.policy.certificate import Certificate, certify, least_samples
from codesign.policy.exit_log import ExitLog
from codesign.policy.threshold_path import scaled_path
from codesign.search.choose import ChosenDesign
from runtime.contract.fingerprint import arrays_sha256
from runtime.contract.precision import FP32, SHOWN

from .test_answers import TestAnswers

CERTIFIED_MODE = "certified"
# Of the harm to be certified, the share that a design is chosen for on `select`: a test at 1,500 images passes about
# two thirds of it, and what was chosen on `select` does worse elsewhere.
AIMED_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class CertifiedMode:
    """A design and what is promised of it."""

    chosen: ChosenDesign
    certificate: Certificate
    images_sha256: str  # of the certifying images and labels
    precision: str  # of the graphs whose logits were tested

    def to_json(self) -> dict[str, Any]:
        """What the bundle carries: who may check must know on which images and in which precision it was tested."""
        return {**self.certificate.to_json(), "precision": self.precision, "images_sha256": self.images_sha256}


def certified_mode(
    start: ChosenDesign | None, answers: TestAnswers, epsilon: float, delta: float, precision: str = FP32
) -> tuple[CertifiedMode | None, str]:
    """Certify a design on the logits of the graphs that are served.

    Args:
        start: a design chosen on `select`; its thresholds are the middle of the path that is tested. None: nothing
            was found there.
        answers: of the `certify` split, which has chosen nothing, by graphs in the format that is deployed.
        precision: that format. Harm counts against the full network in FP32 whatever it is.
    Returns:
        The mode, or None where only full depth passes; and a sentence for people either way.
    """
    if start is None or start.policy.stages == 1:
        return None, "No certified mode: no exit pays under so little harm, so nobody leaves early."
    if (least := least_samples(epsilon, delta)) > len(answers.split.labels):
        return None, (
            f"No certified mode: {len(answers.split.labels)} images cannot certify harm {epsilon:.2%} with "
            f"{1 - delta:.0%} confidence; it takes {least} at least."
        )
    found = certificate_of(start, answers.of_design(start), answers.classes, epsilon, delta)
    if not found.passed:
        return None, f"No certified mode: {found.sentence}"
    split = answers.split
    digest = arrays_sha256(split.images, split.labels)
    mode = CertifiedMode(replace(start, policy=found.policy), found, digest, precision)
    if precision == FP32:
        return mode, found.sentence
    return mode, f"{found.sentence} Tested in {SHOWN[precision]}; the full network it is held against is in FP32."


def certificate_of(start: ChosenDesign, log: ExitLog, classes: int, epsilon: float, delta: float) -> Certificate:
    """The walk along a design's own thresholds, shrunk and stretched together, on the log of the `certify` split."""
    return certify(log, start.design.mask, scaled_path(start.policy, classes), epsilon, delta)
