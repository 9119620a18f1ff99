"""Reads Prometheus' text back: samples by name and labels."""

from __future__ import annotations

import re

Labels = tuple[tuple[str, str], ...]
Samples = dict[str, dict[Labels, float]]

_SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: \S+)?$")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
_ESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def read_metrics(text: str) -> Samples:
    """Every sample; comments, and lines that are none, are left aside."""
    samples: Samples = {}
    for line in text.splitlines():
        found = None if line.startswith("#") else _SAMPLE.match(line)
        if found is None:
            continue
        name, labels, value = found.groups()
        try:
            number = float(value)
        except ValueError:
            continue
        samples.setdefault(name, {})[_labels(labels or "")] = number
    return samples


def _labels(text: str) -> Labels:
    return tuple((name, _unescaped(value)) for name, value in _LABEL.findall(text))


def _unescaped(value: str) -> str:
    return re.sub(r'\\\\|\\"|\\n', lambda found: _ESCAPED[found.group()], value)
