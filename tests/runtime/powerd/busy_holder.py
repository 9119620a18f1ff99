"""A client that holds the lease and changes points without pause, as a process that can be killed.

python -m tests.runtime.powerd.busy_holder POWERD_SOCKET TTL_S SEED
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from runtime.powerd.client import PowerdClient

LONGEST_PAUSE_S = 0.03


def main() -> None:
    """Until killed."""
    path, ttl_s, seed = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    draw = random.Random(seed)  # noqa: S311 (nothing secret)
    with PowerdClient(path, ttl_s=ttl_s) as client:
        points = client.status().allowed
        while True:
            client.set(draw.choice(points))
            time.sleep(draw.uniform(0.0, LONGEST_PAUSE_S))


if __name__ == "__main__":
    main()
