"""What is reached on a place: only what can be played, only below it, whatever the path says."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from appliance.web.shelf import tree
from appliance.web.shelf.tree import Root, ShelfError, list_folder, open_film


@pytest.fixture
def stick(tmp_path: Path) -> Root:
    folder = tmp_path / "STICK"
    folder.mkdir()
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    return Root(folder, os.statvfs(folder).f_fsid, "STICK")


def names(root: Root, path: str = "") -> list[tuple[str, str]]:
    return [(entry.name, entry.kind) for entry in list_folder(root, path).entries]


def test_folders_come_first_then_films_and_archives_and_nothing_else(stick: Root) -> None:
    for name in ("b.MP4", "a.mkv", "notes.txt", ".hidden.mp4", "export.zip", "raw.h265"):
        (stick.path / name).write_bytes(b"x")
    (stick.path / "Folder").mkdir()
    (stick.path / ".Trash").mkdir()
    os.mkfifo(stick.path / "pipe.mp4")
    assert names(stick) == [
        ("Folder", "folder"), ("a.mkv", "film"), ("b.MP4", "film"), ("export.zip", "archive"),
        ("raw.h265", "film"),
    ]  # fmt: skip


def test_an_export_is_known_by_its_manifest(stick: Root) -> None:
    for name in ("evidence", "holiday"):
        (stick.path / name).mkdir()
    (stick.path / "evidence" / "manifest.json").write_text("{}")
    listed = {entry.name: entry.export for entry in list_folder(stick, "").entries}
    assert listed == {"evidence": True, "holiday": False}
    assert list_folder(stick, "evidence").export


@pytest.mark.parametrize(
    "path",
    ["..", "../secret.mp4", "a/../../secret.mp4", "./x.mp4", "a\0.mp4", "x/" * 17 + "a.mp4",
     "y" * 1025 + ".mp4"],
)  # fmt: skip
def test_paths_that_lead_up_or_make_no_sense_are_refused(stick: Root, path: str) -> None:
    for work in (list_folder, open_film):
        with pytest.raises(ShelfError):
            work(stick, path)


def test_an_absolute_path_is_one_below_the_place(stick: Root, tmp_path: Path) -> None:
    with pytest.raises(ShelfError) as caught:
        open_film(stick, str(tmp_path / "secret.mp4"))
    assert caught.value.code == "shelf.no_file"


@pytest.mark.parametrize("inside", ["film.mp4", "folder/secret.mp4"])
def test_links_are_neither_shown_nor_followed(stick: Root, tmp_path: Path, inside: str) -> None:
    (stick.path / "film.mp4").symlink_to(tmp_path / "secret.mp4")
    (stick.path / "folder").symlink_to(tmp_path)
    assert names(stick) == []
    with pytest.raises(ShelfError) as caught:
        open_film(stick, inside)
    assert caught.value.code == "shelf.no_file"
    with pytest.raises(ShelfError):
        list_folder(stick, "folder")


def test_what_is_no_file_or_no_film_is_not_opened(stick: Root) -> None:
    os.mkfifo(stick.path / "pipe.mp4")
    (stick.path / "folder.mp4").mkdir()
    (stick.path / "notes.txt").write_text("x")
    for path, code in (
        ("pipe.mp4", "shelf.no_file"), ("notes.txt", "shelf.not_playable"),
        ("away.mp4", "shelf.no_file"), ("", "shelf.not_playable"),
        ("folder.mp4", "shelf.no_file"),
    ):  # fmt: skip
        with pytest.raises(ShelfError) as caught:
            open_film(stick, path)
        assert caught.value.code == code


def test_another_stick_at_the_same_place_is_not_read(stick: Root) -> None:
    (stick.path / "a.mp4").write_bytes(b"x")
    other = Root(stick.path, stick.fsid + 1, stick.name)
    for work, path in ((list_folder, ""), (open_film, "a.mp4")):
        with pytest.raises(ShelfError, match="STICK is not there any more") as caught:
            work(other, path)
        assert caught.value.code == "shelf.pulled"


def test_a_stick_that_was_pulled_is_told_so(stick: Root) -> None:
    stick.path.rename(stick.path.with_name("gone"))
    with pytest.raises(ShelfError, match="pulled or ejected"):
        list_folder(stick, "")


def test_a_folder_of_very_many_files_is_cut_and_says_so(
    stick: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "MAX_ENTRIES", 3)
    for number in range(5):
        (stick.path / f"{number}.mp4").write_bytes(b"x")
    listing = list_folder(stick, "")
    assert (len(listing.entries), listing.more) == (3, True)


def packed(stick: Root, **how: Any) -> Path:
    path = stick.path / "export.zip"
    with zipfile.ZipFile(path, "w", **how) as archive:
        archive.writestr("NVR/manifest.json", "{}")
        archive.writestr("NVR/film.mp4", b"0123456789")
        archive.writestr("../evil.mp4", b"evil")
    return path


def test_films_in_an_archive_are_listed_and_read_where_they_lie(stick: Root) -> None:
    packed(stick)
    listing = list_folder(stick, "export.zip")
    assert [entry.name for entry in listing.entries] == ["NVR/film.mp4"]
    assert listing.export
    film = open_film(stick, "export.zip/NVR/film.mp4")
    try:
        assert (film.size, film.read(2, 5), film.read(8, 99)) == (10, b"23456", b"89")
    finally:
        film.close()


def test_what_is_not_in_an_archive_or_packed_or_damaged_is_told_so(stick: Root) -> None:
    path = packed(stick, compression=zipfile.ZIP_DEFLATED)
    assert list_folder(stick, "export.zip").entries == []
    for name, code in (("NVR/film.mp4", "shelf.packed"), ("NVR/b.mp4", "shelf.no_file")):
        with pytest.raises(ShelfError) as caught:
            open_film(stick, f"export.zip/{name}")
        assert caught.value.code == code
    path.write_bytes(b"PK\x03\x04" + b"\0" * 500)
    with pytest.raises(ShelfError, match="damaged"):
        list_folder(stick, "export.zip")


def test_a_folder_called_like_an_archive_is_a_folder(stick: Root) -> None:
    (stick.path / "old.zip").mkdir()
    (stick.path / "old.zip" / "a.mp4").write_bytes(b"abc")
    film = open_film(stick, "old.zip/a.mp4")
    assert film.read(0, 9) == b"abc"
    film.close()
    assert names(stick, "old.zip") == [("a.mp4", "film")]


def test_a_film_that_became_shorter_is_an_error_not_an_end(stick: Root) -> None:
    (stick.path / "a.mp4").write_bytes(b"abcdef")
    film = open_film(stick, "a.mp4")
    (stick.path / "a.mp4").write_bytes(b"ab")
    with pytest.raises(OSError, match="Input/output"):
        film.read(4, 2)
    film.close()
