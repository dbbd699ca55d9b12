"""`nvr verify` under random changes: every changed byte is found and named, and nothing breaks it.

A seed stands in the name of each test; keys and volumes are new each time, so places move a little.
"""

import json
import random
import shutil

import pytest
from evidence import DOCUMENTS

from appliance.cli.main import main as nvr
from appliance.export.manifest import MANIFEST, SIGNATURE
from appliance.export.page import PAGE_NAME
from appliance.storage.pages import PAGE

SOAK = pytest.mark.soak


@pytest.fixture
def verify(evidence, capsys):
    """Run the command; returns its exit code and what it prints."""

    def run(path, *options):
        code = nvr(["verify", str(path), "--folder", str(evidence.state), *options])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


def parts(path, entry):
    """Ranges of a film by what lies there."""
    data = path.read_bytes()
    front, size = entry["front"]["bytes"], len(data)
    found = {"front": [(0, front)], "back": [(size - entry["back"]["bytes"], size)]}
    for name in ("head", "record", "copy", "padding", "moof", "mdat", "first moof"):
        found[name] = []
    for chain in entry["chains"]:
        at, lead = chain["offset"], chain["lead"]
        while at < chain["offset"] + chain["bytes"]:
            box = int.from_bytes(data[at : at + 4], "big")
            payload = int.from_bytes(data[at + 24 + 108 : at + 24 + 112], "big")
            moof = at + box
            mdat = moof + int.from_bytes(data[moof : moof + 4], "big")
            found["head"].append((at, at + 24))
            found["record"].append((at + 24, at + 212))
            found["copy"].append((at + 212, at + 400))
            found["padding"] += [(at + 400, at + PAGE), (at + PAGE, moof)][: 2 if box > PAGE else 1]
            found["first moof" if lead else "moof"].append((moof, mdat))
            found["mdat"].append((mdat, moof + payload))
            lead = None
            at = moof + payload
    return {name: ranges for name, ranges in found.items() if ranges}


def changed(data, at, rng):
    wrong = bytearray(data)
    wrong[at] ^= rng.randrange(1, 256)
    return bytes(wrong)


def places(ranges, rng, count):
    return [rng.randrange(*rng.choice(ranges)) for _n in range(count)]


@pytest.mark.parametrize(("seed", "count"), [(1, 2), pytest.param(2, 150, marks=SOAK)])
def test_a_changed_byte_of_any_part_of_a_film_is_found_and_named(evidence, verify, seed, count):
    rng = random.Random(seed)
    assert verify(evidence.folder, "--key", evidence.key)[0] == 0
    seen = set()
    for entry in evidence.manifest["files"]:
        path = evidence.folder / entry["name"]
        right = path.read_bytes()
        for name, ranges in parts(path, entry).items():
            for at in places(ranges, rng, count):
                path.write_bytes(changed(right, at, rng))
                for asked in (evidence.folder, path):
                    code, told = verify(asked, "--key", evidence.key)
                    assert code == 1, f"{name}, byte {at}"
                    assert f"CHANGED: {entry['name']}: " in told, f"{name}, byte {at}: {told}"
            seen.add(name)
        path.write_bytes(right)
    assert seen >= {"front", "back", "head", "record", "copy", "padding", "moof", "mdat"}
    assert verify(evidence.folder, "--key", evidence.key)[0] == 0


@pytest.mark.parametrize(("seed", "count"), [(3, 2), pytest.param(4, 100, marks=SOAK)])
def test_a_changed_byte_of_footage_is_found_without_a_manifest(
    evidence, verify, tmp_path, seed, count
):
    """Head, first `moof` and index are vouched for by nobody then, and the report says so."""
    rng = random.Random(seed)
    for entry in evidence.manifest["files"]:
        path = tmp_path / entry["name"]
        shutil.copy(evidence.folder / entry["name"], path)
        code, told = verify(path)
        assert (code, "so only the chain within the file was checked" in told) == (2, True)
        right = path.read_bytes()
        ranges = parts(path, entry)
        for name in ("head", "record", "copy", "padding", "moof", "mdat"):
            for at in places(ranges[name], rng, count):
                path.write_bytes(changed(right, at, rng))
                code, told = verify(path)
                assert code == 1, f"{name}, byte {at}"
                assert f"CHANGED: {entry['name']}: " in told, f"{name}, byte {at}: {told}"
        for name in ("front", "back"):
            for at in places(ranges[name], rng, count):
                path.write_bytes(changed(right, at, rng))
                assert verify(path)[0] in (1, 2)


@pytest.mark.parametrize(("seed", "count"), [(5, 6), pytest.param(6, 400, marks=SOAK)])
def test_a_changed_byte_of_a_document_is_found_and_named(evidence, verify, seed, count):
    rng = random.Random(seed)
    for name in DOCUMENTS:
        path = evidence.folder / name
        right = path.read_bytes()
        for at in places([(0, len(right))], rng, count):
            path.write_bytes(changed(right, at, rng))
            code, told = verify(evidence.folder, "--key", evidence.key)
            assert code == 1, f"byte {at} of {name}"
            assert f"CHANGED: {name}: " in told, f"byte {at} of {name}: {told}"
        path.write_bytes(right)


@pytest.mark.parametrize(("seed", "count"), [(7, 5), pytest.param(8, 200, marks=SOAK)])
def test_a_changed_byte_of_an_archive_is_found_and_named(evidence, verify, seed, count):
    rng = random.Random(seed)
    right = evidence.archive.read_bytes()
    assert verify(evidence.archive, "--key", evidence.key)[0] == 0
    between, at = [], 0
    sizes = [(p.name, p.stat().st_size) for p in evidence.folder.iterdir()]
    order = [f["name"] for f in evidence.manifest["files"]] + DOCUMENTS
    for name, size in sorted(sizes, key=lambda one: order.index(one[0])):
        begin = at + 30 + len(f"{evidence.folder.name}/{name}".encode()) + 20
        between.append((name, begin, begin + size))
        at = begin + size + 24
    ranges = {name: [(begin, end)] for name, begin, end in between}
    ranges["in front of"] = [(begin - 60, begin) for _n, begin, _e in between]
    ranges["behind"] = [(end, end + 24) for _n, _b, end in between]
    ranges["directory"] = [(at, len(right) - 98), (len(right) - 98, len(right))]
    for name, where in ranges.items():
        for place in places(where, rng, count):
            evidence.archive.write_bytes(changed(right, place, rng))
            code, told = verify(evidence.archive, "--key", evidence.key)
            assert code == 1, f"{name}, byte {place}: {told}"
            if name in order:
                assert f"CHANGED: {name}: " in told, f"{name}, byte {place}: {told}"
            else:
                assert "CHANGED: " in told


@pytest.mark.parametrize(("seed", "count"), [(9, 25), pytest.param(10, 1500, marks=SOAK)])
def test_what_is_cut_out_put_in_or_swapped_is_found(evidence, verify, seed, count):
    rng = random.Random(seed)
    paths = [evidence.archive, *evidence.folder.iterdir()]
    for _n in range(count):
        path = rng.choice(paths)
        right = path.read_bytes()
        at, size = rng.randrange(len(right)), rng.randrange(1, 20_000)
        other = bytes(rng.randrange(256) for _b in range(rng.randrange(1, 64)))
        wrong = rng.choice([
            right[:at],
            right[:at] + right[at + size :],
            right[:at] + other + right[at:],
            right[:at] + right[at : at + size] + right[at:],
            right[:at] + bytes(size) + right[at + size :],
            right[at:] + right[:at],
            right + other,
        ])  # fmt: skip
        if wrong == right:
            continue
        path.write_bytes(wrong)
        asked = path if path == evidence.archive else evidence.folder
        code, told = verify(asked, "--key", evidence.key)
        assert code in ((1, 2) if path == evidence.archive else (1,)), f"{path.name}: {told}"
        assert "Everything is" not in told
        path.write_bytes(right)


STRANGE = [
    None, True, False, -1, 1, 1 << 63, 1 << 200, 0.5, 1e308, "", "x", "../x", "a\0b", "\ud800", [],
    {}, [[]], {"a": {}}, "9" * 5000, "\x1b[31m", "‮", "z" * 100_000,
]  # fmt: skip


def places_in(value, path=()):
    """All places in a document."""
    yield path
    for key, inner in (
        value.items()
        if isinstance(value, dict)
        else (enumerate(value) if isinstance(value, list) else ())
    ):
        yield from places_in(inner, (*path, key))


@pytest.mark.parametrize(("seed", "count"), [(11, 60), pytest.param(12, 4000, marks=SOAK)])
def test_a_manifest_of_an_enemy_ends_in_words(evidence, verify, seed, count):
    rng = random.Random(seed)
    right = evidence.manifest
    everywhere = [place for place in places_in(right) if place]
    for _n in range(count):
        wrong = json.loads(json.dumps(right))
        place = rng.choice(everywhere)
        inner = wrong
        for key in place[:-1]:
            inner = inner[key]
        if rng.random() < 0.2:
            del inner[place[-1]]
        else:
            inner[place[-1]] = rng.choice(STRANGE)
        evidence.forge(json.dumps(wrong).encode())
        for options in ((), ("--json",)):
            code, told = verify(evidence.folder, *options)
            assert code in (1, 2), place
            assert "\x1b" not in told
            assert "‮" not in told
            assert "Everything is" not in told


UNREADABLE = {
    "nested lists": b"[" * 200_000,
    "nested objects": b'{"a":' * 200_000,
    "nested files": b'{"format": "nvr-export", "version": 1, "files": ' + b"[" * 100_000,
    "infinite version": b'{"format": "nvr-export", "version": 1e999, "files": []}',
    "infinite size": b'{"format": "nvr-export", "version": 1, "files": [{"name": "a", '
    b'"bytes": 1e999}]}',
    "long number": b'{"format": "nvr-export", "version": 1, "files": ' + b"9" * 10_000 + b"}",
    "deep beside the files": b'{"format": "nvr-export", "version": 1, "files": [], "x": '
    + b"[" * 300
    + b"]" * 300
    + b"}",
    "other encoding": b"\xff\xfe{\0}\0",
    "nothing": b"",
    "null": b"null",
}


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
def test_a_document_that_no_program_can_read_ends_in_words(evidence, verify, text):
    evidence.forge(text)
    assert verify(evidence.folder, "--json")[0] == 1
    code, told = verify(evidence.folder)
    assert code == 1
    assert f"CHANGED: {MANIFEST}: it was changed: it cannot be read any more" in told
    (evidence.folder / SIGNATURE).write_bytes(text)
    (evidence.folder / PAGE_NAME).write_bytes(text)
    assert verify(evidence.folder)[0] == 1
