"""Three simulated nodes: one is taken away in the middle of its work, one offers a board that all share.

python -m tests.codesign.scale.simulated_cluster
"""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from codesign.commands.cluster import prepare_ray
from codesign.scale.ray_cluster import ray_cluster
from codesign.scale.ray_workplace import board_resource
from codesign.scale.workplace import unheard
from tests.codesign.conftest import FAR_BOARD
from tests.codesign.scale import pieces


def main() -> None:
    """Exit status 0 where everything was as it must be."""
    prepare_ray("local")
    from ray.cluster_utils import Cluster

    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    nodes.add_node(num_cpus=1, resources={board_resource(FAR_BOARD): 1})
    lost = nodes.add_node(num_cpus=2)
    nodes.wait_for_nodes()
    with TemporaryDirectory() as name, ray_cluster(nodes.address, [FAR_BOARD]) as workplace:
        folder = Path(name)
        taking = threading.Thread(target=_taken_away, args=(nodes, lost, folder))
        taking.start()
        found = workplace.run(pieces.noted_slowly, folder, list(range(8)), unheard)
        taking.join()
        _must(found == list(range(8)), f"results {found}")
        times = {path.name: len(path.read_text().splitlines()) for path in folder.glob("item-*")}
        again = [item for item, count in times.items() if count > 1]
        _must(len(again) <= 2, f"done again: {again}")  # what its two workers had in hand
        _must(len(again) >= 1, "the lost node had nothing in hand")
        spans = sorted(span[1:] for span in workplace.run(pieces.noted, folder, [10, 11, 12], unheard, FAR_BOARD))
        _must(all(a[1] <= b[0] for a, b in pairwise(spans)), f"the board did two at once: {spans}")
    nodes.shutdown()
    print("as it must be")


def _taken_away(nodes: object, lost: object, folder: Path) -> None:
    while len(list(folder.glob("item-*"))) < 4:
        time.sleep(0.02)
    nodes.remove_node(lost, allow_graceful=False)  # type: ignore[attr-defined]


def _must(so: bool, otherwise: str) -> None:
    if not so:
        raise SystemExit(otherwise)


if __name__ == "__main__":
    main()
