"""A compilation small enough for tests: pictures that are told apart by colour, and a space of few channels."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from codesign.commands.main import main

BOARD = "orin-nano-super"
MAX_ACCURACY_LOSS = 0.25  # on a few dozen images, less leaves nothing two standard errors clear
SPACE = """
[space]
name = "small"
resolutions = [16]
stem_width = 8
stem_stride = 2
last_width = 16
activation = "relu"
first_exit = 1

[[stages]]
width = [8, 12]
depth = [1, 2]
kernel = [3]
expansion = [1, 2]
stride = 1

[[stages]]
width = [32, 64]
depth = [2, 3]
kernel = [3]
expansion = [2, 4]
stride = 2

[training]
epochs = 2
head_epochs = 1
batch = 32
min_steps_per_epoch = 4
learning_rate = 0.01
weight_decay = 0.01
label_smoothing = 0.0
random_slices = 1
augment = "none"
fine_tune_epochs = 1

[search]
population = 4
generations = 2
max_exits = 2
threshold_levels = 6
finalists = 2
finalist_head_epochs = 1
"""


@dataclass(frozen=True, slots=True)
class SmallRun:
    """Where a compilation's inputs lie, and one output folder."""

    data: str
    space: Path
    cache: Path
    out: Path

    def arguments(self, *options: str) -> list[str]:
        """The command line; later options overrule earlier ones, and a board the board."""
        board = [] if "--board" in options else ["--board", BOARD]
        given = ["--data", self.data, *board, "--out", self.out, "--cache", self.cache, "--space", self.space]
        return ["compile", *map(str, given), "--max-accuracy-loss", str(MAX_ACCURACY_LOSS), "--json", *options]

    def __call__(self, *options: str) -> int:
        """Compile; the exit status."""
        return main(self.arguments(*options))

    @property
    def results(self) -> dict[str, Any]:
        """`results.json`."""
        table: dict[str, Any] = json.loads((self.out / "results.json").read_text(encoding="utf-8"))
        return table


def write_pictures(folder: Path, classes: int = 3, each: int = 90, side: int = 16) -> str:
    """Noise tinted with the colour of its class, faintly or strongly; returns what --data takes."""
    rng = np.random.default_rng(0)
    for number in range(classes):
        of_class = folder / f"colour{number}"
        of_class.mkdir(parents=True)
        for index in range(each):
            tint = rng.uniform(0.05, 0.7)
            pixels = rng.integers(0, 256, (side, side, 3)) * (1.0 - tint)
            pixels[..., number] += 255.0 * tint
            Image.fromarray(pixels.astype(np.uint8)).save(of_class / f"{index:03}.png")
    return f"images:{folder}"


def write_space(path: Path, **changes: str) -> Path:
    """The small space as a TOML file, some of its keys given other values."""
    lines = []
    for line in SPACE.splitlines():
        key = line.split(" = ")[0]
        lines.append(f"{key} = {changes[key]}" if key in changes else line)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def without_the_moment(results: dict[str, Any]) -> dict[str, Any]:
    """What two runs of the same settings must share: all but when, how long, by which words, and in how much memory."""
    momentary = ("created", "command", "timing_s", "peak_memory_bytes")
    return {key: value for key, value in results.items() if key not in momentary}
