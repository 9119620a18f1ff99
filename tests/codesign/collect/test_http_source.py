from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="starlette is not installed (the extra `collect`)")
testclient = pytest.importorskip("starlette.testclient", reason="httpx is not installed", exc_type=ImportError)

from codesign.collect.http_source import MOST_BODY_BYTES, http_app  # noqa: E402
from codesign.collect.segments import Segments, closed_segments  # noqa: E402
from runtime.contract.telemetry_bundle import bundled, unbundled  # noqa: E402


@pytest.fixture
def segments(tmp_path: Path) -> Iterator[Segments]:
    segments = Segments(tmp_path, "w1")
    yield segments
    segments.close()


def test_a_bundle_is_on_the_disk_before_it_is_answered(segments: Segments, tmp_path: Path) -> None:
    told: list[int] = []
    client = testclient.TestClient(http_app(segments, None, told.append))
    answer = client.post("/telemetry", content=bundled([b"a", b"b"]))
    assert (answer.status_code, answer.json()) == (200, {"accepted": 2})
    (held,) = tmp_path.glob("*.open")
    assert list(unbundled(held.read_bytes())) == [b"a", b"b"]
    assert told == [2]


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 400), (b"hello", 400), (bundled([b"abc"])[:-1], 400), (b"x" * (MOST_BODY_BYTES + 1), 413)],
)
def test_what_is_no_bundle_is_refused_and_nothing_is_kept(
    segments: Segments, tmp_path: Path, content: bytes, status: int
) -> None:
    client = testclient.TestClient(http_app(segments, None, lambda _n: None))
    assert client.post("/telemetry", content=content).status_code == status
    segments.rotate()
    assert closed_segments(tmp_path) == []


def test_who_bears_no_token_is_refused(segments: Segments) -> None:
    client = testclient.TestClient(http_app(segments, "t" * 20, lambda _n: None))
    body = bundled([b"a"])
    assert client.post("/telemetry", content=body).status_code == 401
    assert client.post("/telemetry", content=body, headers={"Authorization": "Bearer no"}).status_code == 401
    assert client.post("/telemetry", content=body, headers={"Authorization": f"Bearer {'t' * 20}"}).status_code == 200
    assert client.get("/health").status_code == 200


def test_a_full_disk_is_answered_with_come_back_later(segments: Segments, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fdatasync", lambda _fd: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    answer = testclient.TestClient(http_app(segments, None, lambda _n: None)).post(
        "/telemetry", content=bundled([b"a"])
    )
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")


def test_other_methods_and_paths_are_not_there(segments: Segments) -> None:
    client = testclient.TestClient(http_app(segments, None, lambda _n: None))
    assert client.get("/telemetry").status_code == 405
    assert client.post("/other").status_code == 404
