"""What jobs there are: one module a kind, loaded only in the child that does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from appliance.jobs.reporting import Outcome, Report

RunJob = Callable[[dict[str, Any], Report], Outcome]
"""`run(order, report)` of each module: does the job, blocking, and returns how it ended."""

MODULES: Mapping[str, str] = {
    "check_volume": "appliance.jobs.kinds.check_volume",
    "diagnosis": "appliance.jobs.kinds.diagnosis",
    "eject": "appliance.jobs.kinds.eject",
    "export_to_place": "appliance.jobs.kinds.export_to_place",
    "network_test": "appliance.jobs.kinds.network_test",
    "reencode": "appliance.jobs.kinds.reencode",
    "snapshots_to_place": "appliance.jobs.kinds.snapshots_to_place",
    "verify_export": "appliance.jobs.kinds.verify_export",
}
