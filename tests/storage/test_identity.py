"""Which volume is which: swapped, cloned, foreign, newer, damaged ones are never written to."""

import json
import shutil

import pytest
from made_fragments import MAIN, made_fragment, stored

from appliance.storage.errors import (
    ClonedVolumeError,
    DamagedVolumeError,
    ForeignVolumeError,
    NewerVolumeError,
    SwappedVolumeError,
)
from appliance.storage.identity import IDENTITY_FILE
from appliance.storage.signing import DeviceKey
from appliance.storage.volume import Volume, default_block_bytes, peek_identity, refuse_clones


def listing(folder):
    return sorted((p.relative_to(folder), p.stat().st_mtime_ns) for p in folder.rglob("*"))


@pytest.fixture
def refused(box):
    """Opening a volume must fail with an error, in words, and leave it as it was."""

    def check(error, match, **more):
        before = listing(box.root / "one")
        with pytest.raises(error, match=match) as caught:
            box.volume(**more)
        assert listing(box.root / "one") == before
        assert "othing was written" in caught.value.text or "settings" in caught.value.text

    return check


def test_a_folder_that_holds_something_is_not_made_a_volume(box):
    (box.root / "one").mkdir(parents=True)
    (box.root / "one" / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(ForeignVolumeError, match=r"holiday\.jpg"):
        box.create()
    assert [p.name for p in (box.root / "one").iterdir()] == ["holiday.jpg"]


def test_a_fresh_file_system_with_lost_and_found_may_become_a_volume(box):
    (box.root / "one" / "lost+found").mkdir(parents=True)
    box.create()
    assert box.volume().name == "one"


def test_a_folder_that_is_no_volume_is_refused(box, refused):
    (box.root / "one").mkdir(parents=True)
    refused(ForeignVolumeError, "is not a recording volume")


def test_another_volume_than_the_one_set_up_is_refused(box, refused):
    box.create()
    refused(SwappedVolumeError, "Another volume", expected_uuid="0" * 32)


def test_a_volume_of_another_box_is_refused_until_a_person_takes_it_over(box, refused):
    box.create()
    box.key = DeviceKey.new()
    refused(ForeignVolumeError, "another recorder")
    assert box.volume(adopt=True).name == "one"


def test_a_volume_made_by_a_newer_version_is_refused(box, refused):
    path = box.create() / IDENTITY_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    refused(NewerVolumeError, "newer version")


@pytest.mark.parametrize("text", ["", "{", '{"format": 1}', '{"format": 1, "uuid": 5}', "[]"])
def test_a_damaged_identity_is_refused(box, refused, text):
    path = box.create() / IDENTITY_FILE
    path.write_text(text)
    refused(DamagedVolumeError, "damaged")


def test_a_changed_identity_is_refused(box, refused):
    path = box.create() / IDENTITY_FILE
    path.write_text(path.read_text().replace('"name": "one"', '"name": "two"'))
    refused(DamagedVolumeError, "damaged")


def test_two_mounted_volumes_with_one_identity_are_both_refused(box):
    box.create("one")
    box.create("other")
    shutil.copytree(box.root / "one", box.root / "copy")
    places = [box.root / name for name in ("one", "other", "copy")]
    refused = refuse_clones((path, peek_identity(path)) for path in places)
    assert set(refused) == {box.root / "one", box.root / "copy"}
    assert all(isinstance(error, ClonedVolumeError) for error in refused.values())
    assert str(box.root / "copy") in refused[box.root / "one"].text


def test_an_old_copy_of_a_volume_is_recognised(box):
    box.create()
    shutil.copytree(box.root / "one", box.root / "copy")
    for name in ("one", "copy"):
        writer = box.writer(name) if name == "one" else None
        if writer:
            for second in range(300):
                writer.commit([made_fragment(second)])
            writer.close()
            shutil.rmtree(box.root / "copy")
            shutil.copytree(box.root / "one", box.root / "copy")
            writer = box.writer()
            for second in range(300, 600):
                writer.commit([made_fragment(second)])
            writer.close()
    with pytest.raises(ClonedVolumeError, match="old copy"):
        box.volume("copy")
    assert box.volume("copy", adopt=True).name == "one"


def test_files_that_are_not_ours_are_left_alone(box):
    path = box.create(blocks=8)
    strange = [path / "blocks" / "readme.txt", path / "blocks" / "1.mp4", path / "notes"]
    for file in strange:
        file.write_bytes(b"mine")
    writer = box.writer()
    for second in range(400):
        assert writer.commit([made_fragment(second)]).stored == 1
    assert all(file.read_bytes() == b"mine" for file in strange)
    assert len(stored(box.reader(writers=[writer]), MAIN)) > 100


def test_blocks_are_smaller_on_small_volumes():
    assert default_block_bytes(16 << 40) == 256 << 20
    assert default_block_bytes(20 << 30) == 32 << 20
    assert default_block_bytes(1 << 20) == 256 << 10


def test_the_key_file_is_private_and_stays_the_same(tmp_path):
    path = tmp_path / "state" / "device.key"
    first = DeviceKey.load(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert DeviceKey.load(path).public == first.public


def test_a_volume_without_a_person_saying_so_is_never_created_twice(box):
    box.create()
    with pytest.raises(ForeignVolumeError):
        box.create()
    assert isinstance(box.volume(), Volume)
