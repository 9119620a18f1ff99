"""The file of a capture: JSON of a stated version, one key a path, read back strictly.

    {"format": "edge-runtime capture", "format_version": "1.0",
     "facts": {"model": "NVIDIA Jetson Orin Nano Developer Kit", "l4t": "# R36 …", "kernel": "5.15.185-tegra", …},
     "entries": {"/proc/device-tree": {"kind": "folder", "mode": "0755"},
                 "/proc/device-tree/model": {"kind": "file", "text": "…\\u0000", "mode": "0444", "read_s": 1.1e-05},
                 "/sys/kernel/debug": {"kind": "folder", "errno": "EACCES", "mode": "0700"}}}

A value that is not UTF-8 is `base64` in place of `text`; one that was cut carries `"cut": true`. Errors have names:
their numbers differ between architectures. Keys that a later minor version adds are left aside.
"""

from __future__ import annotations

import base64
import errno
import json
import re
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from runtime.contract.durable import write_file
from runtime.contract.errors import BoardError, StorageError

from .capture import Capture, Entry, EntryKind, Facts

FORMAT, FORMAT_VERSION = "edge-runtime capture", "1.0"
CAPTURE_AGAIN = "capture again on the board: edge-runtime capture --out FILE"


def save_capture(recorded: Capture, path: Path) -> int:
    """Write the file in one step: after a power cut it is there as a whole or not at all. Returns its size in bytes.

    Raises:
        StorageError: it cannot be written there.
    """
    table = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "facts": asdict(recorded.facts),
        "entries": {name: _entry_json(entry) for name, entry in sorted(recorded.entries.items())},
    }
    content = f"{json.dumps(table, indent=1)}\n".encode()
    try:
        write_file(path, content)
    except OSError as error:
        raise StorageError(
            f"the capture cannot be written: {error.strerror}", where=str(path), to_do="give another --out FILE"
        ) from error
    return len(content)


def load_capture(path: Path) -> Capture:
    """Read what `save_capture` wrote.

    Raises:
        StorageError: there is no such file, or it cannot be read.
        BoardError: not a capture, cut short, of a newer major version, or with an entry that makes no sense.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"the capture cannot be read: {error.strerror}", where=str(path), to_do="give the path of a capture"
        ) from error
    except UnicodeDecodeError as error:
        raise BoardError("not a capture: not even text", where=str(path), to_do=CAPTURE_AGAIN) from error
    try:
        table = json.loads(text)
    except (ValueError, RecursionError) as error:  # RecursionError: a file of opening brackets
        raise BoardError(
            f"the capture is cut short or damaged: {error}", where=str(path), to_do=f"copy it again, or {CAPTURE_AGAIN}"
        ) from error
    _check_header(table, path)
    try:
        return Capture(
            entries={name: _entry(name, entry) for name, entry in table["entries"].items()},
            facts=_facts(table["facts"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BoardError(
            f"the capture lacks or garbles a key: {error}", where=str(path), to_do=CAPTURE_AGAIN
        ) from error


def _check_header(table: Any, path: Path) -> None:
    if not isinstance(table, dict) or table.get("format") != FORMAT:
        raise BoardError(
            f"not a capture: its `format` is not {FORMAT!r}", where=str(path), to_do="give a file that capture wrote"
        )
    version = table.get("format_version")
    if not isinstance(version, str) or not re.fullmatch(r"\d+\.\d+", version):
        raise BoardError(f"unreadable format version {version!r}", where=str(path), to_do=CAPTURE_AGAIN)
    if int(version.split(".")[0]) > int(FORMAT_VERSION.split(".")[0]):
        raise BoardError(
            f"the capture has format version {version}; this program reads up to {FORMAT_VERSION.split('.')[0]}.x",
            where=str(path),
            to_do="update edge-codesign on this machine",
        )


def _entry_json(entry: Entry) -> dict[str, Any]:
    table: dict[str, Any] = {"kind": entry.kind.value}
    if entry.value is not None:
        try:
            table["text"] = entry.value.decode("utf-8")
        except UnicodeDecodeError:
            table["base64"] = base64.b64encode(entry.value).decode("ascii")
    if entry.error is not None:
        table["errno"] = errno.errorcode.get(entry.error, "EIO")
    if entry.mode is not None:
        table["mode"] = f"{entry.mode:04o}"
    if entry.read_s is not None:
        table["read_s"] = entry.read_s
    if entry.cut:
        table["cut"] = True
    return table


def _entry(path: str, table: dict[str, Any]) -> Entry:
    if not path.startswith("/") or any(part in ("", ".", "..") for part in path[1:].split("/")):
        raise ValueError(f"{path!r} is not an absolute path without detours")
    kind = EntryKind(table["kind"])
    value, error = _value(table), _error(table.get("errno"))
    known = sum(found is not None for found in (value, error))
    if kind is EntryKind.FILE and known != 1:
        raise ValueError(f"{path}: a file has a value or an errno, and not both")
    if kind is EntryKind.FOLDER and value is not None:
        raise ValueError(f"{path}: a folder has no value")
    mode, read_s, cut = table.get("mode"), table.get("read_s"), table.get("cut", False)
    if not isinstance(cut, bool):
        raise TypeError(f"{path}: `cut` is true or false")
    return Entry(kind, value, error, None if mode is None else int(mode, 8), _seconds(read_s, path), cut)


def _value(table: dict[str, Any]) -> bytes | None:
    if "text" in table and "base64" in table:
        raise ValueError("a value is text or base64, and not both")
    if "text" in table:
        value: bytes = table["text"].encode("utf-8")
        return value
    return base64.b64decode(table["base64"], validate=True) if "base64" in table else None


def _error(name: Any) -> int | None:
    if name is None:
        return None
    numbers = {each: number for number, each in errno.errorcode.items()}
    if name not in numbers:
        raise ValueError(f"no errno is called {name!r}")
    return numbers[name]


def _seconds(value: Any, path: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 <= value < float("inf"):
        raise ValueError(f"{path}: read_s is {value!r}, not a time in seconds")
    return float(value)


def _facts(table: dict[str, Any]) -> Facts:
    known = {each.name: table.get(each.name) for each in fields(Facts)}
    for name, value in known.items():
        if value is not None and not isinstance(value, bool if name in ("as_root", "simulated") else str):
            raise TypeError(f"facts: {name} is {value!r}")
    return Facts(**known)
