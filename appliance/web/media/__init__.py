"""Media for browsers and screens: live, playback, snapshots, downloads, the time-line."""
