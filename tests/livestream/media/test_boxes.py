"""Cutting fragmented MP4."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livestream.media.boxes import BadStream, Splitter, child, read_fragment


def box(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


@given(st.lists(st.binary(max_size=50), max_size=8), st.integers(1, 40))
def test_boxes_come_out_whole_however_the_bytes_arrive(bodies, size):
    stream = b"".join(box(b"mdat", body) for body in bodies)
    splitter = Splitter()
    out = []
    for at in range(0, len(stream), size):
        out += splitter.feed(stream[at : at + size])
    assert [data for _, data in out] == [box(b"mdat", body) for body in bodies]


@pytest.mark.parametrize("size", [0, 7, 2**31])
def test_a_senseless_size_is_refused(size):
    with pytest.raises(BadStream):
        list(Splitter().feed(struct.pack(">I4s", size, b"moof")))


@given(st.binary(max_size=200))
def test_garbage_is_refused_not_believed(noise):
    try:
        read_fragment(box(b"moof", noise), {})
    except (BadStream, struct.error):
        return
    raise AssertionError("garbage was read as a fragment")


def test_a_missing_box_says_so():
    with pytest.raises(BadStream, match="tfhd"):
        child(box(b"traf"), "tfhd")
