"""The children that touch what cameras sent: how they are started, and how they bind themselves.

Footage comes from cameras, which anybody may have sent; a decoder that is made to crash or to eat
memory must not take the web process with it.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from typing import BinaryIO

import av

MEMORY_BYTES = 2 << 30
NICE = 5


async def start_child(
    module: str, *arguments: str, stdin: int = asyncio.subprocess.PIPE
) -> asyncio.subprocess.Process:
    """Start `python -m module` with pipes and next to nothing of our environment.

    `stdin` may be a descriptor that the child is to have as its own.
    """
    names = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "VIRTUAL_ENV")
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdin=stdin,
        stdout=asyncio.subprocess.PIPE,
        env={name: os.environ[name] for name in names if name in os.environ},
    )


def confine() -> None:
    """Called in the child: bound the address space, give way to recording, keep quiet.

    No core is dumped: it would be a long write, of what somebody's camera has seen.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    os.nice(NICE)
    av.logging.set_level(av.logging.PANIC)


def read(stream: BinaryIO, size: int) -> bytes:
    """Read exactly `size` bytes; raises EOFError."""
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data
