"""`verify.html`: one page without network that checks and plays an export on any computer.

The manifest and its signature are written into it, so that it knows the files beside it; the
template around them is named by its SHA-256 in the manifest.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path

from appliance.text import _

PAGE_NAME = "verify.html"
_TEMPLATE = Path(__file__).parent / "verify.html"
_WORDS_MARK = b"/*WORDS*/{}"
_DATA_MARK = b"<!--DATA-->"


def page_sha256() -> str:
    """Return the SHA-256 of the page without an export's data."""
    return hashlib.sha256(_template()).hexdigest()


def page_bytes(manifest_size: int, signature_size: int) -> int:
    """Return the size of the page for documents of these sizes."""
    return (
        len(_template()) - len(_DATA_MARK) + len(_data(bytes(manifest_size), bytes(signature_size)))
    )


def whole_page(manifest: bytes, signature: bytes) -> bytes:
    """Return the page of an export."""
    return _template().replace(_DATA_MARK, _data(manifest, signature))


def bare_page(page: bytes, manifest: bytes, signature: bytes) -> bytes | None:
    """Return a page without its data; None if it does not hold just these documents."""
    data = _data(manifest, signature)
    return page.replace(data, _DATA_MARK) if page.count(data) == 1 else None


def _data(manifest: bytes, signature: bytes) -> bytes:
    """Return both as Base64, which needs no escaping and whose size follows from theirs."""
    return base64.b64encode(manifest) + b"." + base64.b64encode(signature)


@cache
def _template() -> bytes:
    words = json.dumps(_words()).replace("</", "<\\/").encode()
    return _TEMPLATE.read_bytes().replace(_WORDS_MARK, words)


def _words() -> dict[str, str]:
    """Return the texts of the page by the names that its script uses."""
    return {
        "title": _("Export"),
        "box": _("Recorder"),
        "made": _("Made"),
        "by": _("By"),
        "reason": _("Reason"),
        "software": _("Software"),
        "signature": _("Signature"),
        "signed": _("Signed, and the list of files is unchanged."),
        "badSignature": _("The signature does not fit: this list of files was changed."),
        "noEd25519": _(
            "Not checked: this browser cannot check Ed25519 signatures. Open this page with Chrome "
            "or Edge 137, Firefox 129, Safari 17 or newer, or use nvr verify."
        ),
        "noCrypto": _(
            "This browser cannot check anything here. Open this page with a current one, or use "
            "nvr verify."
        ),
        "broken": _("This page was changed: it does not hold a list of files any more."),
        "list": _("The list of files does not describe it as recorders do."),
        "unreadable": _("It cannot be read, or the list of files does not describe it."),
        "foreign": _("It does not belong to the export."),
        "fingerprint": _("Fingerprint of the key"),
        "compare": _(
            "Compare it with the fingerprint that the recorder shows: only that proves which "
            "recorder signed."
        ),
        "files": _("Files"),
        "check": _("Check the files"),
        "chooseFolder": _("Choose this folder"),
        "chooseFiles": _("Choose files"),
        "choose": _("or drop them here. Nothing leaves this computer."),
        "right": _("Unchanged: {count} fragments"),
        "missing": _("Not chosen yet"),
        "absent": _("Is not among the chosen files"),
        "checking": _("Checking: {percent} %"),
        "play": _("Play"),
        "cannotPlay": _("This browser cannot play this file ({coding}). VLC can."),
        "gap": _("Nothing recorded from {from} to {to}"),
        "skip": _("Skip times without footage"),
        "size": _("It has {is} bytes instead of {bytes}: it was cut off, or added to."),
        "head": _("Its head was changed."),
        "tail": _("The index at its end was changed."),
        "record": _("Fragment {index} of block {block}: its record was changed."),
        "page": _("Fragment {index} of block {block} ({from} to {to}): the page in front of it "
                  "was changed."),
        "footage": _("Fragment {index} of block {block} ({from} to {to}): its picture or sound "
                     "was changed."),
        "link": _("Fragment {index} of block {block} ({from} to {to}): it does not continue the "
                  "one before it."),
        "lacking": _("{count} fragments of block {block} are missing."),
        "sha256": _("Its bytes were changed (SHA-256)."),
        "document": _("It is not the one that this page was made with."),
        "allRight": _("All files are unchanged since they were signed."),
        "notProved": _(
            "The files fit the list in this page, but who made that list is not proved: this "
            "browser cannot check the signature. See above which ones can, or use nvr verify."
        ),
        "someWrong": _("This export is not as it was made. Problems: {count}"),
    }  # fmt: skip
