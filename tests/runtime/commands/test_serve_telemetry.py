"""What `edge-runtime serve` records, sends and watches."""

from __future__ import annotations

import base64
import gzip
import json
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from runtime.commands import serve_telemetry
from runtime.commands.telemetry import SPOOL
from runtime.contract.errors import BoardError, ConfigError, EdgeCodesignError
from runtime.contract.expected_answers import ExpectedAnswers
from runtime.contract.telemetry_batch import AGGREGATE, EVENT, INFERENCE, SAMPLE, decode
from runtime.data.picture import read_picture
from runtime.install.activate import install
from runtime.serve.gauges import Gauges
from runtime.serve.metrics_reading import Samples, read_metrics
from runtime.serve.served_bundle import ServedBundle
from runtime.serve.serving import Serving
from runtime.telemetry.spool import Spool
from tests.runtime.commands.conftest import Outcome
from tests.runtime.commands.test_serve import Visit
from tests.runtime.serve.serving_doubles import Settled, binary_body, loaded, request
from tests.runtime.telemetry.receiver import receiving
from tests.tiny_cascade import SPEC, random_images, tiny_parts, write_tiny_bundle

pytest.importorskip("uvicorn", reason="serving needs the extra `serve`")

Call = Callable[..., Outcome]
MACHINE = serve_telemetry.Machine(None, None, Gauges(), None)
WAIT_S = 20.0
WAITING, SENT = "edge_runtime_telemetry_rows", "edge_runtime_uplink_rows_total"
BALANCED = (("mode", "balanced"),)


@pytest.fixture(autouse=True)
def _switching_as_before() -> Iterator[None]:
    before_s = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before_s)


@pytest.fixture
def serving(bundle: Path) -> Iterator[Serving]:
    loaded_bundle: ServedBundle = loaded(bundle)
    made = Serving(loaded_bundle)
    yield made
    made.drain(5.0)


def arguments(root: Path, *more: object) -> Namespace:
    parser = ArgumentParser()
    serve_telemetry.add_telemetry(parser)
    args = parser.parse_args([*map(str, more)])
    args.root = root
    return args


def started(args: Namespace, serving: Serving) -> list[str]:
    """Start and stop; what was said."""
    reports: list[str] = []
    swap: Any = SimpleNamespace(swaps=0, rollbacks=0)
    with ExitStack() as stack:
        serve_telemetry.start_telemetry(args, serving, swap, MACHINE, stack, reports.append)
    return reports


def rows(root: Path, row_class: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with Spool(root / SPOOL, "looking", "looking") as spool:
        for item in spool.waiting(1 << 30):
            if item.row_class == row_class:
                batch = decode(item.content)
                found += [{name: values[k] for name, values in batch.columns.items()} for k in range(len(batch))]
    return found


def infer(ask: Callable[..., Any], count: int = 1) -> int:
    for k in range(count):
        body, length = binary_body(random_images(1, seed=k), outputs=[{"name": "class"}])
        status, _ = ask("POST", "/v2/models/edge/infer", body, {"Inference-Header-Content-Length": str(length)})
        assert status == 200
    return count


def metrics_when(ask: Callable[..., Any], name: str) -> Samples:
    """The metrics, as soon as there is one of that name."""
    until_s = time.monotonic() + WAIT_S
    while time.monotonic() < until_s:
        samples = read_metrics(ask("GET", "/metrics")[1].decode())
        if name in samples:
            return samples
        time.sleep(0.05)
    raise AssertionError(name)


def served(call: Call, tmp_path: Path, does: Callable[[Callable[..., Any]], Any], *options: object) -> Outcome:
    """Serve until `does` is done, and see that it was."""
    visit = Visit(tmp_path / "s", does)
    outcome = call("serve", "--no-tcp", "--uds", tmp_path / "s", *options)
    visit.join(5.0)
    assert outcome.status == 0
    assert visit.saw is not None, outcome.err
    return outcome


def test_by_default_what_was_served_waits_in_the_spool_and_no_image_does(
    call: Call, bundle: Path, tmp_path: Path
) -> None:
    install(bundle, tmp_path / "root")
    outcome = served(call, tmp_path, lambda ask: infer(ask, 25))
    assert "telemetry is recorded in" in outcome.err
    assert [event["name"] for event in rows(tmp_path / "root", EVENT)] == ["started", "no drift test", "stopped"]
    assert len(rows(tmp_path / "root", INFERENCE)) == 2
    assert sum(minute["images"] for minute in rows(tmp_path / "root", AGGREGATE)) == 25
    assert rows(tmp_path / "root", SAMPLE) == []


def test_rows_reach_the_collected_set_once(call: Call, bundle: Path, tmp_path: Path) -> None:
    triton = pytest.importorskip("tritonclient.http", reason="needs tritonclient[http]")
    pytest.importorskip("duckdb", reason="collecting needs the extra `collect`")
    pytest.importorskip("pyarrow", reason="collecting needs the extra `collect`")
    from codesign.collect.store import Store
    from codesign.commands.main import main as codesign

    install(bundle, tmp_path / "root")
    stick, store = tmp_path / "stick", tmp_path / "store"
    stick.mkdir()

    def visit(ask: Callable[..., Any]) -> bool:
        port = free.port()
        client = triton.InferenceServerClient(f"127.0.0.1:{port}")
        for k in range(30):
            image = triton.InferInput("image", [1, 12, 16, 3], "UINT8")
            image.set_data_from_numpy(random_images(1, seed=k))
            client.infer("edge", [image], parameters={"mode": "thorough"})
        client.close()
        until_s = time.monotonic() + WAIT_S
        while not metrics_when(ask, SENT)[SENT][()]:
            assert time.monotonic() < until_s
            time.sleep(0.05)
        return True

    free = FreePort()
    visiting = Visit(tmp_path / "s", visit)
    sent = ("--uplink", f"file:{stick}", "--uplink-every-s", 0.1)
    outcome = call(
        "serve", "--uds", tmp_path / "s", "--port", free.port(), *sent,
        "--telemetry-commit-s", 0.5, "--telemetry-keep-one-in", 1,
    )  # fmt: skip
    visiting.join(5.0)
    assert visiting.saw, outcome.err
    assert outcome.status == 0
    assert f"telemetry is sent to {stick}" in outcome.err
    assert call("telemetry", "export", stick).status == 0  # what was committed at the very end
    for _ in range(2):
        assert codesign(["collect", "--store", str(store), "--folder", str(stick), "--once"]) == 0
    with Store(store) as opened:
        found = opened.state().rows
    assert (found["inference"], found["event"]) == (30, 3)


def test_images_that_are_not_as_expected_make_the_server_cautious_and_answers_say_so(
    call: Call, tmp_path: Path
) -> None:
    parts = tiny_parts()
    expected = ExpectedAnswers(((), (), (), ()), ((0.01,), (0.01,), (0.01,), (0.97,)), 10_000)
    modes = [replace(mode, expected_answers=expected) for mode in parts["modes"] if mode.name == "balanced"]
    promises = {"balanced": parts["promises"]["balanced"]}
    write_tiny_bundle(tmp_path / "knowing", modes=modes, promises=promises)
    install(tmp_path / "knowing", tmp_path / "root")
    found: list[dict[str, Any]] = []

    def visit(ask: Callable[..., Any]) -> bool:
        until_s = time.monotonic() + WAIT_S
        while time.monotonic() < until_s:
            infer(ask, 50)
            if read_metrics(ask("GET", "/metrics")[1].decode()).get("edge_runtime_caution", {}).get(BALANCED) == 2:
                break
        body, length = binary_body(random_images(1), outputs=[{"name": "class"}])
        answer = ask("POST", "/v2/models/edge/infer", body, {"Inference-Header-Content-Length": str(length)})[1]
        found.append(json.loads(answer)["parameters"])
        return True

    outcome = served(call, tmp_path, visit)
    assert "it answers with half of its thresholds from now on" in outcome.err
    assert "it answers with full depth from now on" in outcome.err
    assert (found[0]["cautious"], found[0]["exit_index"]) == (True, 3)
    events = [event["name"] for event in rows(tmp_path / "root", EVENT)]
    assert events == ["started", "drift", "drift", "stopped"]


def test_with_consent_the_least_sure_image_travels_as_a_png(
    call: Call, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("PIL", reason="pictures need the extra `images`")
    install(bundle, tmp_path / "root")
    monkeypatch.setattr("runtime.telemetry.hard_images.DAY_S", 0.5)
    monkeypatch.setattr("runtime.telemetry.telemetry_metrics.LOOK_S", 0.1)

    def visit(ask: Callable[..., Any]) -> bool:
        infer(ask, 1)
        until_s = time.monotonic() + WAIT_S
        while (("class", "sample"),) not in metrics_when(ask, WAITING)[WAITING]:
            assert time.monotonic() < until_s
            time.sleep(0.05)
        return True

    served(call, tmp_path, visit, "--sample-hard-images", 1)
    (row,) = rows(tmp_path / "root", SAMPLE)
    (tmp_path / "a.png").write_bytes(base64.b64decode(row["image_png"]))
    assert np.array_equal(read_picture(tmp_path / "a.png", SPEC), random_images(1)[0])


class FreePort:
    """A port that nobody listens at, the same each time."""

    def __init__(self) -> None:
        from runtime.serve.listeners import listen_tcp

        with listen_tcp("127.0.0.1", 0) as sock:
            self._port: int = sock.getsockname()[1]

    def port(self) -> int:
        return self._port


class FullDisk(Spool):
    """A spool on a disk that is full from its first row on."""

    def __init__(self, *parts: Any, **named: Any) -> None:
        super().__init__(*parts, **named)
        (pages,) = self._base.execute("PRAGMA page_count").fetchone()
        self._base.execute(f"PRAGMA max_page_count = {pages}")


def test_on_a_full_disk_rows_are_counted_as_dropped_and_serving_goes_on(
    call: Call, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(bundle, tmp_path / "root")
    monkeypatch.setattr(serve_telemetry, "Spool", FullDisk)
    monkeypatch.setattr("runtime.telemetry.telemetry_metrics.LOOK_S", 0.1)
    dropped: list[float] = []

    def visit(ask: Callable[..., Any]) -> bool:
        infer(ask, 300)
        samples = metrics_when(ask, "edge_runtime_telemetry_dropped_rows_total")
        dropped.append(sum(samples["edge_runtime_telemetry_dropped_rows_total"].values()))
        infer(ask, 5)
        return True

    served(call, tmp_path, visit, "--telemetry-commit-s", 0.1, "--telemetry-keep-one-in", 1)
    assert dropped[0] > 0


def test_images_leave_only_where_the_owner_has_said_so(serving: Serving, tmp_path: Path) -> None:
    pytest.importorskip("PIL", reason="pictures need the extra `images`")
    said = started(arguments(tmp_path, "--sample-hard-images", 3), serving)
    assert "up to 3 images a day are kept as telemetry, and leave this board with it" in said


def test_what_is_committed_at_the_very_end_is_sent_both_ways(call: Call, bundle: Path, tmp_path: Path) -> None:
    install(bundle, tmp_path / "root")
    stick = tmp_path / "stick"
    stick.mkdir()
    with receiving() as receiver:
        served(call, tmp_path, lambda ask: infer(ask, 25), "--uplink", f"file:{stick}", "--otlp", receiver.url)
    assert rows(tmp_path / "root", EVENT) == []  # nothing is left on the board
    assert len(list(stick.iterdir())) >= 1
    (body,) = receiver.bodies
    (resource,) = json.loads(gzip.decompress(body))["resourceMetrics"]
    images = next(
        metric for metric in resource["scopeMetrics"][0]["metrics"] if metric["name"] == "edge_runtime.images"
    )
    assert sum(int(point["asInt"]) for point in images["sum"]["dataPoints"]) == 25


def test_without_otlp_nothing_is_kept_for_it(serving: Serving, tmp_path: Path) -> None:
    with Spool(tmp_path / SPOOL, "d", "b") as spool:
        spool.read_also_by({serve_telemetry.OTLP: EVENT})
        spool.append(EVENT, {"name": ["before"]}, 0)
        spool.acknowledge([1])
    started(arguments(tmp_path), serving)
    assert [event["name"] for event in rows(tmp_path, EVENT)] == ["started", "stopped"]


def test_without_telemetry_nothing_is_written_and_drift_is_watched(serving: Serving, tmp_path: Path) -> None:
    assert started(arguments(tmp_path, "--no-telemetry"), serving) == []
    assert not (tmp_path / "telemetry").exists()
    assert serving.note is not None


def test_a_machine_that_does_not_say_who_it_is_serves_without(
    serving: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise BoardError("this machine does not say who it is: the file is empty")

    monkeypatch.setattr(serve_telemetry, "device_id", nobody)
    said = started(arguments(tmp_path), serving)
    assert said == ["no telemetry: this machine does not say who it is: the file is empty"]


def test_a_spool_that_cannot_be_opened_is_said_and_serving_goes_on(serving: Serving, tmp_path: Path) -> None:
    (tmp_path / "telemetry").write_text("in the way")
    (said,) = started(arguments(tmp_path), serving)
    assert said.startswith("no telemetry: the spool cannot be opened")


def test_a_bundle_that_is_not_installed_is_served_without(serving: Serving, bundle: Path) -> None:
    (said,) = started(arguments(bundle), serving)
    assert "is a bundle, and a spool belongs beside installed ones" in said
    assert not (bundle / "telemetry").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--no-telemetry", "--uplink", "file:/there"), "--no-telemetry leaves nothing to send"),
        (("--no-telemetry", "--sample-hard-images", "1"), "--no-telemetry leaves nothing to send"),
        (("--no-telemetry", "--otlp", "https://there"), "--no-telemetry leaves nothing to send"),
        (("--otlp", "http://there"), "not sent in the clear to there"),
        (("--otlp", "https://there", "--otlp-token-file", "/nowhere"), "the token cannot be read"),
        (("--drift-one-in", "-1"), "--drift-one-in -1"),
        (("--telemetry-commit-s", "0"), "telemetry is committed every"),
        (("--telemetry-keep-one-in", "-1"), "cannot keep one inference in -1"),
        (("--sample-hard-images", "1001"), "1001 images a day cannot be kept"),
        (("--uplink", "ftp://there"), "is no uplink"),
        (("--uplink-every-s", "0"), "times and sizes of an uplink"),
        (("--uplink", "https://there", "--uplink-token-file", "/nowhere"), "the token cannot be read"),
        (("--uplink", "mqtts://there", "--uplink-password-file", "/nowhere"), "the password cannot be read"),
    ],
)
def test_options_that_do_not_fit_stop_the_start(
    serving: Serving, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    with pytest.raises(EdgeCodesignError, match=message) as stopped:
        started(arguments(tmp_path, *options), serving)
    assert isinstance(stopped.value, ConfigError)


def test_noting_an_image_costs_the_serving_thread_little(serving: Serving, tmp_path: Path) -> None:
    swap: Any = SimpleNamespace(swaps=0, rollbacks=0)
    settled = Settled()
    with ExitStack() as stack:
        serve_telemetry.start_telemetry(arguments(tmp_path), serving, swap, MACHINE, stack, lambda _: None)
        job = serving.submit(request(), serving.bundle, settled)
        settled.wait(1)
        assert serving.note is not None
        best_s = 1.0
        for _ in range(20):
            began_s = time.thread_time()
            for _ in range(100):
                serving.note(job, None)
            best_s = min(best_s, (time.thread_time() - began_s) / 100)
    assert best_s < 50e-6  # generous: the figure itself is tests/bench/bench_drift_guard.py's business


def test_a_bundle_that_takes_over_is_an_event(call: Call, bundle: Path, tmp_path: Path) -> None:
    install(bundle, tmp_path / "root")
    second = write_tiny_bundle(tmp_path / "second", seed=1).bundle_id

    def visit(ask: Callable[..., Any]) -> bool:
        infer(ask)
        install(tmp_path / "second", tmp_path / "root")
        until_s = time.monotonic() + WAIT_S
        while not read_metrics(ask("GET", "/metrics")[1].decode())["edge_runtime_swaps_total"][()]:
            assert time.monotonic() < until_s
            time.sleep(0.05)
        infer(ask)
        return True

    served(call, tmp_path, visit)
    found = [(event["name"], event["bundle_id"]) for event in rows(tmp_path / "root", EVENT)]
    assert ("swapped", second) in found
    assert found[-1] == ("stopped", second)


def test_a_board_with_an_unusual_name_is_recorded_under_a_usual_one(call: Call, tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path / "odd", board="my board, v1.2")
    install(tmp_path / "odd", tmp_path / "root")
    served(call, tmp_path, infer)
    with Spool(tmp_path / "root" / SPOOL, "looking", "looking") as spool:
        assert {decode(item.content).board for item in spool.waiting(1 << 30)} == {"my-board--v1-2"}
