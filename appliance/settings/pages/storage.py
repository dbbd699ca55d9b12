"""Page Storage: the volumes, and what happens when they are full or footage is old."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from appliance.settings.declare import (
    Action,
    Collection,
    Conflict,
    Item,
    Page,
    PageSpec,
    Section,
    setting,
)
from appliance.settings.values import Line, keeping_conflict
from appliance.text import _

MAX_VOLUMES = 32
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


def _check_slug(value: str) -> str:
    if not _SLUG.fullmatch(value):
        raise PydanticCustomError("slug", _("must be of lower case letters, digits and dashes"))
    return value


def _check_folder(value: str) -> str:
    path = PurePosixPath(value)
    if not path.is_absolute() or ".." in path.parts or len(path.parts) < 2 or "\0" in value:
        raise PydanticCustomError("path", _("must be a folder such as /srv/volumes/disk1"))
    return value


class VolumeItem(Item):
    """A place for footage: a mounted disk on the box, a folder with a limit in development."""

    id: Annotated[str, AfterValidator(_check_slug)] = setting(..., title=_("Id"), section="volume")
    name: Line = setting("", title=_("Name"), max_length=63, section="volume")
    path: Annotated[str, AfterValidator(_check_folder)] = setting(
        ...,
        title=_("Folder"),
        help=_("Where the disk is mounted. Nothing is written when it is not."),
        max_length=1024,
        section="volume",
        requirements=("D1-PL-07",),
    )
    size_limit_gb: float | None = setting(
        None,
        title=_("Size limit"),
        help=_("For a folder that shares its disk with other things."),
        unit="GB",
        minimum=0.05,
        maximum=1_000_000,
        empty_title=_("The whole disk"),
        capability="folders",
        section="volume",
    )
    enabled: bool = setting(
        True,
        title=_("Record to it"),
        help=_("Off: its footage can be played, nothing is written."),
        section="volume",
    )


class StoragePage(Page):
    """STORAGE > Basic, and the volumes."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="storage",
        title=_("Storage"),
        menu="STORAGE",
        help=_("Where footage goes and how long it stays."),
        actions=(
            Action(
                "accept_clock",
                _("Accept the time"),
                "/clock/accept",
                help=_(
                    "After a jump of the clock footage is no longer deleted by age, until somebody "
                    "says that date and time are right."
                ),
                done=_("The time is accepted."),
                synonyms=(_("clock jump"), _("expiry")),
            ),
        ),
        sections=(
            Section("keep", _("Keeping")),
            Section("blocks", _("Files"), advanced=True),
        ),
        collection=Collection(
            field="volumes",
            item_title=_("Volume"),
            capacity=MAX_VOLUMES,
            sections=(Section("volume", _("Volume")),),
        ),
    )

    when_full: Literal["overwrite", "stop"] = setting(
        "overwrite",
        title=_("When full"),
        help=_("Overwrite replaces the oldest footage that is not locked. Stop ends recording."),
        choices={"overwrite": _("Overwrite"), "stop": _("Stop")},
        section="keep",
        requirements=("D2-ST-01", "N8.3", "A9.10"),
    )
    expiry_days: int = setting(
        0,
        title=_("Delete after"),
        help=_("Older footage is deleted and cannot be recovered. 0: never."),
        unit=_("days"),
        minimum=0,
        maximum=3650,
        section="keep",
        requirements=("D2-ST-03", "N8.6"),
    )
    wanted_days: int = setting(
        0,
        title=_("Keep at least"),
        help=_("A warning is raised when the disks hold less than this. 0: no warning."),
        unit=_("days"),
        minimum=0,
        maximum=3650,
        section="keep",
        requirements=("D2-FQ-05",),
    )
    block_mib: int = setting(
        256,
        title=_("File size"),
        help=_("Size of the files footage is kept in; small volumes take smaller ones."),
        unit="MiB",
        choices={size: f"{size} MiB" for size in (16, 32, 64, 128, 256)},
        section="blocks",
    )
    volumes: list[VolumeItem] = setting([], title=_("Volumes"), max_length=MAX_VOLUMES)

    def conflicts(self) -> Iterator[Conflict]:
        """Two volumes are two folders, none inside the other; keeping fits deleting."""
        if self.block_mib not in (16, 32, 64, 128, 256):
            yield Conflict(("block_mib",), "choice", _("must be one of the offered sizes"))
        if self.expiry_days and self.wanted_days > self.expiry_days:
            yield keeping_conflict(self.wanted_days, self.expiry_days)
        paths = [PurePosixPath(volume.path) for volume in self.volumes]
        for number, path in enumerate(paths):
            if any(path.is_relative_to(o) or o.is_relative_to(path) for o in paths[:number]):
                text = _("must not be the folder of another volume, nor inside it")
                yield Conflict(("volumes", number, "path"), "duplicate", text)
