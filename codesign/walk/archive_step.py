"""When a run writes to its archive, and when it takes from an earlier one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape

from codesign.search.backbone_record import Genome
from codesign.space.backbone_space import BackboneSpace
from codesign.space.preset import TrainingRecipe

from .archive import RunArchive
from .progress import Steps
from .run_folder import RunFolder
from .settings import Settings
from .warm_start import WARM_START, Earlier, earlier_archive, first_chains, take_backbones, take_heads


def earlier_of(settings: Settings, out: Path, shares: RunFolder | None = None) -> Earlier | None:
    """The archive to take from; None where none was given, or a resumed run has taken from it already.

    Args:
        shares: the same run for another board, which goes before what the settings say.
    Raises:
        ConfigError: there is none where one was said to be.
    """
    if (out / WARM_START).is_file():
        return None
    if shares is not None:
        return earlier_archive(shares.path)
    if settings.warm_start is None:
        return None
    return earlier_archive(Path(settings.warm_start))


@dataclass(frozen=True, slots=True)
class Archiving:
    """The archive of a run and an earlier one, and how heads are trained here."""

    archive: RunArchive
    earlier: Earlier | None
    recipe: TrainingRecipe
    seed: int
    steps: Steps

    def before_heads(self) -> None:
        """Say what is damaged; take the shared heads over."""
        damaged = [self.archive.damaged, self.earlier and self.earlier.found.told(self.earlier.path)]
        for sentence in damaged:
            if sentence:
                self._say(sentence, "yellow")
        if self.earlier is not None:
            self._say(take_heads(self.earlier, self.archive, self.recipe, self.seed))

    def before_search(self, epochs: int, space: BackboneSpace) -> tuple[tuple[Genome, ...], ...]:
        """Note the shared heads, take backbones over; the chains that the search starts from."""
        self.archive.add_heads(self.recipe, self.seed)
        if self.earlier is not None:
            self._say(take_backbones(self.earlier, self.archive, self.recipe, epochs, self.seed))
        first = first_chains(self.earlier, self.archive, space)
        if first:
            self._say(f"The search starts from {len(first)} chains of that run's front.")
        return first

    def _say(self, sentence: str, style: str = "dim") -> None:
        self.steps.say(f"  [{style}]{escape(sentence)}")
