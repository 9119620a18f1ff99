"""What client and powerd say to each other: one JSON object a line, versioned, bounded.

    {"v": 1, "op": "acquire", "ttl_s": 10.0}     become the holder of the lease; again: another ttl
    {"v": 1, "op": "renew"}                      still here
    {"v": 1, "op": "set", "point": {"cpu_hz": ..., "gpu_hz": ..., "emc_hz": ...}}
    {"v": 1, "op": "restore"}                    the clocks as they were found; the lease goes on
    {"v": 1, "op": "release"}                    the clocks as they were found; the lease ends
    {"v": 1, "op": "status"}                     who holds what; needs no lease

A reply has `"ok": true`, or `"ok": false` with an `"error"` of code, what and to_do. A message that is none of the
above is answered with the code `malformed`, and the connection is closed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from runtime.contract.errors import UnitError
from runtime.contract.operating_point import ABSENT_HZ, OperatingPoint

VERSION: Final = 1
MAX_MESSAGE_BYTES: Final = 65_536  # with its line end, either way
MAX_POINTS: Final = 1000  # as triples of the longest numbers, a reply stays below MAX_MESSAGE_BYTES
MIN_TTL_S: Final = 0.1
MAX_TTL_S: Final = 60.0
DEFAULT_SOCKET: Final = "/run/edge-runtime/powerd.sock"
_KEYS: Final = {
    "acquire": {"ttl_s"},
    "renew": set[str](),
    "set": {"point"},
    "restore": set[str](),
    "release": set[str](),
    "status": set[str](),
}
NO_POINT: Final = OperatingPoint(ABSENT_HZ, ABSENT_HZ, ABSENT_HZ)


class Code(str, Enum):
    """Why a request was not met; a client acts on these, people read `what`."""

    MALFORMED = "malformed"
    FOREIGN = "foreign"  # this user may not speak to powerd
    CROWDED = "crowded"  # too many connections
    HELD = "held"  # someone else has the lease
    NO_LEASE = "no_lease"  # never acquired, expired, or released
    NOT_ALLOWED = "not_allowed"  # a point outside the allow-list
    REFUSED = "refused"  # the device does not hold the point
    TAKEN = "taken"  # another program changed the clocks; powerd has stepped back
    FAILED = "failed"  # the device or the disk failed
    NO_CLOCKS = "no_clocks"  # nothing can be set on this machine


class Malformed(Exception):  # noqa: N818 (what the message is)
    """A message that is not of this protocol; the text says why."""


class Refusal(Exception):  # noqa: N818 (what it is)
    """A request that is not met: its code, why, and what the client can do; goes into the reply."""

    def __init__(self, code: Code, what: str, to_do: str, **details: Any) -> None:
        super().__init__(what)
        self.code, self.what, self.to_do, self.details = code, what, to_do, details

    def to_json(self) -> dict[str, Any]:
        """The reply."""
        return {"ok": False, "error": {"code": self.code.value, "what": self.what, "to_do": self.to_do, **self.details}}


@dataclass(frozen=True, slots=True)
class Request:
    """One well-formed request; `ttl_s` comes with acquire only, `point` with set only."""

    op: str
    ttl_s: float = 0.0
    point: OperatingPoint = NO_POINT


def request_of(line: bytes) -> Request:
    """Read one line. Raises Malformed on anything but exactly one of the requests above."""
    table = table_of(line)
    op = table.get("op")
    if not isinstance(op, str) or op not in _KEYS:
        raise Malformed(f"op must be one of {', '.join(_KEYS)}")
    if set(table) != {"v", "op"} | _KEYS[op]:
        raise Malformed(f"{op} takes exactly these keys: {', '.join(sorted({'v', 'op'} | _KEYS[op]))}")
    if op == "acquire":
        return Request(op, ttl_s=_ttl_s(table["ttl_s"]))
    if op == "set":
        return Request(op, point=point_of(table["point"]))
    return Request(op)


def table_of(line: bytes) -> dict[str, Any]:
    """A line as a JSON object of this version. Raises Malformed."""
    try:
        table = json.loads(line, parse_constant=_no_such_number)
    except (ValueError, RecursionError) as error:  # RecursionError: a line of opening brackets
        raise Malformed("not a line of JSON") from error
    if not isinstance(table, dict):
        raise Malformed("not a JSON object")
    version = table.get("v")
    if isinstance(version, bool) or version != VERSION:
        raise Malformed(f"this powerd speaks version {VERSION} of its protocol: v must be {VERSION}")
    return table


def point_of(value: object) -> OperatingPoint:
    """An operating point of exactly three whole numbers. Raises Malformed."""
    if not isinstance(value, dict) or set(value) != {"cpu_hz", "gpu_hz", "emc_hz"}:
        raise Malformed("point must have exactly cpu_hz, gpu_hz and emc_hz")
    if any(isinstance(hz, bool) or not isinstance(hz, int) or not 0 <= hz < 1 << 53 for hz in value.values()):
        raise Malformed("the clocks of a point must be whole numbers of hertz, 0 where the board has no such clock")
    try:
        return OperatingPoint(**value)
    except UnitError as error:
        raise Malformed(str(error)) from error


def encoded(message: Mapping[str, Any]) -> bytes:
    """A message as a line."""
    return json.dumps({"v": VERSION, **message}, separators=(",", ":")).encode() + b"\n"


def triples(points: Iterable[OperatingPoint]) -> list[list[int]]:
    """Points as [cpu_hz, gpu_hz, emc_hz], for a long list in a short message."""
    return [[point.cpu_hz, point.gpu_hz, point.emc_hz] for point in points]


def _ttl_s(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not MIN_TTL_S <= value <= MAX_TTL_S:
        raise Malformed(f"ttl_s must be a number from {MIN_TTL_S} to {MAX_TTL_S:.0f}")
    return float(value)


def _no_such_number(constant: str) -> float:
    raise ValueError(constant)
