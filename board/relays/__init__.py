"""Alarm outputs: relays and switched supplies, with modes, pulses, protection and counters."""
