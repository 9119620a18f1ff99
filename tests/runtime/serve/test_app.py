"""The protocol over a real connection: Triton's own client, malformed requests, limits."""

from __future__ import annotations

import gc
import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.contract.preprocessing import Preprocessing
from runtime.serve.app import LISTEN_AFTER_S
from runtime.serve.job import Job
from runtime.serve.limits import Limits
from runtime.serve.refusal import Refused
from runtime.serve.served_bundle import ServedBundle
from runtime.serve.serving import Batching
from tests.tiny_cascade import CLASSES, SPEC, random_images

from .conftest import Running
from .serving_doubles import binary_body, deepest, json_body, leaving_at, scripted

Start = Callable[..., Running]
INFER = "/v2/models/edge/infer"


def call(
    running: Running, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, Any, dict[str, str]]:
    with closing(http.client.HTTPConnection("127.0.0.1", running.port, timeout=10.0)) as connection:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        content = response.read()
        told = dict(response.getheaders())
    return response.status, json.loads(content) if "json" in told.get("content-type", "") else content, told


@pytest.fixture
def triton(served: ServedBundle, start_server: Start) -> Iterator[Any]:
    client_of = pytest.importorskip("tritonclient.http", reason="needs tritonclient[http]")
    client = client_of.InferenceServerClient(start_server(served).address, concurrency=4)
    yield client
    client.close()


def image_input(images: Any, datatype: str = "UINT8", *, binary: bool = True) -> Any:
    import tritonclient.http as triton_http

    tensor = triton_http.InferInput("image", images.shape, datatype)
    tensor.set_data_from_numpy(images, binary_data=binary)
    return tensor


def test_tritons_client_learns_what_is_served(triton: Any, served: ServedBundle) -> None:
    assert triton.is_server_live()
    assert triton.is_server_ready()
    assert triton.is_model_ready("edge")
    assert triton.is_model_ready("edge", served.bundle_id)
    assert not triton.is_model_ready("other")
    assert triton.get_server_metadata()["name"] == "edge-runtime"
    assert triton.get_model_metadata("edge")["versions"] == [served.bundle_id]
    assert triton.get_model_config("edge")["max_batch_size"] == Limits().request_images
    assert triton.get_model_repository_index()[0]["state"] == "READY"


@pytest.mark.parametrize("binary", [True, False])
def test_tritons_client_infers_with_binary_and_plain_tensors(triton: Any, served: ServedBundle, binary: bool) -> None:
    import tritonclient.http as triton_http

    images = random_images(3)
    names = ("logits", "probabilities", "class", "exit_index", "entropy_nats")
    asked = [triton_http.InferRequestedOutput(name, binary_data=binary) for name in names]
    result = triton.infer("edge", [image_input(images, binary=binary)], outputs=asked, parameters={"mode": "thorough"})
    wanted = deepest(served).run(images)
    assert np.allclose(result.as_numpy("logits"), wanted.logits, atol=1e-4)
    assert result.as_numpy("exit_index").tolist() == [3, 3, 3]
    assert np.allclose(result.as_numpy("entropy_nats"), wanted.entropy_nats, atol=1e-4)
    said = [name.decode() if isinstance(name, bytes) else name for name in result.as_numpy("class").tolist()]
    assert said == [CLASSES[index] for index in wanted.logits.argmax(axis=1)]


def test_tritons_client_gets_every_output_where_it_names_none(triton: Any) -> None:
    result = triton.infer("edge", [image_input(random_images(1))], request_id="7")
    assert result.as_numpy("probabilities").sum() == pytest.approx(1.0, abs=1e-5)
    response = result.get_response()
    assert response["id"] == "7"
    assert {"mode", "latency_s", "queue_s", "exit_index", "entropy_nats", "energy_j", "energy_kind"} <= set(
        response["parameters"]
    )


def test_tritons_client_sends_normalised_tensors(triton: Any, served: ServedBundle) -> None:
    images = random_images(2)
    result = triton.infer("edge", [image_input(Preprocessing(SPEC)(images), "FP32")], parameters={"mode": "thorough"})
    assert np.allclose(result.as_numpy("logits"), deepest(served).run(images).logits, atol=1e-4)


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_tritons_client_compresses_requests(triton: Any, algorithm: str) -> None:
    result = triton.infer("edge", [image_input(random_images(1))], request_compression_algorithm=algorithm)
    assert result.as_numpy("logits").shape == (1, len(CLASSES))


def test_tritons_client_infers_asynchronously(triton: Any) -> None:
    images = random_images(12)
    pending = [triton.async_infer("edge", [image_input(images[i : i + 1])]) for i in range(12)]
    assert all(each.get_result().as_numpy("logits").shape == (1, len(CLASSES)) for each in pending)
    stats = triton.get_inference_statistics("edge")["model_stats"][0]
    assert stats["inference_count"] == 12


def test_tritons_client_gets_the_classification_extension(triton: Any) -> None:
    import tritonclient.http as triton_http

    asked = [triton_http.InferRequestedOutput("probabilities", binary_data=True, class_count=2)]
    result = triton.infer("edge", [image_input(random_images(2))], outputs=asked)
    first = result.as_numpy("probabilities")[0, 0].decode()
    score, index, name = first.split(":")
    assert CLASSES[int(index)] == name
    assert 0.0 < float(score) <= 1.0


def test_tritons_client_reads_errors(triton: Any) -> None:
    from tritonclient.utils import InferenceServerException

    with pytest.raises(InferenceServerException, match="unknown mode 'turbo'"):
        triton.infer("edge", [image_input(random_images(1))], parameters={"mode": "turbo"})
    with pytest.raises(InferenceServerException, match="unknown model 'other'"):
        triton.infer("other", [image_input(random_images(1))])


def test_a_full_queue_is_answered_with_429_and_when_to_try_again(served: ServedBundle, start_server: Start) -> None:
    bundle, cascade = scripted(served)
    cascade.hold.clear()
    running = start_server(bundle, limits=Limits(queue_images=1))
    held = [http.client.HTTPConnection("127.0.0.1", running.port, timeout=10.0) for _ in range(2)]
    try:
        held[0].request("POST", INFER, body=json_body(leaving_at(0)))
        assert cascade.entered.wait(5.0)
        held[1].request("POST", INFER, body=json_body(leaving_at(0)))
        for _ in range(500):
            if len(running.serving.queue) == 1:
                break
            running.serving.workers.workers[0].thread.join(0.01)
        status, told, headers = call(running, "POST", INFER, json_body(leaving_at(0)))
        assert (status, headers["retry-after"]) == (429, "1")
        assert "the queue is full" in told["error"]
        cascade.hold.set()
        assert [connection.getresponse().status for connection in held] == [200, 200]
    finally:
        cascade.hold.set()
        for connection in held:
            connection.close()


def test_a_deadline_that_passes_in_the_queue_is_answered_with_504(served: ServedBundle, start_server: Start) -> None:
    bundle, cascade = scripted(served)
    cascade.hold.clear()
    running = start_server(bundle)
    with closing(http.client.HTTPConnection("127.0.0.1", running.port, timeout=10.0)) as first:
        first.request("POST", INFER, body=json_body(leaving_at(0)))
        assert cascade.entered.wait(5.0)
        with closing(http.client.HTTPConnection("127.0.0.1", running.port, timeout=10.0)) as second:
            second.request("POST", INFER, body=json_body(leaving_at(0), parameters={"deadline_ms": 1}))
            for _ in range(500):
                slack_s = running.serving.queue.slack_s()
                if slack_s is not None and slack_s < 0:
                    break
                running.serving.workers.workers[0].thread.join(0.01)
            cascade.hold.set()
            assert first.getresponse().status == 200
            assert second.getresponse().status == 504
    assert cascade.runs == [1]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", INFER, 405),
        ("DELETE", "/v2", 405),
        ("GET", "/v2/models/other", 404),
        ("GET", "/v2/models/edge/versions/1", 404),
        ("POST", "/v2/models/edge/versions/1/infer", 404),
        ("POST", "/v2/models/edge/load", 404),
    ],
)
def test_what_is_not_there_is_told_as_the_protocol_tells_errors(
    served: ServedBundle, start_server: Start, method: str, path: str, status: int
) -> None:
    found, told, _ = call(start_server(served), method, path)
    assert found == status
    assert told["error"]


def test_a_body_beyond_the_limit_is_refused_unread(served: ServedBundle, start_server: Start) -> None:
    running = start_server(served, limits=Limits(body_bytes=1000))
    with closing(socket.create_connection(("127.0.0.1", running.port), timeout=10.0)) as sock:
        sock.sendall(f"POST {INFER} HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n".encode())
        assert sock.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_body_that_never_comes_is_given_up(served: ServedBundle, start_server: Start) -> None:
    running = start_server(served, limits=Limits(body_s=0.05))
    with closing(socket.create_connection(("127.0.0.1", running.port), timeout=10.0)) as sock:
        sock.sendall(f"POST {INFER} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc".encode())
        assert sock.recv(100).startswith(b"HTTP/1.1 408 ")


def test_a_client_that_hangs_up_leaves_the_server_well(served: ServedBundle, start_server: Start) -> None:
    running = start_server(served)
    for _ in range(5):
        with closing(socket.create_connection(("127.0.0.1", running.port), timeout=10.0)) as sock:
            sock.sendall(f"POST {INFER} HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\nabc".encode())
    body, length = binary_body(random_images(1))
    assert call(running, "POST", INFER, body, {"Inference-Header-Content-Length": str(length)})[0] == 200


@pytest.mark.parametrize("becomes", [200, 503, 504])
def test_a_bundle_is_not_kept_by_requests_that_are_over(
    served: ServedBundle, start_server: Start, becomes: int
) -> None:
    """Without Python's garbage collector, which may not come by for hours."""
    bundle, cascade = scripted(served)
    running = start_server(bundle)
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            cascade.hold.clear()
            cascade.entered.clear()
            with closing(http.client.HTTPConnection("127.0.0.1", running.port, timeout=10.0)) as connection:
                connection.request("POST", INFER, body=json_body(leaving_at(0)))
                assert cascade.entered.wait(5.0)
                time.sleep(3 * LISTEN_AFTER_S)
                if becomes != 200:
                    running.serving.workers.refuse_running(Refused(becomes, "a test"))
                else:
                    cascade.hold.set()
                assert connection.getresponse().status == becomes
            cascade.hold.set()
        wait_until(lambda: not any(type(found) is Job for found in gc.get_objects()))
    finally:
        gc.enable()


@pytest.mark.parametrize("trusted", [False, True], ids=["h11", "httptools where installed"])
def test_a_request_whose_client_hangs_up_in_the_queue_is_never_run(
    served: ServedBundle, start_server: Start, trusted: bool
) -> None:
    bundle, cascade = scripted(served)
    cascade.hold.clear()
    running = start_server(bundle, trusted=trusted)
    queue = running.serving.queue
    with closing(http.client.HTTPConnection("127.0.0.1", running.port, timeout=10.0)) as first:
        first.request("POST", INFER, body=json_body(leaving_at(0)))
        assert cascade.entered.wait(5.0)
        with closing(http.client.HTTPConnection("127.0.0.1", running.port, timeout=10.0)) as second:
            second.request("POST", INFER, body=json_body(leaving_at(0)))
            wait_until(lambda: len(queue) == 1)
        wait_until(lambda: running.serving.recorder.recorded().refused == {499: 1})
        assert (len(queue), queue.dropped) == (0, 1)
        cascade.hold.set()
        assert first.getresponse().status == 200
    assert cascade.runs == [1]


def test_a_client_that_waits_longer_than_one_begins_to_listen_is_answered(
    served: ServedBundle, start_server: Start
) -> None:
    bundle, cascade = scripted(served)
    running = start_server(bundle)
    with closing(http.client.HTTPConnection("127.0.0.1", running.port, timeout=10.0)) as connection:
        for _ in range(3):  # over one connection: what listens for its end takes nothing of the next request
            cascade.hold.clear()
            cascade.entered.clear()
            connection.request("POST", INFER, body=json_body(leaving_at(0)))
            assert cascade.entered.wait(5.0)
            time.sleep(3 * LISTEN_AFTER_S)
            cascade.hold.set()
            response = connection.getresponse()
            response.read()
            assert response.status == 200
    assert running.serving.recorder.recorded().refused == {}


def wait_until(so: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 5.0
    while not so():
        assert time.monotonic() < until_s
        time.sleep(0.005)


def test_a_request_that_is_answered_after_the_server_has_ended_hurts_nobody(
    served: ServedBundle, start_server: Start
) -> None:
    bundle, cascade = scripted(served)
    cascade.hold.clear()
    running = start_server(bundle, limits=Limits(drain_s=0.1))
    with closing(http.client.HTTPConnection("127.0.0.1", running.port, timeout=10.0)) as connection:
        connection.request("POST", INFER, body=json_body(leaving_at(0)))
        assert cascade.entered.wait(5.0)
        running.servers.stop()
        cascade.hold.set()
        assert running.serving.drain(5.0)
    assert running.serving.workers.look_after() == ()


def test_a_server_that_is_not_ready_says_so(served: ServedBundle, start_server: Start) -> None:
    running = start_server(served)
    running.serving.ready = False
    assert call(running, "GET", "/v2/health/ready")[0] == 503
    assert call(running, "GET", "/v2/health/live")[0] == 200


def test_metrics_are_text(served: ServedBundle, start_server: Start) -> None:
    status, told, headers = call(start_server(served), "GET", "/metrics")
    assert (status, told) == (200, b"edge_runtime_ready 1\n")
    assert headers["content-type"].startswith("text/plain; version=0.0.4")


def test_requests_that_come_together_share_batches_over_http(served: ServedBundle, start_server: Start) -> None:
    bundle, cascade = scripted(served)
    cascade.hold.clear()
    running = start_server(bundle, batching=Batching(batch_images=8))
    connections = [http.client.HTTPConnection("127.0.0.1", running.port, timeout=10.0) for _ in range(5)]
    try:
        connections[0].request("POST", INFER, body=json_body(leaving_at(0)))
        assert cascade.entered.wait(5.0)
        for exit_index, connection in enumerate(connections[1:]):
            connection.request("POST", INFER, body=json_body(leaving_at(exit_index % 3)))
        for _ in range(500):
            if len(running.serving.queue) == 4:
                break
            running.serving.workers.workers[0].thread.join(0.01)
        cascade.hold.set()
        exits = [json.loads(each.getresponse().read())["parameters"]["exit_index"] for each in connections]
    finally:
        cascade.hold.set()
        for connection in connections:
            connection.close()
    assert exits == [0, 0, 1, 2, 0]
    assert cascade.runs == [1, 4]


BODY, JSON_BYTES = binary_body(random_images(1))


@st.composite
def damaged(draw: st.DrawFn) -> tuple[bytes, dict[str, str]]:
    """A valid request with some of its bytes and headers changed."""
    body = bytearray(BODY)
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, JSON_BYTES + 4))
        body[place : place + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    length = draw(
        st.just(str(JSON_BYTES)) | st.integers(-5, 2 * len(BODY)).map(str) | st.sampled_from(["x", "", "9" * 30])
    )
    headers = {"Inference-Header-Content-Length": length}
    if draw(st.booleans()):
        headers["Content-Encoding"] = draw(st.sampled_from(["gzip", "deflate", "identity", "x", ""]))
    return bytes(body[: draw(st.integers(0, len(body)) | st.just(len(body)))]), headers


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damaged())
def test_a_damaged_request_is_answered_or_refused_and_never_breaks_the_server(
    fuzzed_server: Running, sent: tuple[bytes, dict[str, str]]
) -> None:
    status, told, _ = call(fuzzed_server, "POST", INFER, *sent)
    assert status == 200 or (400 <= status < 500 and told["error"])


@pytest.fixture
def fuzzed_server(served: ServedBundle, start_server: Start) -> Running:
    return start_server(served)
