"""Log lines on disk: bounded, shared, read back by filters."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from appliance import log
from appliance.log_files import (
    MAX_LINE_BYTES,
    FileHandler,
    LogFilter,
    former,
    processes,
    read_lines,
)


def logger_of(folder: Path, name: str, file_bytes: int = 4_000) -> tuple[logging.Logger, Any]:
    handler = FileHandler(folder, name, file_bytes=file_bytes)
    handler.setFormatter(log.JsonFormatter(name))
    logger = logging.Logger(name)  # noqa: LOG001 - of this test alone
    logger.addHandler(handler)
    return logger, handler


def test_lines_are_bounded_and_the_newest_are_kept(tmp_path: Path) -> None:
    logger, handler = logger_of(tmp_path, "web")
    for number in range(500):
        logger.info("line %d", number)
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert size < 2 * (4_000 + 300)
    lines = read_lines(tmp_path, LogFilter(limit=1000))
    assert lines[0].text == "line 499"
    assert [line.text for line in lines] == [f"line {499 - n}" for n in range(len(lines))]
    assert handler.dropped == 0


def test_two_processes_of_one_name_share_a_file_over_its_turning(tmp_path: Path) -> None:
    first, _one = logger_of(tmp_path, "job")
    second, _two = logger_of(tmp_path, "job")
    for number in range(60):
        (first if number % 2 else second).info("line %d", number)
    found = {line.text for line in read_lines(tmp_path, LogFilter(limit=1000))}
    assert {f"line {n}" for n in range(45, 60)} <= found
    assert {path.name for path in tmp_path.iterdir()} == {"job.jsonl", "job.jsonl.1"}


def test_lines_are_found_by_process_level_time_and_words(tmp_path: Path) -> None:
    web, _handler = logger_of(tmp_path, "web", 1 << 20)
    recorder, _handler = logger_of(tmp_path, "recorder@1", 1 << 20)
    web.debug("quiet")
    web.warning("Camera %d is late", 3, extra={"channel": 3})
    recorder.error("Disk is slow")
    assert processes(tmp_path) == ["recorder@1", "web"]

    def found(**wanted: Any) -> list[str]:
        return [line.text for line in read_lines(tmp_path, LogFilter(**wanted))]

    assert sorted(found(level="warning")) == ["Camera 3 is late", "Disk is slow"]
    assert found(process="web") == ["Camera 3 is late", "quiet"]
    assert found(words=("CAMERA", "late")) == ["Camera 3 is late"]
    assert found(end_ms=1) == []
    assert len(found(limit=1)) == 1
    assert read_lines(tmp_path, LogFilter(words=("late",)))[0].more["channel"] == 3


def test_line_cut_off_by_a_power_cut_and_foreign_lines_are_passed_over(tmp_path: Path) -> None:
    logger, handler = logger_of(tmp_path, "web")
    logger.info("whole")
    handler.close()
    with (tmp_path / "web.jsonl").open("a") as file:
        file.write('[]\n{"time": 3}\n{"time": "2026-01-01T00:00:00+00:00", "level": "info", "te')
    assert [line.text for line in read_lines(tmp_path, LogFilter())] == ["whole"]


def test_line_that_is_far_too_long_is_shortened_and_still_read(tmp_path: Path) -> None:
    logger, _handler = logger_of(tmp_path, "web", 1 << 20)
    logger.info("x" * 100_000)
    raw = (tmp_path / "web.jsonl").read_bytes()
    assert len(raw) <= MAX_LINE_BYTES + 1
    assert json.loads(raw)["text"].endswith("…")


def test_folder_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    logger, handler = logger_of(tmp_path / "file", "web")
    logger.info("lost")
    assert handler.dropped == 1


def test_a_process_writes_where_it_is_told(tmp_path: Path, monkeypatch: Any) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    monkeypatch.setenv(log.FOLDER_VARIABLE, str(tmp_path))
    try:
        log.configure("jobs")
        logging.getLogger("some.where").warning("said")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    assert [line.text for line in read_lines(tmp_path, LogFilter())] == ["said"]
    assert not former(tmp_path / "jobs.jsonl").exists()


@pytest.mark.parametrize("name", ["../x", "A", ""])
def test_strange_names_are_no_processes(tmp_path: Path, name: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "X Y.jsonl").write_text("")
    assert read_lines(tmp_path, LogFilter(process=name or "zz")) == []
    assert processes(tmp_path) == []
