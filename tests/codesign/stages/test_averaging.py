"""codesign/stages/averaging.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.policy.averaging import NONE, Averaging, averaged_log
from codesign.stages.averaging import answer_name, with_averaging
from codesign.stages.cut import cut_into_stages
from runtime.contract.exit_policy import ExitPolicy
from runtime.engine.cascade import Cascade
from runtime.engine.stage import Stage
from tests.codesign.small_networks import SPACE, cuts_of, graph_of, random_batch, small_exited_slice

NETWORK = small_exited_slice(SPACE.largest(), activation="hardswish")
GRAPH, CUTS = graph_of(NETWORK), cuts_of(NETWORK)
IMAGES = random_batch(7, seed=3).numpy()
EVERYWHERE = Averaging(0.5, at_the_end=True)


def cascade(averaging: Averaging) -> Cascade:
    stages = with_averaging(cut_into_stages(GRAPH, CUTS[:2]), averaging)
    models = [Stage(stage.SerializeToString(), where=f"stage {k}") for k, stage in enumerate(stages)]
    return Cascade(models, ExitPolicy((-np.inf, -np.inf)))


@pytest.mark.parametrize("averaging", [Averaging(0.25), Averaging(1.0, at_the_end=True)])
def test_the_engine_answers_what_the_policy_was_chosen_on(averaging: Averaging) -> None:
    alone = np.stack([logits for logits, _ in cascade(NONE).run_through(IMAGES)])
    log = averaged_log(alone, np.zeros(len(IMAGES), dtype=np.int64), 0b11, averaging)
    for number, (logits, entropy) in enumerate(cascade(averaging).run_through(IMAGES)):
        assert logits.argmax(axis=1).tolist() == log.predictions[number].tolist()
        np.testing.assert_allclose(entropy, log.entropy_nats[number], rtol=0, atol=1e-5)


def test_single_images_and_batches_answer_alike() -> None:
    batch = cascade(EVERYWHERE).run_batch(IMAGES)
    for number in range(len(IMAGES)):
        alone = cascade(EVERYWHERE).run(IMAGES[number : number + 1])
        np.testing.assert_allclose(alone.logits[0], batch.logits[number], rtol=0, atol=1e-4)


def test_every_stage_but_the_last_hands_its_answer_on() -> None:
    stages = cascade(EVERYWHERE).stages
    assert [answer_name(0) in stages[0].hands_on, answer_name(1) in stages[1].hands_on] == [True, True]
    assert stages[2].hands_on == ()
    assert answer_name(1) in stages[2].inputs


def test_a_last_stage_that_does_not_average_is_the_one_that_was_cut() -> None:
    cut = cut_into_stages(GRAPH, CUTS[:2])
    assert with_averaging(cut, Averaging(0.5))[2] is cut[2]
    assert with_averaging(cut[1:], Averaging(0.5)) == cut[1:]  # one exit has nothing to average with


def test_without_weight_nothing_changes() -> None:
    stages = cut_into_stages(GRAPH, CUTS[:2])
    assert with_averaging(stages, NONE) == stages
    assert with_averaging(stages[:1], EVERYWHERE) == stages[:1]
