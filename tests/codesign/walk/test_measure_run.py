"""A plan goes to the board and its records come back, whole or as far as they got."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from codesign.walk import measure_run
from codesign.walk.measure_run import Programs, run_plan
from codesign.walk.measure_target import MeasureTarget
from runtime.contract.errors import BoardError, StorageError
from runtime.measure.records_file import read_records
from tests.runtime.measure.small_plan import small_plan, write_networks

# What stands for OpenSSH: it logs how it was called and does the same in a folder that stands for the board's home.
SSH = """#!{python}
import json, os, sys
with open({log!r}, "a") as log:
    log.write(json.dumps(["ssh", *sys.argv[1:]]) + "\\n")
if {unreachable}:
    print("Permission denied (publickey).", file=sys.stderr)
    sys.exit(255)
os.chdir({home!r})
os.execvp("sh", ["sh", "-c", "exec " + sys.argv[-1]])
"""
SCP = """#!{python}
import json, pathlib, shutil, sys
with open({log!r}, "a") as log:
    log.write(json.dumps(["scp", *sys.argv[1:]]) + "\\n")
home = pathlib.Path({home!r})
def place(text):
    return home / text.split(":", 1)[1] if text.startswith("me@board:") else pathlib.Path(text)
source, target = (place(text) for text in sys.argv[-2:])
if not source.exists():
    print("No such file", file=sys.stderr)
    sys.exit(1)
if source.is_dir():
    shutil.copytree(source, target / source.name, dirs_exist_ok=True)
else:
    shutil.copyfile(source, target)
"""
MEASURE = """#!{python}
import json, pathlib, sys
with open({log!r}, "a") as log:
    log.write(json.dumps(["measure", *sys.argv[1:]]) + "\\n")
arguments = sys.argv[1:]
assert json.loads(pathlib.Path(arguments[1]).read_text()) == {{"a": "plan"}}
out = pathlib.Path(arguments[arguments.index("--out") + 1])
with out.open("a") as file:
    file.write("record\\n")
print("0/2 first", file=sys.stderr)
print("a remark", file=sys.stderr)
print("2/2 done", file=sys.stderr)
sys.exit({status})
"""


class Board:
    """Fake programs and a fake home; `ticks` is the progress that arrived."""

    def __init__(self, root: Path, status: int = 0, unreachable: bool = False) -> None:
        self.home, self.log = root / "home", root / "log"
        self.home.mkdir()
        self.plan, self.records = root / "plan", root / "measurements.jsonl"
        (self.plan / "designs").mkdir(parents=True)
        (self.plan / "plan.json").write_text('{"a": "plan"}')
        (self.plan / "designs" / "0.onnx").write_bytes(b"net")
        self.ticks: list[tuple[int, int, str]] = []
        fields = {"python": sys.executable, "log": str(self.log), "home": str(self.home)}
        fields |= {"status": str(status), "unreachable": str(unreachable)}
        for name, source in (("ssh", SSH), ("scp", SCP), ("edge-runtime", MEASURE)):
            path = root / name
            path.write_text(source.format(**fields))
            path.chmod(0o755)
        self.programs = Programs(str(root / "ssh"), str(root / "scp"))
        self.target = MeasureTarget("board", "me", 2222, str(root / "edge-runtime"))

    def run(self) -> None:
        run_plan(self.target, self.plan, "abc", self.records, lambda *tick: self.ticks.append(tick), self.programs)

    @property
    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


def test_the_plan_is_pushed_run_and_its_records_pulled(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.run()
    assert board.records.read_text() == "record\n"
    there = board.home / ".cache/edge-codesign/measure/abc"
    assert (there / "plan" / "designs" / "0.onnx").read_bytes() == b"net"
    assert board.ticks == [(0, 2, "first"), (2, 2, "done")]
    assert [call[0] for call in board.calls] == ["ssh", "scp", "ssh", "measure", "scp"]


def test_a_tidy_run_leaves_nothing_on_the_board(tmp_path: Path) -> None:
    board = Board(tmp_path)
    run_plan(board.target, board.plan, "abc", board.records, lambda *_: None, board.programs, tidy=True)
    assert board.records.read_text() == "record\n"
    assert list((board.home / ".cache/edge-codesign/measure").iterdir()) == []


def test_nobody_is_asked_for_a_password_and_the_login_is_no_option(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.run()
    for call in board.calls:
        if call[0] != "measure":
            assert "BatchMode=yes" in call
            assert call[-3] == "--"
            assert call[call.index("-p" if call[0] == "ssh" else "-P") + 1] == "2222"


def test_a_second_run_goes_on_with_the_same_records(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.run()
    board.run()
    assert board.records.read_text() == "record\nrecord\n"
    assert all("--resume" in call for call in board.calls if call[0] == "measure")


def test_a_run_that_breaks_off_still_brings_back_what_was_measured(tmp_path: Path) -> None:
    board = Board(tmp_path, status=2)
    with pytest.raises(BoardError, match=r"failed with status 2\n    a remark(.|\n)*what was measured is kept"):
        board.run()
    assert board.records.read_text() == "record\n"


def test_a_board_that_cannot_be_reached_says_how_to_try_it(tmp_path: Path) -> None:
    board = Board(tmp_path, unreachable=True)
    with pytest.raises(BoardError, match=r"cannot reach me@board(.|\n)*Permission denied(.|\n)*ssh -o BatchMode=yes"):
        board.run()


def test_records_that_cannot_be_pulled_are_an_error(tmp_path: Path) -> None:
    board = Board(tmp_path)
    (tmp_path / "edge-runtime").write_text("#!/bin/sh\nexit 0\n")
    with pytest.raises(BoardError, match=r"failed with status 1\n    No such file"):
        board.run()


def test_without_ssh_here_the_error_says_so(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.programs = Programs(ssh=str(tmp_path / "absent"))
    with pytest.raises(StorageError, match=r"cannot run .*absent.*\n  to do: install OpenSSH"):
        board.run()


def test_an_interruption_stops_the_command(tmp_path: Path) -> None:
    board = Board(tmp_path)
    (tmp_path / "edge-runtime").write_text("#!/bin/sh\necho 0/2 first >&2\nexec sleep 60\n")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_plan(board.target, board.plan, "abc", board.records, interrupt, board.programs)


def test_on_this_machine_it_is_a_process_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(measure_run, "streamed", lambda command, _tick, _errand: (asked.append(command), (0, ""))[1])
    run_plan(MeasureTarget(), tmp_path, "abc", tmp_path / "m.jsonl", lambda *_: None, Programs())
    assert asked[0][:4] == [sys.executable, "-m", "runtime", "measure"]
    assert "--resume" in asked[0]
    monkeypatch.setattr(measure_run, "streamed", lambda *_: (2, "no plan"))
    with pytest.raises(BoardError, match=r"measuring on local failed with status 2\n    no plan"):
        run_plan(MeasureTarget(), tmp_path, "abc", tmp_path / "m.jsonl", lambda *_: None, Programs())


def test_the_real_command_at_the_other_end_is_understood_and_goes_on_where_it_was(tmp_path: Path) -> None:
    board = Board(tmp_path)
    write_networks(board.plan)
    (board.plan / "plan.json").write_text(json.dumps(small_plan().to_json()))
    root = Path(__file__).parents[3]
    program = f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(root)!r})\n"
    program += "from runtime.commands.main import main\nsys.exit(main())\n"
    (tmp_path / "edge-runtime").write_text(program)
    board.run()
    assert read_records(board.records).done == {("chain", None), ("lone", None), ("plain", None)}
    assert board.ticks[-1] == (3, 3, "done")
    board.ticks.clear()
    board.run()
    assert board.ticks == [(3, 3, "done")]
