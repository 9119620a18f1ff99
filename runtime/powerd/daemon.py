"""Powerd put together: alone on its state file, with what an earlier one left restored, listening on its socket."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runtime.boards.clocks import Clocks
from runtime.contract.errors import BoardError, ConfigError, StorageError

from .allow_list import AllowList
from .control import Control
from .keeper import ClockKeeper
from .notify import Notifier
from .peer import AccessRule
from .server import BACKLOG, Server
from .state_file import StateFile

GROUP_CONNECTS, ALL_CONNECT = 0o660, 0o666


@dataclass(frozen=True, slots=True)
class Machine:
    """What powerd sets: the clocks of this machine, or why it has none to set."""

    clocks: Clocks | None
    no_clocks: str
    boot_id: str | None
    partly: tuple[str, ...] = ()  # clocks among them that cannot be set, each with the reason


@dataclass(frozen=True, slots=True)
class Places:
    """Where powerd listens and where it keeps its state."""

    socket: Path
    state: Path
    gid: int | None = None  # group that may connect, beside the owner


@contextmanager
def powerd(
    machine: Machine,
    places: Places,
    allow_list: AllowList,
    access: AccessRule,
    *,
    notifier: Notifier | None = None,
    ping_s: float | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Iterator[Server]:
    """A server ready to serve; clocks that an earlier powerd left changed are restored first.

    Raises:
        ConfigError: another powerd is at work, or the socket's path is taken or unusable.
        StorageError: the state file's folder cannot be written, or the state in it cannot be understood.
    """
    with only_powerd(places.state):
        keeper, found = None, None
        if machine.clocks is None:
            report(f"degraded: no clock can be set here: {machine.no_clocks}")
        else:
            keeper = ClockKeeper(machine.clocks, StateFile(places.state, machine.boot_id))
            if keeper.recover():
                report(f"clocks of an earlier powerd: {'restored' if keeper.owed is None else keeper.owed}")
            try:
                found = keeper.current()
            except (BoardError, OSError) as error:
                report(f"degraded: the clocks cannot be read: {error}")
        for one in machine.partly:
            report(f"degraded: {one}")
        control = Control(keeper, allow_list, found, no_clocks=machine.no_clocks, partly=machine.partly, report=report)
        # A user who is named need not be in the group: all may connect then, and the rule sends the others away.
        listener = listening_at(places.socket, places.gid, ALL_CONNECT if access.uids else GROUP_CONNECTS)
        server = Server(listener, control, access, notifier=notifier, ping_s=ping_s)
        try:
            yield server
        finally:
            server.close()
            places.socket.unlink(missing_ok=True)


def restore_only(machine: Machine, state: Path) -> bool:
    """Restore what a dead powerd left changed; whether there was anything.

    Raises:
        ConfigError: a powerd is at work, which will restore them itself.
        StorageError: the state cannot be understood.
        BoardError: some clocks could not be restored; the state file stays.
    """
    if not state.exists():
        return False
    with only_powerd(state):
        if machine.clocks is None:
            raise BoardError(
                f"the clocks that an earlier powerd changed cannot be restored: {machine.no_clocks}",
                where=str(state),
                to_do="run this as root on the board itself; a reboot resets the clocks, too",
            )
        keeper = ClockKeeper(machine.clocks, StateFile(state, machine.boot_id))
        was_there = keeper.recover()
        if keeper.owed is not None:
            raise BoardError(
                f"the clocks could not all be restored: {keeper.owed}",
                where=str(state),
                to_do="try again as root; a reboot resets the clocks, too",
            )
        return was_there


@contextmanager
def only_powerd(state: Path) -> Iterator[None]:
    """Hold the lock beside the state file, which the kernel takes back even from a killed process.

    Raises:
        ConfigError: another process holds it.
        StorageError: it cannot be made.
    """
    lock = state.with_name(f"{state.name}.lock")
    try:
        state.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(
            f"powerd cannot keep its state: {error.strerror or error}",
            where=str(lock),
            to_do="run as root, or give a --state FILE in a folder that you may write",
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                "another powerd is at work here",
                where=str(lock),
                to_do="use that one, or stop it first: systemctl stop edge-powerd",
            ) from error
        yield
    finally:
        os.close(descriptor)


def listening_at(path: Path, gid: int | None, mode: int = GROUP_CONNECTS) -> socket.socket:
    """A socket that root and one group may connect to, or all; a dead powerd's socket at that path is replaced.

    Raises:
        ConfigError: somebody listens there, something else lies there, or the path cannot be bound.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear(path)
        listener.bind(os.fspath(path))
        # Nobody can connect before listen(), so nobody slips in before the rights are set.
        if gid is not None:
            os.chown(path, -1, gid)
        path.chmod(mode)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"powerd cannot listen here: {error.strerror or error}",
            where=str(path),
            to_do="run as root, or give a --socket PATH of at most 107 bytes in a folder that you may write",
        ) from error
    except ConfigError:
        listener.close()
        raise
    return listener


def _clear(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ConfigError(
            "something that is no socket lies in powerd's place", where=str(path), to_do="move it, or give --socket"
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as probe:
        probe.setblocking(False)
        answer = probe.connect_ex(os.fspath(path))
    if answer != errno.ECONNREFUSED:  # 0, or EAGAIN where a listener's queue is full
        raise ConfigError(
            "the socket is in use: another powerd listens there",
            where=str(path),
            to_do="use that one, stop it first, or give --socket PATH",
        )
    path.unlink()
