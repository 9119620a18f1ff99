"""A behavioural model of a known board, ready to use."""

from __future__ import annotations

from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.boards.simulated_time import SimulatedTime
from runtime.contract.errors import BoardError

from .board_time import BoardTime
from .faults import Faults
from .layouts import layout_of
from .physics import BoardModelPhysics, Physics
from .quirks import Quirks
from .tree import BehaviouralTree


def behavioural_board(
    profile_name: str,
    *,
    jetpack: str | None = None,
    time: BoardTime | None = None,
    physics: Physics | None = None,
    uid: int = 0,
    device: str = "gpu",
    faults: Faults | None = None,
    quirks: Quirks | None = None,
) -> BehaviouralTree:
    """The board as it comes up, in its default power mode, idle.

    Args:
        jetpack: begin of the JetPack version, such as "6"; None takes the one that the model of that board has.
        time: passes by itself where it is a RealTime; None: only while something waits.
        physics: what the rails draw; None: the board's simulated power for `device`.

    Raises:
        BoardError: no such board or device, or another JetPack than the model of that board has.
    """
    layout = layout_of(profile_name)
    if jetpack is not None and not layout.jetpack.startswith(jetpack):
        raise BoardError(
            f"the behavioural model of {profile_name} has JetPack {layout.jetpack}, not {jetpack}",
            to_do="leave jetpack out",
        )
    board = profile(profile_name)
    return BehaviouralTree(
        layout,
        board,
        time=SimulatedTime() if time is None else time,
        physics=BoardModelPhysics(SimulatedBoard(board, device)) if physics is None else physics,
        device=device,
        uid=uid,
        faults=faults,
        quirks=quirks,
    )
