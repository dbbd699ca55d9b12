"""Two network namespaces and a cable: the box with real nftables, and a neighbour who knocks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

BOX = ("10.9.0.1", "fd09:0::1", "10.9.1.1", "fd09:1::1")
"""The box's addresses: IPv4 and IPv6 on the first cable, then on the second."""
MACS = ("02:00:00:00:09:02", "02:00:00:00:09:03")
NFT = shutil.which("nft") or "/usr/sbin/nft"
PATH = {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}

LISTEN = """
import asyncio, json, socket, sys
tcp, udp = json.loads(sys.argv[1])
class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport): self.transport = transport
    def datagram_received(self, data, peer): self.transport.sendto(data, peer)
async def serve(reader, writer):
    while data := await reader.read(100):
        writer.write(data)
    writer.close()
async def main():
    loop = asyncio.get_running_loop()
    kept = [await asyncio.start_server(serve, ["0.0.0.0", "::"], port) for port in tcp]
    for port in udp:
        both = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        both.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        both.bind(("::", port))
        kept.append(await loop.create_datagram_endpoint(Echo, sock=both))
    print("ready", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
KNOCK = """
import asyncio, errno, json, socket, sys
WAIT_S = 0.6
async def tcp(source, target, port):
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.setblocking(False); s.bind((source, 0))
        try:
            async with asyncio.timeout(WAIT_S):
                await asyncio.get_running_loop().sock_connect(s, (target, port))
            return "open"
        except TimeoutError: return "dropped"
        except ConnectionRefusedError: return "closed"
async def udp(source, target, port):
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.setblocking(False); s.bind((source, 0)); s.connect((target, port)); s.send(b"x")
        try:
            async with asyncio.timeout(WAIT_S):
                await asyncio.get_running_loop().sock_recv(s, 10)
            return "open"
        except TimeoutError: return "dropped"
        except ConnectionRefusedError: return "closed"
async def main():
    for line in sys.stdin:
        asked = json.loads(line)
        gate = asyncio.Semaphore(400)
        async def one(kind, *rest):
            async with gate:
                return await (tcp if kind == "tcp" else udp)(*rest)
        print(json.dumps(await asyncio.gather(*(one(*each) for each in asked))), flush=True)
asyncio.run(main())
"""


def possible() -> bool:
    """Whether this computer lets us make namespaces and set rules in them."""
    command = ["unshare", "-r", "-n", NFT, "list", "ruleset"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


class Lab:
    """The box and the neighbour; `close` ends every process and with them the namespaces."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[str]] = []
        self._box = self._hold("unshare", "-r", "-n")
        self._other = self._hold(*self._inside(self._box), "unshare", "-n")
        for number, mac in enumerate(MACS):
            self.box("ip", "link", "add", f"b{number}", "type", "veth", "peer", "name",
                     f"n{number}", "address", mac, "netns", str(self._other))  # fmt: skip
        self.box("ip", "link", "set", "lo", "up")
        for number in range(len(MACS)):
            self.box("ip", "link", "set", f"b{number}", "up")
            self.neighbour("ip", "link", "set", f"n{number}", "up")
            self._address(self.box, f"b{number}", number, 1)
            for host in range(2, 8):
                self._address(self.neighbour, f"n{number}", number, host)
        self._knocker = self._start(
            [*self._inside(self._other), sys.executable, "-c", KNOCK], stdin=subprocess.PIPE
        )

    @staticmethod
    def _address(run: Any, device: str, net: int, host: int) -> None:
        run("ip", "addr", "add", f"10.9.{net}.{host}/24", "dev", device)
        run("ip", "addr", "add", f"fd09:{net}::{host}/64", "dev", device, "nodad")

    def listen(self, tcp: Sequence[int], udp: Sequence[int]) -> None:
        """Have programs listen on these ports of every address of the box."""
        command = [*self._inside(self._box), sys.executable, "-c", LISTEN]
        process = self._start([*command, json.dumps([list(tcp), list(udp)])])
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    def knock(self, questions: Sequence[tuple[str, str, str, int]]) -> list[str]:
        """Return what came of each (protocol, source, target, port): open, closed or dropped."""
        assert self._knocker.stdin is not None
        assert self._knocker.stdout is not None
        self._knocker.stdin.write(json.dumps(list(questions)) + "\n")
        self._knocker.stdin.flush()
        answer: list[str] = json.loads(self._knocker.stdout.readline())
        return answer

    def nft(self, text: str, *, check_only: bool = False) -> subprocess.CompletedProcess[str]:
        """Give rules to the box's nftables."""
        command = [NFT, *(["-c"] if check_only else []), "-f", "-"]
        return self.box(*command, stdin=text, check=False)

    def box(self, *command: str, **how: Any) -> subprocess.CompletedProcess[str]:
        return self._run(self._box, command, **how)

    def neighbour(self, *command: str, **how: Any) -> subprocess.CompletedProcess[str]:
        return self._run(self._other, command, **how)

    def close(self) -> None:
        for process in reversed(self._processes):
            process.kill()
        for process in self._processes:
            process.communicate()

    def _run(
        self, pid: int, command: Sequence[str], *, stdin: str = "", check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*self._inside(pid), *command], input=stdin, capture_output=True, text=True,
            check=False, env={**os.environ, **PATH},
        )  # fmt: skip
        assert not check or done.returncode == 0, (command, done.stderr)
        return done

    @staticmethod
    def _inside(pid: int) -> list[str]:
        return ["nsenter", "-t", str(pid), "-U", "--preserve-credentials", "-n"]

    def _hold(self, *command: str) -> int:
        code = "import time; print('up', flush=True); time.sleep(3600)"
        process = self._start([*command, sys.executable, "-c", code])
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        return process.pid

    def _start(self, command: Sequence[str], **how: Any) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, **PATH}, **how
        )
        self._processes.append(process)
        return process
