"""The catalogue is a cache: it says what the blocks say, and can be made anew at any time."""

import random

import pytest
from made_fragments import MAIN, SUB, T0, S, made_fragment, stored

from appliance.storage.catalogue import Catalogue
from appliance.storage.claims import CLAIMS_FOLDER
from appliance.storage.pieces import Span, merge
from appliance.storage.rebuild import Rebuild
from appliance.storage.volume import CATALOGUE_FILE


@pytest.fixture
def used(box):
    """A volume with reuse, locks, kinds and two streams behind it."""
    box.create(blocks=12)
    writer = box.writer()
    rng = random.Random(3)
    for second in range(500):
        batch = [made_fragment(second, s, kinds=rng.choice((1, 3))) for s in (MAIN, SUB)]
        writer.commit(batch)
        if second % 100 == 50:
            writer.lock([MAIN], T0 + (second - 10) * S, T0 + second * S)
        if second == 400:
            writer.unlock([MAIN], 0, 2 * T0)
    return writer


def rebuilt(writer):
    writer.keeper.catalogue.close()
    writer.keeper.catalogue = None
    (writer.volume.path / CATALOGUE_FILE).unlink()
    assert Rebuild(writer.volume, writer.keeper, writer.allocator).run()
    return writer.keeper.catalogue.dump()


def test_a_rebuild_gives_the_same_rows(used):
    assert used.keeper.catalogue.dump() == rebuilt(used)


@pytest.mark.parametrize("damage", ["missing", "empty", "garbage", "page", "another"])
def test_recording_and_playback_go_on_with_a_damaged_catalogue(box, used, damage):
    before = used.keeper.catalogue.dump()
    used.close()
    path = used.volume.path / CATALOGUE_FILE
    data = bytearray(path.read_bytes())
    if damage == "missing":
        path.unlink()
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "garbage":
        path.write_bytes(random.Random(1).randbytes(len(data)))
    elif damage == "page":
        data[8192:12288] = random.Random(1).randbytes(4096)
        path.write_bytes(data)
    else:
        path.unlink()
        Catalogue(path, "f" * 32).close()
    again = box.writer()
    assert again.commit([made_fragment(600)]).stored == 1
    after = again.keeper.catalogue.dump()
    assert after["pieces"] == before["pieces"]
    assert stored(box.reader(writers=[again]))


def test_a_timeline_that_the_disk_garbled_is_found_where_sqlite_finds_nothing(used):
    catalogue = used.keeper.catalogue
    assert catalogue.check()
    (longest,) = catalogue._db.execute("SELECT kinds FROM cells ORDER BY -length(kinds) LIMIT 1")
    garbled = bytes(256) + longest[0][256:]
    assert garbled != longest[0]
    catalogue._db.execute("UPDATE cells SET kinds = ? WHERE kinds = ?", (garbled, longest[0]))
    assert not catalogue.check()


def test_an_old_copy_of_the_catalogue_is_recognised(box):
    box.create()
    writer = box.writer()
    for second in range(100):
        writer.commit([made_fragment(second)])
    writer.close()
    path = writer.volume.path / CATALOGUE_FILE
    old = path.read_bytes()
    writer = box.writer()
    for second in range(100, 300):
        writer.commit([made_fragment(second)])
    writer.close()
    path.write_bytes(old)
    again = box.writer()
    assert len(stored(box.reader(writers=[again]))) == 300


def test_claims_that_cannot_be_read_cost_no_footage_and_no_sequence_twice(box):
    box.create()
    writer = box.writer()
    for second in range(100):
        writer.commit([made_fragment(second)])
    highest = max(r.sequence for r in writer.keeper.rows("1"))
    writer.close()
    (writer.volume.path / CLAIMS_FOLDER / "recorder-0").write_bytes(bytes(131072))
    again = box.writer()
    for second in range(100, 200):
        assert again.commit([made_fragment(second)]).stored == 1
    assert len(stored(box.reader(writers=[again]))) == 200
    fresh = [r for r in again.keeper.rows("1") if r.first_ns >= T0 + 100 * S]
    assert all(r.sequence > highest for r in fresh)


def test_merging_depends_on_the_set_of_spans_only():
    rng = random.Random(9)
    spans = [
        Span(at, at + rng.randrange(1, 40), rng.choice((1, 2)), rng.random() < 0.3)
        for at in (rng.randrange(1000) for _n in range(60))
    ]
    expected = merge(spans, 3)
    for _n in range(10):
        rng.shuffle(spans)
        assert merge(spans, 3) == expected
    assert merge(expected, 3) == expected
