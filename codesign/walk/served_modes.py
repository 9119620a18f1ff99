"""The modes of a bundle that is served: a run's own, or those that an earlier refinement of the run wrote."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np

from codesign.policy.averaging import Averaging
from codesign.search.choose import ChosenDesign
from codesign.search.inner_front import InnerDesign
from codesign.search.polish import AVERAGINGS
from runtime.contract.bundle_files import read_modes
from runtime.contract.errors import ConfigError, StorageError
from runtime.contract.exit_policy import ExitPolicy
from runtime.contract.manifest import Manifest, read_manifest
from runtime.contract.operating_point import OperatingPoint

from .bundle_step import design_id
from .certify_step import CERTIFIED_MODE
from .compile import Walked

NOT_KNOWN = float("nan")
REFINED, BUNDLE = "refined.json", "bundle"


@dataclass(frozen=True, slots=True)
class ServedModes:
    """A bundle, and the designs behind its modes."""

    manifest: Manifest
    chosen: Mapping[str, ChosenDesign]
    certificate: Mapping[str, Any] | None  # of the certified mode, as the bundle carries it


def of_run(walked: Walked) -> ServedModes:
    """Those of the run's own bundle, found again by the names of their designs.

    Another version may choose otherwise from the same networks; what counts is what was served.

    Raises:
        ConfigError: the run's networks do not make them, or its board has not their clocks.
    """
    bundle = walked.folder.bundle
    modes = read_modes(bundle, read_manifest(bundle))
    named = {design_id(chosen): chosen for _, chosen in walked.modes.items()}
    points = walked.searched.solver.pricing.points
    unknown = {mode.design: mode.policy.stages for mode in modes.values() if mode.design not in named}
    named |= _searched(unknown, walked)
    found = {}
    for name, mode in modes.items():
        if mode.design not in named or mode.operating_point not in points:
            raise _foreign(bundle)
        like = named[mode.design]
        design = _inner(like.design.mask, mode.operating_point, walked)
        found[name] = replace(like, design=design, policy=mode.policy)
    return _checked(bundle, found)


def _searched(unknown: Mapping[str, int], walked: Walked) -> dict[str, ChosenDesign]:
    """Designs by name, each of so many stages: tried are all exits of all chains of finalists, the shorter first."""
    found: dict[str, ChosenDesign] = {}
    records = [finalist.record for finalist in walked.searched.finalists.values()]
    pricing = walked.searched.solver.pricing
    anything = InnerDesign(-1, 0, 0, pricing.points[0], NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN)
    for length in (1, 2, 3):
        for some in combinations(records, length):
            chain = pricing.ordered(some)
            early = sum(len(record.works.heads) for record in chain) - 1
            for stages in sorted(set(unknown.values())):
                for kept, averaging in product(combinations(range(early), stages - 1), AVERAGINGS):
                    if len(found) == len(unknown):
                        return found
                    mask = sum(1 << exit_index for exit_index in kept)
                    policy = ExitPolicy((0.0,) * (stages - 1))
                    tried = ChosenDesign(chain, replace(anything, mask=mask), policy, averaging)
                    if (name := design_id(tried)) in unknown:
                        found[name] = tried
    return found


def of_refinement(folder: Path, walked: Walked) -> ServedModes:
    """Those that a refinement of the run wrote to a folder.

    Raises:
        ConfigError: the folder holds none, or one of another run.
        StorageError: what it says of its designs cannot be read.
    """
    path = folder / REFINED
    if not path.is_file():
        raise ConfigError(
            f"{folder} holds no refinement", where="--served", to_do="give the --out of a codesign refine"
        )
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["modes"]
        chosen = {str(row["mode"]): _design(row["design"], walked) for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"the refinement's designs cannot be read: {error!r}", where=str(path), to_do="refine the run again"
        ) from error
    return _checked(folder / BUNDLE, chosen)


def design_json(chosen: ChosenDesign) -> dict[str, Any]:
    """A design as JSON, from which `of_refinement` makes it again."""
    return {
        "networks": [record.name for record in chosen.chain],
        "mask": chosen.design.mask,
        "thresholds_nats": [None if math.isinf(t) else t for t in chosen.policy.thresholds_nats],
        "score": chosen.policy.score,
        "averaging": asdict(chosen.averaging),
        "operating_point": chosen.design.operating_point.to_json(),
    }


def _design(table: Mapping[str, Any], walked: Walked) -> ChosenDesign:
    """Raises KeyError for a network or clocks that the run does not have."""
    records = {finalist.record.name: finalist.record for finalist in walked.searched.finalists.values()}
    chain = tuple(records[name] for name in table["networks"])
    design = _inner(int(table["mask"]), OperatingPoint.from_json(table["operating_point"]), walked)
    policy = ExitPolicy(tuple(-np.inf if t is None else float(t) for t in table["thresholds_nats"]), table["score"])
    return ChosenDesign(chain, design, policy, Averaging(**table["averaging"]))


def _inner(mask: int, point: OperatingPoint, walked: Walked) -> InnerDesign:
    """Exits and clocks; what they were expected to cost then is in the bundle. Raises KeyError for unknown clocks."""
    places = {known: number for number, known in enumerate(walked.searched.solver.pricing.points)}
    return InnerDesign(-1, mask, places[point], point, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN)


def _checked(bundle: Path, chosen: Mapping[str, ChosenDesign]) -> ServedModes:
    """The bundle must hold these designs: else rows would be counted for other stages than were served."""
    manifest = read_manifest(bundle)
    written = read_modes(bundle, manifest)
    same = written.keys() == chosen.keys() and all(
        mode.design == design_id(chosen[name])
        and mode.operating_point == chosen[name].design.operating_point
        and np.allclose(mode.policy.thresholds_nats, chosen[name].policy.thresholds_nats)
        for name, mode in written.items()
    )
    if not same:
        raise _foreign(bundle)
    certified = written.get(CERTIFIED_MODE)
    return ServedModes(manifest, chosen, None if certified is None else certified.certificate)


def _foreign(bundle: Path) -> ConfigError:
    return ConfigError(
        "the run's networks do not make the designs of its bundle: it is of another run, or files changed",
        where=str(bundle),
        to_do="compile again with --resume, and serve that bundle",
    )
