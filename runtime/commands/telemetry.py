"""Look at what telemetry waits on this board, take it along, or delete it.

    edge-runtime telemetry show                    how much waits, by class; --rows N: the latest as JSON lines
    edge-runtime telemetry schema                  every column that may leave this board
    edge-runtime telemetry export /media/stick     write what waits into a folder, for `codesign collect --folder`
    edge-runtime telemetry purge --yes             delete what waits

No image leaves a board unless its owner has turned that on, and the device is known by a hash of its machine id.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path

from runtime.contract.errors import ConfigError, DataError
from runtime.contract.telemetry_batch import COLUMNS, SCHEMA, decode
from runtime.telemetry.file_uplink import FileUplink
from runtime.telemetry.spool import Spool, SpoolState

from .root_argument import add_json, add_root

SPOOL = "telemetry/spool.db"  # under --root
AT_ONCE_BYTES = 4 << 20


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `edge-runtime telemetry`."""
    parser.add_argument("what", choices=("show", "schema", "export", "purge"))
    parser.add_argument("folder", nargs="?", type=Path, help="of export: a folder that is there")
    parser.add_argument("--rows", type=int, default=0, metavar="N", help="of show: print the latest N rows")
    parser.add_argument("--keep", action="store_true", help="of export: leave what was written in the spool, too")
    parser.add_argument("--yes", action="store_true", help="of purge: do it")
    add_root(parser)
    add_json(parser)


def run(args: Namespace) -> int:
    """One of the four."""
    if args.what == "schema":
        table = {name: {column: kind.__name__ for column, kind in of.items()} for name, of in COLUMNS.items()}
        print(json.dumps({"schema": SCHEMA, "classes": table}, indent=1))
        return 0
    path = args.root / SPOOL
    if not path.is_file():
        raise DataError("no telemetry has been recorded here", where=str(path), to_do="edge-runtime serve records it")
    with Spool(path, "looking", "looking") as spool:
        if args.what == "show":
            _show(spool, args)
        elif args.what == "export":
            _export(spool, args)
        else:
            _purge(spool, args)
    return 0


def _show(spool: Spool, args: Namespace) -> None:
    if args.rows > 0:
        found: list[dict[str, object]] = []
        for item in spool.waiting(1 << 40):
            batch = decode(item.content)
            for k in range(len(batch)):
                row = {name: values[k] for name, values in batch.columns.items() if values[k] is not None}
                found.append({"class": batch.row_class, "seq": batch.first_seq + k, **row})
            found = found[-args.rows :]
        for told in found:
            print(json.dumps(told, ensure_ascii=False))
        return
    state = spool.state()
    print(json.dumps(asdict(state)) if args.json else _text(state))


def _text(state: SpoolState) -> str:
    lines = [f"{name}: {rows:,} rows, {state.bytes[name]:,} bytes" for name, rows in state.rows.items()]
    lines += [f"dropped since the spool was made: {rows:,} {name}" for name, rows in state.dropped.items()]
    lines += [f"dropped before they were sent by {name}: {rows:,} rows" for name, rows in state.missed.items() if rows]
    return "\n".join([*(lines or ["nothing waits"]), f"on disk: {state.file_bytes:,} bytes"])


def _export(spool: Spool, args: Namespace) -> None:
    if args.folder is None:
        raise ConfigError("export needs a folder", to_do="edge-runtime telemetry export FOLDER")
    rows = after_id = 0
    while waiting := spool.waiting(AT_ONCE_BYTES, after_id):
        uplink = FileUplink(args.folder, decode(waiting[0].content).device_id)
        written = list(uplink.send(waiting))
        rows, after_id = rows + sum(item.rows for item in waiting), waiting[-1].id
        if not args.keep:
            spool.acknowledge(written)
    print(json.dumps({"rows": rows}) if args.json else f"{rows:,} rows are in {args.folder}")


def _purge(spool: Spool, args: Namespace) -> None:
    if not args.yes:
        raise ConfigError("what waits would be lost", to_do="export it, or add --yes")
    rows = spool.purge()
    print(json.dumps({"purged": rows}) if args.json else f"{rows:,} rows were deleted")
