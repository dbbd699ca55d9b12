"""Register tables of the PSE chips, typed from their datasheets and from nothing else.

TPS23861: SLUSBX9 section 8.6; TPS23881: SLVSF02 section 9.6.  The drivers do not read this.
"""

from __future__ import annotations

from board.sim.chip import Register

R = Register

_EVENTS = {
    0x02: R("POWER_EVENT", "ro"),
    0x03: R("POWER_EVENT CoR", "clear"),
    0x04: R("DETECT_EVENT", "ro"),
    0x05: R("DETECT_EVENT CoR", "clear"),
    0x06: R("FAULT_EVENT", "ro"),
    0x07: R("FAULT_EVENT CoR", "clear"),
    0x08: R("START_EVENT", "ro"),
    0x09: R("START_EVENT CoR", "clear"),
    0x0A: R("SUPPLY_EVENT", "ro"),
    0x0B: R("SUPPLY_EVENT CoR", "clear"),
    0x0C: R("PORT1_STATUS", "ro"),
    0x0D: R("PORT2_STATUS", "ro"),
    0x0E: R("PORT3_STATUS", "ro"),
    0x0F: R("PORT4_STATUS", "ro"),
    0x10: R("POWER_STATUS", "ro"),
}

_MEASURED = {
    0x2C: R("TEMPERATURE", "ro"),
    0x2E: R("VIN", "word"),
    0x30: R("I P1", "word"),
    0x32: R("V P1", "word"),
    0x34: R("I P2", "word"),
    0x36: R("V P2", "word"),
    0x38: R("I P3", "word"),
    0x3A: R("V P3", "word"),
    0x3C: R("I P4", "word"),
    0x3E: R("V P4", "word"),
}

TPS23861 = {
    0x00: R("INTERRUPT", "ro", 0x80),
    0x01: R("INTERRUPT ENABLE", "rw", 0xE4),
    **_EVENTS,
    0x11: R("I2C ADDRESS", "ro", 0xA0),
    0x12: R("MODE", "rw", 0xFF),
    0x13: R("DISCONNECT ENABLE", "rw", 0x0F, writable=0x0F),
    0x14: R("DETECT CLASS ENABLE", "rw", 0xFF),
    0x15: R("POWER PRIORITY", "rw", 0x00, writable=0xF0),
    0x16: R("TIMING", "rw"),
    0x17: R("GENERAL MASK 1", "rw", 0x80, writable=0x91),
    0x18: R("DETECT CLASS RESTART", "wo"),
    0x19: R("POWER ENABLE", "wo"),
    0x1A: R("RESET", "wo", writable=0xDF),
    0x1B: R("ID", "ro", 0x0A << 3 | 2),
    0x20: R("LEGACY DETECT", "rw"),
    0x21: R("TWO-EVENT CLASS", "rw"),
    0x22: R("FOUR-PAIR", "rw"),
    0x27: R("CLASS 5, INTERRUPT TIMER", "rw"),
    0x29: R("DISCONNECT THRESHOLD", "rw"),
    0x2A: R("ICUT 21", "rw", writable=0x77),
    0x2B: R("ICUT 43", "rw", writable=0x77),
    **_MEASURED,
    0x40: R("POE PLUS", "rw", writable=0xF0),
    0x41: R("FIRMWARE REVISION", "ro", 0x01),
    0x42: R("I2C WATCHDOG", "rw", 0x16, writable=0x1F),
    0x43: R("DEVICE ID", "ro", 0x04),
    0x45: R("COOL DOWN", "rw", writable=0xE0),
    0x60: R("R P1", "word"),
    0x62: R("R P2", "word"),
    0x64: R("R P3", "word"),
    0x66: R("R P4", "word"),
}

TPS23881 = {
    0x00: R("INTERRUPT", "ro", 0x80),
    0x01: R("INTERRUPT MASK", "rw", 0x80),
    **_EVENTS,
    0x11: R("PIN STATUS", "ro"),
    0x12: R("OPERATING MODE", "rw", 0x00),
    0x13: R("DISCONNECT ENABLE", "rw", 0x0F, writable=0x0F),
    0x14: R("DETECT/CLASS ENABLE", "rw", 0x00),
    0x15: R("POWER PRIORITY, PCUT DISABLE", "rw"),
    0x16: R("TIMING", "rw"),
    0x17: R("GENERAL MASK", "rw", 0x80),
    0x18: R("DETECT/CLASS RESTART", "wo"),
    0x19: R("POWER ENABLE", "wo"),
    0x1A: R("RESET", "wo"),
    0x1B: R("ID", "ro", 0x55),
    0x1C: R("CONNECTION CHECK", "ro"),
    0x1E: R("POLICE 1", "rw", 0xFF),
    0x1F: R("POLICE 2", "rw", 0xFF),
    0x20: R("POLICE 3", "rw", 0xFF),
    0x21: R("POLICE 4", "rw", 0xFF),
    0x24: R("POWER-ON FAULT", "ro"),
    0x25: R("POWER-ON FAULT CoR", "clear"),
    0x26: R("CHANNEL MAP", "rw", 0xE4),
    0x27: R("OSS PRIORITY 21", "rw", writable=0x77),
    0x28: R("OSS PRIORITY 43", "rw", writable=0x77),
    0x29: R("POWER ALLOCATION", "rw"),
    0x2D: R("POWER FAULT HANDLING", "rw"),
    **_MEASURED,
    0x40: R("FOLDBACK, MANUAL POLICING", "rw"),
    0x41: R("FIRMWARE REVISION", "ro", 0x00),
    0x43: R("DEVICE ID", "ro", 0x20),
    0x4C: R("ASSIGNED CLASS 1", "ro"),
    0x4D: R("ASSIGNED CLASS 2", "ro"),
    0x4E: R("ASSIGNED CLASS 3", "ro"),
    0x4F: R("ASSIGNED CLASS 4", "ro"),
}

TPS23881_SRAM = {
    0x1D: R("SRAM KEY", "rw"),
    0x60: R("SRAM CONTROL", "rw"),
    0x61: R("SRAM DATA", "wo"),
    0x62: R("SRAM START LOW", "rw"),
    0x63: R("SRAM START HIGH", "rw"),
    0x90: R("SRAM INTERNAL 0", "rw"),
    0x91: R("SRAM INTERNAL 1", "rw"),
    0xD7: R("SRAM INTERNAL KEY", "rw"),
}
"""Reached at the even address only."""
