"""The exceptions a user may see: each says what, where, and what to do.

    EdgeCodesignError
    ├── ShapeError       an array of the wrong shape or type
    ├── UnitError        a quantity that cannot be in the unit its name claims
    ├── ConfigError      an option, key or file that configures something is wrong
    ├── DataError        labelled images that cannot be used
    ├── BoardError       a board, device or clock that is not known or not there
    ├── InfeasibleError  no design meets the constraints
    ├── StorageError     a file that cannot be written or read (full disk, permissions)
    ├── EngineError      a stage that did not compute what it must
    └── BundleError      a bundle that is damaged, foreign or too new

The commands' `main()` prints these without a traceback and exits with 2.
"""

from __future__ import annotations


class EdgeCodesignError(Exception):
    """Base of all errors that are the user's to see and to mend."""

    def __init__(self, what: str, *, where: str | None = None, to_do: str | None = None) -> None:
        self.what, self.where, self.to_do = what, where, to_do
        lines = [what]
        if where is not None:
            lines.append(f"  where: {where}")
        if to_do is not None:
            lines.append(f"  to do: {to_do}")
        super().__init__("\n".join(lines))


class ShapeError(EdgeCodesignError, ValueError):
    """An array has another shape or type than the one asked for."""


class UnitError(EdgeCodesignError, ValueError):
    """A number cannot be in the unit that its name claims."""


class ConfigError(EdgeCodesignError, ValueError):
    """An option, a key or a configuration file is wrong."""


class DataError(EdgeCodesignError):
    """Labelled images are missing, damaged or unusable."""


class BoardError(EdgeCodesignError):
    """A board, a device or an operating point is unknown or absent."""


class InfeasibleError(EdgeCodesignError):
    """No design in the search space meets the constraints."""


class StorageError(EdgeCodesignError):
    """A file cannot be written or read."""


class EngineError(EdgeCodesignError):
    """A stage failed, or computed something that is not a number."""


class BundleError(EdgeCodesignError):
    """A bundle is damaged, incomplete, foreign or of a newer major version."""
