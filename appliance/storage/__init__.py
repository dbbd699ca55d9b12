"""Volumes, blocks and the catalogue: footage on disk, and the proof that it is there."""
