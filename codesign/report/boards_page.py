"""The short page over several boards: one row each, with the way to its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from runtime.contract.durable import write_file
from runtime.contract.errors import StorageError

HEADINGS = ("board", "default mode", "accuracy (test)", "energy per image", "latency", "saving", "clocks", "")


@dataclass(frozen=True, slots=True)
class BoardRow:
    """What the page says of one board; all of its default mode, on the test split."""

    board: str
    hardware: str
    design: str
    accuracy: float
    energy_j: float
    latency_s: float
    saving: float  # against the cheapest static network as accurate, at maximum clocks
    kind: str  # of energy and latency
    clocks_mhz: tuple[float, float, float]
    report: str  # beside the page
    bundle: str

    @classmethod
    def of(cls, board: str, results: Mapping[str, Any], report: str, bundle: str) -> BoardRow:
        """From `results.json`."""
        bars = {bar["name"]: bar for bar in results["bars"]}
        joint, static = bars["exits_best_clocks"], bars["static_max_clocks"]
        point = joint["operating_point"]
        return cls(
            board,
            results["board"]["hardware"],
            joint["design"],
            joint["accuracy"],
            joint["energy_j"],
            joint["latency_s"],
            1.0 - joint["energy_j"] / static["energy_j"],
            joint["energy_kind"],
            (point["cpu_hz"] / 1e6, point["gpu_hz"] / 1e6, point["emc_hz"] / 1e6),
            report,
            bundle,
        )


def write_boards_page(rows: Sequence[BoardRow], out: Path, *, waiting: Sequence[str] = (), note: str = "") -> None:
    """Write the page. Raises StorageError where the disk refuses.

    Args:
        waiting: boards that are not compiled yet.
        note: a sentence above the table.
    """
    body = "\n".join(_row(row) for row in rows)
    left = "".join(f"<tr><td>{escape(board)}</td><td colspan='7'>not compiled yet</td></tr>" for board in waiting)
    style = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
    head = "".join(f"<th>{heading}</th>" for heading in HEADINGS)
    page = (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Boards</title>"
        f"<style>{style}</style></head><body><main><h1>Boards</h1>"
        f"{f'<p>{escape(note)}</p>' if note else ''}"
        f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n{left}</tbody></table></main></body></html>\n"
    )
    try:
        write_file(out, page.encode())
    except OSError as error:
        raise StorageError(
            f"the page over all boards cannot be written: {error.strerror}",
            where=str(out),
            to_do="make room, then --resume",
        ) from error


def _row(row: BoardRow) -> str:
    cpu, gpu, emc = row.clocks_mhz
    verb = "less" if row.saving >= 0 else "MORE"
    cells = (
        f"<strong>{escape(row.board)}</strong><br><small>{escape(row.hardware)}</small>",
        escape(row.design),
        f"{row.accuracy:.2%}",
        f"{row.energy_j * 1e3:.3f} mJ ({escape(row.kind)})",
        f"{row.latency_s * 1e3:.3f} ms ({escape(row.kind)})",
        f"{abs(row.saving):.1%} {verb}",
        f"CPU {cpu:.0f}, GPU {gpu:.0f}, EMC {emc:.0f} MHz",
        f"<a href='{escape(row.report, quote=True)}'>report</a><br><code>{escape(row.bundle)}</code>",
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
