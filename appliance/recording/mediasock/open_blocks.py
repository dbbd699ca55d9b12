"""Open blocks over the media socket: each question is answered with what is new since the last."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from appliance.recording.mediasock.protocol import ProtocolError
from appliance.storage.model import RecordKind, StreamId, StreamName
from appliance.storage.report import OpenBlock
from appliance.storage.tail import IndexedFragment


def block_key(block: OpenBlock) -> str:
    """Name this use of a block: volume, number and allocation sequence."""
    return f"{block.volume}/{block.number}/{block.sequence}"


def answer(blocks: Sequence[OpenBlock], known: dict[str, Any]) -> list[dict[str, Any]]:
    """Describe all open blocks; of those in `known` only the fragments behind the known count."""
    return [_describe(block, known.get(block_key(block))) for block in blocks]


def _describe(block: OpenBlock, count: Any) -> dict[str, Any]:
    start = count if isinstance(count, int) and 0 <= count <= len(block.fragments) else None
    told: dict[str, Any] = {
        "key": block_key(block),
        "locked": block.locked,
        "from": start or 0,
        "fragments": [
            [*fragment[:6], int(fragment.kinds), *fragment[7:]]
            for fragment in block.fragments[start or 0 :]
        ],
    }
    if start is None:
        told.update(
            volume=block.volume,
            path=str(block.path),
            number=block.number,
            generation=block.generation,
            sequence=block.sequence,
            channel=block.stream.channel,
            stream=block.stream.stream.value,
            head=base64.b64encode(block.head).decode(),
        )
    return told


class OpenBlockCache:
    """The asking side: remembers what was told and joins the news to it."""

    def __init__(self) -> None:
        self._known: dict[str, OpenBlock] = {}

    def known(self) -> dict[str, int]:
        """Return how many fragments of each block are known: goes with the question."""
        return {key: len(block.fragments) for key, block in self._known.items()}

    def update(self, told: list[dict[str, Any]]) -> list[OpenBlock]:
        """Take an answer; return all blocks that are open now.

        Raises ProtocolError where the answer does not fit the question.
        """
        try:
            self._known = {entry["key"]: self._join(entry) for entry in told}
        except (KeyError, TypeError, ValueError) as error:
            self._known = {}
            raise ProtocolError(f"not a list of open blocks: {error}") from error
        return list(self._known.values())

    def _join(self, entry: dict[str, Any]) -> OpenBlock:
        news = [_fragment(row) for row in entry["fragments"]]
        before = self._known.get(entry["key"])
        if before is not None and entry["from"] == len(before.fragments):
            return OpenBlock(
                before.volume,
                before.path,
                before.number,
                before.generation,
                before.sequence,
                before.stream,
                before.head,
                [*before.fragments, *news],
                entry["locked"],
            )
        return OpenBlock(
            entry["volume"],
            Path(entry["path"]),
            entry["number"],
            entry["generation"],
            entry["sequence"],
            StreamId(entry["channel"], StreamName(entry["stream"])),
            base64.b64decode(entry["head"]),
            news,
            entry["locked"],
        )


def _fragment(row: list[Any]) -> IndexedFragment:
    told = IndexedFragment(*row)
    return told._replace(kinds=RecordKind(told.kinds), key=bool(told.key))
