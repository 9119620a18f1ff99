"""The limits that a user stated, held against every mode that is written."""

from __future__ import annotations

from typing import Any

from codesign.policy.replay import Replay
from codesign.search.chain_solver import ChainSolver
from codesign.search.choose import ChosenDesign
from codesign.search.constraints import broken, figures, stated
from codesign.search.polish import Polisher
from runtime.contract.kind import Kind

from .certify_step import CertifiedMode
from .outcome import Outcome

# Of all others, that of the board's costs.
KINDS = {"accuracy": Kind.MEASURED, "memory_bytes": Kind.PREDICTED, "size_bytes": Kind.PREDICTED}
HOW = {
    "memory_bytes": "predicted: weights of all stages and activations alive at once, without the inference runtime",
    "size_bytes": "predicted: weights and nodes of the stages as ONNX files",
    "images_per_s": "back to back; of a batch, images share only what entering a stage costs",
    "p99_latency_s": "latency that 99 % of the images keep to, from how many leave at each exit",
}


def mode_figures(chosen: ChosenDesign, solver: ChainSolver, played: Replay | None) -> dict[str, float]:
    """Everything limits may speak of, of a design on one split. Raises ValueError for a network without exits."""
    if played is None:
        raise ValueError("a mode is a design with a policy; its outcome has a replay")
    design = chosen.design
    return figures(solver, chosen.chain, design.mask, played.exit_shares, design.point, played.accuracy)


def limits_result(
    modes: tuple[tuple[str, ChosenDesign], ...],
    on_select: dict[str, Outcome],
    on_test: dict[str, Outcome],
    solver: ChainSolver,
) -> list[dict[str, Any]]:
    """One row per stated limit and mode, for `results.json`; empty where nothing is limited.

    Designs were chosen on `select`, and keep to every limit there; what becomes of that on `test` is said beside it.
    """
    rows = []
    for constraint in stated(solver.limits):
        asked = constraint.of(solver.limits)
        for name, chosen in modes:
            select = mode_figures(chosen, solver, on_select[name].replay)[constraint.figure]
            test = mode_figures(chosen, solver, on_test[name].replay)[constraint.figure]
            rows.append(
                {
                    "limit": constraint.what,
                    "option": constraint.option,
                    "unit": constraint.unit,
                    "per_si": constraint.per_si,
                    "at_least": constraint.at_least,
                    "asked": asked,
                    "mode": name,
                    "select": select,
                    "test": test,
                    "kept_on_test": asked is not None and constraint.kept_by(test, asked),
                    "kind": KINDS.get(constraint.figure, solver.pricing.model.kind).value,
                    "how": HOW.get(constraint.figure),
                }
            )
    return rows


def within_limits(
    certified: CertifiedMode | None, polisher: Polisher, sentence: str
) -> tuple[CertifiedMode | None, str]:
    """A certified mode where it keeps to the limits; its thresholds are others than those it was chosen with.

    Returns:
        The mode or None, and the sentence for people, or why there is none.
    """
    limits = polisher.solver.limits
    if certified is None or not stated(limits):
        return certified, sentence
    found = polisher.figures(certified.chosen)
    over = broken(limits, found)
    if not over:
        return certified, sentence
    first = over[0]
    return None, (
        "No certified mode: with the thresholds that pass, a limit is not kept to: "
        f"{first.asked(first.of(limits) or 0.0)}, but it has {first.shown(found[first.figure])}."
    )
