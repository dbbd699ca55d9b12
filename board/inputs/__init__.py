"""Alarm inputs: contacts at the terminals of the box, debounced, bounded and re-read."""
