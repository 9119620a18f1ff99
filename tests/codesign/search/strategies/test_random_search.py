from __future__ import annotations

from collections import Counter

import numpy as np

from codesign.search.strategies.protocol import Options
from codesign.search.strategies.random_search import random_search
from codesign.search.strategies.search_space import SearchSpace


def test_every_design_is_drawn_about_equally_often() -> None:
    space = SearchSpace((2, 3))
    drawn = Counter(tuple(random_search(space, 1, seed, Options()).ask(1)[0].tolist()) for seed in range(600))
    assert len(drawn) == 6
    assert 60 < min(drawn.values()) <= max(drawn.values()) < 140


def test_what_it_was_told_does_not_matter_but_for_what_is_left() -> None:
    space = SearchSpace((4, 4))
    found = []
    for worth in (0.0, 1.0):
        strategy = random_search(space, 1, 0, Options())
        strategy.tell(np.array([[1, 1]]), np.array([[worth]]), np.zeros(1))
        found.append(strategy.ask(5).tolist())
    assert found[0] == found[1]
