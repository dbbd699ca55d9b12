"""Words that several checks share: what a channel is called, who is not recorded and why."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.bus.messages import ChannelStatus
from appliance.events.kinds import KINDS
from appliance.events.record import EventRecord
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _

LABELS = 8
"""Channels that a finding names; of more it tells how many."""

Unrecorded = dict[tuple[str, str], list[ChannelStatus]]


def no_volume_text() -> str:
    """Return the words for a box without any volume."""
    return _("There is no volume to record to. Add one on the Storage page.")


def label_of(channel: ChannelStatus) -> str:
    """Return "D3 Back door"."""
    return f"D{channel.get('id')} {channel.get('name') or ''}".strip()


def labels_of(channels: Sequence[ChannelStatus]) -> str:
    """Return the names of some channels, of many the first ones and how many more."""
    named = ", ".join(label_of(channel) for channel in channels[:LABELS])
    rest = len(channels) - LABELS
    if rest <= 0:
        return named
    return _("{channels} and {count} more").format(channels=named, count=rest)


def numbers_of(channels: Sequence[ChannelStatus]) -> tuple[int, ...]:
    """Return the numbers of some channels."""
    return tuple(channel.get("id") or 0 for channel in channels)


def is_wanted(channel: ChannelStatus) -> bool:
    """Whether the channel is recorded or should be at this moment."""
    if not channel.get("enabled") or channel.get("mode") == "off":
        return False
    if channel.get("recording") or channel.get("not_recording"):
        return True
    return channel.get("state") != "playing" and channel.get("state") != "off"


def unrecorded(channels: Sequence[ChannelStatus]) -> Unrecorded:
    """Return the channels that are not recorded although they send pictures, by code and reason."""
    found: Unrecorded = {}
    for channel in channels:
        why = channel.get("not_recording")
        if channel.get("enabled") and not channel.get("fault") and why:
            found.setdefault((why["code"], why["text"]), []).append(channel)
    return found


def taken_by_volumes(facts: Facts) -> set[tuple[str, str]]:
    """Return the reasons that the finding about a volume tells with its channels (D2-FQ-05)."""
    taken = {(fault["code"], fault["text"]) for v in facts.volumes if (fault := v.get("fault"))}
    if not facts.volumes_set_up:
        taken.add(("no_volume", no_volume_text()))
    return taken


def told_by(event: EventRecord, what: str, todo: str = "", fixes: tuple[str, ...] = ()) -> Finding:
    """Return the finding of an event that lasts, of a registered kind; it tells of it itself."""
    kind = KINDS[event.kind]
    return Finding(
        event.kind,
        kind.severity,
        kind.sentence(event.details, event.channel),
        what,
        event.channel if event.channel is not None else event.details.get("port"),
        todo=todo or kind.help,
        since=event.start_ms,
        channels=() if event.channel is None else (event.channel,),
        subject=event.key,
        told=True,
        event=(event.kind, event.key),
        fixes=fixes,
    )
