"""A web server that carries RTSP over HTTP to an RTSP server behind it, as cameras do."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re


class Tunnel:
    """Listens on `port`; `wants` ("", "Basic" or "Digest") is asked for before GET and POST.

    `heads` are the heads of all requests, `inside` the bytes that came through the tunnels.
    """

    def __init__(self, to_port: int, *, get: str = "", post: str = "") -> None:
        self.port = 0
        self.heads: list[str] = []
        self.inside = bytearray()
        self.mute = False
        self._to_port = to_port
        self._wants = {"GET": get, "POST": post}
        self._behind: dict[str, asyncio.StreamWriter] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Tunnel:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def readable(self) -> bool:
        """Whether anybody on the network could have read the password."""
        return "Authorization: Basic" in "".join([*self.heads, self.inside.decode("latin-1")])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._request(reader, writer)
        writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        if self.mute:
            await reader.read()
            return
        method = head.split(" ", 1)[0]
        wanted = self._wants[method]
        if wanted and f"Authorization: {wanted}" not in head:
            offer = f'{wanted} realm="cam"' + (', nonce="n1"' if wanted == "Digest" else "")
            writer.write(f"HTTP/1.0 401 No\r\nWWW-Authenticate: {offer}\r\n\r\n".encode())
            await writer.drain()
            return
        found = re.search(r"x-sessioncookie: (\S+)", head, re.IGNORECASE)
        assert found, head
        if method == "GET":
            await self._down(found[1], writer)
        else:
            await self._up(self._behind[found[1]], reader)

    async def _down(self, cookie: str, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection("127.0.0.1", self._to_port)
        self._behind[cookie] = forth
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: application/x-rtsp-tunnelled\r\n\r\n")
        while data := await back.read(65536):
            writer.write(data)
            await writer.drain()
        forth.close()

    async def _up(self, forth: asyncio.StreamWriter, reader: asyncio.StreamReader) -> None:
        waiting = b""
        while data := await reader.read(65536):
            waiting += data.replace(b"\r\n", b"")
            whole = len(waiting) // 4 * 4
            plain = b"".join(base64.b64decode(waiting[at : at + 4]) for at in range(0, whole, 4))
            waiting = waiting[whole:]
            self.inside += plain
            forth.write(plain)
