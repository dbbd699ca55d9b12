"""Processes of the recorder that do not run."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _

RUNNING = frozenset({"running", "starting"})


class ProcessDown(Check):
    """Fires for each process that neither runs nor starts."""

    slug = "process_down"
    title = _("Process is not running")

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the process table."""
        for process in facts.processes:
            if process["state"] in RUNNING:
                continue
            name, reason = process["name"], process["last_reason"] or process["state"]
            text = _("The process {name} is not running: {reason}.").format(
                name=name, reason=reason
            )
            if process["retry_s"]:
                text = _(
                    "The process {name} is not running: {reason}. It is started again in "
                    "{seconds} s."
                ).format(name=name, reason=reason, seconds=round(process["retry_s"]))
            yield Finding(
                "process_down",
                "error",
                text,
                "process",
                name,
                since=process["since"],
                told=True,
                fixes=("restart_process",),
            )
