"""What ships beside the program, with its licence; docs/reference/licences.md says the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shipped:
    """A part by others; `package` is its name where it is installed as a Python package."""

    name: str
    licence: str
    package: str = ""


SHIPPED = (
    Shipped("aiohttp", "Apache-2.0", "aiohttp"),
    Shipped("argon2-cffi", "MIT", "argon2-cffi"),
    Shipped("crc32c", "LGPL-2.1-or-later", "crc32c"),
    Shipped("cryptography", "Apache-2.0 or BSD-3-Clause", "cryptography"),
    Shipped("dbus-fast", "MIT", "dbus-fast"),
    Shipped("numpy", "BSD-3-Clause", "numpy"),
    Shipped("psutil", "BSD-3-Clause", "psutil"),
    Shipped(
        "PyAV with FFmpeg's libraries",
        "BSD-3-Clause; FFmpeg LGPL-2.1-or-later, GPL-2.0-or-later as Debian builds it",
        "av",
    ),
    Shipped("pydantic", "MIT", "pydantic"),
    Shipped("pyserial", "BSD-3-Clause", "pyserial"),
    Shipped("pyudev", "LGPL-2.1-or-later", "pyudev"),
    Shipped("RPi.GPIO", "MIT", "RPi.GPIO"),
    Shipped("smbus2", "MIT", "smbus2"),
    Shipped("tzdata", "Apache-2.0; data public domain", "tzdata"),
    Shipped("uvloop", "MIT or Apache-2.0", "uvloop"),
    Shipped("React", "MIT"),
    Shipped("Mantine", "MIT"),
    Shipped("Tabler icons", "MIT"),
    Shipped("uPlot", "MIT"),
    Shipped("uqr", "MIT"),
    Shipped("Inter", "OFL-1.1"),
)
