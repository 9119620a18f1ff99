"""What a network expects of an image."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from .errors import ConfigError


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """An image as (height, width, 3) RGB bytes, scaled to 0-1, less `mean`, over `std` (both per channel).

    `resize` says how a picture of another size is brought to (height, width) before that: `bilinear`, aspect ratio
    not kept. Raises ConfigError on values no image can have.
    """

    height: int
    width: int
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    layout: str = "NCHW"
    resize: str = "bilinear"

    def __post_init__(self) -> None:
        if self.height < 1 or self.width < 1:
            raise ConfigError(f"an image cannot be {self.height} × {self.width} pixels")
        if len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0:
            raise ConfigError(f"mean and std need three values, std above 0; got mean={self.mean}, std={self.std}")
        if self.layout not in ("NCHW", "NHWC"):
            raise ConfigError(f"unknown layout {self.layout!r}; use NCHW or NHWC")
        if self.resize != "bilinear":
            raise ConfigError(f"unknown resize method {self.resize!r}; use bilinear")

    def to_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self) | {"mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_json(cls, table: dict[str, Any]) -> TensorSpec:
        """Read what `to_json` wrote; keys added by later versions are left aside."""
        return cls(
            height=int(table["height"]),
            width=int(table["width"]),
            mean=tuple(float(value) for value in table["mean"]),
            std=tuple(float(value) for value in table["std"]),
            layout=str(table["layout"]),
            resize=str(table["resize"]),
        )
