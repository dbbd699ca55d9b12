"""The buffer of recent GOPs."""

from made_units import audio, video

from appliance.recording.gop_buffer import GopBuffer


def test_nothing_is_kept_before_the_first_key_frame():
    buffer = GopBuffer(5)
    buffer.add(audio(0))
    buffer.add(video(3))
    assert list(buffer) == []
    assert buffer.media_bytes == 0


def test_with_zero_seconds_only_the_current_gop_is_kept():
    buffer = GopBuffer(0)
    units = [video(n) for n in range(25)]
    for unit in units:
        buffer.add(unit)
    assert list(buffer) == units[20:]
    assert buffer.current_gop() == units[20:]


def test_pre_record_covers_at_least_its_seconds_and_starts_with_a_key_frame():
    """A9.9, N8.4: the true time may be longer by a GOP, never shorter."""
    buffer = GopBuffer(3)
    for n in range(100):
        buffer.add(video(n))
    kept = list(buffer)
    assert kept[0].key
    seconds = (kept[-1].mono_ns - kept[0].mono_ns) / 1e9
    assert 3 <= seconds < 3 + 1.1


def test_memory_is_that_of_the_media_held():
    buffer = GopBuffer(30)
    for n in range(100):
        buffer.add(video(n, size=1000))
    assert buffer.media_bytes == sum(len(u.data) for u in buffer)


def test_a_new_run_forgets_the_old_one():
    buffer = GopBuffer(10)
    for n in range(5):
        buffer.add(video(n))
    buffer.add(video(0, run=2))
    assert [u.run for u in buffer] == [2]


def test_a_camera_without_key_frames_cannot_eat_the_memory(monkeypatch):
    monkeypatch.setattr("appliance.recording.gop_buffer.MAX_GOP_BYTES", 5000)
    buffer = GopBuffer(0)
    for n in range(1000):
        buffer.add(video(n, key=n == 0, size=100))
    assert buffer.media_bytes <= 5000
