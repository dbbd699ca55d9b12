"""Erasing a volume: everything of ours goes, nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "export"))

from made_footage import T0, Box, Camera, video

from appliance.storage.wipe import wipe_volume


def test_a_volume_is_emptied_and_files_of_others_stay(tmp_path: Path) -> None:
    """D2-MT-34: a factory reset, with footage erased by choice."""
    box = Box(tmp_path)
    volume = Path(box.create())
    Camera(box.writer(), coded=video(noise=True)).record(T0, 30)
    box.close()
    (volume / "holiday.jpg").write_bytes(b"mine")
    assert list((volume / "blocks").iterdir())
    assert wipe_volume(volume) > 0
    assert [entry.name for entry in volume.iterdir()] == ["holiday.jpg"]
    assert wipe_volume(volume) == 0


def test_what_is_no_volume_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / "00000001.mp4").write_bytes(b"a film of somebody")
    assert wipe_volume(tmp_path) == 0
    assert (tmp_path / "blocks" / "00000001.mp4").exists()


def test_a_link_in_the_place_of_a_folder_leads_nowhere(tmp_path: Path) -> None:
    volume, elsewhere = tmp_path / "volume", tmp_path / "elsewhere"
    volume.mkdir()
    elsewhere.mkdir()
    (elsewhere / "keep").write_bytes(b"x")
    (volume / "nvr-volume.json").write_text("{}")
    (volume / "blocks").symlink_to(elsewhere)
    wipe_volume(volume)
    assert (elsewhere / "keep").exists()
