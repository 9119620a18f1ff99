"""The text that Prometheus scrapes."""

from __future__ import annotations

import pytest

from runtime.serve.histogram import Histogram
from runtime.serve.prometheus import MetricsText


def sample() -> MetricsText:
    text, histogram = MetricsText(), Histogram()
    for value_s in (0.0015, 0.0015, 20.0):
        histogram.add(value_s)
    text.gauge("watts", "Power.", [({"scope": 'a "b" \\ c\nd'}, 4.5)])
    text.counter("requests_total", "Requests.", [({}, 3)])
    text.histogram("latency_seconds", "Latency.", [({"mode": "x"}, histogram.counted())])
    return text


def test_the_official_parser_reads_it() -> None:
    parser = pytest.importorskip("prometheus_client.parser", reason="needs prometheus-client")
    families = {family.name: family for family in parser.text_string_to_metric_families(sample().text())}
    assert families["watts"].samples[0].labels == {"scope": 'a "b" \\ c\nd'}
    assert families["requests"].samples[0].value == 3.0
    buckets = {s.labels["le"]: s.value for s in families["latency_seconds"].samples if s.name.endswith("_bucket")}
    assert (buckets["0.001"], buckets["0.002"], buckets["10"], buckets["+Inf"]) == (0.0, 2.0, 2.0, 3.0)


def test_a_family_without_samples_is_left_out() -> None:
    text = MetricsText()
    text.gauge("watts", "Power.", [])
    assert text.text() == ""
