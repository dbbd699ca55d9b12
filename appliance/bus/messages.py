"""Shapes of what goes over the bus: parameters, results and publications by method and topic.

Times ending in `_utc`, `since`, `start`, `end` and `oldest` are milliseconds since 1970 (UTC).
The same shapes leave through the REST API.  Those of jobs and places are in `job_messages`,
those of the status of the whole box in `status_messages`.

Requests to the supervisor and what they answer:

    settings.get {page?}                  SettingsPage, or {version, pages: {name: SettingsPage}}
    settings.schema {page?}               {pages: [...]}, see appliance/settings/forms.py
    settings.patch SettingsPatch          SettingsPage; errors carry `fields`
    settings.add {page, values, actor?}   {id, version, etag, item_etag}
    settings.remove {page, item, actor?, etag?}            {version, etag}
    settings.copy {page, item, to, fields?, actor?}        SettingsPage (D1-RC-01 "copy to")
    settings.reveal {page, item?, field}  {value}: a secret in clear; recorder and cameras only
    settings.pin {item, fingerprint}      {}: the first certificate of a camera; recorder only
    settings.watch {pages}                {version}: this peer answers changes with settings.ack
    settings.ack SettingsAck              {}
    settings.problems {}                  {problems: [...]}: what was mended when the file was read
    events.raise EventRaise               {id, new}
    events.end EventEnd                   {ended}
    events.sync {source, keys}            {ended}: ends what `source` left open except `keys`,
                                          each a key or {kind, key}
    events.query EventQuery               {events: [Event], next}
    events.kinds {}                       {kinds: [EventKind]}
    clock.jumped {seconds, noticed_s}     {new}: CLOCK_MONOTONIC when it was noticed; recorder only
    tags.query TagQuery                   {tags: [ShownTag], next}, without those deleted
    tags.get {ids}                        {tags: [ShownTag]}: those of them that exist
    tags.add {channel, at, name, author}  Tag
    tags.rename {id, name, by}            Tag
    tags.delete {ids, by}                 {deleted}
    tags.changes {after, channels: [first, last]}   TagChanges; recorder only
    tags.merge {tags: [Tag]}              {taken}: copies found on a volume; recorder only
    tags.footage {gone: [id], here: [id]} {removed: [id]}: which have footage; recorder only
    status.get {}                         BoxStatus
    process.restart {name, actor?}        {}
    setup.code {}                         {code}: the one-time code, null once set up; cli only
    accounts.*                            see appliance/accounts/service.py; web only

Requests of the supervisor to a process:

    process.stop {reason}                 {}: then the process ends cleanly by itself

Topics:

    heartbeat         Heartbeat           every process, each second
    channel.status    ChannelReport       recorders, each second
    volume.status     VolumeReport        recorders, each second or two
    settings.changed  SettingsChanged     supervisor
    event             EventChange         supervisor
    tags.changed      {serial, channels}  supervisor
    process.status    {processes: [ProcessStatus]}   supervisor, on change and every 5 s
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

Severity = Literal["info", "warning", "error"]


class Fault(TypedDict):
    """What is wrong: `code` for programs, `text` for people (what, to what, what to do)."""

    code: str
    text: str
    since: int


class Heartbeat(TypedDict):
    """A process's progress: each number rises while work is done.

    With `idle` true nothing has to rise (no camera answers, nobody watches), yet heartbeats go on.
    """

    process: str
    instance: str
    progress: dict[str, float]
    idle: NotRequired[bool]


class AudioStatus(TypedDict):
    """The sound of a stream."""

    codec: str
    sample_rate: int
    channels: int


class StreamStatus(TypedDict, total=False):
    """One stream of a channel as the recorder sees it; what is not known is absent.

    `fps` frames/s, `bitrate_bps` bit/s, `gop_s` seconds between key frames, all over the last
    seconds; `lost_packets`, `dropped_frames` and `reconnects` count since the recorder started.
    `early_frames` came before the first key frame, so that nothing was lost with them.
    `clock` says where UTC comes from (`media.timing.stamp.ClockSource`); `clock_offset_ms` is the
    camera's clock minus ours, None while the camera does not tell its time.  `advice` says what to
    change at the camera although all of it is recorded.
    """

    state: Literal["off", "connecting", "playing", "waiting", "refused", "stopped"]
    fault: Fault | None
    codec: str
    codec_string: str
    profile: str
    width: int
    height: int
    fps: float
    bitrate_bps: float
    gop_s: float
    audio: AudioStatus | None
    packets: int
    lost_packets: int
    damaged_frames: int
    dropped_frames: int
    early_frames: int
    reconnects: int
    received_bytes: int
    last_frame_utc: int | None
    last_error: str
    clock: Literal["camera", "corrected", "arrival", "arrival_only"]
    clock_offset_ms: float | None
    advice: Fault | None
    recording: bool
    retry_s: float


class ChannelStatus(TypedDict, total=False):
    """A channel as the recorder sees it.  `id` counts from 1.

    `kinds` are the record kinds written now; `armed` those the schedule has in force;
    `not_recording` says why nothing is written although a mode other than Off wants it to be.
    """

    id: int
    name: str
    enabled: bool
    mode: Literal["auto", "manual", "off"]
    state: Literal["off", "connecting", "playing", "waiting", "refused", "stopped", "unknown"]
    fault: Fault | None
    recording: bool
    not_recording: Fault | None
    kinds: list[str]
    armed: list[str]
    last_frame_utc: int | None
    streams: dict[str, StreamStatus]


class ChannelReport(TypedDict):
    """Topic channel.status: all channels of one recorder."""

    channels: list[ChannelStatus]


class VolumeStatus(TypedDict, total=False):
    """A volume as a recorder sees it.  Sizes in bytes; `write_ms`: longest commit lately.

    `oldest`: start of the oldest footage kept; `retention_days` as it works out at today's rate.
    `expiry_paused`: why nothing is deleted by age, if so.
    """

    name: str
    path: str
    state: Literal["ok", "opening", "full", "read_only", "slow", "suspect", "missing", "refused"]
    fault: Fault | None
    size: int
    used: int
    free: int
    oldest: int | None
    retention_days: float | None
    wanted_days: float | None
    write_ms: float
    blocks: int
    locked_blocks: int
    expiry_paused: Fault | None


class VolumeReport(TypedDict):
    """Topic volume.status: all volumes one recorder writes to."""

    volumes: list[VolumeStatus]


class SettingsPage(TypedDict):
    """A page's values.  A secret is {"set": true or false}, never its text."""

    page: str
    version: int
    etag: str
    item_etags: dict[str, str]
    values: dict[str, Any]


class SettingsPatch(TypedDict):
    """Change some fields of a page, or of one item of its list.

    Without `etag` the change is made whatever was there.  A secret is sent in clear, "" clears it,
    {"set": true} leaves it as it is.
    """

    page: str
    item: NotRequired[int | str]
    changes: dict[str, Any]
    etag: NotRequired[str]
    actor: NotRequired[str]


class SettingsChanged(TypedDict):
    """Topic settings.changed.  `items`: ids of the list entries touched (added, gone too).

    With `rollback` the former values are back because a process refused the new ones.
    """

    page: str
    version: int
    items: list[int | str]
    rollback: bool


class SettingsAck(TypedDict):
    """A watching process answers a change within 5 s."""

    version: int
    page: str
    applied: bool
    text: NotRequired[str]


class EventRaise(TypedDict):
    """Something started (or, for kinds without an end, happened).

    The same kind and key while it is open is the same event: its details are renewed.  A kind
    without an end is recorded once per key; without a key each time.
    """

    kind: str
    key: NotRequired[str]
    channel: NotRequired[int | None]
    source: NotRequired[str]
    details: NotRequired[dict[str, Any]]
    start: NotRequired[int]


class EventEnd(TypedDict):
    """It is over; ending what is not open does nothing."""

    kind: str
    key: str
    details: NotRequired[dict[str, Any]]
    end: NotRequired[int]


class Event(TypedDict):
    """An event as it is shown; `end` is None while it lasts."""

    id: int
    kind: str
    key: str
    title: str
    severity: Severity
    channel: int | None
    source: str
    start: int
    end: int | None
    repeats: int
    details: dict[str, Any]
    text: str


class EventKind(TypedDict):
    """A registered kind of event."""

    kind: str
    title: str
    severity: Severity
    help: str
    has_end: bool


class EventChange(TypedDict):
    """Topic event."""

    change: Literal["raised", "renewed", "ended"]
    event: Event


class EventQuery(TypedDict, total=False):
    """Filters; an event matches a time range when it overlaps it.  Newest first.

    `after` is the `next` of the page before; `limit` is 1 to 500 (100).
    """

    kinds: list[str]
    severities: list[Severity]
    channels: list[int]
    sources: list[str]
    start: int
    end: int
    open: bool
    after: str
    limit: int


class Tag(TypedDict):
    """An instant of a channel with a name of 1 to 64 characters (D1-PB-34).

    `id` is 32 hex digits.  Of two copies the one of the higher `revision` holds; a tag that was
    deleted is told without its name, so that nobody brings it back.
    """

    id: str
    channel: int
    at: int
    name: str
    author: str
    revision: int
    changed: int
    deleted: bool


class ShownTag(Tag):
    """A tag as faces get it; `gone`: since when no volume has footage of it, None where one has."""

    gone: int | None


class TagQuery(TypedDict, total=False):
    """Filters; `name` is any part of the name, `end` exclusive.  Newest first.

    `after` is the `next` of the page before; `limit` is 1 to 500 (100).
    """

    channels: list[int]
    start: int
    end: int
    name: str
    after: str
    limit: int


class TagChanges(TypedDict):
    """Tags and tombstones changed since a serial, in order; `more` follow after `serial`.

    With another `store` than before everything is to be read anew: it was made anew itself.
    """

    store: str
    tags: list[Tag]
    serial: int
    more: bool
