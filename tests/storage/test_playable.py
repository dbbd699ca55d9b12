"""A block is a file that players of other people play, at every instant."""

import shutil
import subprocess

import pytest
from made_fragments import body_of, stored
from playable import FPS, playable_fragment, played

from appliance.storage.volume import block_name


@pytest.fixture
def writer(box):
    box.create()
    return box.writer()


def path_of(writer):
    return writer.open_blocks()[0].path


def test_a_block_plays_after_every_commit_but_for_the_last_second(writer):
    for second in range(4):
        writer.commit([playable_fragment(second)])
        if second:
            assert played(path_of(writer))[0] == FPS * second


def test_an_idle_commit_shows_the_last_second_too(writer):
    writer.commit([playable_fragment(0), playable_fragment(1)])
    writer.commit([])
    assert played(path_of(writer))[0] == 2 * FPS


def test_a_closed_block_plays_with_index_and_random_access(writer, tmp_path):
    count = 0
    while not writer.keeper.rows("state = 'closed'"):
        writer.commit([playable_fragment(count)])
        count += 1
    (row,) = writer.keeper.rows("state = 'closed'")
    copy = tmp_path / "copy.mp4"
    shutil.copy(writer.volume.path / block_name(row.number), copy)
    pictures, times = played(copy)
    assert pictures == row.fragments * FPS
    assert times == sorted(times)


def test_a_block_with_several_runs_plays_to_its_end(writer):
    """A camera that came back: `tfdt` begins at 0 again in the middle of the file."""
    for run in range(3):
        for second in range(4):
            at = run * 10 + second
            writer.commit([playable_fragment(at, run=run, run_start=run * 10)])
    writer.commit([])
    pictures, times = played(path_of(writer))
    assert pictures == 12 * FPS
    assert times == sorted(times)
    assert times[4 * FPS] - times[0] == 10 * 90_000  # the pause is one for players too


def test_what_is_read_is_what_was_stored_also_in_later_runs(box, writer):
    given = [playable_fragment(at, run=at, run_start=at) for at in (0, 5, 9)]
    for fragment in given:
        writer.commit([fragment])
    found = stored(box.reader(writers=[writer]))
    assert [body for _f, body in found] == [body_of(fragment) for fragment in given]
    assert [f.media_time for f, _body in found] == [0, 0, 0]


def counted_by_ffprobe(path):
    show = ["-show_entries", "stream=nb_read_frames", "-of", "csv=p=0"]
    command = ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", *show, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    return int(done.stdout)


def counted_by_gstreamer(path):
    parts = f"filesrc location={path} ! qtdemux ! h264parse ! identity silent=false ! fakesink"
    command = ["gst-launch-1.0", "-v", *parts.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.count("chain   *")


@pytest.mark.parametrize(
    ("tool", "count"), [("ffprobe", counted_by_ffprobe), ("gst-launch-1.0", counted_by_gstreamer)]
)
def test_open_and_closed_blocks_play_elsewhere_over_several_runs(writer, tool, count):
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    second = 0
    while not writer.keeper.rows("state = 'closed'"):
        begun = second // 20 * 20
        writer.commit([playable_fragment(second, run=begun, run_start=begun)])
        second += 1
    (row,) = writer.keeper.rows("state = 'closed'")
    assert count(writer.volume.path / block_name(row.number)) == row.fragments * FPS
    writer.commit([])
    (block,) = writer.open_blocks()
    assert count(block.path) == len(block.fragments) * FPS
