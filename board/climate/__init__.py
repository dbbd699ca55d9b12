"""Temperatures, fans, the battery-backed clock, and why the box started."""
