"""Whether everything is all right, and if not, what is wrong, in words (D2-FQ-04..06, 17)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from appliance.bus.messages import ChannelStatus, VolumeStatus
from appliance.bus.status_messages import (
    Health,
    HealthItem,
    HostStatus,
    IncomingStatus,
    ProcessStatus,
)
from appliance.figures import mbps
from appliance.supervisor.incoming import KIND
from appliance.text import _

HOT_C = 85.0
LITTLE_MEMORY = 0.05
LITTLE_ROOM_BYTES = 200 << 20
NOTICEABLE_LOSS = 0.001
_RUNNING = frozenset({"running", "starting"})
_RANK = {"error": 0, "warning": 1, "info": 2}

LABELS = 8
"""Channels that an item names; of more it tells how many."""

Damage = Callable[[int, str], tuple[float, int]]
Unrecorded = dict[tuple[str, str], list[ChannelStatus]]


def health_of(
    channels: Sequence[ChannelStatus],
    volumes: Sequence[VolumeStatus],
    processes: Sequence[ProcessStatus],
    host: HostStatus,
    *,
    damage: Damage,
    volumes_set_up: int,
    free_state_bytes: int | None,
    incoming: IncomingStatus,
    board: Sequence[HealthItem] = (),
    power_w: tuple[float, float] | None = None,
) -> Health:
    """Judge the box; `damage` tells losses of the last minute by channel and stream.

    `board`: what is wrong with it; `power_w`: what its PoE ports draw, and may draw.
    """
    unrecorded = _unrecorded(channels)
    items = [
        *_channel_items(channels, damage),
        *_volume_items(volumes, volumes_set_up, unrecorded),
        *_unrecorded_items(unrecorded),
        *_process_items(processes),
        *_incoming_items(incoming),
        *_host_items(host, free_state_bytes),
        *board,
    ]
    items.sort(key=lambda item: _RANK[item["level"]])
    wrong = [item for item in items if item["level"] != "info"]
    level = "ok" if not wrong else ("error" if wrong[0]["level"] == "error" else "warning")
    return Health(
        level=level,  # type: ignore[typeddict-item]
        sentence=_sentence(channels, volumes, power_w, wrong),
        items=items,
    )


def _sentence(
    channels: Sequence[ChannelStatus],
    volumes: Sequence[VolumeStatus],
    power_w: tuple[float, float] | None,
    wrong: Sequence[HealthItem],
) -> str:
    parts = []
    wanted = [channel for channel in channels if is_wanted(channel)]
    if wanted:
        count = sum(1 for channel in wanted if channel.get("recording"))
        parts.append(_("{count} of {wanted} recording").format(count=count, wanted=len(wanted)))
    elif channels:
        parts.append(_("nothing to record now"))
    else:
        parts.append(_("no cameras yet"))
    kept = [days for volume in volumes if (days := volume.get("retention_days")) is not None]
    if kept:
        parts.append(_kept(int(min(kept))))
    if power_w is not None:
        drawn, most = map(round, power_w)
        parts.append(_("{drawn} of {most} W").format(drawn=drawn, most=most))
    if not wrong:
        parts.append(_("all well"))
    elif len(wrong) == 1:
        parts.append(wrong[0]["text"])
    else:
        parts.append(_("{count} problems").format(count=len(wrong)))
    return " · ".join(parts)


def _kept(days: int) -> str:
    if days < 1:
        return _("less than a day kept")
    return _("1 day kept") if days == 1 else _("{days} days kept").format(days=days)


def is_wanted(channel: ChannelStatus) -> bool:
    """Whether the channel is recorded or should be at this moment."""
    if not channel.get("enabled") or channel.get("mode") == "off":
        return False
    if channel.get("recording") or channel.get("not_recording"):
        return True
    return channel.get("state") != "playing" and channel.get("state") != "off"


def label_of(channel: ChannelStatus) -> str:
    """Return "D3 Back door"."""
    return f"D{channel.get('id')} {channel.get('name') or ''}".strip()


def _channel_items(channels: Sequence[ChannelStatus], damage: Damage) -> list[HealthItem]:
    items = []
    used = [channel for channel in channels if channel.get("enabled")]
    dark = [channel for channel in used if channel.get("state") != "playing"]
    faulty = [channel for channel in dark if channel.get("fault")]
    if len(used) > 1 and len(faulty) == len(used):
        text = _(
            "No camera sends a picture. Check the network cable, the switch and the power of "
            "the cameras."
        )
        items.append(_item("error", "channel", None, "all_cameras_dark", text, None))
    for channel in used:
        fault = channel.get("fault")
        number, label = channel.get("id"), label_of(channel)
        if fault:
            text = _("{channel}: {reason}").format(channel=label, reason=fault["text"])
            items.append(_item("error", "channel", number, fault["code"], text, fault.get("since")))
        if channel.get("mode") == "off":
            text = _("{channel} is not recorded: its mode is Off.").format(channel=label)
            items.append(_item("info", "channel", number, "mode_off", text, None))
        items += _damage_items(channel, damage)
        items += _advice_items(channel)
    return items


def _advice_items(channel: ChannelStatus) -> list[HealthItem]:
    """What would be better at the camera: a smart codec, a long GOP (pain 11)."""
    items = []
    for stream in (channel.get("streams") or {}).values():
        if advice := stream.get("advice"):
            text = _("{channel}: {reason}").format(channel=label_of(channel), reason=advice["text"])
            items.append(
                _item(
                    "info",
                    "channel",
                    channel.get("id"),
                    advice["code"],
                    text,
                    advice.get("since"),
                )
            )
    return items


def _damage_items(channel: ChannelStatus, damage: Damage) -> list[HealthItem]:
    """Distorted pictures: packets are lost on the way (D2-FQ-06)."""
    items = []
    for stream in channel.get("streams") or {}:
        lost, damaged = damage(channel.get("id") or 0, stream)
        if lost < NOTICEABLE_LOSS or not damaged:
            continue
        text = _(
            "{channel}: the picture of the {stream} stream is damaged, {percent} % of it is lost "
            "on the way. Check cable and switch, or choose TCP."
        ).format(channel=label_of(channel), stream=stream, percent=f"{lost * 100:.1f}")
        items.append(_item("warning", "channel", channel.get("id"), "damaged", text, None))
    return items


def _unrecorded(channels: Sequence[ChannelStatus]) -> Unrecorded:
    """Return the channels that are not recorded although they send pictures, by code and reason."""
    found: Unrecorded = {}
    for channel in channels:
        why = channel.get("not_recording")
        if channel.get("enabled") and not channel.get("fault") and why:
            found.setdefault((why["code"], why["text"]), []).append(channel)
    return found


def _unrecorded_items(unrecorded: Unrecorded) -> list[HealthItem]:
    """Tell each reason once, with all channels that share it (D2-FQ-05)."""
    items = []
    for (code, reason), channels in unrecorded.items():
        text = _("{channel}: {reason}").format(channel=_labels(channels), reason=reason)
        level = "warning" if code == "starting" else "error"
        number = channels[0].get("id") if len(channels) == 1 else None
        faults = [channel.get("not_recording") for channel in channels]
        since = min((fault["since"] for fault in faults if fault), default=None)
        items.append(_item(level, "channel", number, code, text, since))
    return items


def _labels(channels: Sequence[ChannelStatus]) -> str:
    named = ", ".join(label_of(channel) for channel in channels[:LABELS])
    rest = len(channels) - LABELS
    if rest <= 0:
        return named
    return _("{channels} and {count} more").format(channels=named, count=rest)


def _with_channels(code: str, reason: str, unrecorded: Unrecorded) -> str:
    """Return the words of a volume's fault, with the channels that suffer from it: taken over."""
    channels = unrecorded.pop((code, reason), None)
    if not channels:
        return reason
    names = _labels(channels)
    return _("{reason} Not recorded: {channels}.").format(reason=reason, channels=names)


def _volume_items(
    volumes: Sequence[VolumeStatus], set_up: int, unrecorded: Unrecorded
) -> list[HealthItem]:
    items = []
    if not set_up:
        text = _("There is no volume to record to. Add one on the Storage page.")
        text = _with_channels("no_volume", text, unrecorded)
        items.append(_item("error", "volume", None, "no_volume", text, None))
    for volume in volumes:
        name = volume.get("name") or volume.get("path")
        fault = volume.get("fault")
        if fault:
            level = "warning" if volume.get("state") in ("slow", "suspect", "opening") else "error"
            text = _with_channels(fault["code"], fault["text"], unrecorded)
            if text != fault["text"] and volume.get("state") != "opening":
                level = "error"
            items.append(_item(level, "volume", name, fault["code"], text, fault.get("since")))
        paused = volume.get("expiry_paused")
        if paused:
            items.append(
                _item(
                    "warning", "volume", name, paused["code"], paused["text"], paused.get("since")
                )
            )
        kept, wanted = volume.get("retention_days"), volume.get("wanted_days")
        if kept is not None and wanted and kept < wanted:
            text = _(
                "Volume {name} keeps {kept} days; {wanted} are wanted. Add disk space or lower "
                "the bit rates."
            ).format(name=name, kept=f"{kept:.1f}", wanted=f"{wanted:g}")
            items.append(_item("warning", "volume", name, "retention_low", text, None))
    return items


def _process_items(processes: Sequence[ProcessStatus]) -> list[HealthItem]:
    items = []
    for process in processes:
        if process["state"] in _RUNNING:
            continue
        text = _("The process {name} is not running: {reason}.").format(
            name=process["name"], reason=process["last_reason"] or process["state"]
        )
        if process["retry_s"]:
            text += " " + _("It is started again in {seconds} s.").format(
                seconds=round(process["retry_s"])
            )
        items.append(
            _item("error", "process", process["name"], "process_down", text, process["since"])
        )
    return items


def _incoming_items(incoming: IncomingStatus) -> list[HealthItem]:
    if not incoming["exceeded"]:
        return []
    text = _(
        "The cameras send {mbps} Mbit/s; the limit is {limit} Mbit/s. Lower the bit rates of "
        "cameras, or raise the incoming bandwidth on the Channels page if this machine can take it."
    ).format(mbps=mbps(incoming["bps"]), limit=mbps(incoming["limit_bps"]))
    return [_item("warning", "settings", None, KIND, text, None)]


def _host_items(host: HostStatus, free_state_bytes: int | None) -> list[HealthItem]:
    items = []
    heat = host["temperature_c"]
    if heat is not None and heat >= HOT_C:
        text = _("The processor is at {heat} °C. Check fan and air flow.").format(heat=round(heat))
        items.append(_item("warning", "host", None, "hot", text, None))
    if host["memory_available"] < host["memory_total"] * LITTLE_MEMORY:
        text = _("Memory is nearly used up: {free} MB are left.").format(
            free=host["memory_available"] >> 20
        )
        items.append(_item("warning", "host", None, "memory", text, None))
    if free_state_bytes is not None and free_state_bytes < LITTLE_ROOM_BYTES:
        text = _(
            "The system disk is nearly full: {free} MB are left. Settings and events may not be "
            "stored any more."
        ).format(free=free_state_bytes >> 20)
        items.append(_item("error", "host", None, "system_disk_full", text, None))
    return items


def _item(
    level: str, what: str, number: int | str | None, code: str, text: str, since: int | None
) -> HealthItem:
    return HealthItem(
        level=level,  # type: ignore[typeddict-item]
        what=what,
        id=number,
        code=code,
        text=text,
        since=since,
    )
