"""The finalists in the number format that is deployed: what thresholds, certificate and bundle are made of from here.

What is lost and harmed still counts against the full network in FP32, which stays under its own genome.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from codesign.data.dataset import Dataset
from codesign.exits.answers import answers
from codesign.exits.exited_backbone import ExitedBackbone, exited_backbone
from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.search.chain_solver import ChainSolver
from codesign.search.ledger import Chain, ChainResult
from codesign.search.pricing import Pricing
from codesign.stages.layers import weighed_layers
from codesign.stages.lower import in_half_precision, in_integers
from codesign.stages.sensitivity import changed_answers
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import InfeasibleError
from runtime.contract.precision import FP16, FP32, INT8, MIXED, PRECISIONS, SHOWN
from runtime.contract.preprocessing import Preprocessing

from .backbones import Backbones
from .evaluate import log_of, record_of
from .mixed_step import Mixture, choose_layers, judge_layers
from .progress import Steps, Tick
from .run_folder import RunFolder
from .search_step import Finalist, Searched, feasible
from .settings import Settings

CALIBRATION_IMAGES = 256  # of `train`, for the ranges of activations
SENSITIVITY_IMAGES = 256  # of `select`: networks know `train` too well to be unsure there
HALF_IN_FLOAT = (
    " Asked on this machine's processor, where ONNX Runtime may round float16 weights alone and compute in float32: "
    "a device with float16 arithmetic rounds more."
)
COLLAPSE = 0.05  # accuracy of a network alone, in points of one: nobody who asks for INT8 means to lose more


@dataclass(frozen=True, slots=True)
class DeployedBackbones:
    """The networks behind deployed genomes; all other genomes are those of the search."""

    searched: Backbones
    precision: str
    deployed: Mapping[Genome, Finalist]

    @property
    def data(self) -> Dataset:
        """The four splits."""
        return self.searched.data

    @property
    def folder(self) -> RunFolder:
        """Where answers are kept."""
        return self.searched.folder

    def design(self, genome: Genome) -> object:
        """What the backbone is, its format included."""
        if genome not in self.deployed:
            return f"{self.searched.design(genome)} in {SHOWN[FP32]}"
        return f"{self.searched.design(genome[:-1])} in {SHOWN[self.precision]}"

    def exited(self, genome: Genome) -> ExitedBackbone:
        """Its graph with its heads."""
        return self.deployed[genome].exited if genome in self.deployed else self.searched.exited(genome)


def deployed_genome(genome: Genome, precision: str) -> Genome:
    """The genome of a backbone in another format; a search's own genes are never negative."""
    return (*genome, -PRECISIONS.index(precision))


def in_precision(settings: Settings, searched: Searched, steps: Steps) -> Searched:
    """The same search with every finalist in the format asked for, its answers asked anew and its chains solved anew.

    Raises:
        InfeasibleError: a network loses too much in that format, or no design keeps to the limits.
    """
    if settings.precision == FP32:
        return searched
    data, deployed, rows = searched.backbones.data, {}, []
    with steps.step("precision", f"Precision: {SHOWN[settings.precision]}") as tick:
        for genome, finalist in searched.finalists.items():
            name = str(searched.backbones.design(genome))
            exited, mixture = _lowered(settings, data, searched.solver.pricing, finalist.exited, tick)
            told = answers(exited.model, exited.outputs, data.select.images, data.input)
            record = record_of(
                deployed_genome(genome, settings.precision), exited, log_of(told, data.select, settings.score)
            )
            deployed[record.genome] = Finalist(record, exited, told.logits)
            row = comparison(name, finalist, told.logits, data.select.labels, mixture)
            _check_collapse(settings.precision, row)
            rows.append(row)
        results = feasible(_solved_anew(searched, deployed, settings.precision), searched.solver)
    for row in rows:
        steps.say(f"  [dim]{_said(row)}")
    reference = searched.reference.genome
    return replace(
        searched,
        backbones=DeployedBackbones(searched.backbones, settings.precision, deployed),
        records=[finalist.record for finalist in deployed.values()],
        results=results,
        finals=results,
        finalists={**deployed, reference: searched.finalists[reference]},
        origin=f"{searched.origin} All of it deployed in {SHOWN[settings.precision]}; the full network stays in FP32."
        + (HALF_IN_FLOAT if settings.precision == FP16 else ""),
        lowered=tuple(rows),
    )


def deployed_full_network(settings: Settings, searched: Searched) -> BackboneRecord:
    """The full network in the format that is deployed: the reference itself in FP32."""
    full = searched.reference
    if settings.precision == FP32:
        return full
    return searched.finalists[deployed_genome(full.genome, settings.precision)].record


def comparison(
    name: str, before: Finalist, logits: FloatArray, labels: IntArray, mixture: Mixture | None
) -> dict[str, Any]:
    """One network in both formats, for `results.json`; everything measured on `select` but what says `predicted`."""
    exits = [
        {
            "max_difference": float(np.abs(lowered - full).max() / max(float(np.abs(full).max()), 1e-30)),
            "changed_answers": float((lowered.argmax(axis=1) != full.argmax(axis=1)).mean()),
            "fp32_accuracy": float((full.argmax(axis=1) == labels).mean()),
            "accuracy": float((lowered.argmax(axis=1) == labels).mean()),
        }
        for lowered, full in zip(logits, before.logits, strict=True)
    ]
    row: dict[str, Any] = {
        "network": name,
        "images": len(labels),
        "exits": exits,  # the end last
        "changed_answers": changed_answers(before.logits, logits),
    }
    if mixture is not None:
        row["mixture"] = {
            "layers": len(mixture.quantised) + len(mixture.kept),
            "in_fp32": list(mixture.kept),
            "predicted_changed_answers": mixture.predicted_change,
            "predicted_saving_j": mixture.predicted_saving_j,
            "possible_saving_j": mixture.possible_saving_j,
        }
    return row


def _lowered(
    settings: Settings, data: Dataset, pricing: Pricing, exited: ExitedBackbone, tick: Tick
) -> tuple[ExitedBackbone, Mixture | None]:
    if settings.precision == FP16:
        formats = {node.output[0]: FP16 for node in exited.model.graph.node}
        counted = exited_backbone(exited.model, exited.blocks, exited.cuts, formats)
        return replace(counted, model=in_half_precision(exited.model, exited.cuts)), None
    rng, preprocess = np.random.default_rng([settings.seed, 17]), Preprocessing(data.input)
    drawn = rng.permutation(len(data.train.labels))[:CALIBRATION_IMAGES]
    calibration = preprocess(data.train.images[np.sort(drawn)])
    layers, mixture, on_gpu = weighed_layers(exited.model), None, settings.device == "gpu"
    if settings.precision == MIXED:
        judged = preprocess(data.select.images[:SENSITIVITY_IMAGES])
        table = judge_layers(exited, pricing, calibration, judged, tick, for_tensorrt=on_gpu)
        mixture = choose_layers(table, settings.precision_change)
        layers = mixture.quantised
    counted = exited_backbone(exited.model, exited.blocks, exited.cuts, dict.fromkeys(layers, INT8))
    lowered = in_integers(exited.model, exited.cuts, layers, calibration, for_tensorrt=on_gpu)
    return replace(counted, model=lowered), mixture


def _solved_anew(searched: Searched, deployed: Mapping[Genome, Finalist], precision: str) -> list[ChainResult]:
    solver: ChainSolver = searched.solver
    genomes = {
        tuple(deployed_genome(record.genome, precision) for record in result.chain): None for result in searched.finals
    }
    chains: list[Chain] = [tuple(deployed[genome].record for genome in chain) for chain in genomes]
    results = [ChainResult(chain, solver(chain)) for chain in chains]
    return results + [ChainResult(chain, solver.without_exits(chain)) for chain in chains if len(chain) == 1]


def _check_collapse(precision: str, row: Mapping[str, Any]) -> None:
    end = row["exits"][-1]
    lost = end["fp32_accuracy"] - end["accuracy"]
    if lost > COLLAPSE:
        wider = "a smaller --precision-change, or --precision fp16" if precision == MIXED else "--precision mixed"
        raise InfeasibleError(
            f"{row['network']} is right on {end['fp32_accuracy']:.1%} of the select images in FP32 and on "
            f"{end['accuracy']:.1%} in {SHOWN[precision]}: {100 * lost:.1f} points lost, more than {100 * COLLAPSE:g}",
            where=f"--precision {precision}",
            to_do=f"use {'--precision fp32' if precision == FP16 else wider}; or give training images that are like "
            "those to be served, since ranges are taken from them",
        )


def _said(row: Mapping[str, Any]) -> str:
    end = row["exits"][-1]
    mixture = row.get("mixture")
    kept = "" if mixture is None else f", {len(mixture['in_fp32'])} of {mixture['layers']} layers in FP32"
    return (
        f"{row['network']}: {end['accuracy']:.2%} after {end['fp32_accuracy']:.2%} on select, "
        f"{row['changed_answers']:.2%} of all exits' answers changed{kept}"
    )
