"""The archive of a run: what was evaluated, on what, and how surely; written as it is found out, each thing once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from codesign.backbones.supernet import Supernet
from codesign.data.dataset import Dataset
from codesign.search.backbone_record import BackboneRecord, Genome, genome_name
from codesign.search.ledger import ChainResult
from codesign.search.pareto import nondominated_2d
from codesign.space.preset import TrainingRecipe, space_to_toml
from runtime.contract.fingerprint import arrays_sha256, file_sha256, json_sha256

from .archive_file import MEASURED, OWN_HEADS, SHARED_HEADS, Entry, append_entries, read_archive
from .far_work import Failed, own_heads_path
from .run_folder import RunFolder

HEADS, BACKBONE, FRONT, COST, DESIGN = "heads", "backbone", "front", "cost", "design"
THE_SHARED_HEADS = "shared heads"


class RunArchive:
    """Of one supernet on one data set; opened anew it goes on where it was.

    Args:
        score: what exits say of how unsure they are; it is part of every answer that is kept.
        seed: of the run, said with each entry.
    """

    def __init__(self, folder: RunFolder, supernet: Supernet, data: Dataset, score: str, seed: int) -> None:
        self.folder, self._score, self._seed = folder, score, seed
        self.base = {
            "space": json_sha256(space_to_toml(supernet.space)),
            "images": data.fingerprint,
            "supernet": arrays_sha256(*(np.asarray(tensor) for tensor in supernet.state_dict().values())),
        }
        found = read_archive(folder.archive) if folder.archive.is_file() else None
        self.damaged = None if found is None else found.told(folder.archive)
        self._known = set() if found is None else {entry.key for entry in found.entries}

    def heads_circumstances(self, recipe: TrainingRecipe, seed: int) -> dict[str, str]:
        """What decides the shared heads."""
        return {**self.base, "training": json_sha256([asdict(recipe), seed])}

    def backbone_circumstances(self) -> dict[str, str]:
        """What decides the answers of a backbone with the shared heads, which must be there."""
        return {**self.base, "heads": file_sha256(self.folder.heads), "score": self._score}

    def own_heads_circumstances(self, recipe: TrainingRecipe, epochs: int, seed: int) -> dict[str, str]:
        """What decides heads of its own, which start from the shared ones."""
        training = json_sha256([asdict(recipe), epochs, seed])
        return {**self.base, "heads": file_sha256(self.folder.heads), "training": training}

    def add_heads(self, recipe: TrainingRecipe, seed: int) -> None:
        """The shared heads."""
        circumstances = self.heads_circumstances(recipe, seed)
        self._add([Entry(HEADS, SHARED_HEADS, THE_SHARED_HEADS, circumstances, {}, self._files(self.folder.heads))])

    def add_backbones(self, found: Iterable[BackboneRecord | Failed]) -> None:
        """Backbones as they were evaluated with the shared heads, or why they could not be."""
        circumstances, entries = self.backbone_circumstances(), []
        for one in found:
            if isinstance(one, Failed):
                values: dict[str, Any] = {"genome": list(one.genome), "failed": one.reason}
                entries.append(Entry(BACKBONE, SHARED_HEADS, genome_name(one.genome), circumstances, values))
            elif (BACKBONE, SHARED_HEADS, one.name) not in self._known:
                file = self.folder.backbones / f"{one.name}.npz"
                values = _values(one)
                entries.append(Entry(BACKBONE, SHARED_HEADS, one.name, circumstances, values, self._files(file)))
        self._add(entries)

    def add_finalists(self, records: Iterable[BackboneRecord], recipe: TrainingRecipe, epochs: int, seed: int) -> None:
        """Backbones with heads of their own."""
        circumstances, entries = self.own_heads_circumstances(recipe, epochs, seed), []
        for record in records:
            files = self._files(
                own_heads_path(self.folder, record.genome),
                self.folder.finalists / f"{record.name}.npz",
                self.folder.logits / f"{record.name}.npz",
            )
            entries.append(Entry(BACKBONE, OWN_HEADS, record.name, circumstances, _values(record), files))
        self._add(entries)

    def add_front(self, results: Sequence[ChainResult], least_accuracy: float, board: str, device: str) -> None:
        """The chains that have a design on the front over accuracy and energy, cheapest design first.

        Args:
            least_accuracy: designs below it interest nobody.
        """
        chains = [[list(genome) for genome in chain] for chain in front_chains(results, least_accuracy)]
        circumstances = {"space": self.base["space"]}
        self._add([Entry(FRONT, SHARED_HEADS, f"{board} {device}", circumstances, {"chains": chains})])

    def add_costs(self, rows: Iterable[Mapping[str, Any]], cost: str, on: str) -> None:
        """Costs of backbones that were measured on a board."""
        entries = [
            Entry(
                COST,
                MEASURED,
                f"{row['name']} on {on}",
                {"space": self.base["space"], "on": on},
                {cost: row["measured"]},
            )
            for row in rows
        ]
        self._add(entries)

    def take_over(self, entries: Sequence[Entry], source: Path) -> None:
        """Entries of another archive whose files are here now."""
        self._add([_from(entry, source) for entry in entries])

    def _files(self, *paths: Path) -> dict[str, str]:
        return {path.relative_to(self.folder.path).as_posix(): file_sha256(path) for path in paths}

    def _add(self, entries: Sequence[Entry]) -> None:
        made = {
            "version": version("edge-codesign"),
            "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "seed": str(self._seed),
        }
        new = [entry for entry in entries if entry.key not in self._known]
        stamped = [Entry(e.what, e.fidelity, e.name, e.circumstances, e.values, e.files, e.made or made) for e in new]
        append_entries(self.folder.archive, stamped)
        self._known |= {entry.key for entry in new}


def note_measured(folder: RunFolder, results: Mapping[str, Any]) -> None:
    """Archive what each mode's design took on a board, beside what was predicted; nothing where none was measured."""
    if (measured := results.get("measured")) is None:
        return
    known = {entry.key for entry in read_archive(folder.archive).entries} if folder.archive.is_file() else set()
    on, bundle = measured["hardware"], results["verification"]["bundle_id"]
    figures = ("measured_latency_s", "measured_energy_j", "predicted_latency_s", "predicted_energy_j")
    modes = {mode["name"]: mode["design"] for mode in results["modes"]}
    made = {"version": version("edge-codesign"), "time": datetime.now(timezone.utc).isoformat(timespec="seconds")}
    entries = [
        Entry(
            DESIGN,
            MEASURED,
            f"{row['name']} ({modes[row['name']]}) on {on}",
            {"bundle": bundle, "on": on},
            {name: row[name] for name in figures},
            made=made,
        )
        for row in measured["rows"]
        if row["name"] in modes
    ]
    append_entries(folder.archive, [entry for entry in entries if entry.key not in known])


def front_chains(results: Sequence[ChainResult], least_accuracy: float) -> list[tuple[Genome, ...]]:
    """Chains with a design that no design of another chain beats in accuracy and energy, cheapest first, each once."""
    solved = [(result.chain, result.front) for result in results if result.front is not None]
    if not solved:
        return []
    accuracy = np.concatenate([front.accuracy for _, front in solved])
    energy_j = np.concatenate([front.energy_j for _, front in solved])
    owner = np.concatenate([np.full(len(front), number) for number, (_, front) in enumerate(solved)])
    kept = nondominated_2d(-accuracy, energy_j)
    kept = kept[accuracy[kept] >= least_accuracy]
    rising = kept[np.argsort(energy_j[kept], kind="stable")]
    chains = [tuple(record.genome for record in solved[number][0]) for number in owner[rising].tolist()]
    return list(dict.fromkeys(chains))


def _values(record: BackboneRecord) -> dict[str, Any]:
    accuracies = record.log.correct.mean(axis=1)
    return {
        "genome": list(record.genome),
        "accuracy": record.accuracy,
        "exit_accuracies": [float(accuracy) for accuracy in accuracies[:-1]],
        "macs": record.static.macs,
        "images": int(record.log.samples),
    }


def _from(entry: Entry, source: Path) -> Entry:
    made = {**entry.made, "taken_from": entry.made.get("taken_from", str(source))}
    return Entry(entry.what, entry.fidelity, entry.name, entry.circumstances, entry.values, entry.files, made)
