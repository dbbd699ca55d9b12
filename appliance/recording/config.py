"""What a recorder is told to do, read from the settings pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from appliance.recording.decision import RecordMode
from appliance.recording.ingest.config import SourceConfig
from appliance.settings.holidays import Holidays
from appliance.settings.schedule import WeekSchedule
from appliance.storage.model import RecordKind, StreamName

KIND_FLAGS: dict[str, RecordKind] = {
    "general": RecordKind.GENERAL,
    "motion": RecordKind.MOTION,
    "alarm": RecordKind.ALARM,
    "motion_and_alarm": RecordKind.MOTION_AND_ALARM,
    "intelligent": RecordKind.INTELLIGENT,
    "pos": RecordKind.POS,
    "manual": RecordKind.MANUAL,
}
"""Names of kinds in settings and reports."""


def kind_names(kinds: RecordKind) -> list[str]:
    """Return the names of the kinds that are set, in the order of the register."""
    return [name for name, flag in KIND_FLAGS.items() if kinds & flag]


def kind_flags(names: Iterable[str]) -> RecordKind:
    """Return the kinds of these names; unknown names are passed over."""
    kinds = RecordKind.NONE
    for name in names:
        kinds |= KIND_FLAGS.get(name, RecordKind.NONE)
    return kinds


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """One stream of a channel: where it comes from and whether it is recorded (N8.5)."""

    source: SourceConfig
    record: bool


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """One channel.  Days are None where the storage page decides; 0 means never or no warning."""

    id: int
    name: str
    enabled: bool
    mode: RecordMode
    streams: Mapping[StreamName, StreamConfig]
    pre_record_s: float
    post_record_s: float
    priority: int
    expiry_days: int
    wanted_days: int
    schedule: WeekSchedule = field(default_factory=WeekSchedule.always, compare=False)
    holidays: Holidays = field(default_factory=Holidays, compare=False)


@dataclass(frozen=True, slots=True)
class VolumeConfig:
    """A volume of the storage page; `size_limit` in bytes, None for a whole mounted disk."""

    id: str
    name: str
    path: str
    size_limit: int | None
    enabled: bool


@dataclass(frozen=True, slots=True)
class RecorderConfig:
    """All that one group's recorder needs to know."""

    version: int
    zone: ZoneInfo
    channels: tuple[ChannelConfig, ...]
    volumes: tuple[VolumeConfig, ...]
    when_full: Literal["overwrite", "stop"]
    block_bytes: int
    groups: frozenset[int] = frozenset()
    """All groups that have channels; empty where that is not known."""


def recorder_config(
    pages: Mapping[str, Mapping[str, Any]],
    passwords: Mapping[int, str],
    *,
    group: int,
    group_size: int,
    version: int = 0,
) -> RecorderConfig:
    """Build the configuration of a group from the values of the pages.

    Group n (from 1) has the channels (n-1)*size+1 to n*size.  `passwords` are by channel.
    """
    storage = pages["storage"]
    weeks = {item["id"]: item["week"] for item in pages["record"]["items"]}
    first = (group - 1) * group_size + 1
    holidays = Holidays(pages["holidays"]["items"] if "holidays" in pages else ())
    channels = [
        _channel(item, storage, weeks.get(item["id"]), passwords.get(item["id"], ""), holidays)
        for item in pages["channels"]["items"]
        if first <= item["id"] < first + group_size
    ]
    return RecorderConfig(
        version=version,
        zone=ZoneInfo(pages["general"]["zone"]),
        channels=tuple(channels),
        volumes=tuple(_volume(item) for item in storage["volumes"]),
        when_full=storage["when_full"],
        block_bytes=int(storage["block_mib"]) << 20,
        groups=frozenset(
            (item["id"] - 1) // group_size + 1 for item in pages["channels"]["items"]
        ).union({1}),
    )


def _channel(
    item: Mapping[str, Any],
    storage: Mapping[str, Any],
    week: Mapping[str, Any] | None,
    password: str,
    holidays: Holidays,
) -> ChannelConfig:
    streams: dict[StreamName, StreamConfig] = {}
    camera = urlsplit(item["main_url"]).hostname
    for name, url, record in (
        (StreamName.MAIN, item["main_url"], item["record_main"]),
        (StreamName.SUB, item["sub_url"], item["record_sub"]),
    ):
        if url:
            source = SourceConfig(
                url=url,
                username=item["username"],
                password=password,
                transport=item["transport"],
                allow_basic=item["allow_basic"],
                engine=item["engine"],
                want_audio=item["audio"],
                tls_fingerprint=item["tls_fingerprint"] if urlsplit(url).hostname == camera else "",
            )
            streams[name] = StreamConfig(source, bool(record))
    expiry, wanted = item["expiry_days"], item["wanted_days"]
    return ChannelConfig(
        id=item["id"],
        name=item["name"],
        enabled=item["enabled"],
        mode=RecordMode(item["mode"]),
        streams=streams,
        pre_record_s=item["pre_record_s"],
        post_record_s=item["post_record_s"],
        priority=item["priority"],
        expiry_days=storage["expiry_days"] if expiry is None else expiry,
        wanted_days=storage["wanted_days"] if wanted is None else wanted,
        schedule=WeekSchedule.from_values(week) if week else WeekSchedule.always(),
        holidays=holidays,
    )


def _volume(item: Mapping[str, Any]) -> VolumeConfig:
    limit = item["size_limit_gb"]
    return VolumeConfig(
        id=item["id"],
        name=item["name"] or item["id"],
        path=item["path"],
        size_limit=None if limit is None else round(limit * 1e9),
        enabled=item["enabled"],
    )
