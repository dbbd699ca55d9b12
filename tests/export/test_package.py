"""What an export proves: folder, archive and single file; every changed byte is found and named."""

import itertools
import json
import random
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from made_footage import MAIN, NS, SUB, T0, Camera, video

from appliance.cli.main import main as nvr
from appliance.export.errors import ExportError
from appliance.export.manifest import (
    MANIFEST,
    SIGNATURE,
    signature_text,
    statement,
)
from appliance.export.movie import MovieReader
from appliance.export.package import Package
from appliance.export.page import PAGE_NAME
from appliance.export.sink import PARTIAL, write_to_folder
from appliance.export.verify import verify_export
from appliance.export.zip import Contents
from appliance.storage.signing import DeviceKey, fingerprint

DOCUMENTS = [MANIFEST, SIGNATURE, PAGE_NAME]


@pytest.fixture
def made(writer, plan):
    """A plan with a gap, several runs and blocks, two channels, sound."""
    camera = Camera(writer, coded=video(noise=True), audio="aac")
    camera.record(T0, 20, phase=3)
    camera.again(run=2)
    camera.record(T0 + 25 * NS, 20)
    Camera(writer, stream=SUB, audio="mulaw").record(T0, 40)
    return plan(2.5, 40, streams=(MAIN, SUB))


@pytest.fixture
def folder_of(box, made, tmp_path):
    def write(name="stick", **more):
        place = tmp_path / name
        place.mkdir(exist_ok=True)
        return write_to_folder(made, place, signer=box.key, **more)

    return write


@pytest.fixture
def archive_of(box, made, tmp_path):
    """The archive, put together of ranges of random sizes."""

    def write(path=tmp_path / "all.zip"):
        package = Package(made)
        with MovieReader() as reader, path.open("wb") as out:
            package.seal_with(box.key, reader)
            rng = random.Random(2)
            at = 0
            while at < package.archive.size:
                end = min(package.archive.size, at + rng.randrange(1, 400_000))
                for span in package.archive.spans(at, end):
                    if isinstance(span, Contents):
                        name = package.names[span.number]
                        if name in package.movies:
                            movie = package.movies[name]
                            out.write(reader.read(movie, span.start, span.end))
                        else:
                            out.write(package.document(name)[span.start : span.end])
                    else:
                        out.write(span.data)
                at = end
        assert path.stat().st_size == package.archive.size
        return path

    return write


def test_an_export_into_a_folder_is_whole_and_in_order(box, made, folder_of):
    told = []
    place = folder_of(progress=told.append)
    assert place.name == made.name
    assert sorted(p.name for p in place.iterdir()) == sorted(
        [*DOCUMENTS, *(movie.name for movie in made.movies)]
    )
    report = verify_export(place, key=box.key.public)
    assert report.problems == []
    assert report.key == box.key.public
    assert report.fragments == sum(
        len(p.fragments) for m in made.movies for p in m.pieces if hasattr(p, "fragments")
    )
    assert [p.phase for p in told if p.done_bytes == p.total_bytes] == ["writing", "verifying"]
    phases = [phase for phase, _steps in itertools.groupby(told, key=lambda p: p.phase)]
    assert phases == ["writing", "verifying"]


def test_the_manifest_tells_who_what_and_why(made, folder_of):
    told = json.loads((folder_of() / MANIFEST).read_text())
    assert (told["by"], told["reason"]) == ("anna@192.0.2.7", "theft in the yard")
    assert (told["box"], told["software"], told["zone"]) == ("Office", "1.2.3", "Europe/Berlin")
    assert told["asked"]["from"] == "2026-09-21T14:13:22.500+00:00"
    [main, sub] = told["files"]
    assert (main["channel"], main["stream"], sub["stream"]) == (1, "main", "sub")
    assert [gap["from"] for gap in told["gaps"]] == ["2026-09-21T14:13:40.000+00:00"]
    assert [s["at_s"] for s in main["stretches"]] == [0, 22.5]
    for chain in main["chains"]:
        assert set(chain["moved"]) == {"1", "2"}
    assert main["chains"][0]["closing"]["action"] == "closed"
    assert sub["chains"][-1]["closing"] is None  # the block is being written


def test_clips_combined_into_one_film_prove_themselves_too(box, writer, plan, tmp_path):
    camera = Camera(writer, coded=video(noise=True), audio="aac")
    for run in range(1, 4):
        camera.again(run=run)
        camera.record(T0 + run * 20 * NS, 5, phase=run)
    place = write_to_folder(plan(21.5, 70, combine=True), tmp_path, signer=box.key)
    [movie] = place.glob("*.mp4")
    told = json.loads((place / MANIFEST).read_text())
    assert told["asked"]["combine"] is True
    assert [s["at_s"] for s in told["files"][0]["stretches"]] == [0, 3.5, 8.5]
    report = verify_export(place, key=box.key.public)
    assert (report.problems, report.signer) == ([], "given")
    data = bytearray(movie.read_bytes())
    data[fragment_at(movie, 2) + 5000] ^= 1
    movie.write_bytes(data)
    assert [p.file for p in verify_export(place).problems] == [movie.name]


def test_every_changed_byte_is_found_and_named(folder_of, made):
    place = folder_of()
    rng = random.Random(3)
    for name in [*DOCUMENTS, *(movie.name for movie in made.movies)]:
        path = place / name
        right = path.read_bytes()
        places = {0, len(right) - 1, *(rng.randrange(len(right)) for _n in range(12))}
        for at in places:
            wrong = bytearray(right)
            wrong[at] ^= 1 << rng.randrange(8)
            path.write_bytes(wrong)
            problems = verify_export(place).problems
            assert problems, f"byte {at} of {name}"
            if name.endswith(".mp4"):
                assert {p.file for p in problems} == {name}, f"byte {at} of {name}"
        path.write_bytes(right)
    assert verify_export(place).problems == []


def fragment_at(path, number):
    """Where the header page of a fragment begins, counted from the first of the file."""
    manifest = json.loads((path.parent / MANIFEST).read_text())
    chain = next(f for f in manifest["files"] if f["name"] == path.name)["chains"][0]
    data = path.read_bytes()
    at = chain["offset"]
    for _n in range(number):
        box = int.from_bytes(data[at : at + 4], "big")
        payload = int.from_bytes(data[at + 24 + 108 : at + 24 + 112], "big")
        at += box + payload
    return at


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (0, "the page in front of it"),
        (12, "the page in front of it"),
        (24 + 70, "its record was changed"),
        (212 + 5, "the page in front of it"),
        (1000, "the page in front of it"),
        (4096 + 10, "picture or sound"),
        (-3, "picture or sound"),
    ],
)
def test_a_change_is_named_by_fragment_and_time(folder_of, made, offset, words):
    path = folder_of() / made.movies[0].name
    at = fragment_at(path, 5 if offset < 0 else 4) + offset
    data = bytearray(path.read_bytes())
    data[at] ^= 4
    path.write_bytes(data)
    problems = verify_export(path.parent).problems
    assert len(problems) == 1, problems
    assert words in problems[0].text
    if "record" in words:
        assert f"after fragment {_index(path) + 3} of block" in problems[0].text
    else:
        assert "2026-09-21T14:13:2" in problems[0].text
        assert f"fragment {_index(path) + 4} of block" in problems[0].text


def _index(path):
    manifest = json.loads((path.parent / MANIFEST).read_text())
    return next(f for f in manifest["files"] if f["name"] == path.name)["chains"][0]["first"]


def test_what_was_cut_out_or_added_is_told(folder_of, made):
    place = folder_of()
    path = place / made.movies[0].name
    right = path.read_bytes()
    begin, end = fragment_at(path, 4), fragment_at(path, 6)
    path.write_bytes(right[:begin] + right[end:])
    texts = [p.text for p in verify_export(place).problems]
    assert any("2 fragments before" in text for text in texts), texts
    path.write_bytes(right[: end + 5000])
    assert verify_export(place).problems
    path.write_bytes(right + b"x")
    assert [p.code for p in verify_export(place).problems] == ["size"]
    path.write_bytes(right)
    path.rename(place / "other.mp4")
    report = verify_export(place)
    assert [(p.file, p.code) for p in report.problems] == [
        (made.movies[0].name, "missing"), ("other.mp4", "foreign"),
    ]  # fmt: skip


def test_another_recorders_signature_is_told(folder_of):
    place = folder_of()
    report = verify_export(place, key=DeviceKey.new().public)
    assert [(p.file, p.code) for p in report.problems] == [(SIGNATURE, "other_key")]
    (place / SIGNATURE).unlink()
    assert {p.code for p in verify_export(place).problems} == {"missing", "changed"}


def test_a_manifest_signed_anew_by_somebody_else_shows_their_fingerprint(folder_of):
    place = folder_of()
    forger = DeviceKey.new()
    text = (place / MANIFEST).read_bytes().replace(b"theft", b"visit")
    (place / MANIFEST).write_bytes(text)
    (place / SIGNATURE).write_bytes(signature_text(forger.sign(statement(text))))
    report = verify_export(place)
    assert report.fingerprint == fingerprint(forger.public)
    assert {p.file for p in report.problems} == {PAGE_NAME}


def test_a_single_movie_is_verified_with_and_without_its_manifest(folder_of, made, tmp_path):
    place = folder_of()
    alone = tmp_path / "alone"
    alone.mkdir()
    movie = Path(shutil.copy(place / made.movies[0].name, alone))
    report = verify_export(movie)
    assert (report.problems, report.key) == ([], "")
    assert report.fragments > 30
    assert "does not tell" in report.notes[0]
    for name in (MANIFEST, SIGNATURE):
        shutil.copy(place / name, alone)
    report = verify_export(movie)
    assert (report.problems, report.notes) == ([], [])
    assert report.checked == [movie.name]
    for document in ("with", "without"):
        if document == "without":
            (alone / MANIFEST).unlink()
        data = bytearray((place / movie.name).read_bytes())
        data[len(data) // 2] ^= 1
        movie.write_bytes(data)
        [problem] = verify_export(movie).problems
        assert "picture or sound" in problem.text or "page in front" in problem.text


def test_a_movie_without_its_manifest_proves_nothing_to_who_asks_for_a_key(
    folder_of, made, box, tmp_path, capsys
):
    movie = Path(shutil.copy(folder_of() / made.movies[0].name, tmp_path))
    [problem] = verify_export(movie, key=box.key.public).problems
    assert problem.file == MANIFEST
    assert nvr(["verify", str(movie), "--key", box.key.public, "--folder", str(tmp_path)]) == 1
    assert nvr(["verify", str(movie), "--folder", str(tmp_path)]) == 2
    assert "nobody vouches for it" in capsys.readouterr().out


def test_movies_taken_out_are_missed_even_if_only_one_is_left(folder_of, made):
    place = folder_of()
    gone = [movie.name for movie in made.movies[1:]] + [PAGE_NAME]
    for name in gone:
        (place / name).unlink()
    assert {p.file for p in verify_export(place).problems} == set(gone)


def test_an_archive_is_one_for_everybody(archive_of, made, tmp_path):
    path = archive_of()
    assert verify_export(path).problems == []
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert [n.rpartition("/")[2] for n in archive.namelist()] == [
            *(movie.name for movie in made.movies), *DOCUMENTS,
        ]  # fmt: skip
        archive.extractall(tmp_path / "out")
    assert verify_export(tmp_path / "out" / made.name).problems == []
    tested = subprocess.run(["unzip", "-tq", path], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_changed_byte_of_an_archive_is_found(archive_of, tmp_path):
    right = archive_of().read_bytes()
    wrong_path = tmp_path / "wrong.zip"
    rng = random.Random(4)
    end = len(right)
    with zipfile.ZipFile(archive_of()) as archive:
        starts = [info.header_offset for info in archive.infolist()]
    places = [rng.randrange(end) for _n in range(10)]
    places += [rng.randrange(end - 700, end) for _n in range(40)]
    places += [start + rng.randrange(100) for start in starts for _n in range(5)]
    places += [start - 1 - rng.randrange(24) for start in starts[1:] for _n in range(3)]
    for at in places:
        wrong = bytearray(right)
        wrong[at] ^= 1 << rng.randrange(8)
        wrong_path.write_bytes(wrong)
        try:
            assert verify_export(wrong_path).problems, f"byte {at} of {end}"
        except ExportError as error:
            assert error.code in ("unreadable", "not_an_export")


def test_nothing_half_written_looks_whole(box, made, tmp_path):
    place = tmp_path / "stick"
    place.mkdir()
    seen = []

    def stop():
        seen.append(sorted(p.name for p in place.iterdir()))
        return len(seen) > 3

    with pytest.raises(ExportError) as caught:
        write_to_folder(made, place, signer=box.key, cancelled=stop)
    assert caught.value.code == "cancelled"
    assert all(name.endswith(PARTIAL) for names in seen for name in names)
    assert list(place.iterdir()) == []


def test_a_place_without_room_is_told_before_anything_is_written(box, made, tmp_path, monkeypatch):
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10**9, 10**9, 5_000_000)
    )
    with pytest.raises(ExportError) as caught:
        write_to_folder(made, tmp_path, signer=box.key)
    assert caught.value.code == "no_room"
    assert "5 MB free" in caught.value.text
    assert not any(p.name.endswith(PARTIAL) for p in tmp_path.iterdir())


def test_an_export_whose_manifest_nobody_would_accept_is_refused(made, monkeypatch):
    monkeypatch.setattr("appliance.export.package.MOST_MANIFEST", 2000)
    with pytest.raises(ExportError) as caught:
        Package(made)
    assert caught.value.code == "too_large"
    assert "Choose a shorter time" in caught.value.text


def test_a_place_that_is_not_there_is_told(box, made, tmp_path):
    with pytest.raises(ExportError) as caught:
        write_to_folder(made, tmp_path / "gone", signer=box.key)
    assert caught.value.code == "place_failed"


def test_footage_overwritten_meanwhile_ends_the_export_in_words(box, writer, plan, tmp_path):
    camera = Camera(writer, coded=video(noise=True))
    camera.record(T0, 20)
    made = plan(0, 20)

    def overwrite(progress):
        if progress.done_bytes and camera.run != 9:
            camera.again(run=9)
            camera.record(T0 + 100 * NS, 900)

    with pytest.raises(ExportError) as caught:
        write_to_folder(made, tmp_path, signer=box.key, progress=overwrite)
    assert caught.value.code == "gone"
    assert not any(made.name in p.name for p in tmp_path.iterdir())


def test_the_same_export_again_gets_a_name_of_its_own(folder_of, made):
    assert [folder_of().name for _n in range(2)] == [made.name, f"{made.name} (2)"]


def test_nvr_verify_says_it_in_words(folder_of, made, box, capsys, tmp_path):
    place = folder_of()
    assert nvr(["verify", str(place), "--key", box.key.public, "--folder", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "Everything is as it was exported." in told
    assert "anna@192.0.2.7" in told
    assert fingerprint(box.key.public) in told
    path = place / made.movies[1].name
    data = bytearray(path.read_bytes())
    data[fragment_at(path, 3) + 5000] ^= 1
    path.write_bytes(data)
    assert nvr(["verify", str(place), "--folder", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert told.startswith(f"CHANGED: {made.movies[1].name}: fragment ")
    assert nvr(["verify", str(tmp_path / "nothing"), "--folder", str(tmp_path)]) == 2
    assert "There is nothing at" in capsys.readouterr().err


def test_something_else_is_not_an_export(tmp_path):
    for name, data in (("a.zip", b"PK"), ("b.txt", b"x")):
        (tmp_path / name).write_bytes(data)
    for path in (tmp_path, tmp_path / "a.zip", tmp_path / "b.txt"):
        with pytest.raises(ExportError):
            verify_export(path)
    (tmp_path / "c.mp4").write_bytes(b"\0\0\0\x10ftypiso6\0\0\0\0")
    assert [p.code for p in verify_export(tmp_path / "c.mp4").problems] == ["foreign"]
