"""Where in its loop a track is."""

from __future__ import annotations

from appliance.cameras.sim.loops import Track, Unit


class LoopPlayer:
    """Plays a track over and over; all times are ticks of media time."""

    def __init__(self, track: Track) -> None:
        self.track = track
        self._index = 0
        self._base = 0
        self._latest = -1

    @property
    def due(self) -> int:
        """When the next unit is to be sent."""
        return self._base + self.track.units[self._index].send

    @property
    def next_pts(self) -> int:
        """Capture time of the next unit."""
        return self._base + self.track.units[self._index].pts

    @property
    def next_is_key(self) -> bool:
        """Whether the next unit is a key frame."""
        return self.track.units[self._index].key

    def take(self) -> tuple[Unit, int]:
        """Return the next unit and its capture time, and go on."""
        unit = self.track.units[self._index]
        pts = self._base + unit.pts
        self._latest = max(self._latest, pts)
        self._index += 1
        if self._index == len(self.track.units):
            self._index = 0
            self._base += self.track.duration
        return unit, pts

    def skip_to(self, ticks: int) -> None:
        """Go to the first unit due at or after `ticks`, forward only."""
        if ticks <= self.due:
            return
        track = self.track
        self._base += (
            max(0, ticks - self._base - track.units[0].send) // track.duration * (track.duration)
        )
        self._index = track.first_at(ticks - self._base)
        if self._index == len(track.units):
            self._index = 0
            self._base += track.duration

    def switch(self, track: Track) -> None:
        """Go on with another loop from its start (a key frame), right behind what was sent."""
        if self._latest < 0:
            self._latest = self.next_pts
        step = round(track.clock / track.fps) if track.fps else track.duration
        self.track = track
        self._index = 0
        self._base = self._latest + step - track.units[0].pts
