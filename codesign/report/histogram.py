"""Where images leave: the share at each exit, as promised on `select` and as found on `test`."""

from __future__ import annotations

from . import svg
from .findings import ModeResult
from .quantities import percent_text, share_text

WIDTH, PITCH, BAR = 300.0, 62.0, 9.0


def exit_histogram(mode: ModeResult) -> str:
    """One mode: per exit a solid bar for the test split above an outlined one for select."""
    room = WIDTH - 62
    longest = max(max(exit_.test_share, exit_.select_share) for exit_ in mode.exits)
    parts = []
    for index, exit_ in enumerate(mode.exits):
        y = PITCH * index
        leavers = exit_.accuracy_of_leavers
        right = "–" if leavers is None else f"{percent_text(leavers)} right"
        parts.append(svg.fitted_text(0, y + 13, exit_.label, "label", WIDTH - 84, 12.5))
        parts.append(svg.text(WIDTH, y + 13, right, "sub", anchor="end"))
        for row, (split, share) in enumerate((("test", exit_.test_share), ("select", exit_.select_share))):
            top = y + 21 + row * (BAR + 5)
            length = share / longest * room
            css = f"bar {split} r{min(index, 5)}"
            parts.append(svg.rect(0.5, top, length, BAR, css, radius=2, tip=f"{split}: {share_text(share)}"))
            style = "value small" if split == "test" else "value small muted"
            parts.append(svg.text(length + 7, top + BAR - 0.5, share_text(share), style))
    listed = "; ".join(
        f"{exit_.label} test {share_text(exit_.test_share)}, select {share_text(exit_.select_share)}"
        for exit_ in mode.exits
    )
    label = f"Where images leave in mode {mode.name}: {listed}."
    return svg.drawing(WIDTH, PITCH * len(mode.exits), label, parts, "chart small")
