"""`nvr check`: retired, missing and altered footage are told apart; nothing is changed."""

import json

import pytest
from made_fragments import MAIN, SUB, T0, Box, S, made_fragment

from appliance.cli.check import main
from appliance.storage.check_volume import check_volume
from appliance.storage.errors import VolumeError
from appliance.storage.findings import Findings
from appliance.storage.signing import DeviceKey
from appliance.storage.volume import CATALOGUE_FILE, block_name


@pytest.fixture
def used(box):
    """A closed recorder's volume: closed, open, retired and locked blocks."""
    box.create(blocks=10)
    writer = box.writer()
    for second in range(400):
        writer.commit([made_fragment(second), made_fragment(second, SUB, 5_000)])
    writer.lock([MAIN], T0 + 390 * S, T0 + 391 * S)
    box.closed = writer.keeper.rows("state = 'closed'")
    box.open = writer.keeper.rows("state = 'open'")
    writer.close()
    return box


def check(box, **more):
    return check_volume(box.root / "one", ledger=box.ledger, key=box.key.public, **more)


def codes(findings):
    return [(f.code, f.block) for f in findings.problems]


def path_of(box, row):
    return box.root / "one" / block_name(row.number)


def flip(path, offset):
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))


def test_an_untouched_volume_is_in_order(used):
    found = check(used)
    assert codes(found) == []
    assert found.counts["closed"] == len(used.closed)
    assert found.counts["open"] == 2
    assert found.counts["locked"] == 1
    assert found.counts["retired"] > 5
    assert found.counts["signatures"] > found.counts["closed"]


def test_checking_changes_nothing(used):
    before = {p: p.read_bytes() for p in (used.root / "one" / "blocks").iterdir()}
    check(used)
    assert before == {p: p.read_bytes() for p in before}


@pytest.mark.parametrize("offset", [200, 5_000, 20_000, 25_000, 30_000, 300_000, -5_000, -3])
def test_one_flipped_bit_anywhere_in_a_closed_block_is_found(used, offset):
    row = used.closed[0]
    size = path_of(used, row).stat().st_size
    flip(path_of(used, row), offset % size)
    assert ("altered", row.number) in codes(check(used))


def test_a_deleted_block_is_missing_not_retired(used):
    row = used.closed[0]
    path_of(used, row).unlink()
    found = check(used)
    assert ("missing", row.number) in codes(found)
    assert "never retired" in next(f.text for f in found.problems if f.code == "missing")


def test_a_block_put_in_place_of_another_is_found(used):
    one, other = used.closed[:2]
    path_of(used, one).write_bytes(path_of(used, other).read_bytes())
    assert ("foreign_block", one.number) in codes(check(used))


def test_footage_signed_by_another_key_is_not_accepted(used):
    other = DeviceKey.new()
    found = check_volume(used.root / "one", ledger=used.ledger, key=other.public)
    assert {code for code, _block in codes(found)} == {"altered"}


def test_an_earlier_generation_put_back_is_found(used, tmp_path):
    row = used.closed[0]
    old = path_of(used, row).read_bytes()
    writer = used.writer()
    for second in range(400, 900):
        writer.commit([made_fragment(second), made_fragment(second, SUB, 5_000)])
    writer.close()
    path_of(used, row).write_bytes(old)
    assert any(block == row.number for _code, block in codes(check(used)))


def test_a_wrong_catalogue_is_found_and_said_to_be_a_cache(used):
    (used.root / "one" / CATALOGUE_FILE).write_bytes(b"no database at all" * 100)
    (finding,) = check(used).problems
    assert finding.code == "catalogue"
    assert "made anew" in finding.text


def run(box, capsys, *arguments):
    code = main([str(box.root / "one"), "--folder", str(box.root), *arguments])
    return code, capsys.readouterr()


def test_the_command_says_in_words_what_it_found_and_exits_accordingly(used, capsys):
    code, told = run(used, capsys, "--any-key")
    assert code == 0
    assert "Everything is in order." in told.out
    assert "retired" in told.out
    flip(path_of(used, used.closed[0]), 50_000)
    code, told = run(used, capsys, "--any-key")
    assert code == 1
    assert f"Block {used.closed[0].number} was altered" in told.out
    code, told = run(used, capsys, "--any-key", "--json")
    assert json.loads(told.out)["found"][0]["code"] == "altered"


def test_the_command_refuses_what_is_no_volume(tmp_path, capsys):
    box = Box(tmp_path)
    code, told = run(box, capsys)
    assert code == 2
    assert told.err


def test_what_a_strange_disk_says_does_not_steer_the_terminal(tmp_path, capsys, monkeypatch):
    """Its words are shown, but no control character and nothing that turns the writing round."""
    said = "tags of \x1b[2Jgate\u202e cannot be read"
    findings = Findings()
    findings.problem("unreadable", said)

    def checked(*_arguments, **_more):
        return findings

    def refused(*_arguments, **_more):
        raise VolumeError(said)

    for answer, expected in ((checked, 1), (refused, 2)):
        monkeypatch.setattr("appliance.cli.check.check_volume", answer)
        code, told = run(Box(tmp_path), capsys)
        assert code == expected
        shown = told.out + told.err
        assert "cannot be read" in shown
        assert not set(shown) & {"\x1b", "\u202e"}
