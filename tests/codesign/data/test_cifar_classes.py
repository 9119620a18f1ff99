from __future__ import annotations

from codesign.data.cifar_classes import CIFAR10, CIFAR100


def test_there_are_ten_and_a_hundred_different_names_in_alphabetical_order_as_officially_numbered() -> None:
    assert len(set(CIFAR10)) == 10
    assert len(set(CIFAR100)) == 100
    assert list(CIFAR10) == sorted(CIFAR10)
    assert list(CIFAR100) == sorted(CIFAR100)
