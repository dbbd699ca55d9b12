"""Fragmented MP4: boxes, sample entries, writer and reader."""
