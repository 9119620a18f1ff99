"""Sign a bundle with an Ed25519 key, so that boards can demand it.

    codesign sign --key fleet.key --new-key          # once: fleet.key stays here, fleet.key.pub goes to the boards
    codesign sign build/photos/bundle --key fleet.key
    edge-runtime install bundle/ --require-signature fleet.key.pub

A board whose install root has a folder `trusted_keys` installs and serves only bundles signed by a key in it.
TensorRT engines that `codesign engines` brought into a bundle are signed with it, each for itself: an engine is code,
and boards take over only those that a trusted key vouches for.

Signatures lie beside the content (signature.json): a bundle's id does not change, and several keys may sign. Keys of
OpenSSL (genpkey -algorithm ed25519) do as well.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from runtime.contract.errors import ConfigError


def add_arguments(parser: ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("bundle", type=Path, nargs="?", help="a bundle folder; with --new-key it may be left out")
    parser.add_argument(
        "--key", required=True, type=Path, metavar="FILE", help="private key in PEM; keep it off boards"
    )
    parser.add_argument("--new-key", action="store_true", help="make the key first; its public half becomes FILE.pub")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: Namespace) -> int:
    """Make the key where asked to, then sign where a bundle was given."""
    from codesign.bundle.sign import new_key, sign, sign_engines
    from runtime.contract.bundle_files import SIGNATURE

    if args.bundle is None and not args.new_key:
        raise ConfigError("there is nothing to sign", to_do="give a bundle folder, or --new-key to make a key only")
    made = new_key(args.key) if args.new_key else None
    signer = None if args.bundle is None else sign(args.bundle, args.key)
    engines = 0 if args.bundle is None else sign_engines(args.bundle, args.key)
    if args.json:
        key = made if signer is None else signer
        table = {
            "key_id": None if key is None else key.key_id,
            "public_key": None if made is None else made.where,
            "signature": None if signer is None else str(args.bundle / SIGNATURE),
            "engines": engines,
        }
        print(json.dumps(table, indent=1))
        return 0
    if made is not None:
        print(f"{args.key}: a new private key; keep it off boards, and have a copy")
        print(f"{made.where}: its public half, for --require-signature or ROOT/trusted_keys")
    if signer is not None:
        too = f", and its {engines} engines each for itself" if engines else ""
        print(f"{args.bundle} is signed by {signer.key_id}{too}")
    return 0
