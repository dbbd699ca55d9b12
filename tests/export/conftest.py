"""A box with footage, and plans of it."""

import shutil
import sys
import tempfile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from evidence import make
from made_footage import MAIN, NS, T0, Box

from appliance.export.limits import never
from appliance.export.movie import MovieReader
from appliance.export.plan import plan_export
from appliance.export.request import BoxIdentity, ExportRequest

MEMORY = Path("/dev/shm")


@pytest.fixture
def folder(tmp_path):
    """A folder in memory where there is room: these tests sync often."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < 1 << 30:
        yield tmp_path
        return
    made = Path(tempfile.mkdtemp(dir=MEMORY))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def box(folder):
    made = Box(folder)
    yield made
    made.close()


@pytest.fixture
def writer(box):
    box.create()
    return box.writer()


@pytest.fixture
def plan(box):
    """Plan what lies between two seconds after T0."""

    def make(start, end, *, streams=(MAIN,), volumes=("one",), zone="Europe/Berlin", **more):
        now_ns = more.pop("now_ns", T0 + 100_000 * NS)
        writers = [w for w in box._open if hasattr(w, "open_blocks")]
        stop = more.pop("stop", never)
        reader = more.pop("reader", None) or box.reader(*volumes, writers=writers)
        request = ExportRequest(
            tuple(streams), T0 + round(start * NS), T0 + round(end * NS), "anna@192.0.2.7",
            more.pop("reason", "theft in the yard"), **more,
        )  # fmt: skip
        names = {1: "Front / door", 2: "Yard"}
        return plan_export(
            reader, request, names, ZoneInfo(zone), BoxIdentity("Office", "1.2.3"), now_ns=now_ns,
            stop=stop,
        )  # fmt: skip

    return make


@pytest.fixture
def save(tmp_path):
    """Write a movie of a plan into a file."""

    def write(movie, path=None):
        path = path or tmp_path / movie.name
        with MovieReader() as reader, path.open("wb") as out:
            for at in range(0, movie.size, 100_000):
                out.write(reader.read(movie, at, min(at + 100_000, movie.size)))
        assert path.stat().st_size == movie.size
        return path

    return write


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    return make(tmp_path_factory.mktemp("evidence"))


@pytest.fixture
def evidence(made_once, tmp_path):
    """An export of its own for each test, to be changed."""
    return made_once.copied(tmp_path)
