"""What an earlier run spares this one: heads and backbones evaluated on the same images, and chains to start from.

Nothing that depends on a board is taken over but where to look first. What is taken over is what this run would have
worked out itself: it is used only where all that decided it is the same, and its file is what the archive says.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from codesign.search.backbone_record import Genome
from codesign.space.backbone_space import BackboneSpace
from codesign.space.preset import TrainingRecipe
from runtime.contract.errors import ConfigError
from runtime.contract.fingerprint import file_sha256

from .archive import BACKBONE, FRONT, HEADS, RunArchive
from .archive_file import OWN_HEADS, SHARED_HEADS, ArchiveFile, Entry, read_archive
from .run_folder import ARCHIVE, RunFolder, whole_file, write_text

WARM_START = "warm_start.json"
DIFFERS = {
    "space": "they are of another space",
    "images": "they were evaluated on other images, or other splits of them",
    "supernet": "they are slices of another supernet",
    "heads": "their exits have other heads",
    "training": "their heads were trained otherwise",
    "score": "their exits say otherwise how unsure they are",
}


@dataclass(frozen=True, slots=True)
class Earlier:
    """The archive of another run."""

    path: Path
    found: ArchiveFile

    def usable(self, what: str, fidelity: str, circumstances: Mapping[str, str]) -> tuple[list[Entry], list[str]]:
        """Entries whose circumstances are these; and why others are not used, commonest reason first."""
        entries = [entry for entry in self.found.entries if (entry.what, entry.fidelity) == (what, fidelity)]
        same = [entry for entry in entries if dict(entry.circumstances) == dict(circumstances)]
        reasons = Counter(
            next(name for name in circumstances if entry.circumstances.get(name) != circumstances[name])
            for entry in entries
            if entry not in same
        )
        return same, [DIFFERS.get(name, f"another {name}") for name, _ in reasons.most_common()]


def earlier_archive(path: Path) -> Earlier:
    """Of a run folder, or the archive's file itself. Raises ConfigError where there is none."""
    file = path / ARCHIVE if path.is_dir() else path
    if not file.is_file():
        raise ConfigError(
            f"{path} holds no archive of evaluations", where="--from", to_do=f"give a run folder, or its {ARCHIVE}"
        )
    return Earlier(file, read_archive(file))


def take_heads(earlier: Earlier, archive: RunArchive, recipe: TrainingRecipe, seed: int) -> str:
    """The shared heads, where they are what this run would train; a sentence about it."""
    circumstances = archive.heads_circumstances(recipe, seed)
    entries, reasons = earlier.usable(HEADS, SHARED_HEADS, circumstances)
    if _taken(entries, earlier, archive):
        return f"Shared heads taken from {earlier.path}."
    return f"Shared heads of {earlier.path} not taken: {_why(reasons)}."


def take_backbones(earlier: Earlier, archive: RunArchive, recipe: TrainingRecipe, epochs: int, seed: int) -> str:
    """Evaluated backbones and heads of their own; the shared heads must be there. A sentence about it."""
    entries, reasons = earlier.usable(BACKBONE, SHARED_HEADS, archive.backbone_circumstances())
    backbones = _taken(entries, earlier, archive)
    training = archive.own_heads_circumstances(recipe, epochs, seed)
    own = _taken(earlier.usable(BACKBONE, OWN_HEADS, training)[0], earlier, archive)
    if backbones or own:
        return f"{backbones} evaluated backbones and {own} with heads of their own taken from {earlier.path}."
    return f"No backbone of {earlier.path} can be used: {_why(reasons)}."


def first_chains(earlier: Earlier | None, archive: RunArchive, space: BackboneSpace) -> tuple[tuple[Genome, ...], ...]:
    """Chains to start from: the earlier run's front over accuracy and energy. A resumed run starts from the same.

    Chains of another space mean nothing here and are left out.
    """
    kept = archive.folder.path / WARM_START
    if kept.is_file():
        return _chains(json.loads(kept.read_text(encoding="utf-8"))["chains"])
    if earlier is None:
        return ()
    entries, _ = earlier.usable(FRONT, SHARED_HEADS, {"space": archive.base["space"]})
    chains = [chain for entry in entries for chain in _chains(entry.values["chains"])]
    sizes = [len(choices) for choices in space.gene_choices]
    legal = [chain for chain in dict.fromkeys(chains) if all(_legal(genome, sizes) for genome in chain)]
    write_text(kept, json.dumps({"from": str(earlier.path), "chains": legal}) + "\n")
    return tuple(legal)


def _taken(entries: list[Entry], earlier: Earlier, archive: RunArchive) -> int:
    """Copy the entries' files that are whole; how many entries could be used."""
    used = [entry for entry in entries if entry.files and _copied(entry, earlier.path.parent, archive.folder)]
    archive.take_over(used, earlier.path)
    return len(used)


def _copied(entry: Entry, source: Path, folder: RunFolder) -> bool:
    for name, sha256 in entry.files.items():
        inside = (source / name).resolve()
        if not inside.is_relative_to(source.resolve()) or not inside.is_file() or file_sha256(inside) != sha256:
            return False
    for name in entry.files:
        target = folder.path / name
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(target) as unfinished:
                shutil.copyfile(source / name, unfinished)
    return True


def _why(reasons: list[str]) -> str:
    return "; ".join(reasons) if reasons else "there are none in it whose files are whole"


def _legal(genome: Genome, sizes: list[int]) -> bool:
    return len(genome) == len(sizes) and all(0 <= gene < size for gene, size in zip(genome, sizes, strict=True))


def _chains(table: list[list[list[int]]]) -> tuple[tuple[Genome, ...], ...]:
    return tuple(tuple(tuple(int(gene) for gene in genome) for genome in chain) for chain in table)
