"""Train a supernet once, so that many compilations can share it.

Writes a checkpoint folder (weights in safetensors, the space in TOML) for `codesign compile --supernet`. Interrupt it
at any time; the same command goes on after the last finished epoch.
"""

from __future__ import annotations

import shutil
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path

from rich.markup import escape

from codesign.space.preset import load_preset, preset_names
from runtime.contract.errors import ConfigError

from .cache_folder import default_cache


def add_arguments(parser: ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "--data", required=True, metavar="SPEC", help="digits, cifar10:FOLDER, cifar100:FOLDER or images:FOLDER"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="the checkpoint folder to write")
    parser.add_argument("--space", default="tiny", help=f"{', '.join(preset_names())}, or a .toml file (default: tiny)")
    parser.add_argument("--supernet", type=Path, metavar="CHECKPOINT", help="fine-tune this one instead of a new one")
    parser.add_argument("--epochs", type=int, metavar="N", help="default: the space's recipe")
    parser.add_argument("--augment", choices=("none", "shift", "shift-flip"), help="default: shift-flip; digits: shift")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--cache", type=Path, default=default_cache(), metavar="DIR", help="default: %(default)s")


def run(args: Namespace) -> int:
    """Train, or find it trained."""
    from codesign.backbones.checkpoint import DESCRIPTION
    from codesign.data.load import load_data
    from codesign.walk.progress import Steps
    from codesign.walk.run_folder import clear_storage_errors
    from codesign.walk.settings import Settings
    from codesign.walk.supernet_step import kept_supernet, obtain_supernet

    if args.out.exists() and not args.out.is_dir():
        raise ConfigError(f"{args.out} is a file, not a folder", to_do="choose another --out")
    if args.out.exists() and any(args.out.iterdir()) and not (args.out / DESCRIPTION).is_file():
        raise ConfigError(f"{args.out} is not empty and holds no checkpoint", to_do="choose another --out")
    settings = Settings(args.data, board="", epochs=args.epochs, augment=args.augment, seed=args.seed)
    preset = load_preset(args.space)
    preset = replace(preset, training=replace(preset.training, augment=settings.augmentation))
    steps = Steps()
    with steps.step("data", "Data"):
        data = load_data(args.data, args.seed)
    with steps.step("supernet", "Supernet") as tick:
        found = obtain_supernet(
            data,
            preset,
            checkpoint=args.supernet,
            epochs=args.epochs,
            seed=args.seed,
            cache=args.cache,
            tick=tick,
        )
    if found.kept is None:
        raise ConfigError(f"{args.supernet} is trained on exactly this data already", to_do="use it as it is")
    with clear_storage_errors(args.out):
        shutil.copytree(kept_supernet(args.cache, found.kept), args.out, dirs_exist_ok=True)
    earlier = " (kept from an earlier run)" if found.was_kept else ""
    use = f"checkpoint {args.out}; use it with: codesign compile --supernet {args.out}"
    steps.say(escape(f"{found.origin}{earlier}\n{use}"))
    return 0
