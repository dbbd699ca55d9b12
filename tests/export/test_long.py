"""A day of sixteen channels, exported by two people at once; files larger than FAT32 takes."""

import shutil
import tempfile
import threading
import tracemalloc
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from long_footage import day_of_footage
from made_footage import NS, video

from appliance.export import sink
from appliance.export.errors import ExportError
from appliance.export.movie import MovieReader
from appliance.export.package import Package
from appliance.export.plan import FAT_LIMIT, plan_export
from appliance.export.request import BoxIdentity, ExportRequest
from appliance.storage.block_index import IndexCache
from appliance.storage.reader import FootageReader

MB = 1 << 20
HOUR_NS = 3600 * NS


@pytest.fixture(scope="module")
def day():
    folder = Path(tempfile.mkdtemp(prefix="nvr-day-"))
    yield day_of_footage(folder / "volume", video().format)
    shutil.rmtree(folder)


@pytest.fixture
def reader(day):
    made = FootageReader([day.path])
    yield made
    made.close()


def planned(reader, streams, start_ns, end_ns):
    request = ExportRequest(tuple(streams), start_ns, end_ns, "anna@192.0.2.7")
    zone = ZoneInfo("Europe/Berlin")
    return plan_export(reader, request, {}, zone, BoxIdentity("Office", "1"), now_ns=end_ns)


def test_two_people_export_a_day_of_sixteen_channels_at_once(day, reader):
    made = {}

    def work(person):
        made[person] = planned(reader, day.streams, day.start_ns, day.end_ns)

    people = [threading.Thread(target=work, args=(name,)) for name in ("anna", "ben")]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert made["anna"].movies[0].etag == made["ben"].movies[0].etag
    for plan in made.values():
        assert len(plan.movies) == 16
        assert plan.gaps == ()
        assert {(m.start_ns, m.end_ns) for m in plan.movies} == {(day.start_ns, day.end_ns)}
        assert plan.total_bytes > 16 * 86_400 * 50_000
        package = Package(plan)
        assert package.kept_bytes < 32 * MB
        last = plan.movies[-1]
        with MovieReader() as own:
            head = own.read(last, 0, 8)
            tail = own.read(last, last.size - 16, last.size)
        assert (head[4:], tail[4:8]) == (b"ftyp", b"mfro")


def test_planning_does_not_keep_the_fragments_it_counts(day, reader):
    reader.cache = IndexCache(1)
    planned(reader, day.streams[:1], day.start_ns, day.start_ns + HOUR_NS)  # what is kept anyway
    tracemalloc.start()
    try:
        plan = planned(reader, day.streams[:1], day.start_ns, day.end_ns)
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert plan.kept_bytes < MB
    assert most < 16 * MB  # 86,400 of them as objects take 35


def test_a_file_too_large_for_fat32_is_refused_before_anything_is_written(
    day, reader, tmp_path, monkeypatch
):
    monkeypatch.setattr(sink, "file_system", lambda _path: "vfat")
    plan = planned(reader, day.streams[:1], day.start_ns, day.end_ns)
    assert plan.movies[0].size > FAT_LIMIT
    assert [warning.code for warning in plan.warnings] == ["large"]
    begun = []
    with pytest.raises(ExportError) as refused:
        sink.write_to_folder(plan, tmp_path, signer=None, begins=begun.append)
    assert refused.value.code == "file_too_large"
    assert "FAT32" in refused.value.text
    assert "shorter time" in refused.value.text
    assert (begun, list(tmp_path.iterdir())) == ([], [])
