"""Which class of ours a name in a data set means."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from runtime.contract.errors import DataError


def class_indices(names: Sequence[str], classes: Sequence[str], where: str) -> list[int]:
    """Index into `classes` of each name; order and number may differ, an unknown name may not.

    Raises:
        DataError: a name that is not among `classes`; it says which one comes closest.
    """
    index = {name: i for i, name in enumerate(classes)}
    for name in names:
        if name not in index:
            close = difflib.get_close_matches(name, classes, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise DataError(
                f"class {name!r} is unknown{hint}",
                where=where,
                to_do=f"use the {len(classes)} classes of the bundle: {_shortened(classes)}",
            )
    return [index[name] for name in names]


def _shortened(names: Sequence[str], shown: int = 12) -> str:
    rest = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {rest} more" if rest > 0 else "")
