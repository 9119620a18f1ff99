"""Where backbones come from, as the end of the walk sees it: slices of a supernet, or networks that a user brought."""

from __future__ import annotations

from typing import Protocol

from codesign.data.dataset import Dataset
from codesign.exits.exited_backbone import ExitedBackbone
from codesign.search.backbone_record import Genome

from .run_folder import RunFolder


class Backbones(Protocol):
    """Networks by genome, the images they see, and the folder of the run."""

    @property
    def data(self) -> Dataset:
        """The four splits."""
        ...

    @property
    def folder(self) -> RunFolder:
        """Where answers are kept."""
        ...

    def design(self, genome: Genome) -> object:
        """What the backbone is; `str` of it is shown."""
        ...

    def exited(self, genome: Genome) -> ExitedBackbone:
        """Its graph with the heads it has unless it became a finalist."""
        ...
