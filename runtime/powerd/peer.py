"""Who is at the other end of a Unix socket, as the kernel says, and who may be."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

_CREDENTIALS = struct.Struct("3i")  # struct ucred
_SO_PEERGROUPS = 59  # asm-generic/socket.h, Linux 4.13; Python's socket module has no name for it
_MOST_GROUPS_BYTES = 1024  # getsockopt's own limit in Python


@dataclass(frozen=True, slots=True)
class Peer:
    """The process that opened a connection, as it was then."""

    pid: int
    uid: int
    gids: frozenset[int]  # primary and, where the kernel tells, supplementary


@dataclass(frozen=True, slots=True)
class AccessRule:
    """Who may speak to powerd: root, powerd's own user, and these."""

    own_uid: int
    uids: frozenset[int] = frozenset()
    gids: frozenset[int] = frozenset()

    def admits(self, peer: Peer) -> bool:
        """Whether the kernel's word on the peer is good enough."""
        return peer.uid in {0, self.own_uid} or peer.uid in self.uids or not self.gids.isdisjoint(peer.gids)


def peer_of(connection: socket.socket) -> Peer:
    """The peer of a connected Unix socket. Raises OSError."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, gid = _CREDENTIALS.unpack(raw)
    return Peer(pid, uid, frozenset({gid}) | _supplementary_gids(connection))


def _supplementary_gids(connection: socket.socket) -> frozenset[int]:
    # The service's user is in powerd's group by SupplementaryGroups=, which SO_PEERCRED does not carry.
    try:
        raw = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _MOST_GROUPS_BYTES)
    except OSError:  # an older kernel, or more groups than fit: the primary group alone counts
        return frozenset()
    return frozenset(gid for (gid,) in struct.iter_unpack("=I", raw))
