"""Verifying a whole volume: its blocks, claims, catalogue, and what the ledger says was there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from appliance.storage.catalogue import DAMAGE, Catalogue
from appliance.storage.check_block import BlockCheck, Checked
from appliance.storage.claims import other_books
from appliance.storage.files import FileOps
from appliance.storage.findings import Findings
from appliance.storage.head import BlockHead
from appliance.storage.identity import VolumeIdentity, read_identity
from appliance.storage.ledger import Ledger
from appliance.storage.rebuild import block_row
from appliance.storage.signing import verify
from appliance.storage.volume import BLOCKS_FOLDER, CATALOGUE_FILE, block_number
from appliance.text import _

Progress = Callable[[int, int], None]


def check_volume(
    path: Path,
    *,
    ledger: Ledger | None = None,
    key: str | None = None,
    quick: bool = False,
    progress: Progress = lambda done, total: None,
) -> Findings:
    """Verify every invariant, CRC, hash chain and signature of a volume, without changing it.

    `ledger` is that of the box's system disk: with it, blocks that were retired are told from
    blocks that are missing.  `key` is the box's public key in hex.  `quick` leaves out the bytes
    of the footage.  Best run while nobody records on it.  Raises VolumeError or OSError.
    """
    files = FileOps(path)
    try:
        identity = read_identity(files)
        findings = Findings()
        claims = _claims(files, findings)
        names = files.listdir(BLOCKS_FOLDER)
        numbers = sorted(n for n in map(block_number, names) if n is not None)
        checks = BlockCheck(files, identity.raw, findings, key=key, quick=quick)
        blocks: dict[int, Checked] = {}
        for done, number in enumerate(numbers):
            progress(done, len(numbers))
            blocks[number] = checks.check(number, claims.get(number))
        findings.counts["blocks"] = len(numbers)
        _sequences(blocks, findings)
        _catalogue(path, files, identity, claims, numbers, findings)
        if ledger is not None:
            _ledger(identity, ledger.entries(), blocks, findings)
        return findings
    finally:
        files.shut()


def _claims(files: FileOps, findings: Findings) -> dict[int, int]:
    claims: dict[int, int] = {}
    for book in other_books(files, ""):
        for claim in book.blocks.values():
            if claim.block in claims:
                findings.problem(
                    "claimed_twice",
                    _("Two recorders hold block {block}.").format(block=claim.block),
                    claim.block,
                )
            claims[claim.block] = claim.sequence
    return claims


def _sequences(blocks: dict[int, Checked], findings: Findings) -> None:
    seen: dict[int, int] = {}
    for number, checked in blocks.items():
        if isinstance(checked.head, BlockHead):
            other = seen.setdefault(checked.head.identity.sequence, number)
            if other != number:
                findings.problem(
                    "sequence_twice",
                    _("Blocks {one} and {other} have the same place in the order.").format(
                        one=other, other=number
                    ),
                    number,
                )


def _catalogue(
    path: Path,
    files: FileOps,
    identity: VolumeIdentity,
    claims: dict[int, int],
    numbers: Iterable[int],
    findings: Findings,
) -> None:
    """The catalogue says what the blocks say; it is a cache, so this loses nothing."""
    if not (path / CATALOGUE_FILE).exists():
        findings.note("catalogue", _("There is no catalogue; it is made when recording begins."))
        return
    try:
        catalogue = Catalogue(path / CATALOGUE_FILE, identity.uuid)
    except DAMAGE as error:
        findings.problem(
            "catalogue",
            _("The catalogue is damaged ({reason}); it is made anew when recording begins.").format(
                reason=error
            ),
        )
        return
    try:
        if not catalogue.complete:
            findings.note("catalogue", _("The catalogue is being made anew."))
            return
        wrong = []
        for number in numbers:
            entry = block_row(files, number, claims.get(number))
            row = catalogue.block(number)
            expected = entry[0] if entry else None
            if row != expected and number not in claims:
                wrong.append(number)
        if wrong:
            findings.problem(
                "catalogue",
                _("The catalogue is wrong about {count} blocks ({some}).").format(
                    count=len(wrong), some=", ".join(map(str, wrong[:8]))
                ),
            )
    except DAMAGE as error:
        findings.problem("catalogue", _("The catalogue is damaged: {r}.").format(r=error))
    finally:
        catalogue.close()


def _ledger(
    identity: VolumeIdentity,
    entries: Iterable[dict[str, Any]],
    blocks: dict[int, Checked],
    findings: Findings,
) -> None:
    """Retired, missing and altered, told apart by what the box signed."""
    closed: dict[tuple[int, int], dict[str, Any]] = {}
    retired: set[tuple[int, int]] = set()
    forged = 0
    for entry in entries:
        if entry.get("volume") != identity.uuid:
            continue
        if not verify(entry):
            forged += 1
            continue
        use = (int(entry.get("block", 0)), int(entry.get("generation", 0)))
        if entry.get("action") == "closed":
            closed[use] = entry
        elif entry.get("action") == "retired":
            retired.add(use)
    for checked in blocks.values():
        if checked.retired and verify(checked.retired):
            retired.add((int(checked.retired["block"]), int(checked.retired["generation"])))
    findings.counts["retired"] = len(retired)
    if forged:
        findings.problem(
            "altered", _("{count} entries of the ledger were altered.").format(count=forged)
        )
    for (number, generation), entry in sorted(closed.items()):
        _closed(blocks.get(number), number, generation, entry, retired, findings)


def _closed(
    checked: Checked | None,
    number: int,
    generation: int,
    entry: dict[str, Any],
    retired: set[tuple[int, int]],
    findings: Findings,
) -> None:
    head = checked.head if checked else None
    here = isinstance(head, BlockHead) and head.identity.generation == generation
    if here and (number, generation) in retired:
        findings.note(
            "erasing",
            _("Block {block} was retired, but its erasing was cut off.").format(block=number),
            number,
        )
    elif here and checked is not None and checked.closing is not None:
        if checked.closing.get("link") != entry.get("link"):
            findings.problem(
                "altered",
                _("Block {block} was altered: it is not what this box closed.").format(
                    block=number
                ),
                number,
            )
    elif not here and (number, generation) not in retired:
        findings.problem(
            "missing",
            _(
                "Footage is missing: block {block} (D{channel} {stream}, {count} fragments) was "
                "closed by this box and never retired by it."
            ).format(
                block=number,
                channel=entry.get("channel"),
                stream=entry.get("stream"),
                count=entry.get("fragments"),
            ),
            number,
        )
