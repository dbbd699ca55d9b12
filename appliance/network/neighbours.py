"""Permanent entries of the kernel's neighbour table, by rtnetlink (RFC 3549, linux/neighbour.h)."""

from __future__ import annotations

import errno
import ipaddress
import socket
import struct

from appliance.network.host import NetworkError
from appliance.text import _

RTM_NEWNEIGH, RTM_DELNEIGH = 28, 29
NUD_PERMANENT = 0x80
NDA_DST, NDA_LLADDR = 1, 2
_REQUEST_ACK, _CREATE_REPLACE = 0x0005, 0x0500
_HEADER = struct.Struct("=IHHII")
_NEIGHBOUR = struct.Struct("=BxxxiHBB")
_ATTRIBUTE = struct.Struct("=HH")
_ERROR = struct.Struct("=i")
NLMSG_ERROR = 2
ANSWER_BYTES = 4096
TIMEOUT_S = 2.0


def request(index: int, address: str, mac: str) -> bytes:
    """Return the message that sets a permanent entry, or with no `mac` removes the one there is."""
    ip = ipaddress.ip_address(address)
    family = socket.AF_INET if ip.version == 4 else socket.AF_INET6
    body = _NEIGHBOUR.pack(family, index, NUD_PERMANENT if mac else 0, 0, 0)
    body += _attribute(NDA_DST, ip.packed)
    if mac:
        body += _attribute(NDA_LLADDR, bytes.fromhex(mac.replace(":", "")))
    kind = RTM_NEWNEIGH if mac else RTM_DELNEIGH
    flags = _REQUEST_ACK | (_CREATE_REPLACE if mac else 0)
    return _HEADER.pack(_HEADER.size + len(body), kind, flags, 1, 0) + body


def bind(interface: str, address: str, mac: str) -> None:
    """Fix the hardware address of a neighbour; "" lets it be learned again.

    Needs CAP_NET_ADMIN; takes well under a millisecond.  Raise NetworkError.
    """
    try:
        index = socket.if_nametoindex(interface)
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
            sock.settimeout(TIMEOUT_S)
            sock.bind((0, 0))
            sock.send(request(index, address, mac))
            failed = _failure(sock.recv(ANSWER_BYTES))
        if failed and not (failed == errno.ENOENT and not mac):
            raise OSError(failed, "rtnetlink")
    except OSError as error:
        text = _("The gateway's hardware address could not be bound to {interface}: {reason}.")
        reason = errno.errorcode.get(error.errno or 0, str(error))
        raise NetworkError(
            "network.not_bound", text.format(interface=interface, reason=reason)
        ) from error


def _attribute(kind: int, value: bytes) -> bytes:
    length = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + bytes(-length % 4)


def _failure(answer: bytes) -> int:
    """Return the error number of an acknowledgement, 0 for none."""
    if len(answer) < _HEADER.size + _ERROR.size:
        return errno.EIO
    if _HEADER.unpack_from(answer)[1] != NLMSG_ERROR:
        return errno.EIO
    return -int(_ERROR.unpack_from(answer, _HEADER.size)[0])
