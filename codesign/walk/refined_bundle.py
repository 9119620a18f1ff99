"""Writes a refined bundle: stages cut anew where exits moved, promises at refined prices, its parent named."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from codesign.search.choose import ChosenDesign
from runtime.contract.cost import expected_costs, served_energy_j

from .bundle_step import Verification, promise_of, write_and_verify
from .certify_step import CERTIFIED_MODE
from .compile import Walked
from .expected_step import expected_by_mode
from .outcome import Outcome, design_outcome
from .refine_step import Refinement
from .settings import Settings


def write_refined(out: Path, settings: Settings, walked: Walked, refinement: Refinement) -> Verification:
    """Write the bundle and check it as a board would.

    What a board should see of exits and entropies stays that of the labelled images, on which thresholds were chosen
    and certified: where served images differ from those, a daemon should go on saying so. Expected costs and exit
    shares are those of the served mix.

    Raises:
        BundleError: what was written does not compute what the uncut networks do.
        StorageError: it cannot be written.
    """
    bench = refinement.bench
    pricing = bench.solver.pricing
    chosen = {name: found.after for name, found in refinement.found.items()}
    outcomes = {name: refined_outcome(design, refinement, settings.requests_per_s) for name, design in chosen.items()}
    promises = {}
    for name, design in chosen.items():
        costs = pricing.exited(design.chain).stage_costs(design.design.mask)
        shares = bench.run(design).shares
        promises[name] = promise_of(costs, shares, design.design.point, pricing, bench.solver.limits.points)
    certified = refinement.certificate
    return write_and_verify(
        out,
        [(name, design, outcomes[name]) for name, design in chosen.items()],
        {} if certified is None else {CERTIFIED_MODE: certified},
        walked.searched.finalists,
        walked.data,
        promises,
        board=settings.board,
        device=settings.device,
        requests_per_s=settings.requests_per_s,
        provenance=provenance(settings, walked, refinement),
        precision=settings.precision,
        expected=expected_by_mode(chosen.items(), walked.searched, walked.folder.path),
    )


def refined_outcome(chosen: ChosenDesign, refinement: Refinement, requests_per_s: float) -> Outcome:
    """Accuracy on `select` as it was labelled, costs at refined prices under the served mix."""
    bench, point = refinement.bench, chosen.design.point
    pricing = bench.solver.pricing
    plain = design_outcome(chosen, bench.believed.log(chosen), pricing, requests_per_s)
    shares, costs = bench.run(chosen).shares, pricing.exited(chosen.chain).stage_costs(chosen.design.mask)
    latency_s, energy_j = expected_costs(shares, costs)
    served_j = float(served_energy_j(energy_j, latency_s, costs.idle_w, requests_per_s)[point])
    return replace(
        plain,
        energy_j=float(energy_j[point]),
        latency_s=float(latency_s[point]),
        served_energy_j=served_j if served_j == served_j else None,  # NaN where the rate cannot be served
        replay=None if plain.replay is None else replace(plain.replay, exit_shares=shares),
    )


def provenance(settings: Settings, walked: Walked, refinement: Refinement) -> dict[str, Any]:
    """That of a compilation, and what refined it."""
    heard = refinement.told["telemetry"]
    return {
        "tool": f"edge-codesign {version('edge-codesign')}",
        "settings": settings.to_json(),
        "data": {"name": walked.data.name, "fingerprint": walked.data.fingerprint},
        "backbones": walked.searched.origin,
        "refined": {
            "parent": refinement.parent.bundle_id,
            "units": len(heard["units"]),
            "single_images": heard["single_images"],
            "images": heard["images"],
            "from": heard["from"],
            "to": heard["to"],
        },
    }
