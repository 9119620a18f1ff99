from __future__ import annotations

from codesign.exits.names import ENTROPY, exit_entropy, exit_logits


def test_the_tensors_of_an_exit_are_named_after_its_cut() -> None:
    assert (exit_logits("features_1_0"), exit_entropy("features_1_0")) == (
        "logits@features_1_0",
        "entropy@features_1_0",
    )
    assert ENTROPY == "entropy"
