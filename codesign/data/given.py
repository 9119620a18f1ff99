"""What a source of images provides before anything is split: training images, and what it sets apart itself."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.data.labelled import LabelledImages

# train, select, certify of what is not test. Thresholds and certificate get as many images each, since both are
# frequencies, whose error falls with the root of that number.
SHARES = (0.70, 0.15, 0.15)


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A source's own partition; `shares` says how train, select and certify divide what it leaves together."""

    name: str
    where: str  # for error messages
    train: LabelledImages
    calibration: LabelledImages | None = None  # becomes select and certify; all of `train` then stays train
    test: LabelledImages | None = None
    shares: tuple[float, float, float] = SHARES
