"""The options that every command about installed bundles takes."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from runtime.commands.root_argument import DEFAULT_ROOT, add_json, add_root


def parser() -> ArgumentParser:
    made = ArgumentParser()
    add_root(made)
    add_json(made)
    return made


def test_bundles_live_where_a_system_keeps_state_unless_told() -> None:
    args = parser().parse_args([])
    assert (args.root, args.json) == (Path("/var/lib/edge-runtime"), False)
    assert args.root == DEFAULT_ROOT


def test_both_can_be_given() -> None:
    args = parser().parse_args(["--root", "here", "--json"])
    assert (args.root, args.json) == (Path("here"), True)


def test_the_help_names_the_default() -> None:
    assert "(default: /var/lib/edge-runtime)" in " ".join(parser().format_help().split())
