"""CPU and memory of recording 8 cameras, beside ffmpeg, motion and ZoneMinder on the same cameras.

8 x 1080p25 H.264 at 4 Mbit/s with AAC, main streams only, ring at 0 s.  Every recorder runs by
itself against the same simulator; CPU is user and system time of all its processes.
"""

from __future__ import annotations

import json
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from scripts.bench import zoneminder
from scripts.bench.cameras import MAIN, SUB, cameras
from scripts.bench.figure import ROOT, Figure
from scripts.bench.measure import use

CAMERAS = 8
WARM_S = 8.0
WINDOW_S = 20.0
ROUNDS = 3
LEAST_BYTES_PER_S = 250_000
"""Half of what a camera sends: who writes less does not record, and costs nothing."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds per camera and minute; of all processes together PSS in MB.

    `live_mb` is how much of that is the GOPs kept for viewers.
    """

    cpu: float
    pss_mb: float
    live_mb: float = 0


@contextmanager
def _running(commands: list[list[str]], told: Path | None) -> Iterator[list[int]]:
    with ExitStack() as stack:
        out = stack.enter_context(told.open("wb")) if told else subprocess.DEVNULL
        started = [
            psutil.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.DEVNULL)
            for command in commands
        ]
        try:
            yield [process.pid for process in started]
        finally:
            for process in started:
                process.send_signal(signal.SIGINT)
            for process in started:
                try:
                    process.wait(15)
                except psutil.TimeoutExpired:
                    process.kill()
                    process.wait()


def measure(commands: list[list[str]], told: Path | None = None) -> Cost:
    """Run commands together and return what they cost; RuntimeError where they store too little.

    Our own recorder's words go to `told`.
    """
    with _running(commands, told) as pids:
        time.sleep(WARM_S)
        before, start = use(*pids), time.monotonic()
        time.sleep(WINDOW_S)
        after, end = use(*pids), time.monotonic()
        live = json.loads(told.read_text().splitlines()[-1])["media"] if told else 0
    stored = after.written - before.written
    if stored < (end - start) * CAMERAS * LEAST_BYTES_PER_S:
        raise RuntimeError(f"only {stored / 1e6:.0f} MB written in {end - start:.0f} s")
    minutes = (end - start) / 60
    return Cost((after.cpu_s - before.cpu_s) / CAMERAS / minutes, after.pss / 1e6, live / 1e6)


def ours(folder: Path, urls: list[str]) -> list[list[str]]:
    """Return the command of our recorder."""
    seconds = str(WARM_S + WINDOW_S + 30)
    return [[sys.executable, "-m", "scripts.bench.alone", str(folder), seconds, *urls]]


def ffmpeg(folder: Path, urls: list[str]) -> list[list[str]]:
    """Return one ffmpeg for each camera: stream copy into fragmented MP4 of 10 s."""
    folder.mkdir(parents=True)
    options = "movflags=+frag_keyframe+empty_moov+default_base_moof"
    return [
        ["ffmpeg", "-nostdin", "-v", "error", "-rtsp_transport", "tcp", "-i", url, "-map", "0",
         "-c", "copy", "-f", "segment", "-segment_time", "10", "-segment_format", "mp4",
         "-segment_format_options", options, "-reset_timestamps", "1",
         str(folder / f"c{number}-%04d.mp4")]
        for number, url in enumerate(urls)
    ]  # fmt: skip


def motion(folder: Path, urls: list[str], subs: list[str]) -> list[list[str]]:
    """Return motion in passthrough: it looks at the sub stream and copies the main one."""
    folder.mkdir(parents=True)
    main = folder / "motion.conf"
    lines = ["daemon off", "webcontrol_port 0", "stream_port 0", f"target_dir {folder}"]
    for number, (url, sub) in enumerate(zip(urls, subs, strict=True)):
        camera = folder / f"camera{number}.conf"
        camera.write_text(
            f"camera_id {number + 1}\nnetcam_url {sub}\nnetcam_high_url {url}\n"
            "width 704\nheight 576\nframerate 15\nmovie_output on\nmovie_passthrough on\n"
            "emulate_motion on\npicture_output off\nmovie_max_time 10\n"
        )
        lines.append(f"camera {camera}")
    main.write_text("\n".join(lines) + "\n")
    return [["motion", "-n", "-c", str(main)]]


def _pairs(folder: Path, urls: list[str]) -> list[tuple[Cost, Cost]]:
    """Return (ours, ffmpeg's) of some rounds, one right after the other in each."""
    found = []
    for number in range(ROUNDS):
        mine = measure(ours(folder / f"ours{number}", urls), folder / f"ours{number}.jsonl")
        found.append((mine, measure(ffmpeg(folder / f"ffmpeg{number}", urls))))
    return found


def _beside(name: str, mine: float, cost: Cost) -> Figure:
    how = f"{mine:.3f} and {cost.cpu:.3f} CPU-s per camera-minute; {cost.pss_mb / CAMERAS:.0f} MB"
    return Figure(f"recorder: CPU per camera, of {name}", mine / cost.cpu, "x", "", how)


def _zoneminder(folder: Path, urls: list[str], mine: float) -> Figure:
    name = "ZoneMinder's zmc in passthrough, its database not counted"
    try:
        if lacking := zoneminder.lacking():
            raise RuntimeError(lacking)
        with zoneminder.zmc(folder, urls) as commands:
            cost = measure(commands)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        return Figure(f"recorder: CPU per camera, of {name}", None, "x", "", str(error))
    return _beside(name, mine, cost)


def _motion(folder: Path, urls: list[str], subs: list[str], mine: float) -> Figure:
    name = "motion's in passthrough, which decodes the sub stream"
    if shutil.which("motion") is None:
        how = "motion is not installed (apt-get install motion)"
        return Figure(f"recorder: CPU per camera, of {name}", None, "x", "", how)
    try:
        cost = measure(motion(folder, urls, subs))
    except RuntimeError as error:
        return Figure(f"recorder: CPU per camera, of {name}", None, "x", "", str(error))
    return _beside(name, mine, cost)


def run() -> list[Figure]:
    """Measure all recorders that are installed."""
    sub = {k: v for k, v in SUB.items() if k not in ("loop", "auth")}
    specs = {f"cam{n}": {**MAIN, "sub": sub} for n in range(CAMERAS)}
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as temporary, cameras(specs) as sim:
        folder, urls = Path(temporary), sim.urls()
        pairs = _pairs(folder, urls)
        mine = statistics.median(m.cpu for m, _f in pairs)
        reference = statistics.median(f.cpu for _m, f in pairs)
        ratios = [m.cpu / f.cpu for m, f in pairs]
        one = statistics.median(f.pss_mb for _m, f in pairs) / CAMERAS
        pss = statistics.median(m.pss_mb - m.live_mb for m, _f in pairs) / CAMERAS
        live = statistics.median(m.live_mb for m, _f in pairs) / CAMERAS
        return [
            Figure("recorder: CPU per camera, of ffmpeg's", statistics.median(ratios), "x",
                   "<= 0.7",
                   f"{mine:.3f} and {reference:.3f} CPU-s per camera-minute; rounds "
                   + ", ".join(f"{ratio:.2f}" for ratio in ratios)),
            Figure("recorder: PSS / 8 without the live GOPs, of one ffmpeg's PSS", pss / one, "x",
                   "<= 0.25", f"{pss:.1f} MB and {one:.1f} MB; a live GOP {live:.1f} MB"),
            _motion(folder / "motion", urls, sim.urls("sub"), mine),
            _zoneminder(folder / "zm", urls, mine),
        ]  # fmt: skip
