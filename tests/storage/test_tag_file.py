"""The file of tags on a volume: whole, bounded, and not believed where it is damaged."""

import json

import pytest

from appliance.events.tags import Tag
from appliance.storage import tag_file
from appliance.storage.files import FileOps
from appliance.storage.tag_file import read_tags, write_tags


@pytest.fixture
def files(tmp_path):
    ops = FileOps(tmp_path)
    yield ops
    ops.shut()


def tag(name, changed=5, channel=1):
    return Tag.new(channel, 1_000, name, "anna", changed)


def by_id(*tags):
    return {tag.id: tag for tag in tags}


def test_what_was_written_is_read_again_by_owner(files):
    one, two = tag("门口"), tag("gate", channel=9)
    gone = tag("x").tombstone(9)
    write_tags(files, "recorder1", [one, gone])
    write_tags(files, "recorder2", [two])
    assert read_tags(files) == {"recorder1": by_id(one, gone), "recorder2": by_id(two)}
    write_tags(files, "recorder1", [])
    assert read_tags(files)["recorder1"] == {}


def test_a_volume_without_tags_has_none(files):
    assert read_tags(files) == {}


def test_the_file_is_text_that_a_person_can_read(files, tmp_path):
    write_tags(files, "recorder1", [tag("Tür offen")])
    assert '"name": "Tür offen"' in (tmp_path / "tags" / "recorder1.json").read_text()


def test_a_left_over_of_a_crash_does_not_get_into_the_next_file(files, tmp_path):
    write_tags(files, "recorder1", [])
    (tmp_path / "tags" / "recorder1.new").write_bytes(b"x" * 100_000)
    kept = tag("a")
    write_tags(files, "recorder1", [kept])
    assert read_tags(files) == {"recorder1": by_id(kept)}


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace(b"gate", b"hate"),
        lambda text: b"",
        lambda text: b"\0" * len(text),
        lambda text: b"[" * 100_000,
        lambda text: b'{"format": 99, "tags": []}',
        lambda text: b'{"format": 1, "crc": 0, "tags": 5}',
        lambda text: b'{"format": "x"}',
    ],
    ids=["cut off", "altered", "empty", "zeros", "deep", "newer", "no list", "no format"],
)
def test_a_damaged_file_is_left_out_and_the_others_are_read(files, tmp_path, damage, caplog):
    kept = tag("yard")
    write_tags(files, "recorder1", [tag("gate")])
    write_tags(files, "recorder2", [kept])
    path = tmp_path / "tags" / "recorder1.json"
    path.write_bytes(damage(path.read_bytes()))
    assert read_tags(files) == {"recorder2": by_id(kept)}
    assert "recorder1.json are lost" in caplog.text


def test_an_entry_that_makes_no_sense_is_passed_over(files, tmp_path):
    kept = tag("gate")
    rows = [kept.as_dict(), {**kept.as_dict(), "channel": "1; DROP TABLE tags"}, 7]
    body = {"format": 1, "crc": tag_file._crc(rows), "tags": rows}
    (tmp_path / "tags").mkdir()
    (tmp_path / "tags" / "recorder1.json").write_text(json.dumps(body))
    (tmp_path / "tags" / "notes.txt").write_text("not ours")
    assert read_tags(files) == {"recorder1": by_id(kept)}


def test_the_file_is_bounded_tombstones_and_what_was_changed_long_ago_go_first(files, monkeypatch):
    monkeypatch.setattr(tag_file, "MAX_FILE_TAGS", 3)
    tags = [tag(f"{n}", changed=n) for n in range(4)]
    write_tags(files, "recorder1", [tag("x").tombstone(99), *tags])
    assert read_tags(files)["recorder1"] == by_id(*tags[1:])


class FullDisk(FileOps):
    full = False

    def pwrite(self, file, buffers, offset):
        if self.full:
            super().pwrite(file, [b"".join(buffers)[:10]], offset)
            raise OSError(28, "No space left on device")
        super().pwrite(file, buffers, offset)


def test_a_full_volume_keeps_what_it_had_and_no_half_file(tmp_path):
    files = FullDisk(tmp_path)
    before = tag("a")
    write_tags(files, "recorder1", [before])
    files.full = True
    with pytest.raises(OSError, match="No space"):
        write_tags(files, "recorder1", [before, tag("b")])
    assert read_tags(files) == {"recorder1": by_id(before)}
    assert files.listdir("tags") == ["recorder1.json"]
    files.shut()
