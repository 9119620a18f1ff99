"""Figures as people read them: per cent, milliseconds, millijoules, always with how they are known."""

from __future__ import annotations

from runtime.contract.figure import Figure

NOT_KNOWN = "—"


def figure_text(name: str, figure: Figure | None) -> str:
    """`name` ends in its unit (`_s`, `_j`) or is a fraction. None reads as a dash, never as zero."""
    if figure is None:
        return NOT_KNOWN
    return f"{quantity_text(name, figure.value)} ({figure.kind}: {figure.on})"


def quantity_text(name: str, value: float) -> str:
    """The number and its unit alone."""
    if name.endswith("_s"):
        return f"{value * 1e3:.3f} ms"
    if name.endswith("_j"):
        return f"{value * 1e3:.3f} mJ"
    return f"{value * 100:.2f} %"
