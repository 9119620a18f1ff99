"""Which images are the same image, byte for byte."""

from __future__ import annotations

import hashlib

import numpy as np

from runtime.contract.arrays import BoolArray, IntArray, UInt8Array

DIGEST_BYTES = 16  # 128 bits: no accidental collision among any number of images that fits a disk


def identical_groups(images: UInt8Array) -> IntArray:
    """(n,) group of each image: byte-identical images share one, numbered in order of first appearance."""
    numbers: dict[bytes, int] = {}
    return np.asarray([numbers.setdefault(digest, len(numbers)) for digest in _digests(images)], dtype=np.int64)


def found_in(images: UInt8Array, others: UInt8Array) -> BoolArray:
    """(n,) whether each of `images` is byte-identical to any of `others`."""
    known = set(_digests(others))
    return np.asarray([digest in known for digest in _digests(images)], dtype=np.bool_)


def _digests(images: UInt8Array) -> list[bytes]:
    return [hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=DIGEST_BYTES).digest() for image in images]
