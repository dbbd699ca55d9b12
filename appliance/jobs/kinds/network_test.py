"""Job `network_test`: ping, DNS, route or port, from this box (D2-MT-23)."""

from __future__ import annotations

import ipaddress
import socket
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from appliance.jobs.errors import JobCancelled
from appliance.jobs.network import names
from appliance.jobs.network.echo import Echo, echoes
from appliance.jobs.network.target import own_way, resolve
from appliance.jobs.network.trace import Hop, hops
from appliance.jobs.reporting import Outcome, Report
from appliance.text import _

MOST_ECHOES = 50
"""As many as the list of a result holds."""

INTERVAL_S = 0.5
TIMEOUT_S = 2.0
PORT_S = 5.0
MOST_HOPS = 24
LOSS_PROBLEM = 0.01


def run(order: dict[str, Any], report: Report) -> Outcome:
    """Test.

    `order`: test (ping, dns, route, port), target (a name or address), count (of pings, 1 to 50),
    port.  Raises JobError (no_name, no_route, not_permitted), JobCancelled.
    """
    outcome = _TESTS[order["test"]](order, report)
    if report.cancelled():
        raise JobCancelled
    return outcome


def _ping(order: dict[str, Any], report: Report) -> Outcome:
    target, count = resolve(order["target"]), int(order["count"])
    way = own_way(target)
    found: list[Echo] = []
    report.progress(0, count, "pings")
    for echo in echoes(
        target,
        count,
        interval_s=INTERVAL_S,
        timeout_s=TIMEOUT_S,
        cancelled=report.cancelled,
    ):
        found.append(echo)
        report.note(len(found), count, "pings")
    delays = [echo.delay_ms for echo in found if echo.delay_ms is not None]
    lost = len(found) - len(delays)
    result: dict[str, Any] = {
        "test": "ping",
        "address": target.address,
        "from": way,
        "sent": len(found),
        "lost": lost,
        "loss_percent": round(100 * lost / max(1, len(found)), 1),
        "series": [
            [round(e.at_s, 3), None if e.delay_ms is None else round(e.delay_ms, 3)] for e in found
        ],
    }
    if not delays:
        text = _("{name} ({address}) does not answer: {sent} sent, none came back. Some devices "
                 "and firewalls never answer a ping; test a port of it, too.")  # fmt: skip
        words = text.format(name=target.name, address=target.address, sent=len(found))
        return Outcome(words, result, problems=1)
    result |= {
        "least_ms": round(min(delays), 3),
        "mean_ms": round(statistics.fmean(delays), 3),
        "most_ms": round(max(delays), 3),
        "spread_ms": round(statistics.pstdev(delays), 3),
    }
    text = _("{name} ({address}) answers: mean delay {mean} ms, {loss} % lost.")
    words = text.format(
        name=target.name,
        address=target.address,
        mean=f"{result['mean_ms']:.1f}",
        loss=f"{result['loss_percent']:g}",
    )
    return Outcome(words, result, problems=int(lost / len(found) > LOSS_PROBLEM))


def _dns(order: dict[str, Any], report: Report) -> Outcome:
    name, servers = str(order["target"]), names.servers()
    steps = len(servers) + 1
    report.progress(0, steps, "steps")
    began = time.monotonic()
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        found = []
    delay_ms = (time.monotonic() - began) * 1000
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))[:16]
    asked = []
    for number, server in enumerate(servers):
        report.progress(number + 1, steps, "steps")
        asked.append(names.ask(server, name))
    result = {
        "test": "dns",
        "addresses": addresses,
        "delay_ms": round(delay_ms, 1),
        "servers": [asdict(one) for one in asked],
    }
    silent = [one.server for one in asked if one.delay_ms is None]
    if not addresses:
        text = _("{name} is not known, or no DNS server answers.").format(name=name)
        return Outcome(text, result, problems=1)
    listed = ", ".join(addresses[:4])
    text = _("{name} is {addresses}, found within {ms} ms.")
    words = text.format(name=name, addresses=listed, ms=f"{delay_ms:.0f}")
    if silent and not _is_address(name):
        words += " " + _("These DNS servers do not answer: {servers}.").format(
            servers=", ".join(silent)
        )
    return Outcome(words, result, problems=len(silent))


def _route(order: dict[str, Any], report: Report) -> Outcome:
    target = resolve(order["target"])
    way = own_way(target)
    found: list[Hop] = []
    report.progress(0, MOST_HOPS, "hops")
    for hop in hops(target, most=MOST_HOPS, cancelled=report.cancelled):
        found.append(hop)
        report.note(len(found), MOST_HOPS, "hops")
    arrived = bool(found) and found[-1].arrived
    result = {
        "test": "route",
        "address": target.address,
        "from": way,
        "hops": [asdict(hop) for hop in found],
    }
    if arrived:
        text = _("{name} ({address}) is {count} hops away.")
        if len(found) == 1:
            text = _("{name} ({address}) is reached directly.")
        words = text.format(name=target.name, address=target.address, count=len(found))
        return Outcome(words, result)
    last = next((hop.address for hop in reversed(found) if hop.address), "")
    text = _("{name} ({address}) was not reached. The last that answered was {last}.")
    if not last:
        text = _("{name} ({address}) was not reached, and nobody on the way answered.")
    words = text.format(name=target.name, address=target.address, last=last)
    return Outcome(words, result, problems=1)


def _port(order: dict[str, Any], report: Report) -> Outcome:
    target, port = resolve(order["target"]), int(order["port"])
    report.progress(0, 1, "steps")
    began = time.monotonic()
    state = "open"
    try:
        with socket.create_connection((target.address, port), timeout=PORT_S):
            pass
    except ConnectionRefusedError:
        state = "refused"
    except TimeoutError:
        state = "silent"
    except OSError:
        state = "unreachable"
    delay_ms = round((time.monotonic() - began) * 1000, 1)
    text = {
        "open": _("Port {port} of {name} ({address}) is open, answered within {ms} ms."),
        "refused": _("{name} ({address}) is there, but nothing listens on port {port}."),
        "silent": _("Port {port} of {name} ({address}) does not answer: nobody is there, or a "
                    "firewall is in the way."),
        "unreachable": _("There is no way to {name} ({address})."),
    }[state]  # fmt: skip
    words = text.format(port=port, name=target.name, address=target.address, ms=f"{delay_ms:g}")
    result = {
        "test": "port",
        "address": target.address,
        "port": port,
        "state": state,
        "delay_ms": delay_ms,
    }
    return Outcome(words, result, problems=int(state != "open"))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


_TESTS: Mapping[str, Callable[[dict[str, Any], Report], Outcome]] = {
    "ping": _ping,
    "dns": _dns,
    "route": _route,
    "port": _port,
}
