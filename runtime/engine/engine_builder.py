"""Has an engine built in a process of its own, which is ended when it takes too long or too much memory.

The kernel's memory limits are of no use here: CUDA reserves more addresses than any of them would allow, and what the
GPU takes of a Jetson's memory counts for no process. So the builder is watched: its resident memory, and what is left
to the whole board. It also offers itself first to the kernel, should that have to end somebody.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO

from runtime.boards.sysfs.io import SysfsIO, text_or_none
from runtime.boards.sysfs.tree import TreeIO
from runtime.contract.errors import EngineError

from .build_engine import Order, order_text

MIB = 1 << 20
PROGRAM = (sys.executable, "-m", "runtime.engine.build_engine")
LOOK_S = 0.2  # between two looks at the builder
TOLD_CHARACTERS = 2000
KIBIBYTE = 1024
FIRST_TO_GO = "1000"  # for /proc/PID/oom_score_adj


@dataclass(frozen=True, slots=True)
class BuildLimits:
    """What building one stage may take."""

    time_s: float = 900.0
    resident_bytes: int = 4096 * MIB  # of the builder's own memory
    left_bytes: int = 256 * MIB  # that the board must have left
    workspace_bytes: int = 256 * MIB  # for one layer's scratch memory


@dataclass(frozen=True, slots=True)
class Builder:
    """How engines are built. `report` is told what takes long."""

    limits: BuildLimits = field(default_factory=BuildLimits)
    program: Sequence[str] = field(default_factory=lambda: PROGRAM)
    report: Callable[[str], None] = field(default=lambda _: None, compare=False)
    io: SysfsIO = field(default_factory=TreeIO, compare=False)  # where memory is looked at

    def build(
        self, model: bytes, precision: str, most_images: int, *, where: str, timing_cache: Path | None = None
    ) -> bytes:
        """The engine of a stage's ONNX bytes.

        Args:
            most_images: in a batch.
            where: names the stage.
            timing_cache: a file that engines built here share; None: every layer is timed anew.
        Raises:
            EngineError: it cannot be built within the limits; with the builder's own words.
        """
        try:
            return self._built(model, precision, most_images, where, timing_cache)
        except OSError as error:
            why = f"its files cannot be kept for as long as it takes: {error.strerror or error}"
            raise _not_built(where, why) from error

    def _built(self, model: bytes, precision: str, most_images: int, where: str, timing_cache: Path | None) -> bytes:
        with TemporaryDirectory(prefix="edge-engine-") as name, TemporaryFile() as told, TemporaryFile() as complaint:
            folder = Path(name)
            onnx, plan, order = folder / "stage.onnx", folder / "stage.plan", folder / "order.json"
            onnx.write_bytes(model)
            shared = None if timing_cache is None else str(timing_cache.absolute())
            asked = Order(str(onnx), str(plan), precision, most_images, self.limits.workspace_bytes, shared)
            order.write_text(order_text(asked), encoding="utf-8")
            started_s = time.monotonic()
            try:
                process = subprocess.Popen(  # noqa: S603 (this Python and a constant, or a test's own program)
                    [*self.program, str(order)],
                    stdin=subprocess.DEVNULL,
                    stdout=told,
                    stderr=complaint,
                    cwd=folder,  # Python looks for modules there first: it must be nobody else's folder
                )
            except OSError as error:
                raise _not_built(where, f"its builder cannot be started: {error.strerror}") from error
            try:
                why = self._watched(process, started_s)
            finally:
                if process.poll() is None:
                    process.kill()
                process.wait()
            if why is not None:
                raise _not_built(where, why)
            answer, words = _answer(_read(told)), _read(complaint)
            if process.returncode != 0 or "said" not in answer or not plan.is_file():
                raise _not_built(where, str(answer.get("error") or _died(process.returncode, words)))
            if answer["said"]:
                self.report(f"{where}: TensorRT's builder said: {answer['said']}")
            return plan.read_bytes()

    def _watched(self, process: subprocess.Popen[bytes], started_s: float) -> str | None:
        """Wait for the builder; why it must be ended, None where it ended by itself."""
        limits = self.limits
        with suppress(OSError):  # it has gone already, or this kernel has no such file
            Path(f"/proc/{process.pid}/oom_score_adj").write_text(FIRST_TO_GO, encoding="ascii")
        while True:
            try:
                process.wait(LOOK_S)
            except subprocess.TimeoutExpired:
                pass
            else:
                return None
            if time.monotonic() - started_s > limits.time_s:
                return f"its builder had not ended after {limits.time_s:g} s"
            resident_bytes = _kib(self.io, f"/proc/{process.pid}/status", "VmRSS")
            if resident_bytes is not None and resident_bytes > limits.resident_bytes:
                return f"its builder took {_mib(resident_bytes)} of memory, more than {_mib(limits.resident_bytes)}"
            left_bytes = _kib(self.io, "/proc/meminfo", "MemAvailable")
            if left_bytes is not None and left_bytes < limits.left_bytes:
                return f"its builder left the board {_mib(left_bytes)} of memory, less than {_mib(limits.left_bytes)}"


def _kib(io: SysfsIO, path: str, name: str) -> int | None:
    """A line such as `VmRSS:  1234 kB`, in bytes; None where there is none."""
    for line in (text_or_none(io, path) or "").splitlines():
        key, _, value = line.partition(":")
        if key == name and value.split()[:1] and value.split()[0].isdigit():
            return int(value.split()[0]) * KIBIBYTE
    return None


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _answer(text: str) -> dict[str, object]:
    """What the builder printed last; nothing where that is no answer."""
    for line in reversed(text.splitlines()):
        with suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                return found
    return {}


def _died(status: int, words: str) -> str:
    last = words.strip()[-TOLD_CHARACTERS:] or "it said nothing"
    if status < 0:
        killed = " (the kernel ends what takes too much memory with signal 9)" if status == -9 else ""
        return f"its builder was ended by signal {-status}{killed}: {last}"
    return f"its builder ended with status {status}: {last}"


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / MIB:.0f} MiB"


def _not_built(where: str, why: str) -> EngineError:
    return EngineError(
        f"no engine for a stage: {why}",
        where=where,
        to_do="give the builder more with `edge-runtime engines build --max-memory-mb`, `--max-seconds`; stop what else"
        " takes memory, or add swap on a disk; or use another --provider",
    )
