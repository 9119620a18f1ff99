"""The board side: opens a bundle, answers images with it, and leaves as early as its policy allows.

import runtime
engine = runtime.open_bundle("out/bundle")
answer = engine.infer(image)  # uint8 (height, width, 3)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine.bundle import open_bundle

__all__ = ["open_bundle"]


def __getattr__(name: str) -> Any:
    # Loaded on first use: `import runtime` and `edge-runtime --help` need no ONNX Runtime.
    if name == "open_bundle":
        from .engine.bundle import open_bundle

        return open_bundle
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
