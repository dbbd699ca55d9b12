"""Why a job cannot be started or did not end well: a stable code and words for people."""

from __future__ import annotations


class JobError(Exception):
    """`code` is stable, `text` says what is wrong and what to do.

    Codes of starting: unknown_kind, bad_order, full, too_many, no_place, place_read_only,
    place_busy, not_found.  Codes of jobs that failed: interrupted, died, stalled, and those of
    what the job does.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class JobCancelled(Exception):
    """Raised inside a job when somebody cancelled it."""
