from __future__ import annotations

import pytest

from runtime.contract import errors
from runtime.contract.errors import EdgeCodesignError

# Rooms may have errors of their own, which are there once somebody has imported them.
SUBCLASSES = [error for error in EdgeCodesignError.__subclasses__() if error.__module__ == errors.__name__]


def test_an_error_says_what_where_and_what_to_do_each_on_its_line() -> None:
    error = EdgeCodesignError("the file is damaged", where="x.npz", to_do="copy it again")
    assert str(error) == "the file is damaged\n  where: x.npz\n  to do: copy it again"
    assert (error.what, error.where, error.to_do) == ("the file is damaged", "x.npz", "copy it again")


def test_lines_that_have_nothing_to_say_are_left_out() -> None:
    assert str(EdgeCodesignError("it failed")) == "it failed"
    assert str(EdgeCodesignError("it failed", to_do="wait")) == "it failed\n  to do: wait"


@pytest.mark.parametrize("error", SUBCLASSES)
def test_every_error_can_be_caught_as_the_one_that_commands_print(error: type[EdgeCodesignError]) -> None:
    with pytest.raises(EdgeCodesignError, match="what"):
        raise error("what", where="where", to_do="to do")


@pytest.mark.parametrize("error", SUBCLASSES)
def test_every_error_stands_in_the_tree_of_the_modules_docstring(error: type[EdgeCodesignError]) -> None:
    assert errors.__doc__ is not None
    assert error.__name__ in errors.__doc__


@pytest.mark.parametrize("error", [errors.ShapeError, errors.UnitError, errors.ConfigError])
def test_wrong_values_are_value_errors_too(error: type[Exception]) -> None:
    assert issubclass(error, ValueError)
