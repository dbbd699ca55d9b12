"""The faults of a camera stream in words: what happened, to what, what to do next."""

from __future__ import annotations

import errno
import re
import socket

from appliance.media.rtsp.url import without_secrets
from appliance.recording.ingest.state import Fault
from appliance.text import _

_WEB_PAGE = re.compile(rb"\s*<(!doctype\s+html|html|head|\?xml[^>]*>\s*<!doctype\s+html)\b", re.I)


def bad_address(why: str) -> Fault:
    """Report that the address cannot be used at all."""
    return Fault(
        "bad_address",
        _("The camera's address is not usable: {why}. Correct it on the channel's page.").format(
            why=why
        ),
        needs_person=True,
    )


def unresolved(host: str) -> Fault:
    """Report that the name is unknown."""
    text = _("The name {host} is not known to the network. Check its spelling and the DNS server.")
    return Fault("name_unknown", text.format(host=host))


def connect_failed(host: str, port: int, error: OSError) -> Fault:
    """Report why no connection came about."""
    if isinstance(error, socket.gaierror):
        return unresolved(host)
    if isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        return connect_timeout(host, port)
    if isinstance(error, ConnectionRefusedError):
        text = _(
            "{host} refuses connections on port {port}. Check that the camera has started and that "
            "RTSP is switched on in it, on this port."
        )
        return Fault("connection_refused", text.format(host=host, port=port))
    text = _("{host} cannot be reached ({why}). Check its cable, its power and its address.")
    why = error.strerror or type(error).__name__
    return Fault("unreachable", text.format(host=host, why=why))


def connect_timeout(host: str, port: int) -> Fault:
    """Report that nobody answered the connection."""
    text = _("{host} does not answer on port {port}. Check its cable, its power and its address.")
    return Fault("connect_timeout", text.format(host=host, port=port))


def answer_timeout(method: str) -> Fault:
    """Report a request that was not answered."""
    text = _("The camera took the connection but did not answer {method}. Restarting it may help.")
    return Fault("no_answer", text.format(method=method))


def closed(method: str | None = None) -> Fault:
    """Report that the camera closed the connection, perhaps instead of answering."""
    if method is None:
        return Fault("closed", _("The camera closed the connection. It is tried again."))
    text = _("The camera closed the connection instead of answering {method}.")
    return Fault("closed", text.format(method=method))


def silent(seconds: float, *, udp: bool, ever: bool) -> Fault:
    """Report that packets stopped, or never began."""
    if udp and not ever:
        text = _(
            "No picture arrived by UDP within {seconds:.0f} s. A firewall may hold it back: choose "
            "TCP as transport."
        )
        return Fault("no_udp_packets", text.format(seconds=seconds))
    text = _("The camera sent nothing for {seconds:.0f} s. The connection is made anew.")
    return Fault("silent", text.format(seconds=seconds))


def web_server(port: int) -> Fault:
    """Report that HTTP answered."""
    text = _(
        "A web server answers on port {port}, not a camera stream. Use the camera's RTSP port, "
        "usually 554."
    )
    return Fault("web_server", text.format(port=port))


def not_rtsp(port: int, start: bytes) -> Fault:
    """Report that something else than RTSP answered.

    TLS is recognised by its first bytes; a web server by the page it sends where it does so
    without a status line, as in HTTP/0.9 (so Python's http.server answers what it does not know).
    """
    if start[:2] in (b"\x15\x03", b"\x16\x03"):
        text = _("Port {port} wants an encrypted connection. Choose TLS as transport.")
        return Fault("needs_tls", text.format(port=port))
    if _WEB_PAGE.match(start):
        return web_server(port)
    shown = re.sub(r"[^ -~]+", ".", start[:32].decode("latin-1"))
    text = _(
        "What answers on port {port} does not speak RTSP (it sent \u201c{shown}\u201d). Check the "
        "port; the RTSP port is usually 554."
    )
    return Fault("not_rtsp", text.format(port=port, shown=shown))


def bad_answer(method: str, why: str) -> Fault:
    """Report an answer that makes no sense."""
    text = _("The camera's answer to {method} makes no sense: {why}. An update of it may help.")
    return Fault("bad_answer", text.format(method=method, why=why))


def password_refused() -> Fault:
    """Report a wrong password."""
    text = _(
        "The camera refuses the user name or the password. It is not tried again, so that the "
        "camera does not lock the account: correct them, then try again."
    )
    return Fault("password_refused", text, needs_person=True)


def password_needed() -> Fault:
    """Report that the camera wants a password and none is set."""
    text = _("The camera wants a user name and a password. Enter them on the channel's page.")
    return Fault("password_needed", text, needs_person=True)


def basic_only() -> Fault:
    """Report that only readable passwords are accepted (N13.1)."""
    text = _(
        "The camera only takes passwords that anybody on the network can read (Basic). Switch "
        "Digest on in the camera, use TLS, or allow Basic for this channel."
    )
    return Fault("basic_refused", text, needs_person=True)


def asked_too_late() -> Fault:
    """Report a password that is asked for where it cannot be seen how it would be sent (N13.1)."""
    text = _(
        "The camera asks for the password only after it has told of its stream, so that it cannot "
        "be seen whether anybody on the network could read it. Use TLS, or allow Basic for this "
        "channel."
    )
    return Fault("basic_refused", text, needs_person=True)


def authentication_unknown(offered: str) -> Fault:
    """Report a scheme that is not spoken."""
    text = _(
        "The camera wants a kind of authentication that is not known here ({offered}). Choose "
        "Digest MD5 or SHA-256 in the camera."
    )
    return Fault("authentication_unknown", text.format(offered=offered), needs_person=True)


def redirected_away(location: str) -> Fault:
    """Report a redirection that is not followed."""
    text = _(
        "The camera points to {location}, which is not followed. If that is right, enter this "
        "address on the channel's page."
    )
    return Fault("redirected", text.format(location=without_secrets(location)))


def too_many_redirects() -> Fault:
    """Report a circle of redirections."""
    text = _("The camera sends from one address to the next without end. Check its address.")
    return Fault("redirected", text)


def tls_failed(why: str) -> Fault:
    """Report that no encrypted connection came about."""
    text = _(
        "No encrypted connection with the camera is possible ({why}). Check that the port is the "
        "one for RTSP over TLS (usually 322), or choose TCP."
    )
    return Fault("tls_failed", text.format(why=why))


def certificate_changed(expected: str, seen: str) -> Fault:
    """Report a certificate other than the one known; nothing was sent to this peer."""
    text = _(
        "The camera's certificate is not the one known ({seen}... instead of {expected}...). If "
        "the camera was replaced or reset, forget the old certificate on the channel's page; if "
        "not, somebody may be listening in."
    )
    return Fault("certificate_changed", text.format(seen=seen[:16], expected=expected[:16]))


_STATUS = {
    403: (
        "forbidden",
        _("The camera forbids this user to see the stream. Give the user the right to view in it."),
    ),
    404: (
        "not_found",
        _(
            "The camera has no stream under this path. Check the path of the address; it differs "
            "from maker to maker."
        ),
    ),
    451: (
        "not_found",
        _("The camera does not understand the address. Check its path and parameters."),
    ),
    453: (
        "busy",
        _(
            "The camera has not enough bandwidth or too many viewers. Close other viewers of it, "
            "or raise its limit."
        ),
    ),
    454: ("session_lost", _("The camera has forgotten the session. It is set up anew.")),
    461: (
        "transport_unsupported",
        _("The camera does not offer this transport. Choose another one for the channel."),
    ),
    503: (
        "busy",
        _("The camera is busy. Close other viewers of it, or wait until it has started."),
    ),
}


def status(method: str, code: int, reason: str) -> Fault:
    """Report an answer other than success."""
    if code in _STATUS:
        return Fault(*_STATUS[code])
    text = _(
        "The camera answered {method} with {code} {reason}. It is tried again; restarting the "
        "camera may help."
    )
    return Fault("camera_error", text.format(method=method, code=code, reason=reason[:60]))


def no_video() -> Fault:
    """Report a stream without a picture."""
    text = _("The stream has no video track. Check the address; this may be a sound-only stream.")
    return Fault("no_video", text)


def unsupported_video(name: str) -> Fault:
    """Report a coding that cannot be recorded."""
    text = _("The camera sends {name}, which is not supported. Choose H.264 or H.265 in it.")
    return Fault("unsupported_video", text.format(name=name or "?"))


def no_key_frame(seconds: float, *, frames: bool) -> Fault:
    """Report that packets come but no picture can begin."""
    if frames:
        text = _(
            "The camera sent no key frame for {seconds:.0f} s. Set its I-frame interval to 2 s."
        )
    else:
        text = _(
            "The camera sends packets that hold no picture. Check its codec; H.264 and H.265 work."
        )
    return Fault("no_key_frame", text.format(seconds=seconds))


def absurd_bitrate(bps: float) -> Fault:
    """Report a bit rate that no camera has."""
    text = _(
        "The camera sends {rate:.0f} Mbit/s, more than a camera stream can have. Set its bit rate "
        "to 16 Mbit/s or less."
    )
    return Fault("absurd_bitrate", text.format(rate=bps / 1e6))


def absurd_resolution(width: int, height: int) -> Fault:
    """Report a picture size that no camera has."""
    text = _("The camera announces a picture of {width} x {height}. Choose a smaller one in it.")
    return Fault("absurd_resolution", text.format(width=width, height=height))


def absurd_format(why: str) -> Fault:
    """Report parameters beyond what is read."""
    text = _("The camera announces a picture that cannot be real: {why}. Choose other settings.")
    return Fault("absurd_resolution", text.format(why=why))


def library(why: str) -> Fault:
    """Report what the media library said about a source it reads."""
    text = _("The stream cannot be read: {why}. Check its address and codec; H.264 works best.")
    return Fault("stream_unreadable", text.format(why=why))


def internal() -> Fault:
    """Report a mistake of ours."""
    text = _("Reading this stream failed by a mistake in the recorder; details are in the log.")
    return Fault("internal", text)
