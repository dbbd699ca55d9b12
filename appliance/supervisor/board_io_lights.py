"""Which LED groups the state of the box asserts, and when the buzzer tells of a fault."""

from __future__ import annotations

from collections.abc import Iterable

DISK_KINDS = frozenset(
    {
        "disk_slow",
        "no_volume",
        "volume_error",
        "volume_missing",
        "volume_read_only",
        "volume_refused",
        "volume_suspect",
    }
)
NETWORK_KINDS = frozenset({"camera_offline", "network_lost", "port_unusable"})
ALARM_KINDS = frozenset({"alarm_input"})


def groups_of(open_events: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Return the groups that events which last assert; each is a kind and its severity.

    A fault of disk or network has a light of its own and is no general fault besides.
    """
    groups = set()
    for kind, severity in open_events:
        if kind in DISK_KINDS:
            groups.add("disk_fault")
        elif kind in NETWORK_KINDS:
            groups.add("network_fault")
        elif kind in ALARM_KINDS:
            groups.add("alarm")
        elif severity == "error":
            groups.add("fault")
    return frozenset(groups)


FROM_EVENTS = frozenset({"disk_fault", "network_fault", "alarm", "fault"})
