"""One stalled run among few samples does not decide."""

import numpy as np

from codesign.predict.transfer.blend import blend
from codesign.predict.transfer.groups import hypotheses
from codesign.predict.transfer.known_boards import known_boards
from codesign.predict.transfer.robust_blend import robust_blend

from .boards import GENES, cost_s, designs, table


def test_stalled_runs_spoil_the_robust_blend_less() -> None:
    boards = known_boards(GENES, *table())
    samples, new = designs(20, seed=7), designs(200, seed=8)
    logs = np.log(cost_s(samples, 0.5))
    level, spread = logs.mean(), logs.std()
    truth = (np.log(cost_s(new, 0.5, noise=0.0)) - level) / spread
    features, of_new = boards.basis.features(samples), boards.basis.features(new)
    errors = {blend: 0.0, robust_blend: 0.0}
    for at in range(0, 20, 4):
        stalled = (logs - level) / spread
        stalled[at] += 3.0
        for way in errors:
            found = way(boards.basis, hypotheses(boards), features, stalled, np.random.default_rng(0))
            errors[way] += float(np.abs(found.posterior.at(of_new)[0] - truth).mean())
    assert errors[robust_blend] < 0.8 * errors[blend]


def test_what_is_left_out_is_of_the_values_as_measured() -> None:
    boards = known_boards(GENES, *table())
    samples = designs(20, seed=7)
    logs = np.log(cost_s(samples, 0.5))
    values = (logs - logs.mean()) / logs.std()
    values[3] += 3.0
    found = robust_blend(
        boards.basis, hypotheses(boards), boards.basis.features(samples), values, np.random.default_rng(0)
    )
    assert found.left_out[3] > 1.5
