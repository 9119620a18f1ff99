"""Refusals as clients read them."""

from __future__ import annotations

from runtime.serve.refusal import Refused, bad_request


def test_a_refusal_says_in_one_line_what_is_wrong_and_what_to_do() -> None:
    refused = Refused(429, "the queue is full", to_do="try again", retry_after_s=2)
    assert refused.line == "the queue is full; try again"
    assert (refused.status, refused.retry_after_s) == (429, 2)


def test_without_advice_only_what_is_wrong_is_said() -> None:
    assert bad_request("no JSON").line == "no JSON"
    assert bad_request("no JSON").status == 400
