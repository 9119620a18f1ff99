"""The daemon of a soak: a process, what it says, and what can be seen of it from outside."""

from __future__ import annotations

import http.client
import math
import os
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

from runtime.serve.metrics_reading import Samples, read_metrics

from .soak_board import Board

GIVEN_BACK_S = 0.5  # at most, once a bundle has passed its trial or failed it
SOON_S = 30.0  # for a start, a swap, a rollback or a lease that was lost


class Server:
    """The daemon's process and what it says."""

    def __init__(self, board: Board, root: Path, options: list[str], hang_s: float) -> None:
        command = [sys.executable, "-m", "tests.bench.soak_daemon", str(board.kernel), str(hang_s), "--root", str(root)]
        self.said: list[str] = []
        self._alone_since_s = -math.inf
        self.process = subprocess.Popen(
            [*command, "--port", "0", "--govern", "--powerd", str(board.socket), *options],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        self._ready = threading.Event()
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()
        if not self._ready.wait(SOON_S):
            raise RuntimeError(f"the server did not start: {self.said}")
        (line,) = [line for line in self.said if "listening at http" in line]
        self.port = int(line.rsplit(":", 1)[1])

    def _listen(self) -> None:
        for line in self.process.stderr or ():
            self.said.append(line)
            if "is current now" in line:
                self._alone_since_s = math.inf
            elif any(words in line for words in ("passed its trial", "serves again", "is not served")):
                self._alone_since_s = time.monotonic()
            if "ready: " in line:
                self._ready.set()
        self._ready.set()

    def metrics(self) -> Samples:
        """As it tells them; {} where it does not."""
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=SOON_S)) as connection:
                connection.request("GET", "/metrics")
                return read_metrics(connection.getresponse().read().decode())
        except (OSError, http.client.HTTPException):
            return {}

    def serves(self) -> str | None:
        """The id of the bundle that is served."""
        (labels,) = self.metrics().get("edge_runtime_bundle_info", {(): 0.0})
        return dict(labels).get("bundle_id")

    def took_over(self, bundle_id: str) -> bool:
        """Whether it was served, be it for a moment."""
        return any(f"bundle {bundle_id[:12]} has taken over" in line for line in self.said)

    def has_one_bundle(self) -> bool:
        """Whether none is being loaded or on trial, and memory of the last one has been given back."""
        return time.monotonic() - self._alone_since_s > GIVEN_BACK_S

    def resident_bytes(self) -> int:
        """Of its process."""
        fields = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")

    def open_files(self) -> int:
        """Of its process."""
        return sum(1 for _ in Path(f"/proc/{self.process.pid}/fd").iterdir())

    def threads(self) -> int:
        """Of its process."""
        return sum(1 for _ in Path(f"/proc/{self.process.pid}/task").iterdir())

    def close(self) -> None:
        """Whatever happened."""
        self.process.kill()
        self.process.wait()
        self._listening.join(SOON_S)
        if self.process.stderr is not None:
            self.process.stderr.close()
