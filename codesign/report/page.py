"""The page itself: template, style and drawings become one file that needs no other."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from runtime.contract.errors import StorageError

from . import quantities
from .bars import LABELS, energy_bars
from .findings import Results
from .fronts import front_picture, hidden_points
from .headline import headline
from .histogram import exit_histogram
from .per_class import class_changes, class_picture, class_sentence
from .progress import history_picture
from .results import results_from
from .walk import walk_picture, work_picture

TEMPLATE = "report.html.j2"


def write_report(results: Mapping[str, Any], out: Path) -> None:
    """Write the page for a results object to `out`, whole or not at all.

    Raises:
        ConfigError: a key is missing or holds something impossible.
        StorageError: the file cannot be written.
    """
    page = rendered(results_from(results))
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=out.parent, prefix=f".{out.name}.", suffix=".part", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(page)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)  # temporary files are private; a report is made to be passed on
        temporary.replace(out)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise StorageError(
            f"the report cannot be written: {error}", where=str(out), to_do="make room, or give another folder"
        ) from error


def rendered(results: Results) -> str:
    """The page as text."""
    environment = Environment(
        loader=PackageLoader("codesign.report", package_path="."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    mode = results.default_mode
    chosen = results.bars["exits_best_clocks"]
    return environment.get_template(TEMPLATE).render(
        results=results,
        mode=mode,
        chosen=chosen,
        images=results.data.splits[chosen.split].n,
        digits=quantities.accuracy_digits(results.data.splits[chosen.split].n),
        headline=headline(results),
        labels=LABELS,
        show=quantities,
        bars=energy_bars(results),
        fronts=front_picture(results),
        hidden=hidden_points(results),
        walk=walk_picture(mode),
        work=work_picture(mode, results.full_network.macs),
        histograms=[(each, exit_histogram(each)) for each in results.modes],
        classes=class_picture(mode) if class_changes(mode) else None,
        class_changes=class_changes(mode),
        class_sentence=class_sentence(mode),
        history=history_picture(results.history) if results.history else None,
        style=_package_text("style.css"),
        script=_package_text("tooltip.js"),
    )


def _package_text(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
