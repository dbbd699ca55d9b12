"""The steps of the parts that have none of their own module yet.

(D1-IZ-01, D1-IZ-03, D1-IZ-06, D1-WZ-08, D1-WZ-11, D1-WZ-12)
"""

from __future__ import annotations

from appliance.health.facts import Facts
from appliance.health.words import is_wanted
from appliance.text import _
from appliance.wizard.step import Step


def _has_account(facts: Facts) -> bool:
    return facts.accounts is not None and facts.accounts.initialised and facts.accounts.hint


def _has_recovery(facts: Facts) -> bool:
    accounts = facts.accounts
    return accounts is not None and (
        accounts.file or accounts.questions > 0 or not accounts.recovery
    )


def _has_channels(facts: Facts) -> bool:
    return any(channel.get("enabled") for channel in facts.channels)


def _has_volume(facts: Facts) -> bool:
    return facts.volumes_set_up > 0


def _records(facts: Facts) -> bool:
    wanted = [channel for channel in facts.channels if is_wanted(channel)]
    return bool(wanted) and all(channel.get("recording") for channel in wanted)


STEPS = (
    Step(
        "time",
        _("Language, region and time"),
        _("Times of recordings and schedules follow the zone in which the recorder stands."),
        "time",
        10,
        needed=True,
    ),
    Step(
        "account",
        _("Password and hint"),
        _("The password of admin is set. A hint helps you to remember it."),
        "account",
        20,
        done=_has_account,
    ),
    Step(
        "recovery",
        _("If the password is lost"),
        _("A file or questions let you set another one. Without them only a reset helps."),
        "recovery",
        30,
        done=_has_recovery,
    ),
    Step(
        "network",
        _("Network"),
        _("Under which address the recorder is reached, and whether it reaches others."),
        "network",
        40,
    ),
    Step(
        "disks",
        _("Disks"),
        _("Where footage goes and how long it is kept."),
        "disks",
        60,
        done=_has_volume,
        needed=True,
    ),
    Step(
        "cameras",
        _("Cameras"),
        _("Which cameras are recorded."),
        "cameras",
        70,
        done=_has_channels,
        needed=True,
    ),
    Step(
        "check",
        _("What is recorded now"),
        _("A look at every camera before you leave the recorder to itself."),
        "check",
        90,
        done=_records,
    ),
)
