"""Records and index entries tell where key frames are; those of before are read as not knowing."""

import pytest
from made_fragments import MAIN

from appliance.storage.model import RecordKind
from appliance.storage.record import FragmentRecord, unpack_record
from appliance.storage.tail import IndexedFragment, indexed, pack_entries, unpack_entries

FLAGS_AT = 6
KINDS_AT = 12


def made(key, has_key):
    kinds = RecordKind.MANUAL | RecordKind.GENERAL
    return FragmentRecord(
        bytes(16), 3, 1, 9, 0, MAIN, kinds, 7, 1_800_000_000, 5, 90_000, 10, 0, 0,
        key, has_key, 4096, 4096, 1, bytes(32), bytes(32),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("key", "has_key", "may"),
    [(True, True, True), (False, True, True), (False, False, False), (False, None, True)],
)
def test_what_is_known_of_key_frames_survives_record_and_index(key, has_key, may):
    record = made(key, has_key)
    assert unpack_record(record.pack()) == record
    entry = indexed(record, 8192)
    assert unpack_entries(pack_entries([entry])) == [entry]
    assert entry.kinds == RecordKind.MANUAL | RecordKind.GENERAL
    assert (entry.key, entry.has_key, entry.may_have_key) == (key, has_key, may)


@pytest.mark.parametrize("key", [True, False])
def test_bytes_of_before_are_read_and_made_again_as_they_were(key):
    """The chain of links covers the record: it has to come out as it went in."""
    packed = made(key, None).pack()
    assert int.from_bytes(packed[FLAGS_AT : FLAGS_AT + 2], "big") == key
    assert unpack_record(packed).has_key is None
    assert unpack_record(packed).pack() == packed
    entry = IndexedFragment(0, 4096, 4096, 0, 1, 7, RecordKind.MOTION, key, 0)
    packed = pack_entries([entry])
    assert int.from_bytes(packed[KINDS_AT : KINDS_AT + 4], "big") == RecordKind.MOTION | key << 31
    assert unpack_entries(packed) == [entry]
