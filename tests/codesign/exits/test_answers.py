from __future__ import annotations

import numpy as np
import pytest
import torch

from codesign.backbones.batches import as_tensor
from codesign.exits.answers import BATCH, Answers, answers
from runtime.contract.entropy import entropy_nats
from runtime.contract.errors import EngineError
from tests.codesign.small_networks import CLASSES, SPACE, SPEC, exited_of, small_exited_slice, toy_problem


def test_every_exit_answers_every_image_as_torch_does() -> None:
    images, _ = toy_problem(30)
    network = small_exited_slice(SPACE.largest())
    exited = exited_of(network)
    found = answers(exited.model, exited.outputs, images, SPEC, threads=1)
    with torch.no_grad():
        expected = network(as_tensor(images, SPEC)).numpy()
    assert found.logits.shape == (4, 30, CLASSES)
    np.testing.assert_allclose(found.logits, expected, rtol=0, atol=2e-5)


def test_more_images_than_fit_a_batch_keep_their_order() -> None:
    images, _ = toy_problem(BATCH + 7)
    exited = exited_of(small_exited_slice(SPACE.smallest()))
    whole = answers(exited.model, exited.outputs, images, SPEC, threads=1)
    rest = answers(exited.model, exited.outputs, images[BATCH - 3 :], SPEC, threads=1)
    assert whole.logits.shape[1] == BATCH + 7
    np.testing.assert_allclose(whole.logits[:, BATCH - 3 :], rest.logits, rtol=0, atol=1e-6)


def test_outputs_come_in_the_order_asked_for() -> None:
    images, _ = toy_problem(5)
    exited = exited_of(small_exited_slice(SPACE.largest()))
    forth = answers(exited.model, exited.outputs, images, SPEC, threads=1)
    back = answers(exited.model, exited.outputs[::-1], images, SPEC, threads=1)
    np.testing.assert_array_equal(forth.logits, back.logits[::-1])


def test_predictions_and_entropies_are_those_of_the_logits() -> None:
    logits = np.random.default_rng(0).normal(size=(3, 7, 4)).astype(np.float32)
    found = Answers(logits)
    np.testing.assert_array_equal(found.predictions, logits.argmax(axis=2))
    np.testing.assert_array_equal(found.entropy_nats[1], entropy_nats(logits[1]))
    assert found.entropy_nats.shape == (3, 7)


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_an_answer_that_is_not_a_number_is_refused_with_its_exit_and_sample(broken: float) -> None:
    logits = np.zeros((3, 5, 2), np.float32)
    logits[1, 4, 0] = logits[2, 0, 1] = broken
    with pytest.raises(EngineError, match="exit 1 answers something that is not a number for sample 4\n  to do: check"):
        Answers(logits)
