"""Prometheus' text, read back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runtime.serve.metrics_reading import read_metrics
from runtime.serve.prometheus import MetricsText

LABELS = st.dictionaries(
    st.sampled_from(["mode", "exit", "scope"]), st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]))
)


@given(LABELS, st.floats(allow_nan=False))
def test_what_is_written_is_read_back(labels: dict[str, str], value: float) -> None:
    text = MetricsText()
    text.gauge("watts", "Power.", [(labels, value)])
    assert read_metrics(text.text()) == {"watts": {tuple(labels.items()): value}}


@given(st.text())
def test_lines_that_are_no_samples_are_left_aside(text: str) -> None:
    for samples in read_metrics(f"{text}\n# HELP x y\nx nope\n").values():
        assert all(isinstance(value, float) for value in samples.values())
