"""The lowest priority for processor and disk, and bounded memory: recording always comes first."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal

import psutil

NICE = 19
_PR_SET_PDEATHSIG = 1


def step_back() -> None:
    """Lower this process: nice 19 and the idle class of the disks (ioprio_set(2)).

    Not SCHED_IDLE: on a box that is busy all day its weight of 3 against 1024 would let a job
    never end; nice 19 has 15.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
    with contextlib.suppress(psutil.Error, OSError):
        psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)


def bound_memory(most_bytes: int) -> None:
    """Let this process have so much address space and leave no core: what it reads may be hostile.

    Beyond it, memory is refused (MemoryError) instead of being taken from the recorders.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))


def end_with(parent: int) -> None:
    """Have the kernel kill this process when `parent` ends (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it went between the two calls
        os.kill(os.getpid(), signal.SIGKILL)
