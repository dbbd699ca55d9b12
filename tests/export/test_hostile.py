"""Exports made by an enemy: what is foreign, forged or built to break who verifies it."""

import os
import struct
import subprocess
import sys
import zipfile
import zlib
from datetime import datetime

import pytest
from evidence import DOCUMENTS

from appliance.cli.main import main as nvr
from appliance.export.errors import ExportError
from appliance.export.manifest import MANIFEST, MOST_MANIFEST
from appliance.export.page import PAGE_NAME
from appliance.export.report import MOST_PROBLEMS, Report
from appliance.export.verify import verify_export
from appliance.export.words import plain
from appliance.export.zip import Archive, Entry, Made
from appliance.storage.signing import DeviceKey, fingerprint

ESCAPES = "\x1b[2J\x1b]0;x\x07 \x9b31m \r\n\u202egpj.exe \u2066 \u200b \ud800"


def problems(path, **more):
    return [(p.file, p.code) for p in verify_export(path, **more).problems]


# -- what does not belong to it --------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["other.mp4", "Other.MKV", ".hidden.mp4", "._x.mp4", "verify (2).html", "play.exe"]
)
def test_a_foreign_file_is_a_problem_and_named(evidence, capsys, name):
    film = evidence.movies[0].read_bytes()
    (evidence.folder / name).write_bytes(film)
    assert problems(evidence.folder, key=evidence.key) == [(name, "foreign")]
    options = ["--key", evidence.key, "--folder", str(evidence.state)]
    assert nvr(["verify", str(evidence.folder), *options]) == 1
    assert f"CHANGED: {name}: it does not belong to the export" in capsys.readouterr().out


def test_folders_links_and_pipes_are_foreign_and_not_followed(evidence):
    (evidence.folder / "more").mkdir()
    (evidence.folder / "more" / "film.mp4").write_bytes(b"x")
    os.mkfifo(evidence.folder / "pipe.mp4")
    film = evidence.movies[0]
    film.rename(evidence.folder.parent / "elsewhere.mp4")
    film.symlink_to(evidence.folder.parent / "elsewhere.mp4")
    assert sorted(problems(evidence.folder)) == sorted([
        ("more", "foreign"), ("pipe.mp4", "foreign"), (film.name, "foreign"),
        (film.name, "missing"),
    ])  # fmt: skip


def test_what_operating_systems_leave_behind_is_a_note(evidence):
    (evidence.folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (evidence.folder / "Thumbs.db").write_bytes(b"x")
    (evidence.folder / "._film.mp4").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X")
    report = verify_export(evidence.folder)
    assert report.problems == []
    assert len(report.notes) == 3


def test_a_film_that_the_manifest_beside_it_does_not_name_is_a_problem(evidence):
    film = evidence.movies[0].rename(evidence.folder / "other.mp4")
    assert problems(film) == [("other.mp4", "foreign")]


def test_names_that_a_computer_took_apart_are_the_same_names(evidence):
    """macOS writes an umlaut as a letter and two dots."""
    manifest = evidence.manifest
    film = evidence.movies[0]
    entry = next(one for one in manifest["files"] if one["name"] == film.name)
    entry["name"] = "D1 T\u00fcr.mp4"
    evidence.forge(manifest)
    film.rename(evidence.folder / "D1 Tu\u0308r.mp4")
    assert problems(evidence.folder) == [(PAGE_NAME, "missing")]
    (evidence.folder / "D1 T\u00fcr.mp4").write_bytes(b"x")
    assert {code for _file, code in problems(evidence.folder)} >= {"duplicate"}


def test_an_export_is_found_by_any_of_its_documents(evidence):
    for name in DOCUMENTS:
        report = verify_export(evidence.folder / name)
        assert (len(report.checked), report.problems) == (2, [])


# -- who signed ------------------------------------------------------------------------------------


def test_whose_signature_it_is(evidence, capsys):
    other = DeviceKey.new().public
    for more, signer, count in (
        ({}, "unknown", 0),
        ({"own": other}, "unknown", 0),
        ({"own": evidence.key}, "own", 0),
        ({"key": evidence.key}, "given", 0),
        ({"key": fingerprint(evidence.key).upper()}, "given", 0),
        ({"key": evidence.key, "own": evidence.key}, "own", 0),
        ({"key": other}, "unknown", 1),
        ({"key": other, "own": evidence.key}, "own", 1),
    ):
        report = verify_export(evidence.folder, **more)
        assert (report.signer, report.count) == (signer, count), more
        assert report.proved == (signer != "unknown" and not count)


def test_a_key_that_nobody_here_knows_proves_nothing(evidence, capsys):
    forger = DeviceKey.new()
    evidence.forge((evidence.folder / MANIFEST).read_bytes().replace(b"theft", b"visit"), forger)
    (evidence.folder / PAGE_NAME).unlink(missing_ok=True)
    state = ["--folder", str(evidence.state)]
    report = verify_export(evidence.folder)
    assert {p.file for p in report.problems} == {PAGE_NAME}
    assert (report.signer, report.proved) == ("unknown", False)
    archive = ["verify", str(evidence.archive), *state]
    assert nvr(archive) == 2
    told = capsys.readouterr().out
    assert "Who signed it is not proved" in told
    assert "Everything is as it was exported" not in told
    assert fingerprint(evidence.key) in told
    assert nvr([*archive, "--key", fingerprint(evidence.key)]) == 0
    assert nvr([*archive, "--key", forger.public]) == 1


def test_the_key_of_this_box_is_called_so(evidence, capsys, tmp_path):
    key = tmp_path / "box" / "state" / "device.key"
    own = DeviceKey.load(key)
    evidence.forge((evidence.folder / MANIFEST).read_bytes(), own)
    film = evidence.movies[0]
    assert nvr(["verify", str(film), "--folder", str(tmp_path / "box")]) == 0
    told = capsys.readouterr().out
    assert f"Signed by this recorder, fingerprint {fingerprint(own.public)}." in told
    assert nvr(["verify", str(film), "--folder", str(tmp_path / "box"), "--key", "own"]) == 0


def test_a_key_that_is_none_is_refused_in_words(evidence, capsys):
    assert nvr(["verify", str(evidence.folder), "--key", "abc"]) == 2
    assert "64 hexadecimal digits" in capsys.readouterr().err


# -- what reaches the terminal ---------------------------------------------------------------------


def test_a_strangers_text_is_made_plain():
    told = plain(f"a{ESCAPES}b")
    assert told.isprintable()
    assert (told[0], told[-1]) == ("a", "b")
    assert "\u202e" not in told
    assert plain("Zürich – 東京 می‌خواهم 👍") == "Zürich – 東京 می‌خواهم 👍"
    assert plain("x" * 600) == "x" * 499 + "…"
    assert plain(7) == "7"


def test_control_characters_of_an_enemy_do_not_reach_the_terminal(evidence, capsys):
    manifest = evidence.manifest
    for name in ("by", "box", "made", "reason", "name", "zone", "software"):
        manifest[name] = ESCAPES
    evidence.forge(manifest)
    (evidence.folder / "\x1b[31mred\u202e.mp4").write_bytes(b"x")
    (evidence.folder / os.fsdecode(b"\xff\xfe.mp4")).write_bytes(b"x")
    for options in ([], ["--json"]):
        assert nvr(["verify", str(evidence.folder), *options]) == 1
        told = capsys.readouterr().out
        assert all(line.isprintable() for line in told.splitlines())
        told.encode()
    missing = evidence.folder / "\x1b[31m\u202e"
    assert nvr(["verify", str(missing)]) == 2
    assert capsys.readouterr().err.strip().isprintable()


def test_words_of_a_report_are_short_and_few():
    report = Report()
    for _n in range(MOST_PROBLEMS + 5):
        report.problem("n" * 5000, "code", "t" * 5000)
    assert (report.count, len(report.problems)) == (MOST_PROBLEMS + 5, MOST_PROBLEMS)
    assert (len(report.problems[0].file), len(report.problems[0].text)) == (200, 500)


# -- what is built to break it ---------------------------------------------------------------------


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_without_end_is_refused(evidence, name):
    with (evidence.folder / name).open("r+b") as file:
        file.truncate(MOST_MANIFEST * 4)
    assert problems(evidence.folder)[0] == (name, "too_large")
    assert (name, "missing") not in problems(evidence.folder)


def test_a_large_front_is_not_held_in_memory(evidence):
    """A front of 512 MiB must not need more than a part of that."""
    manifest = evidence.manifest
    entry = manifest["files"][0]
    entry["front"]["bytes"] = entry["back"]["bytes"] = 512 << 20
    evidence.forge(manifest)
    with evidence.movies[0].open("r+b") as file:
        file.truncate(512 << 20)
    done = limited(
        f"""
from appliance.export.verify import verify_export
from pathlib import Path
report = verify_export(Path({str(evidence.folder)!r}))
print([p.code for p in report.problems])
""",
        128 << 20,
    )
    assert "changed" in done, done


def test_a_manifest_that_needs_more_memory_than_there_is_ends_in_words(evidence):
    evidence.forge(b'{"format": "nvr-export", "version": 1, "files": [' + b"[[]]," * 3_000_000)
    done = limited(
        f"""
from appliance.export.verify import verify_export
from pathlib import Path
report = verify_export(Path({str(evidence.folder)!r}))
print([p.code for p in report.problems])
""",
        128 << 20,
    )
    assert done.strip() == "['too_large']", done


def limited(program, memory_bytes):
    """Run a program that may take so much more memory than Python itself."""
    start = f"""
import resource
import appliance.export.verify
now = int(open("/proc/self/statm").read().split()[0]) * 4096
resource.setrlimit(resource.RLIMIT_AS, (now + {memory_bytes},) * 2)
"""
    done = subprocess.run(
        [sys.executable, "-c", start + program], capture_output=True, text=True, timeout=100,
        check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def pack(path, entries, *, change=None):
    """Write an archive of (name, contents) as this program lays it out, then `change` it."""
    when = datetime(2026, 11, 21, 12, 0, 0)  # noqa: DTZ001 - an archive knows no zone
    contents = [data for _name, data in entries]
    archive = Archive([Entry(name, len(data), when) for name, data in entries],
                      lambda number: zlib.crc32(contents[number]))  # fmt: skip
    data = bytearray()
    for span in archive.spans(0, archive.size):
        data += (
            span.data if isinstance(span, Made) else contents[span.number][span.start : span.end]
        )
    path.write_bytes(change(data) if change else data)
    return archive


@pytest.fixture
def entries(evidence):
    """What the archive holds, to be packed in other ways."""
    with zipfile.ZipFile(evidence.archive) as archive:
        return [(info.filename, archive.read(info)) for info in archive.infolist()]


def test_the_same_files_packed_by_this_layout_are_right(evidence, entries):
    pack(evidence.archive, entries)
    assert problems(evidence.archive, key=evidence.key) == []


@pytest.mark.parametrize(
    "name",
    ["{top}/../evil.mp4", "../evil.mp4", "/etc/evil.mp4", "C:/evil.mp4", "{top}\\evil.mp4",
     "{top}/more/evil.mp4", "evil.mp4", "other/evil.mp4", "{top}/", "{top}/.evil.mp4",
     "{top}/evil\x1b[2J.mp4", "{top}/.."],
)  # fmt: skip
def test_an_entry_with_a_name_that_leads_elsewhere_is_a_problem(evidence, entries, name):
    top = evidence.folder.name
    pack(evidence.archive, [*entries, (name.format(top=top), b"film")])
    [(file, code)] = problems(evidence.archive, key=evidence.key)
    assert (file, code) == (plain(name.format(top=top), 200), "name")


def test_an_entry_that_is_there_twice_is_a_problem(evidence, entries):
    name, data = entries[0]
    pack(evidence.archive, [*entries, (name, data[::-1])])
    assert problems(evidence.archive) == [(name.partition("/")[2], "duplicate")]
    pack(evidence.archive, [*entries, (name.upper(), data)])
    assert [code for _file, code in problems(evidence.archive)] == ["name"]  # another folder
    top, _slash, bare = name.partition("/")
    pack(evidence.archive, [*entries, (f"{top}/{bare.upper()}", data)])
    assert [code for _file, code in problems(evidence.archive)] == ["duplicate"]


def test_a_foreign_entry_is_a_problem_and_named(evidence, entries):
    pack(evidence.archive, [*entries, (f"{evidence.folder.name}/other.mp4", b"film")])
    assert problems(evidence.archive, key=evidence.key) == [("other.mp4", "foreign")]
    pack(evidence.archive, [*entries, (f"{evidence.folder.name}/Thumbs.db", b"film")])
    assert problems(evidence.archive, key=evidence.key) == [("Thumbs.db", "foreign")]


def directory_at(data):
    [_mark, _size, *_rest, begin] = struct.unpack_from("<IQHHIIQQQQ", data, len(data) - 98)
    return begin


def symlink(data):
    """The first entry becomes a link (external attributes of its directory entry)."""
    struct.pack_into("<I", data, directory_at(data) + 38, 0o120777 << 16)
    return data


def overlapping(data):
    """The second entry of the directory begins where the first does."""
    at = directory_at(data)
    name = struct.unpack_from("<H", data, at + 28)[0]
    at += 46 + name + 28
    name = struct.unpack_from("<H", data, at + 28)[0]
    struct.pack_into("<Q", data, at + 46 + name + 20, 0)
    return data


def lying(size):
    def change(data):
        """The first entry says it has another size, in directory and header."""
        at = directory_at(data)
        name = struct.unpack_from("<H", data, at + 28)[0]
        struct.pack_into("<QQ", data, at + 46 + name + 4, size, size)
        struct.pack_into("<QQ", data, 30 + name + 4, size, size)
        return data

    return change


def counting(data):
    struct.pack_into("<QQ", data, len(data) - 98 + 24, 1 << 60, 1 << 60)
    return data


@pytest.mark.parametrize(
    "change",
    [symlink, overlapping, lying(0), lying(1 << 40), lying((1 << 63) + 5), lying((1 << 64) - 1),
     counting, lambda data: b"#!/bin/sh\n" + data, lambda data: data + data,
     lambda data: data[: len(data) // 2], lambda data: data[:40], lambda data: data[-300:]],
    ids=["symlink", "overlapping", "size 0", "size 1 TiB", "size beyond 63 bits", "size 64 bits",
         "count", "put in front", "twice", "cut in half", "cut to its head", "cut to its tail"],
)  # fmt: skip
def test_an_archive_that_lies_about_itself_ends_in_words(evidence, entries, capsys, change):
    pack(evidence.archive, entries, change=change)
    code = nvr(["verify", str(evidence.archive), "--key", evidence.key])
    told = capsys.readouterr()
    assert code in (1, 2), told
    assert "Everything is" not in told.out
    assert "Traceback" not in told.out + told.err
    if change in (symlink, overlapping):
        assert "its directory was changed" in told.out


@pytest.mark.parametrize("where", ["directory", "header"])
@pytest.mark.parametrize("number", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("letter", [0, -1])
def test_a_changed_letter_of_any_name_is_found_and_the_rest_is_still_checked(
    evidence, entries, where, number, letter
):
    data = bytearray(evidence.archive.read_bytes())
    name = entries[number][0].encode()
    at = data.find(name, directory_at(data) if where == "directory" else 0)
    data[at + (letter % len(name))] ^= 4
    evidence.archive.write_bytes(data)
    report = verify_export(evidence.archive, key=evidence.key)
    assert report.count > 0
    assert len(report.checked) >= 1
    assert report.signer == "given"


def test_an_archive_cut_off_names_what_is_missing(evidence):
    data = evidence.archive.read_bytes()
    films = [entry["name"] for entry in evidence.manifest["files"]]
    evidence.archive.write_bytes(data[: len(data) // 2])
    found = problems(evidence.archive)
    assert {file for file, _code in found} & set(films) or (MANIFEST, "missing") in found


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_that_was_packed_anew_is_to_be_unpacked(evidence, entries, method):
    with zipfile.ZipFile(evidence.archive, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    with pytest.raises(ExportError) as caught:
        verify_export(evidence.archive)
    assert caught.value.code == "not_an_export"
    assert "Unpack it and verify the folder" in caught.value.text


def test_an_archive_with_too_many_entries_is_refused(evidence):
    pack(evidence.archive, [(f"top/{n}", b"") for n in range(6000)])
    with pytest.raises(ExportError):
        verify_export(evidence.archive)
