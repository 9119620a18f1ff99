"""Far outliers are drawn in; all else is left alone."""

import numpy as np

from codesign.predict.transfer.log_costs import within_reach


def test_a_stalled_run_is_drawn_in_and_the_rest_stays() -> None:
    logs = np.append(np.linspace(0.0, 1.0, 20), 50.0)
    drawn_in = within_reach(logs)
    assert drawn_in[-1] < 3.0
    np.testing.assert_array_equal(drawn_in[:-1], logs[:-1])


def test_costs_of_which_most_are_equal_are_left_alone() -> None:
    logs = np.array([1.0, 1.0, 1.0, 2.0])
    np.testing.assert_array_equal(within_reach(logs), logs)
