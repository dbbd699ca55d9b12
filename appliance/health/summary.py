"""The health of the box in one level and one sentence, and each finding as it is told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from appliance.bus.messages import ChannelStatus, VolumeStatus
from appliance.bus.status_messages import FixOffer, Health, HealthItem, SnoozeStatus
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.health.fixup import Fixup
from appliance.health.snoozes import Snooze
from appliance.health.words import is_wanted
from appliance.text import _


def health_of(
    facts: Facts,
    findings: Iterable[Finding],
    snoozed: Mapping[str, Snooze],
    fixups: Mapping[str, Fixup],
    power_w: tuple[float, float] | None = None,
) -> Health:
    """Put it together.  `snoozed`: by key of the finding; `power_w`: drawn, and at most."""
    told = [item_of(finding, snoozed.get(finding.key), fixups) for finding in findings]
    items = [item for item in told if item["snoozed"] is None]
    aside = [item for item in told if item["snoozed"] is not None]
    wrong = [item for item in items if item["level"] != "info"]
    level = "ok" if not wrong else ("error" if wrong[0]["level"] == "error" else "warning")
    return Health(
        level=level,  # type: ignore[typeddict-item]
        sentence=_sentence(facts.channels, facts.volumes, power_w, wrong),
        items=items,
        aside=aside,
    )


def id_of(key: str) -> str:
    """Return what a finding is called in addresses: 12 hex digits that stay while it lasts."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def item_of(finding: Finding, snooze: Snooze | None, fixups: Mapping[str, Fixup]) -> HealthItem:
    """Return a finding as it is told to faces."""
    offers = [
        FixOffer(
            slug=fixup.slug,
            title=fixup.title,
            confirm=fixup.confirm,
            done=fixup.done,
            permission=fixup.permission.value,
        )
        for slug in finding.fixes
        if (fixup := fixups.get(slug)) is not None
    ]
    aside = (
        None
        if snooze is None
        else SnoozeStatus(until=snooze.until, by=snooze.by, reason=snooze.reason)
    )
    return HealthItem(
        level=finding.level,
        what=finding.what,
        id=finding.id,
        code=finding.code,
        text=finding.text,
        since=finding.since,
        finding=id_of(finding.key),
        todo=finding.todo,
        channels=list(finding.channels),
        plain=finding.plain,
        fixes=offers,
        snoozed=aside,
    )


def all_recorded(channels: Sequence[ChannelStatus]) -> bool:
    """Whether every channel that should be recorded now is; without a channel in use nothing is.

    One whose sub stream alone is recorded has a fault, and does not count.
    """
    used = [channel for channel in channels if channel.get("enabled")]
    return bool(used) and all(
        c.get("recording") and not c.get("fault") for c in used if is_wanted(c)
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
