"""ZoneMinder's zmc in passthrough, with a database of its own that is thrown away afterwards.

zmc reads /etc/zm/zm.conf and nothing else, so each one gets a mount namespace in which /etc/zm is
a folder of ours; the database listens on a socket in the same folder.  Needs root or user
namespaces, and Debian's packages zoneminder and mariadb-server.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = Path("/usr/share/zoneminder/db")
START_S = 60.0
_CONF = """
ZM_PATH_DATA=/usr/share/zoneminder
ZM_PATH_BIN=/usr/bin
ZM_PATH_LIB=/usr/lib
ZM_PATH_CONF=/etc/zm
ZM_PATH_WEB=/usr/share/zoneminder/www
ZM_PATH_CGI=/usr/lib/zoneminder/cgi-bin
ZM_PATH_ZMS=/zm/cgi-bin/zms
ZM_PATH_ARP=
ZM_PATH_SHUTDOWN=
ZM_PATH_FFMPEG=/usr/bin/ffmpeg
ZM_DIR_EVENTS={folder}/events
ZM_DIR_EXPORTS={folder}
ZM_DIR_SOUNDS=sounds
ZM_PATH_MAP={shared}
ZM_PATH_SOCKS={folder}
ZM_PATH_LOGS={folder}
ZM_PATH_SWAP={folder}
ZM_WEB_USER=root
ZM_WEB_GROUP=root
ZM_DB_TYPE=mysql
ZM_DB_HOST=localhost:{socket}
ZM_DB_NAME=zm
ZM_DB_USER=root
ZM_DB_PASS=
ZM_DB_SSL_CA_CERT=
ZM_DB_SSL_CLIENT_KEY=
ZM_DB_SSL_CLIENT_CERT=
ZM_SERVER_HOST=
"""
_MONITOR = (
    "INSERT INTO Monitors (Id, Name, Type, `Function`, Enabled, DecodingEnabled, Method, Path,"
    " Width, Height, Colours, StorageId, SaveJPEGs, VideoWriter, OutputContainer, RecordAudio,"
    " SectionLength, MinSectionLength, MaxFPS, AlarmMaxFPS, Device)"
    " VALUES ({number}, 'cam{number}', 'Ffmpeg', 'Record', 1, 0, 'rtpRtsp', '{url}',"
    " 1920, 1080, 3, 1, 0, 2, 'mp4', 1, 10, 5, NULL, NULL, '');"
)


def lacking() -> str:
    """Return what is missing on this machine, "" if zmc can be run."""
    for program in ("zmc", "mariadbd", "mariadb-install-db", "mariadb", "unshare"):
        if shutil.which(program, path="/usr/bin:/usr/sbin:/bin:/sbin") is None:
            return f"{program} is not installed (apt-get install zoneminder mariadb-server)"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        return "mount namespaces are not allowed to this user"
    return ""


@contextmanager
def zmc(folder: Path, urls: list[str]) -> Iterator[list[list[str]]]:
    """Offer one command for each camera while the database runs; raises RuntimeError."""
    (folder / "events").mkdir(parents=True)
    (folder / "etc" / "conf.d").mkdir(parents=True)
    socket = folder / "db.sock"
    with tempfile.TemporaryDirectory(dir="/dev/shm") as shared:
        conf = _CONF.format(folder=folder, shared=shared, socket=socket)
        (folder / "etc" / "zm.conf").write_text(conf)
        with _database(folder, socket):
            _fill(folder, socket, urls)
            yield [
                _inside(folder, ["zmc", "-m", str(number)]) for number in range(1, len(urls) + 1)
            ]


def _inside(folder: Path, command: list[str]) -> list[str]:
    script = 'mount --bind "$0" /etc/zm && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, str(folder / "etc"), *command]


@contextmanager
def _database(folder: Path, socket: Path) -> Iterator[None]:
    data = folder / "data"
    log = (folder / "db.log").open("wb")
    user = ["--user=root"]
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={data}", *user, "--skip-test-db"],
        stdout=log, stderr=log, check=True,
    )  # fmt: skip
    server = subprocess.Popen(
        ["/usr/sbin/mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={socket}", *user,
         "--skip-networking", "--skip-grant-tables", f"--pid-file={folder / 'db.pid'}",
         "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0"],
        stdout=log, stderr=log,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + START_S
        while not _ask(socket, "SELECT 1;"):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the database did not start; see {folder / 'db.log'}")
            time.sleep(0.2)
        yield
    finally:
        server.terminate()
        server.wait(30)
        log.close()


def _ask(socket: Path, sql: str) -> bool:
    asked = subprocess.run(
        ["mariadb", "--no-defaults", f"--socket={socket}", "-u", "root"],
        input=sql, text=True, capture_output=True, cwd=SCHEMA, check=False,
    )  # fmt: skip
    return asked.returncode == 0


def _fill(folder: Path, socket: Path, urls: list[str]) -> None:
    if not _ask(socket, (SCHEMA / "zm_create.sql").read_text()):
        raise RuntimeError("ZoneMinder's tables could not be made")
    subprocess.run(
        _inside(folder, ["zmupdate.pl", "--freshen", "--nointeractive"]),
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    rows = [f"USE zm; UPDATE Storage SET Path = '{folder / 'events'}' WHERE Id = 1;"]
    rows += [_MONITOR.format(number=n, url=url) for n, url in enumerate(urls, 1)]
    if not _ask(socket, "\n".join(rows)):
        raise RuntimeError("ZoneMinder's monitors could not be entered")
