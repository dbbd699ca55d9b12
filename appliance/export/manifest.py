"""The manifest of an export: what it holds, whence, who wanted it and why; and its signature.

`manifest.json` is padded with spaces to a size that is known before its contents are;
`signature.json` is an entry signed by the device key (as in the ledger) that names its SHA-256.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Protocol

from appliance.export.digest import Digest
from appliance.export.movie import Movie, MovieReader
from appliance.export.names import iso_time
from appliance.export.pieces import Made, Stored
from appliance.export.plan import ExportPlan
from appliance.storage.boxes import USER_HEAD
from appliance.storage.errors import BlockFormatError, FootageGoneError
from appliance.storage.record import HEADER_BYTES, FragmentRecord, unpack_record
from appliance.storage.tail import IndexedFragment

FORMAT = 1
MANIFEST = "manifest.json"
SIGNATURE = "signature.json"
MOST_MANIFEST = 64 << 20
"""Bytes: whoever verifies reads it into memory, and refuses more from a stranger."""

_CHAIN_ROOM = 2048
_CLOSING_ROOM = 1000
_BLANK = "0" * 64
_SIGNATURE_LETTERS = 88


class Signer(Protocol):
    """Who signs: the device key, or somebody who asks the process that has it."""

    def sign(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Return `entry` with `key` and `signature`."""


def manifest_bytes(plan: ExportPlan, page_sha256: str) -> int:
    """Return the size of the manifest; it follows from the plan alone."""
    blank = Digest(_BLANK, 0)
    chains = sum(isinstance(piece, Stored) for movie in plan.movies for piece in movie.pieces)
    leads = sum(
        len(piece.lead.stored) * 4 // 3 + 256
        for movie in plan.movies
        for piece in movie.pieces
        if isinstance(piece, Stored) and piece.lead
    )
    bare = _document(plan, dict.fromkeys((m.name for m in plan.movies), blank), {}, page_sha256)
    return -(-(len(_packed(bare)) + chains * _CHAIN_ROOM + leads) // 1024) * 1024


def manifest(
    plan: ExportPlan,
    digests: Mapping[str, Digest],
    chains: Mapping[str, list[dict[str, Any]]],
    page_sha256: str,
) -> bytes:
    """Return the manifest of files with these digests and chains (by name)."""
    text = _packed(_document(plan, digests, chains, page_sha256))
    return text.ljust(manifest_bytes(plan, page_sha256))


def _packed(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _document(
    plan: ExportPlan,
    digests: Mapping[str, Digest],
    chains: Mapping[str, list[dict[str, Any]]],
    page_sha256: str,
) -> dict[str, Any]:
    request = plan.request
    return {
        "format": "nvr-export",
        "version": FORMAT,
        "name": plan.name,
        "box": plan.box.name,
        "software": plan.box.version,
        "zone": str(plan.zone),
        "made": iso_time(plan.made_ns),
        "by": request.by,
        "reason": request.reason,
        "asked": {
            "from": iso_time(request.start_ns),
            "to": iso_time(request.end_ns),
            "streams": [{"channel": s.channel, "stream": s.stream.value} for s in request.streams],
            "combine": request.combine,
        },
        "page_sha256": page_sha256,
        "gaps": [
            {"channel": gap.stream.channel, "stream": gap.stream.stream.value,
             "from": iso_time(gap.start_ns), "to": iso_time(gap.end_ns)}
            for gap in plan.gaps
        ],
        "files": [
            _file(movie, digests[movie.name], chains.get(movie.name, []))
            for movie in plan.movies
        ],
    }  # fmt: skip


def _file(movie: Movie, digest: Digest, chains: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": movie.name,
        "title": movie.title,
        "bytes": movie.size,
        "sha256": digest.sha256,
        "channel": movie.stream.channel,
        "stream": movie.stream.stream.value,
        "coding": movie.coding,
        "from": iso_time(movie.start_ns),
        "to": iso_time(movie.end_ns),
        "stretches": [
            {"from": iso_time(s.start_ns), "to": iso_time(s.end_ns), "at_s": s.at_ns / 1e9}
            for s in movie.stretches
        ],
        "front": _made(movie.pieces[0]),
        "back": _made(movie.pieces[-1]),
        "chains": chains,
    }


def _made(piece: object) -> dict[str, Any]:
    assert isinstance(piece, Made)
    return {"bytes": piece.size, "sha256": hashlib.sha256(piece.data).hexdigest()}


def chains_of(reader: MovieReader, movie: Movie) -> list[dict[str, Any]]:
    """Return where the hash chains of the blocks begin and end in a movie.

    `before` is the link that the first fragment continues, `last` the link of the last one;
    `moved` by how many ticks the `tfdt` of each track was made later; `lead` what the first `moof`
    was before samples were left out of it; `closing` the signed end of
    the block, None while it is being written.  Raises FootageGoneError, OSError.
    """
    found = []
    for start, piece in zip(movie.starts, movie.pieces, strict=False):
        if not isinstance(piece, Stored):
            continue
        opened, fragments = reader.opened(piece.block), piece.fragments
        first = _record(opened.pread(HEADER_BYTES, piece.start), fragments[0])
        last = _record(opened.pread(HEADER_BYTES, fragments[-1].offset), fragments[-1])
        closing = opened.closing()
        if closing is not None and len(json.dumps(closing)) > _CLOSING_ROOM:
            closing = None
        opened.check()
        found.append(
            {
                "offset": start,
                "bytes": piece.size,
                "volume": first.volume.hex(),
                "block": first.block,
                "generation": first.generation,
                "sequence": first.sequence,
                "first": first.index,
                "fragments": piece.count,
                "before": first.previous.hex(),
                "last": last.link().hex(),
                "moved": {str(track): ticks for track, ticks in piece.ticks.items()},
                "lead": _lead(piece),
                "closing": closing,
            }
        )
    return found


def _lead(piece: Stored) -> dict[str, str] | None:
    """Return the `moof` of the first fragment as stored, and the SHA-256 of the one shown."""
    if piece.lead is None:
        return None
    stored = base64.b64encode(piece.lead.stored).decode()
    return {"moof": stored, "shown_sha256": hashlib.sha256(piece.lead.shown).hexdigest()}


def _record(page: bytes, fragment: IndexedFragment) -> FragmentRecord:
    try:
        record = unpack_record(page, USER_HEAD)
    except BlockFormatError as error:
        raise FootageGoneError(0) from error
    if (record.utc_ns, record.payload_bytes) != (fragment.utc_ns, fragment.payload_bytes):
        raise FootageGoneError(record.block)
    return record


def statement(text: bytes) -> dict[str, Any]:
    """Return what is to be signed for a manifest; ASCII and small numbers only."""
    return {
        "action": "exported",
        "manifest_bytes": len(text),
        "manifest_sha256": hashlib.sha256(text).hexdigest(),
    }


def signature_text(signed: Mapping[str, Any]) -> bytes:
    """Return the signature's file."""
    return json.dumps(dict(sorted(signed.items())), indent=1).encode() + b"\n"


def signature_bytes(manifest_size: int) -> int:
    """Return the size of the signature's file."""
    blank = {**statement(b""), "manifest_bytes": manifest_size, "key": _BLANK,
             "signature": "0" * _SIGNATURE_LETTERS}  # fmt: skip
    return len(signature_text(blank))
