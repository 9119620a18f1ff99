"""How long `import runtime` takes, and that it brings no torch.

    python -m tests.bench.bench_import [--rounds 15]

Each round starts a new interpreter; the time of an interpreter that imports nothing is measured beside it, interleaved.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time

import numpy as np


def seconds(statement: str) -> float:
    """Wall time of a new interpreter that runs one statement."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - started


def main() -> int:
    """Print medians and quartiles; 1 if the limit of 0.5 s is missed or torch is loaded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    statements = {
        "nothing": "pass",
        "import runtime": "import runtime",
        "import runtime; runtime.open_bundle": "import runtime; runtime.open_bundle",
    }
    times: dict[str, list[float]] = {name: [] for name in statements}
    for _ in range(args.rounds):
        for name, statement in statements.items():
            times[name].append(seconds(statement))
    check = "import runtime, sys; runtime.open_bundle; sys.exit('torch' in sys.modules)"
    torch_loaded = subprocess.run([sys.executable, "-c", check], check=False).returncode != 0
    quartiles = {name: np.percentile(values, [25, 50, 75]).round(3).tolist() for name, values in times.items()}
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(json.dumps({"kind": "measured", "machine": machine, "quartiles_s": quartiles, "torch_loaded": torch_loaded}))
    return int(torch_loaded or quartiles["import runtime; runtime.open_bundle"][1] > 0.5)


if __name__ == "__main__":
    sys.exit(main())
