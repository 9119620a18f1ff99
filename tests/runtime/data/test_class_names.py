from __future__ import annotations

import pytest

from runtime.contract.errors import DataError
from runtime.data.class_names import class_indices


def test_names_map_to_the_indices_of_our_classes_whatever_their_order() -> None:
    assert class_indices(["dog", "cat"], ("cat", "cow", "dog"), "here") == [2, 0]


def test_an_unknown_name_says_where_it_stands_and_what_was_probably_meant() -> None:
    with pytest.raises(DataError, match=r"class 'cats' is unknown; did you mean 'cat'\?") as caught:
        class_indices(["cats"], ("cat", "dog"), "folder/x")
    assert caught.value.where == "folder/x"
    assert caught.value.to_do is not None
    assert "cat, dog" in caught.value.to_do


def test_a_name_like_none_of_ours_gets_no_guess() -> None:
    with pytest.raises(DataError) as caught:
        class_indices(["zebra"], ("cat", "dog"), "here")
    assert "did you mean" not in str(caught.value)


def test_a_long_list_of_classes_is_shortened_in_the_message() -> None:
    with pytest.raises(DataError, match="c11 and 88 more"):
        class_indices(["?"], [f"c{i}" for i in range(100)], "here")
