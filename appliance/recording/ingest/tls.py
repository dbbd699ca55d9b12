"""RTSP inside TLS: cameras have certificates of their own, so the first one seen is pinned."""

from __future__ import annotations

import hashlib
import hmac
import ssl
from asyncio import BaseTransport
from collections.abc import Callable

from appliance.recording.ingest import fault
from appliance.recording.ingest.state import IngestError


def client_context() -> ssl.SSLContext:
    """Return a context that takes any certificate: whom it belongs to is decided by its pin.

    Cameras have self-signed certificates, often with 1024-bit keys and for no name at all; the
    connection is made first, `CertificatePin.check` decides before the first byte is sent.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("DEFAULT:@SECLEVEL=1")
    return context


class CertificatePin:
    """Trust on first use: the first certificate is reported and kept, another one is refused."""

    def __init__(self, known: str, on_first: Callable[[str], None] | None) -> None:
        """`known` is a SHA-256 in hex ("" for none yet); `on_first` is told a new one to keep."""
        self._known = known.replace(":", "").strip().lower()
        self._on_first = on_first

    def check(self, transport: BaseTransport) -> None:
        """Compare the peer's certificate; raises `IngestError` if it is not the one known."""
        peer: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        certificate = peer.getpeercert(binary_form=True) if peer is not None else None
        if certificate is None:
            raise IngestError(fault.tls_failed("no certificate"))
        seen = hashlib.sha256(certificate).hexdigest()
        if not self._known:
            self._known = seen
            if self._on_first is not None:
                self._on_first(seen)
        elif not hmac.compare_digest(seen, self._known):
            raise IngestError(fault.certificate_changed(self._known, seen))
