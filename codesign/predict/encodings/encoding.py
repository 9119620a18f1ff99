"""What an encoding is: it turns designs into numbers that a model can be fitted on."""

from __future__ import annotations

from typing import Protocol

from runtime.contract.arrays import FloatArray, IntArray


class Encoding(Protocol):
    """Nothing is fitted: the same design always has the same features, whatever it is encoded with."""

    @property
    def name(self) -> str:
        """What the encoding is called: "fcc"."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """What each feature says: "unit 2: kernel 3, expand 6"."""
        ...

    def features(self, designs: IntArray) -> FloatArray:
        """(n, features), finite, of designs, (n, genes). Many are encoded fastest some thousand at a time.

        Raises:
            ShapeError: they have other genes.
            DataError: a gene has a value that none can have.
        """
        ...
