"""Time: chrony's configuration, checked before it is in force; the zone; both clocks."""

from __future__ import annotations

import zoneinfo

from appliance.helper.contract import Done, HelperError
from appliance.helper.domain import Domain
from appliance.helper.host import Finished, Host
from appliance.helper.requests.time import (
    ApplyTime,
    SetClock,
    SourceAnswer,
    SyncNow,
    TimeAnswer,
    TimeStatus,
)
from appliance.text import _
from appliance.timekeeping.chrony import (
    ChronyError,
    TimePlan,
    config,
    read_sources,
    read_tracking,
)

CONFIG = "/etc/chrony/chrony.conf"
CANDIDATE = "/etc/chrony/candidate.conf"
ZONE = "/etc/localtime"
ZONES = "/usr/share/zoneinfo"
UNIT = "chrony.service"

DOMAIN = Domain(
    "time",
    programs={
        "chronyc": "/usr/bin/chronyc",
        "chronyd": "/usr/sbin/chronyd",
        "systemctl": "/usr/bin/systemctl",
    },
    files=(CONFIG, CANDIDATE, ZONE),
)


@DOMAIN.verb(ApplyTime)
async def apply_time(request: ApplyTime, host: Host) -> Done:
    """Check, then put in force; what was there before comes back where that fails."""
    plan = TimePlan(
        tuple((server.host, server.port) for server in request.servers),
        request.interval_s,
        request.largest_step_s,
        tuple(request.networks),
    )
    if request.zone not in zoneinfo.available_timezones():
        text = _("There is no time zone {zone}.").format(zone=request.zone)
        field = {"path": "zone", "code": "time_zone", "text": text}
        raise HelperError("time.no_zone", text, fields=[field])
    wanted = config(plan).encode()
    await _check(host, wanted)
    before = await host.read_file(CONFIG)
    running = await _is_running(host)
    if before != wanted or running != plan.needed:
        await host.write_file(CONFIG, wanted)
        failed = await _turn(host, needed=plan.needed)
        if failed is not None:
            if before is not None:
                await host.write_file(CONFIG, before)
                await _turn(host, needed=running)
            text = _("The time service did not start with these settings: {why}")
            raise HelperError("time.not_started", text.format(why=failed.complaint))
    await host.link(ZONE, f"{ZONES}/{request.zone}")
    return Done()


async def _check(host: Host, wanted: bytes) -> None:
    """Have chronyd itself read it."""
    await host.write_file(CANDIDATE, wanted)
    try:
        done = await host.run("chronyd", "-p", "-f", CANDIDATE)
    finally:
        await host.remove_file(CANDIDATE)
    if done.code != 0:
        text = _("The time service does not take these settings: {why}")
        raise HelperError("time.refused", text.format(why=done.complaint))


async def _is_running(host: Host) -> bool:
    return (await host.run("systemctl", "is-active", UNIT)).code == 0


async def _turn(host: Host, *, needed: bool) -> Finished | None:
    """Start it anew, or stop it where nobody needs it; return what went wrong."""
    for words in (("enable", UNIT), ("restart", UNIT)) if needed else (("disable", "--now", UNIT),):
        done = await host.run("systemctl", *words, timeout_s=12.0)
        if done.code != 0:
            return done
    if needed and not await _is_running(host):
        return Finished(1, err=b"it ended at once")
    return None


@DOMAIN.verb(TimeStatus)
async def time_status(_request: TimeStatus, host: Host) -> TimeAnswer:
    """Two short questions to chronyc."""
    utc_s = host.system.utc_s()
    none = TimeAnswer(
        utc_s=utc_s,
        running=False,
        synchronised=False,
        stratum=0,
        reference="",
        ahead_s=0.0,
        error_s=0.0,
        sources=[],
    )
    if not await _is_running(host):
        return none
    tracking = await host.run("chronyc", "-c", "tracking", timeout_s=4.0)
    sources = await host.run("chronyc", "-c", "-N", "sources", timeout_s=4.0)
    if tracking.code != 0 or sources.code != 0:
        return none
    try:
        now, found = read_tracking(tracking.text), read_sources(sources.text)
    except ChronyError as error:
        raise HelperError("helper.failed", f"chronyc: {error}") from error
    return TimeAnswer(
        utc_s=utc_s,
        running=True,
        synchronised=now.synchronised,
        stratum=now.stratum,
        reference=now.reference,
        ahead_s=now.ahead_s,
        error_s=now.error_s,
        sources=[
            SourceAnswer(
                name=source.name,
                state=source.state,
                stratum=source.stratum,
                ahead_s=source.ahead_s,
                error_s=source.error_s,
                heard_s=source.heard_s,
            )
            for source in found
        ],
    )


@DOMAIN.verb(SyncNow)
async def sync_now(_request: SyncNow, host: Host) -> Done:
    """Ask each up to four times within seconds, and look names up anew."""
    for words in (("refresh",), ("burst", "2/4")):
        await host.must("chronyc", *words, timeout_s=4.0)
    return Done()


@DOMAIN.verb(SetClock)
async def set_clock(request: SetClock, host: Host) -> Done:
    """Set both clocks."""
    await host.system.set_clock(request.utc_s)
    return Done()
