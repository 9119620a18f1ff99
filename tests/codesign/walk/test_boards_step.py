"""codesign/walk/boards_step.py: a bundle for each board, and what depends on none of them is worked out once."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.walk.boards_step import INDEX, check_boards, compile_boards
from codesign.walk.compile import Compiled
from codesign.walk.evaluate import Evaluator
from codesign.walk.progress import Steps
from codesign.walk.run_folder import RUN, RunFolder, share_heads
from codesign.walk.settings import Settings
from runtime.contract.errors import BoardError, ConfigError
from runtime.contract.manifest import read_manifest
from tests.codesign.small_run import without_the_moment
from tests.codesign.walk.conftest import Parts

BOARDS = ("orin-nano-super", "tx2")


def compiled(parts: Parts, out: Path, boards: Sequence[str] = BOARDS, *, resume: bool = False) -> list[Compiled]:
    steps = Steps(Console(file=io.StringIO()))
    return compile_boards(parts.settings, boards, out, parts.run.cache, "the command", resume=resume, steps=steps)


@pytest.fixture(scope="module")
def two(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Compiled], list[Genome]]:
    """Both boards compiled, and every genome that was evaluated on the way."""
    out, asked, fresh = tmp_path_factory.mktemp("boards") / "out", [], Evaluator.fresh

    def counted(evaluator: Evaluator, genome: Genome) -> BackboneRecord:
        asked.append(genome)
        return fresh(evaluator, genome)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Evaluator, "fresh", counted)
        return out, compiled(parts, out), asked


def test_every_board_gets_a_bundle_of_its_own(two: tuple[Path, list[Compiled], list[Genome]]) -> None:
    out, both, _ = two
    for board, one in zip(BOARDS, both, strict=True):
        assert one.folder.path == out / board
        assert read_manifest(one.folder.bundle).board == board
        assert board in one.results["board"]["hardware"]
        assert one.folder.report.is_file()


def test_no_backbone_is_evaluated_for_two_boards(two: tuple[Path, list[Compiled], list[Genome]]) -> None:
    _, both, asked = two
    assert len(asked) == len(set(asked))
    known = [{file.name for file in one.folder.backbones.iterdir()} for one in both]
    assert known[0] <= known[1]
    assert both[0].folder.heads.read_bytes() == both[1].folder.heads.read_bytes()


def test_a_page_leads_to_every_report(two: tuple[Path, list[Compiled], list[Genome]]) -> None:
    page = (two[0] / INDEX).read_text(encoding="utf-8")
    for board in BOARDS:
        assert f"href='{board}/report.html'" in page


def test_resumed_it_hands_over_the_same(parts: Parts, two: tuple[Path, list[Compiled], list[Genome]]) -> None:
    out, both, _ = two
    again = compiled(parts, out, resume=True)
    assert [without_the_moment(one.results) for one in again] == [without_the_moment(one.results) for one in both]


def test_a_board_of_several_is_the_same_run_by_itself(
    parts: Parts, two: tuple[Path, list[Compiled], list[Genome]]
) -> None:
    out, both, _ = two
    (alone,) = compiled(parts, out, BOARDS[1:], resume=True)
    assert without_the_moment(alone.results) == without_the_moment(both[1].results)


def test_boards_are_checked_before_anything_starts(tmp_path: Path) -> None:
    settings = Settings("digits", "tx2")
    with pytest.raises(ConfigError, match="--board tx2 was given twice"):
        check_boards(settings, ("tx2", "orin-nano", "tx2"), tmp_path)
    with pytest.raises(BoardError, match="unknown board 'nanu'"):
        check_boards(settings, ("tx2", "nanu"), tmp_path)
    with pytest.raises(
        ConfigError, match=r"--measure is of one board, 2 were given\n  to do: .* --board orin-nano-super"
    ):
        check_boards(settings, BOARDS, tmp_path, measured=True)
    with pytest.raises(ConfigError, match="--predictor is of one board"):
        check_boards(Settings("digits", "tx2", predictor="fit"), BOARDS, tmp_path)
    (tmp_path / RUN).write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="holds a run of one board"):
        check_boards(settings, BOARDS, tmp_path)


def test_heads_of_networks_that_were_brought_are_trained_once(tmp_path: Path) -> None:
    source, target = RunFolder(tmp_path / "a"), RunFolder(tmp_path / "b")
    for folder in (source, target):
        folder.finalists.mkdir(parents=True)
    (source.finalists / "1.safetensors").write_bytes(b"trained")
    (source.finalists / "2.safetensors").write_bytes(b"trained, too")
    (target.finalists / "2.safetensors").write_bytes(b"its own")
    source.front.write_bytes(b"front")
    share_heads(source, target)
    assert (target.finalists / "1.safetensors").read_bytes() == b"trained"
    assert (target.finalists / "2.safetensors").read_bytes() == b"its own"
    assert target.front.read_bytes() == b"front"
