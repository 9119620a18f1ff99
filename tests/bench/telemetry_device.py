"""A device as `bench_telemetry_kill` needs it: notes inferences, commits, ships by MQTT, until it is killed.

    python -m tests.bench.telemetry_device SPOOL BROKER_URL RATE

Prints, after each commit, how many rows the spool has numbered so far.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from runtime.telemetry.inference import Circumstances, Inference, Recording, ServedAs
from runtime.telemetry.mqtt_uplink import MqttUplink
from runtime.telemetry.recorder import TelemetryRecorder
from runtime.telemetry.spool import Spool
from runtime.telemetry.uplink import Shipper, Shipping

SERVED = ServedAs("b" * 64, "balanced", (0.001, 0.002), (0.01, 0.02))
COMMIT_S = 0.3


def main() -> None:
    """Run for ever."""
    path, url, rate = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    spool = Spool(path, "device", "boot", "orin-nano")
    recorder = TelemetryRecorder(spool, Circumstances, Recording(commit_s=COMMIT_S, keep_one_in=1, minute_s=1.0))
    shipper = Shipper(
        spool, MqttUplink(url, "device", timeout_s=5.0), Shipping(every_s=0.1, first_wait_s=0.1, longest_wait_s=1.0)
    )
    shipper.start()
    while True:
        for _ in range(int(rate * 0.1)):
            recorder.note(Inference(time.monotonic(), SERVED, 0, 0.5, 0.002, 0.001, None))
        time.sleep(0.1)
        recorder.tick()


if __name__ == "__main__":
    main()
