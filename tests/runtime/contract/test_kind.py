from __future__ import annotations

from runtime.contract.kind import Kind


def test_a_kind_prints_as_the_word_people_read() -> None:
    assert [f"{kind}" for kind in Kind] == ["measured", "predicted", "simulated", "assumed"]
    assert str(Kind.MEASURED) == "measured"
