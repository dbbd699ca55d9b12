"""Exports that are written to one place at once never share what is half written."""

import pytest
from made_footage import T0, Camera

from appliance.export.sink import PARTIAL, take_name, write_to_folder
from appliance.export.verify import verify_export


@pytest.fixture
def made(writer, plan):
    Camera(writer).record(T0, 10)
    return plan(0, 10)


def test_two_jobs_that_export_the_same_at_once_both_end_whole(box, made, tmp_path):
    other = []

    def meanwhile(_told):
        if not other:
            other.append(None)
            other[0] = write_to_folder(made, tmp_path, signer=box.key, job="job-2")

    begun = []
    first = write_to_folder(
        made, tmp_path, signer=box.key, job="job-1", progress=meanwhile, begins=begun.append
    )
    assert begun == [tmp_path / f"{made.name}.job-1{PARTIAL}"]
    assert (other[0].name, first.name) == (made.name, f"{made.name} (2)")
    assert sorted(tmp_path.iterdir()) == sorted([first, other[0]])
    for folder in (first, other[0]):
        assert verify_export(folder).problems == []


def test_what_another_job_left_half_written_is_not_touched(box, made, tmp_path):
    left = tmp_path / f"{made.name}.job-1{PARTIAL}"
    left.mkdir()
    (left / "half.mp4").write_bytes(b"half")
    written = write_to_folder(made, tmp_path, signer=box.key, job="job-2")
    assert written.name == made.name
    assert (left / "half.mp4").read_bytes() == b"half"


@pytest.mark.parametrize("taken", ["folder", "empty", "file", "other case"])
def test_a_name_that_is_taken_is_left_alone(tmp_path, taken):
    there = tmp_path / ("EXPORT" if taken == "other case" else "Export")
    if taken == "file":
        there.write_bytes(b"mine")
    else:
        there.mkdir()
    if taken == "folder":
        (there / "mine").touch()
    partial = tmp_path / f"Export.job-1{PARTIAL}"
    partial.mkdir()
    assert take_name(partial, "Export").name == "Export (2)"
    assert there.exists()


def test_a_name_taken_in_the_same_instant_is_not_replaced(tmp_path, monkeypatch):
    partial = tmp_path / f"Export.job-1{PARTIAL}"
    partial.mkdir()
    rename, path = type(partial).rename, type(partial)

    def late(self, target):
        monkeypatch.setattr(path, "rename", rename)
        target.mkdir()
        (target / "theirs").touch()
        return rename(self, target)

    monkeypatch.setattr(path, "rename", late)
    assert take_name(partial, "Export").name == "Export (2)"
    assert (tmp_path / "Export" / "theirs").exists()
