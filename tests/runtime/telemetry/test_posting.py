from __future__ import annotations

from collections.abc import Iterator
from http.server import HTTPServer
from pathlib import Path

import pytest

from runtime.contract.errors import ConfigError
from runtime.telemetry.posting import Posting
from runtime.telemetry.uplink import UplinkFailed

from .receiver import Answering, Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def test_bodies_go_over_one_connection_with_the_token(receiver: Receiver) -> None:
    posting = Posting(f"{receiver.url}/in", token="secret")  # noqa: S106 (a test's)
    for body in (b"one", b"two"):
        assert posting.post(body, {"Content-Type": "text/x"}) == (200, b"{}", None)
    posting.close()
    assert receiver.bodies == [b"one", b"two"]
    assert [asked["authorization"] for asked in receiver.asked] == ["Bearer secret"] * 2
    assert receiver.asked[0]["content-type"] == "text/x"


@pytest.mark.parametrize(
    ("given", "expected"), [("", "/v1/x"), ("/", "/v1/x"), ("/in", "/in"), ("/in?tenant=7", "/in?tenant=7")]
)
def test_the_usual_path_stands_in_where_the_url_has_none(receiver: Receiver, given: str, expected: str) -> None:
    posting = Posting(receiver.url + given, path="/v1/x")
    posting.post(b"", {})
    posting.close()
    assert receiver.paths == [expected]


@pytest.mark.parametrize(("told", "wait_s"), [("7", 7.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None)])
def test_another_answer_is_told_with_how_long_to_wait(receiver: Receiver, told: str, wait_s: float | None) -> None:
    receiver.status, receiver.answer, receiver.headers = 503, b"busy", {"Retry-After": told}
    posting = Posting(receiver.url)
    failure = posting.refused(posting.post(b"", {}))
    assert (failure.what, failure.wait_s) == ("127.0.0.1 answered 503: b'busy'", wait_s)
    receiver.status = 200
    assert posting.post(b"", {}).status == 200
    posting.close()


def test_a_long_answer_is_cut_and_the_next_post_goes_over_a_new_connection(receiver: Receiver) -> None:
    receiver.answer = b"x" * 200_000
    posting = Posting(receiver.url)
    assert len(posting.post(b"", {}).body) == 64 << 10
    receiver.answer = b"{}"
    assert posting.post(b"", {}).body == b"{}"
    posting.close()


def test_a_connection_that_was_ended_while_it_idled_is_made_anew_at_once(receiver: Receiver) -> None:
    receiver.hangs_up = True
    posting = Posting(receiver.url)
    for body in (b"one", b"two", b"three"):
        assert posting.post(body, {}).status == 200
    posting.close()
    assert receiver.bodies == [b"one", b"two", b"three"]


def test_a_receiver_that_is_not_there_is_a_failure_to_be_tried_again() -> None:
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        port = server.server_port
    with pytest.raises(UplinkFailed, match="cannot be reached"):
        Posting(f"http://127.0.0.1:{port}/in").post(b"", {})


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://collector.example/in", "not sent in the clear to collector.example"),
        ("ftp://x/y", "no URL to post to"),
        ("https://", "no URL to post to"),
        ("https://host:port/", "is no URL"),
    ],
)
def test_urls_that_cannot_be_meant_are_refused(url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Posting(url)


def test_certificates_that_are_not_there_are_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="certificates to trust cannot be read"):
        Posting("https://host/", ca_file=str(tmp_path / "none.pem"))
