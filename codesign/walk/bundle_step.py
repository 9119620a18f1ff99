"""From chosen designs to a bundle on disk: cut, write, read back, compare with the uncut network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import onnx

from codesign.bundle.read_back import compare_with_uncut, read_back
from codesign.bundle.write import write_bundle
from codesign.data.dataset import Dataset
from codesign.exits.answers import answers
from codesign.policy.averaging import NONE, averaged_logits
from codesign.policy.selection import selected_candidates
from codesign.search.backbone_record import Genome
from codesign.search.chain_solver import exit_labels
from codesign.search.choose import ChosenDesign
from codesign.search.governed_points import governed_points
from codesign.search.pricing import Pricing
from codesign.stages.averaging import with_averaging
from codesign.stages.cut import cut_into_stages
from runtime.contract.arrays import FloatArray, UInt8Array
from runtime.contract.clock_costs import ClockCosts
from runtime.contract.cost import StageCosts, expected_costs
from runtime.contract.expected_answers import ExpectedAnswers
from runtime.contract.figure import Figure
from runtime.contract.fingerprint import json_sha256
from runtime.contract.kind import Kind
from runtime.contract.mode import Mode
from runtime.contract.precision import FP32
from runtime.contract.promise import Promise
from runtime.contract.tensor_spec import TensorSpec

from .choose_step import DEFAULT_MODE
from .outcome import Outcome
from .search_step import Finalist

GOLDEN_IMAGES = 8


@dataclass(frozen=True, slots=True)
class Verification:
    """What reading the bundle back showed."""

    bundle_id: str
    max_difference: float  # of the cut designs' last logits against the uncut networks', of the largest logit
    golden_samples: int


def design_id(chosen: ChosenDesign) -> str:
    """Names a chain and its exits; modes that differ only in thresholds or clocks share it."""
    parts = [[list(record.genome) for record in chosen.chain], chosen.design.mask]
    return "d" + json_sha256(parts if chosen.averaging == NONE else [*parts, asdict(chosen.averaging)])[:10]


def stage_models(chosen: ChosenDesign, finalists: Mapping[Genome, Finalist]) -> list[bytes]:
    """Every stage of a design as a serialised ONNX graph."""
    exits = exit_labels(chosen.chain, chosen.design.mask)
    stages: list[onnx.ModelProto] = []
    for number, record in enumerate(chosen.chain):
        kept = [(index, is_end) for backbone, index, is_end in exits if backbone == number]
        if not kept:
            continue
        exited = finalists[record.genome].exited
        cuts = [exited.cuts[index] for index, is_end in kept if not is_end]
        ends_early = not any(is_end for _, is_end in kept)
        stages += cut_into_stages(exited.model, cuts, ends_early=ends_early)
    return [stage.SerializeToString() for stage in with_averaging(stages, chosen.averaging)]


def uncut_stages(
    chosen: ChosenDesign, finalists: Mapping[Genome, Finalist], images: UInt8Array, spec: TensorSpec
) -> FloatArray:
    """(stages, images, classes): what the kept exits answer when every network runs in one piece."""
    told = [
        answers(finalists[record.genome].exited.model, finalists[record.genome].exited.outputs, images, spec).logits
        for record in chosen.chain
    ]
    logits = np.concatenate(told)
    kept = selected_candidates(chosen.design.mask, len(logits))
    return averaged_logits(logits[kept], chosen.averaging)


def write_and_verify(
    out: Path,
    modes: Sequence[tuple[str, ChosenDesign, Outcome]],
    certificates: Mapping[str, Mapping[str, Any]],
    finalists: Mapping[Genome, Finalist],
    data: Dataset,
    promises: Mapping[str, Promise],
    *,
    board: str,
    device: str,
    requests_per_s: float,
    provenance: Mapping[str, Any],
    precision: str = FP32,
    expected: Mapping[str, ExpectedAnswers] = MappingProxyType({}),
) -> Verification:
    """Write the bundle and check it as a board would.

    Args:
        modes: name, design, and its outcome on `select`, which is what the bundle expects of itself.
        certificates: by name, of the modes that have one.
        precision: the format that the finalists' graphs compute in.
        expected: by name, what a board should see of exits and entropies.
    Raises:
        BundleError: what was written does not compute what the uncut networks do.
    """
    models = {design_id(chosen): stage_models(chosen, finalists) for _, chosen, _ in modes}
    golden: UInt8Array = data.select.images[:GOLDEN_IMAGES]
    manifest = write_bundle(
        out,
        board=board,
        device=device,
        classes=data.classes,
        input_spec=data.input,
        modes=[
            replace(
                _mode(name, chosen, outcome, promises[name], data, requests_per_s),
                certificate=certificates.get(name),
                precision=precision,
                expected_answers=expected.get(name),
            )
            for name, chosen, outcome in modes
        ],
        default_mode=DEFAULT_MODE,
        stage_models=models,
        golden_images=golden,
        promises=promises,
        provenance=provenance,
    )
    read_back(out)
    designs = {design_id(chosen): chosen for _, chosen, _ in modes}
    differences = [
        compare_with_uncut(out, design, uncut_stages(chosen, finalists, golden, data.input), golden, precision)
        for design, chosen in designs.items()
    ]
    return Verification(manifest.bundle_id, max(differences), len(golden))


def _mode(
    name: str, chosen: ChosenDesign, outcome: Outcome, promise: Promise, data: Dataset, requests_per_s: float
) -> Mode:
    on_select = f"{data.name}: select split, {len(data.select.labels)} images"

    def cost(value: float) -> Figure:
        return Figure(value, promise.kind, promise.hardware)

    expected = {
        "accuracy": Figure(outcome.accuracy, Kind.MEASURED, on_select),
        "energy_j": cost(outcome.energy_j),
        "latency_s": cost(outcome.latency_s),
        "worst_latency_s": cost(outcome.worst_latency_s),
        "requests_per_s": Figure(requests_per_s, Kind.ASSUMED, "as asked for"),
    }
    if outcome.served_energy_j is not None:
        expected["served_energy_j"] = cost(outcome.served_energy_j)
    shares = () if outcome.replay is None else tuple(float(share) for share in outcome.replay.exit_shares)
    return Mode(
        name=name,
        design=design_id(chosen),
        policy=chosen.policy,
        operating_point=chosen.design.operating_point,
        expected=expected,
        exit_shares=shares,
    )


def promise_of(
    costs: StageCosts,
    exit_shares: FloatArray,
    point: int,
    pricing: Pricing,
    allowed: tuple[int, ...] | None = None,
) -> Promise:
    """What the cost model says each stage adds at a mode's clocks, and at those that a governor may switch to.

    Args:
        costs: of the mode's stages at every point of the pricing.
        exit_shares: (stages,) as expected, which decide at what clocks the mode is cheap.
        point: index of the mode's own clocks.
        allowed: indices of the clocks that may be held; None: all.
    """
    latency_s, energy_j = expected_costs(exit_shares, costs)
    among = np.arange(latency_s.size) if allowed is None else np.asarray(allowed)
    worst_s = costs.latency_s.sum(axis=0)
    worth = among[governed_points(latency_s[among], worst_s[among], energy_j[among], costs.idle_w[among])]
    rows = {
        int(index): ClockCosts(
            pricing.points[index],
            tuple(map(float, costs.latency_s[:, index])),
            tuple(map(float, costs.energy_j[:, index])),
            float(costs.idle_w[index]),
        )
        for index in {point, *map(int, worth)}
    }
    own, model = rows[point], pricing.model
    return Promise(
        own.stage_latency_s,
        own.stage_energy_j,
        own.idle_w,
        model.kind,
        model.hardware,
        tuple(rows[index] for index in sorted(rows) if index != point),
    )
