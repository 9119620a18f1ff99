"""codesign/commands/output_files.py"""

from __future__ import annotations

from pathlib import Path

import pytest

from codesign.commands.main import main
from codesign.commands.output_files import check_output_files
from runtime.contract.errors import ConfigError


def test_a_file_in_a_folder_that_is_there_will_do_and_so_will_none(tmp_path: Path) -> None:
    check_output_files(tmp_path / "out.json", None)


def test_a_folder_that_is_missing_and_a_folder_in_place_of_a_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        check_output_files(None, tmp_path / "nowhere" / "out.json")
    with pytest.raises(ConfigError, match="this is a folder"):
        check_output_files(tmp_path)


@pytest.mark.parametrize("benchmark", ["predictors", "cost-models", "new-board"])
def test_every_benchmark_of_tables_refuses_a_folder_before_it_reads_the_table(
    benchmark: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--table", "nowhere.npz", "--target", "b", "--json", str(tmp_path)]
    assert main(["benchmark", benchmark, *arguments]) == 2
    assert "this is a folder" in capsys.readouterr().err
