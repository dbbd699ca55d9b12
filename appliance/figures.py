"""Figures as people read them."""

from __future__ import annotations


def mbps(bps: float) -> str:
    """Write bits per second as Mbit/s, without the unit: "16", below 10 "1.6"."""
    return f"{bps / 1e6:.0f}" if bps >= 9.95e6 else f"{bps / 1e6:.1f}".removesuffix(".0")
