"""Whether a rewritten network still answers as the one that was brought, image by image and in a batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import onnx
import onnxruntime

from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ConfigError
from runtime.engine.stage import ORT_ERRORS

IMAGES = 3
TOLERANCE = 1e-4  # of the largest logit: kernels may sum a batch in another order than one image


def check_same_answers(
    brought: onnx.ModelProto, rewritten: onnx.ModelProto, image: tuple[int, ...], batch: int
) -> None:
    """Run both on random images.

    Args:
        brought: as it was, names and all.
        rewritten: the same with an open batch; one output.
        image: shape of one image.
        batch: that `brought` insists on; 0 where it is open.
    Raises:
        ConfigError: ONNX Runtime cannot run one of them, they disagree, or an image's answer depends on the others in
            its batch.
    """
    images = np.random.default_rng(0).normal(size=(max(batch, IMAGES), *image)).astype(np.float32)
    size = batch or 1
    with _explained("as it was brought"):
        expected = _answer(_session(brought), images[:size])
    with _explained("once its batch is open"):
        session = _session(rewritten)
        found, whole = _answer(session, images[:size]), _answer(session, images)
        alone = np.concatenate([_answer(session, one[None]) for one in images])
    for answer, wanted, what in (
        (found, expected, "the network answers differently once its batch is open"),
        (whole, alone, "an image's answer depends on the other images of its batch"),
    ):
        if not np.isfinite(wanted).all():
            raise ConfigError(
                "the network answers random images with something that is not a number",
                to_do="check its weights, and export it again",
            )
        within = TOLERANCE * max(float(np.abs(wanted).max()), 1e-12)
        if answer.shape != wanted.shape or not np.allclose(answer, wanted, rtol=0.0, atol=within):
            raise ConfigError(
                what,
                to_do="export it in evaluation mode with the batch left open (dynamic_axes of torch.onnx.export)",
            )


def _session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _answer(session: onnxruntime.InferenceSession, images: FloatArray) -> FloatArray:
    found: FloatArray = session.run(None, {session.get_inputs()[0].name: images})[0]
    return found


@contextmanager
def _explained(how: str) -> Iterator[None]:
    try:
        yield
    except ORT_ERRORS as error:
        raise ConfigError(
            f"ONNX Runtime cannot run the network {how}: {error}",
            to_do="export it again, with the batch left open and all other sizes fixed",
        ) from error
