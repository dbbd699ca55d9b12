"""Which recorders have to run: one for each group of channels that has any."""

from __future__ import annotations

from appliance.events.book import EventBook
from appliance.paths import Paths
from appliance.settings.store import SettingsStore
from appliance.supervisor.spec import RECORDER_PREFIX, groups_of, recorder_spec
from appliance.supervisor.table import ProcessTable


class RecorderGroups:
    """Keeps the process table in step with the channels."""

    def __init__(
        self, paths: Paths, store: SettingsStore, table: ProcessTable, events: EventBook
    ) -> None:
        self._paths = paths
        self._store = store
        self._table = table
        self._events = events

    def match(self) -> None:
        """Run a recorder for each group that has channels, and no other."""
        channels = [item["id"] for item in self._store.raw("channels")["items"]]
        wanted = {f"{RECORDER_PREFIX}{group}": group for group in groups_of(channels)}
        for name, group in wanted.items():
            if name not in self._table.names:
                self._table.add(recorder_spec(self._paths, group))
        for name in list(self._table.names):
            if name.startswith(RECORDER_PREFIX) and name not in wanted:
                self._table.remove(name, "its channels were removed")
        self.end_events_of_removed()

    def end_events_of_removed(self) -> None:
        """End what recorders left open that are gone for good with the last of their channels."""
        sources = {event.source for event in self._events.open_events}
        for source in sources - set(self._table.names):
            if source.startswith(RECORDER_PREFIX):
                self._events.sync(source, [])
