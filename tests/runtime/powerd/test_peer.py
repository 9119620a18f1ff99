"""Who is at the other end, and who may be."""

from __future__ import annotations

import os
import socket
from typing import Any

import pytest

from runtime.powerd.peer import AccessRule, Peer, peer_of


def test_the_kernel_says_who_opened_the_connection() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        peer = peer_of(ours)
    assert (peer.pid, peer.uid) == (os.getpid(), os.geteuid())
    assert os.getegid() in peer.gids
    assert peer.gids >= set(os.getgroups())


def test_an_old_kernel_tells_the_primary_group_alone() -> None:
    class OldSocket:
        def getsockopt(self, _: int, option: int, size: int) -> Any:
            if option != socket.SO_PEERCRED:
                raise OSError
            return (b"\1\0\0\0\2\0\0\0\3\0\0\0")[:size]

    assert peer_of(OldSocket()) == Peer(1, 2, frozenset({3}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("peer", "admitted"),
    [
        (Peer(1, 0, frozenset({0})), True),  # root
        (Peer(1, 500, frozenset({500})), True),  # powerd's own user
        (Peer(1, 600, frozenset({600})), True),  # an allowed user
        (Peer(1, 700, frozenset({700, 42})), True),  # in the allowed group
        (Peer(1, 700, frozenset({700, 43})), False),
    ],
)
def test_root_powerds_user_and_those_allowed_may_speak(peer: Peer, admitted: bool) -> None:
    rule = AccessRule(own_uid=500, uids=frozenset({600}), gids=frozenset({42}))
    assert rule.admits(peer) is admitted
