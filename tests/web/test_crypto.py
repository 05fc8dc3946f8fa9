"""Encryption of texts and files, and the life of keys."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrapport_web import crypto
from openrapport_web.crypto import BadKeys, ContentLost, KeyDeleted, Keyring, MasterKeys
from openrapport_web.sealed_files import CHUNK_BYTES, Sealer, opened, plain_size, seal_bytes

KEY = b"k" * 32


def test_a_text_opens_for_its_owner_and_in_its_place_only() -> None:
    one, other = uuid4(), uuid4()
    for owner in (one, other):
        crypto.keyring().make(owner)
    sealed = crypto.seal_text(one, "said in confidence", context="note:1")
    assert b"confidence" not in sealed
    assert crypto.open_text(one, sealed, context="note:1") == "said in confidence"
    for owner, context in ((one, "note:2"), (other, "note:1")):
        with pytest.raises(ContentLost, match="damaged or was moved"):
            crypto.open_text(owner, sealed, context=context)


def test_a_long_text_is_packed_and_comes_back_whole() -> None:
    owner, text = uuid4(), "said over and over " * 10_000
    crypto.keyring().make(owner)
    sealed = crypto.seal_text(owner, text, context="report:1")
    assert len(sealed) < len(text) / 20
    assert crypto.open_text(owner, sealed, context="report:1") == text
    with pytest.raises(ContentLost):
        crypto.open_text(owner, b"\x01" + sealed[1:], context="report:1")


def test_a_deleted_key_opens_nothing_in_any_place(tmp_path: Path) -> None:
    owner = uuid4()
    ring = Keyring(MasterKeys.parse(crypto.new_master_key()), tmp_path / "a", tmp_path / "b")
    ring.make(owner)
    assert len(list(tmp_path.rglob("*.key"))) == 2
    ring.delete(owner)
    assert not list(tmp_path.rglob("*.key"))
    with pytest.raises(KeyDeleted):
        ring.key(owner)


def test_rotation_keeps_data_keys_and_needs_the_old_master_key_no_longer(tmp_path: Path) -> None:
    owner, old, new = uuid4(), crypto.new_master_key(), crypto.new_master_key()
    before = Keyring(MasterKeys.parse(old), tmp_path)
    before.make(owner)
    key = before.key(owner)
    assert Keyring(MasterKeys.parse(f"{new}\n{old}"), tmp_path).rotate() == 1
    assert Keyring(MasterKeys.parse(new), tmp_path).key(owner) == key
    with pytest.raises(BadKeys, match="does not open with the master key at hand"):
        before.key(owner)


@pytest.mark.parametrize("text", ["", "short", "!" * 44, "é" * 44])
def test_a_master_key_that_is_none_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(BadKeys, match="32 bytes in base64") as caught:
        MasterKeys.parse(text)
    assert not text or text not in str(caught.value)


@given(data=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200), max_size=4))
def test_a_sealed_file_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, cuts: list[int]
) -> None:
    path = tmp_path_factory.mktemp("sealed") / "file"
    with Sealer(path, KEY, context="c") as sealer:
        places = sorted({0, len(data), *(min(c, len(data)) for c in cuts)})
        for start, end in pairwise(places):
            sealer.write(data[start:end])
    assert b"".join(opened(path, KEY, context="c")) == data
    assert plain_size(path) == len(data)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES])
def test_chunk_borders_and_reading_from_the_middle(tmp_path: Path, size: int) -> None:
    data = bytes(i % 251 for i in range(size))
    path = tmp_path / "file"
    seal_bytes(path, data, KEY, context="c")
    assert plain_size(path) == size
    for start in {0, size // 2, max(0, size - 1)}:
        assert b"".join(opened(path, KEY, context="c", start=start)) == data[start:]


def test_a_file_that_is_cut_off_or_reordered_does_not_open(tmp_path: Path) -> None:
    path = tmp_path / "file"
    seal_bytes(path, b"a" * CHUNK_BYTES + b"b" * CHUNK_BYTES + b"c", KEY, context="c")
    whole = path.read_bytes()
    step = CHUNK_BYTES + 16
    head, first, second, last = (
        whole[:12],
        whole[12 : 12 + step],
        whole[12 + step : 12 + 2 * step],
        whole[12 + 2 * step :],
    )
    for damaged in (
        head + first,
        head + first + second,
        head + second + first + last,
        head,
        head[:5],
        whole[:-1],
    ):
        path.write_bytes(damaged)
        with pytest.raises(ContentLost):
            list(opened(path, KEY, context="c"))
    path.write_bytes(whole)
    with pytest.raises(ContentLost):
        list(opened(path, KEY, context="another place"))


def test_an_error_while_writing_leaves_no_file(tmp_path: Path) -> None:
    sealer = Sealer(tmp_path / "file", KEY, context="c").__enter__()
    sealer.write(b"some")
    sealer.__exit__(RuntimeError, None, None)
    assert not list(tmp_path.iterdir())
