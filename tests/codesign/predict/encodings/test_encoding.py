"""codesign/predict/encodings/encoding.py"""

from __future__ import annotations

from codesign.predict.encodings.encoding import Encoding
from codesign.predict.encodings.encodings import ENCODINGS, encodings_for

from .spaces import SPACES


def test_every_encoding_keeps_the_protocol_and_knows_its_name() -> None:
    for genes, _ in SPACES.values():
        for name in encodings_for(genes):
            encoding: Encoding = ENCODINGS[name](genes)
            assert encoding.name == name
            assert all(encoding.columns)
