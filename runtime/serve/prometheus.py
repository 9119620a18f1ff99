"""What the server has counted and what it sees of the machine, as Prometheus' text (exposition format 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .histogram import BOUNDS_S, Counted

Labels = Mapping[str, str]
Sample = tuple[Labels, float]


class MetricsText:
    """Families of samples, one after the other; names end in their unit."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def gauge(self, name: str, meaning: str, samples: Iterable[Sample]) -> None:
        """A value that may fall; without samples, nothing is said."""
        self._family(name, "gauge", meaning, [(name, labels, value) for labels, value in samples])

    def counter(self, name: str, meaning: str, samples: Iterable[Sample]) -> None:
        """A value that only grows."""
        self._family(name, "counter", meaning, [(name, labels, value) for labels, value in samples])

    def histogram(self, name: str, meaning: str, samples: Iterable[tuple[Labels, Counted]]) -> None:
        """Counts per bucket, cumulated."""
        rows: list[tuple[str, Labels, float]] = []
        for labels, counted in samples:
            seen = 0
            for bound_s, count in zip((*BOUNDS_S, float("inf")), counted.counts, strict=True):
                seen += count
                rows.append((f"{name}_bucket", {**labels, "le": _number(bound_s)}, seen))
            rows += [(f"{name}_sum", labels, counted.total_s), (f"{name}_count", labels, seen)]
        self._family(name, "histogram", meaning, rows)

    def text(self) -> str:
        """All of it."""
        return "\n".join([*self._lines, ""])

    def _family(self, name: str, kind: str, meaning: str, rows: Sequence[tuple[str, Labels, float]]) -> None:
        if not rows:
            return
        self._lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
        self._lines += [f"{row}{_labels(labels)} {_number(value)}" for row, labels, value in rows]


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if value == float("inf"):
        return "+Inf"
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
