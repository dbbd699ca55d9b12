"""Where things lie: state of the box, sockets of this boot, volumes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PLACES_VARIABLE = "NVR_PLACES"
"""Folders, separated by ":", that exports can be saved to besides those of the state."""

BOX_STATE = Path("/var/lib/nvr")
BOX_HELPER = Path("/run/nvr-helper/helper.sock")


@dataclass(frozen=True, slots=True)
class Paths:
    """Folders of one box.  On the box they are fixed; in development they lie below one folder.

    `state`: settings, events, keys, ledger (the data partition).  `run`: Unix sockets and locks,
    gone at reboot.  `volumes`: each entry is a mounted volume (in development a plain folder).
    """

    state: Path
    run: Path
    volumes: Path

    @classmethod
    def from_environment(cls) -> Paths:
        """Read NVR_STATE, NVR_RUN and NVR_VOLUMES; the defaults are those of the box."""
        return cls(
            state=Path(os.environ.get("NVR_STATE", BOX_STATE)),
            run=Path(os.environ.get("NVR_RUN", "/run/nvr")),
            volumes=Path(os.environ.get("NVR_VOLUMES", "/srv/volumes")),
        )

    @classmethod
    def below(cls, root: Path) -> Paths:
        """All three below one folder: development and tests."""
        return cls(state=root / "state", run=root / "run", volumes=root / "volumes")

    def environment(self) -> dict[str, str]:
        """The variables that hand these folders to a child process."""
        return {
            "NVR_STATE": str(self.state),
            "NVR_RUN": str(self.run),
            "NVR_VOLUMES": str(self.volumes),
            "NVR_LOGS": str(self.logs),
        }

    @property
    def logs(self) -> Path:
        """Folder of the log files of all processes."""
        return self.state / "logs"

    @property
    def places(self) -> Path:
        """Folder whose entries (links, mount points) are places that exports can go to."""
        return self.state / "places"

    @property
    def computer(self) -> Path:
        """Folder of the computer that the helper simulates where there is no box."""
        return self.state / "simulated-computer"

    @property
    def on_box(self) -> bool:
        """Whether these are the folders of the box, where footage goes to mounted disks only."""
        return self.state == BOX_STATE

    @property
    def bus_socket(self) -> Path:
        """Socket the supervisor listens on."""
        return self.run / "bus.sock"

    @property
    def helper_socket(self) -> Path:
        """Socket of the helper; on the box in a folder of root's, where nobody else puts one."""
        return BOX_HELPER if self.on_box else self.run / "helper.sock"

    def media_socket(self, group: int) -> Path:
        """Socket on which the recorder of a group serves packets, statistics and open blocks."""
        return self.run / f"media-{group}.sock"

    def recorder_lock(self, group: int) -> Path:
        """Lock held by the recorder of a group as long as it lives."""
        return self.run / f"recorder-{group}.lock"
