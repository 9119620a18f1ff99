"""What serving adds: run `python -m tests.bench.bench_serve --bundle DIR --json OUT` (a minute and a half, two cores).

Five questions, each answered in one run and interleaved, so that a noisy machine disturbs both sides alike:
    in_process   Engine.infer and the recorder, against preprocessing, bare `session.run` calls and an argmax
    added        a round trip of a stock tritonclient with binary tensors, against the same inference in this process
    cpu          processor time that a request costs client and server, whatever else the machine does
    saturation   requests a second with several clients, against inference alone on as many threads
    footprint    resident memory and time until ready of `edge-runtime serve`

The network is DIR, or without --bundle a small one of three stages made here, of about a millisecond on one core.
Wall-clock figures hold for an idle machine only; on a busy one, run it as root under `chrt -f 2`, which lets it go
before everything else. Load average and scheduling are told beside the figures.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from runtime.contract.arrays import UInt8Array
from runtime.engine.bundle import Engine, open_bundle
from runtime.engine.machine import this_machine
from runtime.serve.job import Answers, Job
from runtime.serve.limits import Limits
from runtime.serve.recorder import Recorder
from runtime.serve.served_bundle import load
from tests.tiny_cascade import SPEC, TRUNK, mode, promise, random_images, trunk_stages, write_tiny_bundle

WIDTH, SIDE = 24, 48  # about a millisecond through all stages on one core of a server
WARM_UP = 50
LIMITS = {
    "in_process_median": 1.03,
    "in_process_p99": 1.05,
    "added_median_s": 0.0008,
    "saturation": 0.85,
    "resident_bytes": 110e6,
    "ready_s": 1.5,
}


def made_bundle(folder: Path) -> Path:
    """A bundle in which nothing leaves early."""
    spec = replace(SPEC, height=SIDE, width=SIDE)
    write_tiny_bundle(
        folder,
        input_spec=spec,
        stage_models={TRUNK: trunk_stages(width=WIDTH)},
        modes=[mode("thorough", TRUNK, (-np.inf, -np.inf))],
        default_mode="thorough",
        golden_images=random_images(3, spec=spec),
        promises={"thorough": promise(3)},
    )
    return folder


def images_of(engine: Engine, count: int, seed: int) -> UInt8Array:
    """Images of the engine's size."""
    return random_images(count, seed, engine.manifest.input)


def in_process(bundle: Path, rounds: int, seed: int) -> dict[str, Any]:
    """Seconds per image of bare calls and of the engine with the recorder, image by image in an order drawn anew."""
    engine, served, recorder = open_bundle(bundle), load(bundle, Limits()), Recorder()
    served_mode = served.modes[engine.mode.name]
    stages, leaves_at = served_mode.cascade.stages, engine.mode.policy.leaves_at
    images, rng = images_of(engine, 64, seed), np.random.default_rng(seed)

    def bare(image: UInt8Array) -> None:
        outputs: Any = []
        tensor = served_mode.preprocessing(image[None])
        for index, stage in enumerate(stages):
            before = dict(zip(stages[index - 1].hands_on, outputs, strict=False)) if index else {}
            feeds = {name: tensor if name == "image" else before[name] for name in stage.inputs}
            outputs = stage.session.run(list(stage.outputs), feeds)
            if leaves_at(index, outputs[-1].item()):
                break
        int(outputs[-2].argmax())

    def recorded(image: UInt8Array) -> None:
        start_s = time.monotonic()
        job = Job(
            served, engine.mode.name, image[None], arrived_s=start_s, deadline_s=9e9, on_settled=recorder.answered
        )
        logits, exit_index, entropy_nats, *_ = served_mode.run_one(job.images)
        exits, entropies = np.array([exit_index]), np.array([entropy_nats])
        job.answer(Answers(logits, exits, entropies, 0.0, time.monotonic() - start_s))

    ways: dict[str, Callable[[UInt8Array], Any]] = {"bare": bare, "served": recorded, "engine": engine.infer}
    samples = {name: np.empty((rounds + WARM_UP, 2)) for name in ways}
    for i in range(rounds + WARM_UP):
        image = images[i % len(images)]
        for k in rng.permutation(len(ways)):
            name = list(ways)[k]
            wall_s, cpu_s = time.perf_counter(), time.thread_time()
            ways[name](image)
            samples[name][i] = time.perf_counter() - wall_s, time.thread_time() - cpu_s
    result: dict[str, Any] = {}
    for name, values in samples.items():
        kept = values[WARM_UP:]
        result[name] = {
            "median_s": float(np.median(kept[:, 0])),
            "p99_s": float(np.quantile(kept[:, 0], 0.99)),
            "cpu_median_s": float(np.median(kept[:, 1])),
            "cpu_p99_s": float(np.quantile(kept[:, 1], 0.99)),
        }
    for name in ("served", "engine"):
        ratios = samples[name][WARM_UP:] / samples["bare"][WARM_UP:]
        result[name]["ratio_median"] = float(np.median(ratios[:, 0]))
        result[name]["ratio_quartiles"] = np.quantile(ratios[:, 0], [0.25, 0.75]).tolist()
        result[name]["cpu_ratio_of_medians"] = result[name]["cpu_median_s"] / result["bare"]["cpu_median_s"]
        result[name]["ratio_p99"] = result[name]["p99_s"] / result["bare"]["p99_s"]
        result[name]["cpu_ratio_p99"] = result[name]["cpu_p99_s"] / result["bare"]["cpu_p99_s"]
    return result


class ServerProcess:
    """`edge-runtime serve` in a process of its own."""

    def __init__(self, bundle: Path, *options: str) -> None:
        began_s = time.perf_counter()
        program = "import sys; from runtime.commands.main import main; sys.exit(main())"
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, "serve", "--root", str(bundle), "--port", "0", *options],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        self.port = 0
        for line in self.process.stderr or ():
            if "listening at http://" in line:
                self.port = int(line.rsplit(":", 1)[1])
            if "ready: " in line:
                break
        self.ready_s = time.perf_counter() - began_s

    def cpu_s(self) -> float:
        """Processor time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_bytes(self, name: str = "VmRSS") -> int:
        """Resident memory, or its peak (`VmHWM`)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        (line,) = [line for line in status.splitlines() if line.startswith(name)]
        return int(line.split()[1]) * 1024


@contextlib.contextmanager
def server(bundle: Path, *options: str) -> Iterator[ServerProcess]:
    """A server that is ready."""
    running = ServerProcess(bundle, *options)
    try:
        yield running
    finally:
        running.process.terminate()
        running.process.wait(20.0)
        if running.process.stderr is not None:
            running.process.stderr.close()


def triton_request(image: UInt8Array) -> tuple[Any, Any]:
    """One image as Triton's client sends it, and the outputs asked for."""
    import tritonclient.http as triton

    tensor = triton.InferInput("image", [1, *image.shape], "UINT8")
    tensor.set_data_from_numpy(image[None])
    asked = [triton.InferRequestedOutput(name, binary_data=True) for name in ("class", "exit_index")]
    return tensor, asked


def added(bundle: Path, rounds: int, seed: int) -> dict[str, Any]:
    """Round trips of tritonclient, interleaved with the same inference in this process; and what each costs in CPU."""
    import tritonclient.http as triton

    engine = open_bundle(bundle)
    image = images_of(engine, 1, seed)[0]
    tensor, asked = triton_request(image)
    with server(bundle) as running, triton.InferenceServerClient(f"127.0.0.1:{running.port}") as client:
        trips_s, here_s = np.empty(rounds + WARM_UP), np.empty(rounds + WARM_UP)
        server_cpu_s = client_cpu_s = 0.0
        for i in range(rounds + WARM_UP):
            if i == WARM_UP:
                server_cpu_s, client_cpu_s = running.cpu_s(), 0.0
            start_s, cpu_s = time.perf_counter(), time.process_time()
            client.infer("edge", [tensor], outputs=asked)
            trips_s[i] = time.perf_counter() - start_s
            client_cpu_s += time.process_time() - cpu_s
            start_s = time.perf_counter()
            engine.infer(image)
            here_s[i] = time.perf_counter() - start_s
        server_cpu_s = (running.cpu_s() - server_cpu_s) / rounds
        told = client.infer("edge", [tensor], outputs=asked).get_response()["parameters"]
    difference_s = trips_s[WARM_UP:] - here_s[WARM_UP:]
    return {
        "trip_median_s": float(np.median(trips_s[WARM_UP:])),
        "here_median_s": float(np.median(here_s[WARM_UP:])),
        "added_median_s": float(np.median(difference_s)),
        "added_quartiles_s": np.quantile(difference_s, [0.25, 0.75]).tolist(),
        "trip_p99_s": float(np.quantile(trips_s[WARM_UP:], 0.99)),
        "server_cpu_s": server_cpu_s,
        "client_cpu_s": client_cpu_s / rounds,
        "said_run_s": told["latency_s"] - told["queue_s"],
    }


def _send(port: int, body: bytes, json_bytes: int, until_s: float, sent: Any) -> None:
    """A client that costs little, so that two cores are enough for it and the server."""
    headers = {"Inference-Header-Content-Length": str(json_bytes)}
    connection = http.client.HTTPConnection("127.0.0.1", port)
    while time.monotonic() < until_s:
        connection.request("POST", "/v2/models/edge/infer", body=body, headers=headers)
        response = connection.getresponse()
        response.read()
        sent.value += response.status == 200
    connection.close()


def saturation(bundle: Path, seconds: float, clients: int, seed: int) -> dict[str, Any]:
    """Requests a second of several client processes, and of inference alone in a process that does nothing else."""
    import tritonclient.http as triton

    engine = open_bundle(bundle)
    image = images_of(engine, 1, seed)[0]
    tensor, asked = triton_request(image)
    body, json_bytes = triton.InferenceServerClient.generate_request_body([tensor], outputs=asked)
    rows = []
    context = multiprocessing.get_context("spawn")
    with server(bundle) as running:
        for _ in range(3):
            count, start_s = 0, time.perf_counter()
            while time.perf_counter() - start_s < seconds:
                engine.infer(image)
                count += 1
            alone_per_s = count / (time.perf_counter() - start_s)
            counters = [context.Value("i", 0, lock=False) for _ in range(clients)]
            until_s = time.monotonic() + seconds + 2.0  # processes take their time to start
            crowd = [
                context.Process(target=_send, args=(running.port, body, json_bytes, until_s, counter))
                for counter in counters
            ]
            for process in crowd:
                process.start()
            while time.monotonic() < until_s - seconds:
                time.sleep(0.01)
            before, began_s, cpu_s = sum(counter.value for counter in counters), time.perf_counter(), running.cpu_s()
            while time.monotonic() < until_s - 0.05:
                time.sleep(0.01)
            answered = sum(counter.value for counter in counters) - before
            span_s = time.perf_counter() - began_s
            rows.append(
                {
                    "alone_per_s": alone_per_s,
                    "served_per_s": answered / span_s,
                    "share": answered / span_s / alone_per_s,
                    "server_cores": (running.cpu_s() - cpu_s) / span_s,
                }
            )
            for process in crowd:
                process.join()
    return {"clients": clients, "runs": rows, "share": float(np.median([row["share"] for row in rows]))}


def footprint(bundle: Path, requests: int, seed: int) -> dict[str, Any]:
    """Memory and time until ready, median of five starts; memory after some requests."""
    import tritonclient.http as triton

    tensor, asked = triton_request(images_of(open_bundle(bundle), 1, seed)[0])
    ready_s, resident, after = [], [], 0
    for _ in range(5):
        with server(bundle) as running:
            ready_s.append(running.ready_s)
            resident.append(running.memory_bytes())
            with triton.InferenceServerClient(f"127.0.0.1:{running.port}") as client:
                for _ in range(requests):
                    client.infer("edge", [tensor], outputs=asked)
            after = max(after, running.memory_bytes("VmHWM"))
    return {
        "ready_s": float(np.median(ready_s)),
        "ready_slowest_s": max(ready_s),
        "resident_bytes": max(resident),
        "peak_bytes_after_requests": after,
        "requests": requests,
    }


def _loop() -> str:
    fast = [name for name in ("uvloop", "httptools") if find_spec(name) is not None]
    return f"uvicorn with {' and '.join(fast) or 'asyncio and h11'}"


def main() -> int:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bundle", type=Path, help="a bundle folder (default: one that is made here)")
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=5.0, help="per run of saturation")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=("in_process", "added", "saturation", "footprint"))
    parser.add_argument("--json", type=Path, metavar="OUT")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bundle = args.bundle or made_bundle(Path(folder) / "bundle")
        questions: dict[str, Callable[[], dict[str, Any]]] = {
            "in_process": lambda: in_process(bundle, args.rounds, args.seed),
            "added": lambda: added(bundle, args.rounds, args.seed),
            "saturation": lambda: saturation(bundle, args.seconds, args.clients, args.seed),
            "footprint": lambda: footprint(bundle, 200, args.seed),
        }
        result: dict[str, Any] = {
            "command": " ".join(["python -m tests.bench.bench_serve", *sys.argv[1:]]),
            "kind": "measured",
            "on": f"{this_machine()}; ONNX Runtime {onnxruntime.__version__}, CPU, 1 thread; {_loop()}",
            "scheduling": "real-time (FIFO)" if os.sched_getscheduler(0) == os.SCHED_FIFO else "ordinary",
            "limits": LIMITS,
            "load_average_before": os.getloadavg(),
        }
        for name, question in questions.items():
            if args.only in (None, name):
                result[name] = question()
                print(json.dumps({name: result[name]}, indent=1), flush=True)
        result["load_average_after"] = os.getloadavg()
    if args.json is not None:
        args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
