"""The folder and the camera that `edge-runtime serve` answers beside requests."""

from __future__ import annotations

import threading
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from runtime.contract.arrays import UInt8Array
from runtime.contract.errors import EdgeCodesignError
from runtime.contract.tensor_spec import TensorSpec
from runtime.data.picture import SUFFIXES, read_picture, require_pillow, resized
from runtime.serve.camera import CameraSource, open_camera
from runtime.serve.folder import FolderSource
from runtime.serve.serving import Serving
from runtime.serve.source import Source, answer_source


def start_sources(args: Namespace, serving: Serving, stop: threading.Event, report: Callable[[str], None]) -> None:
    """Answer each source in a thread of its own, on stdout, until `stop` is set.

    Raises:
        ConfigError, DataError, BoardError: no such folder or camera, or a package that they need is missing.
    """
    spec = serving.bundle.manifest.input
    sources: list[Source] = []
    if args.watch is not None:
        sources.append(_folder(args.watch, spec))
    if args.camera is not None:
        sources.append(_camera(args.camera, spec))
    for source in sources:
        threading.Thread(target=_answer, args=(source, serving, stop, report), name="source", daemon=True).start()


def _folder(folder: Path, spec: TensorSpec) -> Source:
    require_pillow()
    return FolderSource(folder, SUFFIXES, lambda path: read_picture(path, spec))


def _camera(number: int, spec: TensorSpec) -> Source:
    require_pillow()

    def fit(picture: UInt8Array) -> UInt8Array:
        from PIL import Image

        return resized(Image.fromarray(picture), spec)

    return CameraSource(open_camera(number), fit, name=f"camera {number}")


def _answer(source: Source, serving: Serving, stop: threading.Event, report: Callable[[str], None]) -> None:
    try:
        answer_source(source, serving, lambda line: print(line, flush=True), stop)
    except EdgeCodesignError as error:
        report(f"a source ended: {error.what}")
