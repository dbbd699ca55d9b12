"""The list of recordings over a catalogue of days: complete, in order, along an index."""

import sqlite3

import pytest
from simulated import DAY, simulate

from appliance.storage.catalogue import Catalogue
from appliance.storage.model import RecordKind, StreamName
from appliance.storage.reader import FootageReader
from appliance.storage.recordings import FileFilter, FilePlace, recordings
from appliance.storage.volume import CATALOGUE_FILE

S = 1_000_000_000
CHANNELS = (1, 2, 3)


@pytest.fixture(scope="module")
def volume(tmp_path_factory):
    return simulate(tmp_path_factory.mktemp("v") / "one", channels=3, days=2, instants=0)


@pytest.fixture
def reader(volume):
    made = FootageReader([volume.path])
    yield made
    made.close()


def wanted(**changes):
    values = {"channels": CHANNELS, "streams": tuple(StreamName), "start_ns": 0}
    return FileFilter(**({**values, "end_ns": (1 << 63) - 1, "limit": 500} | changes))


def everything(reader, limit, **changes):
    found, place = [], None
    while True:
        page, place = recordings(reader, wanted(limit=limit, after=place, **changes))
        found += page
        if place is None:
            return found


@pytest.mark.parametrize("limit", [7, 500])
def test_pages_tell_every_file_once_the_latest_first(volume, reader, limit):
    found = everything(reader, limit)
    assert len(found) == volume.blocks
    places = [file.place for file in found]
    assert places == sorted(places, reverse=True)
    assert len(set(places)) == len(places)
    assert {file.place.channel for file in found} == set(CHANNELS)


def test_a_stretch_has_the_files_that_touch_it(volume, reader):
    noon = volume.start_ns + DAY // 2 * S
    found = everything(reader, 500, channels=(2,), start_ns=noon, end_ns=noon + 3600 * S)
    assert all(f.place.start_ns < noon + 3600 * S and f.end_ns > noon for f in found)
    ends = [found[-1].place.start_ns <= noon, found[0].end_ns >= noon + 3600 * S]
    assert ends == [True, True]
    assert sum(f.end_ns - f.place.start_ns for f in found) >= 3600 * S


def test_files_of_a_kind_and_locked_ones(volume, reader):
    motion = everything(reader, 500, kinds=RecordKind.MOTION)
    assert 0 < len(motion) < volume.blocks
    assert all(any(kinds & RecordKind.MOTION for kinds in file.kinds) for file in motion)
    assert everything(reader, 500, kinds=RecordKind.ALARM) == []
    assert everything(reader, 500, locked=True) == []
    some = motion[0].place
    catalogue = Catalogue(volume.path / CATALOGUE_FILE, some.volume)
    catalogue.set_locked([some.number], True)
    assert [file.place for file in everything(reader, 500, locked=True)] == [some]
    catalogue.set_locked([some.number], False)
    catalogue.close()


@pytest.mark.parametrize("deep", [False, True], ids=["first page", "later page"])
def test_a_page_is_read_along_the_index_and_nothing_is_sorted(volume, reader, deep):
    """30 days x 16 channels are 79,000 files; a page looks at as many as it shows."""
    _page, place = recordings(reader, wanted(limit=50))
    (view,) = reader.views()
    asked: list[str] = []
    view.catalogue._db.set_trace_callback(asked.append)
    recordings(reader, wanted(limit=50, after=place if deep else None))
    (sql,) = [text for text in asked if "FROM blocks b" in text]
    db = sqlite3.connect(volume.path / CATALOGUE_FILE)
    plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}"))
    db.close()
    assert "USING INDEX blocks_by_time" in plan
    assert "FOR ORDER BY" not in plan


def test_a_place_survives_being_written_down():
    place = FilePlace(-5, 1, "main", 7, "ab" * 16)
    assert FilePlace.parse(place.text()) == place
    for text in ("", "1:2", "x:1:main:1:a", "1:1:fourth:1:a", "1:1:main:-1:a", "1" * 200):
        with pytest.raises(ValueError, match=""):
            FilePlace.parse(text)
