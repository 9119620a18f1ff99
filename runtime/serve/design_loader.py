"""Makes the modes of a design ready to run, and forgets them; stages that designs share are loaded once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from runtime.contract.bundle_files import read_stage
from runtime.contract.manifest import Manifest, stage_file
from runtime.contract.precision import FP32
from runtime.engine.any_stage import AnyStage
from runtime.engine.cascade import Cascade
from runtime.engine.golden import read_golden
from runtime.engine.open_stages import connect, open_stages
from runtime.engine.provider import Provider

from .caution import USUAL
from .served_mode import ServedMode
from .shelf import stage_bytes

WARM_UP = 3  # the first inferences also allocate


@dataclass(frozen=True, slots=True)
class Opening:
    """How stages are opened."""

    threads: int
    provider: Provider


class DesignLoader:
    """Of one bundle. `modes` is what is served from: its entries are replaced, each in one step."""

    def __init__(self, folder: Path, manifest: Manifest, modes: dict[str, ServedMode], how: Opening) -> None:
        self._folder, self._manifest, self._modes, self._how = folder, manifest, modes, how
        self._formats = {served.mode.design: served.mode.precision for served in modes.values()}
        self._open: dict[str, list[AnyStage]] = {}

    def sizes(self) -> dict[str, dict[str, int]]:
        """For the designs of its modes: each stage's content by name, and about what it takes in memory."""
        return {
            design: {
                name: stage_bytes((self._folder / stage_file(design, k)).stat().st_size)
                for k, name in enumerate(self._contents(design))
            }
            for design in self._formats
        }

    def load(self, design: str) -> None:
        """Open its stages, warm them up, and have its modes run them.

        Raises:
            BundleError: a stage file is missing or changed.
            EngineError: a stage cannot be loaded or run.
        """
        contents = self._contents(design)
        known: dict[str, AnyStage] = {}
        for other, stages in list(self._open.items()):
            known.update(zip(self._contents(other), stages, strict=True))
        missing = [k for k, name in enumerate(contents) if name not in known]
        models = [
            (read_stage(self._folder, self._manifest, design, k), str(self._folder / stage_file(design, k)))
            for k in missing
        ]
        provider = replace(self._how.provider, precision=self._formats.get(design, FP32))
        opened = open_stages(models, threads=self._how.threads, provider=provider)
        known.update(zip((contents[k] for k in missing), opened, strict=True))
        stages = [known[name] for name in contents]
        connect(stages)
        images, _ = read_golden(self._folder, self._manifest)
        found = {
            name: replace(served, cascade=Cascade(stages, served.mode.policy))
            for name, served in self._of(design).items()
        }
        for ready in found.values():  # all of them, before any is served: where one fails, none is kept loaded
            ready.warm_up(images[:1], WARM_UP)
        for name, ready in found.items():
            if ready.caution.level != USUAL:
                ready.be_cautious(ready.caution.level)
            self._modes[name] = ready
        self._open[design] = stages

    def drop(self, design: str) -> None:
        """Forget its stages; requests that were given them end with them."""
        for name, served in self._of(design).items():
            self._modes[name] = served.at_rest()
            served.caution.cascade = None
        self._open.pop(design, None)

    def _of(self, design: str) -> Mapping[str, ServedMode]:
        return {name: served for name, served in self._modes.items() if served.mode.design == design}

    def _contents(self, design: str) -> list[str]:
        """A name for what each stage is: the same file in another precision is another engine."""
        files, precision = self._manifest.files, self._formats[design]
        return [f"{precision}:{files[stage_file(design, k)]}" for k in range(self._manifest.stages[design])]
