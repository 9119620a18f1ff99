"""What a governor knows at one moment, and nothing else: so that a recording of it can be decided again."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from runtime.contract.errors import DataError

NEEDED = ("at_s", "queued", "requests_per_s")


@dataclass(frozen=True, slots=True)
class Signals:
    """One moment of a daemon. What is not known is None, never 0."""

    at_s: float  # monotonic
    queued: int  # requests that wait or are being answered
    requests_per_s: float  # as forecast
    slack_s: float | None = None  # until the earliest deadline among those that wait; None: none waits
    idle_s: float = 0.0  # since the last request left; 0 while one is here
    temperature_c: float | None = None  # of the hottest zone
    battery_share: float | None = None  # 0 to 1; None: no battery
    exit_shares: Mapping[str, tuple[float, ...]] = field(default_factory=dict)  # by mode, as forecast

    def to_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self) | {"exit_shares": {name: list(shares) for name, shares in self.exit_shares.items()}}

    @classmethod
    def from_json(cls, table: Any, where: str) -> Signals:
        """Read what `to_json` wrote. Raises DataError on what is not such an object."""
        if not isinstance(table, dict) or any(name not in table for name in NEEDED):
            raise DataError(
                "not a row of signals", where=where, to_do=f"each line is a JSON object with {', '.join(NEEDED)}"
            )
        try:
            found = cls(
                at_s=float(table["at_s"]),
                queued=int(table["queued"]),
                requests_per_s=float(table["requests_per_s"]),
                idle_s=float(table.get("idle_s", 0.0)),
                exit_shares={
                    str(name): tuple(float(share) for share in shares)
                    for name, shares in dict(table.get("exit_shares", {})).items()
                },
                **{
                    name: None if table.get(name) is None else float(table[name])
                    for name in ("slack_s", "temperature_c", "battery_share")
                },
            )
        except (TypeError, ValueError) as error:
            raise DataError(f"a row of signals cannot be read: {error}", where=where, to_do="correct it") from error
        if not math.isfinite(found.at_s) or found.queued < 0 or not 0 <= found.requests_per_s < math.inf:
            raise DataError(
                "a row of signals is impossible: a time, a queue or a rate that cannot be", where=where, to_do="correct"
            )
        return found


def read_trace(path: Path) -> Iterator[Signals]:
    """The rows of a recording, JSON lines, in the order of time.

    Raises:
        DataError: no such file, a line that is no row, or time that runs backwards.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            before_s = -math.inf
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                where = f"{path}:{number}"
                try:
                    table = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise DataError(f"not JSON: {error}", where=where, to_do="correct or remove the line") from error
                row = Signals.from_json(table, where)
                if row.at_s < before_s:
                    raise DataError(
                        f"time runs backwards, from {before_s:g} to {row.at_s:g} s", where=where, to_do="sort the rows"
                    )
                before_s = row.at_s
                yield row
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the trace cannot be read: {error}", where=str(path), to_do="check the path") from error


def write_trace(path: Path, rows: Iterable[Signals]) -> None:
    """One JSON object per line."""
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row.to_json(), allow_nan=False) + "\n")
