"""A headless Chromium driven over the DevTools protocol: pages, real mouse and keys, complaints."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

FOUND = shutil.which("chromium")
"""The browser of this machine; None where there is none."""
PATIENCE_S = 20.0
POLL_S = 0.04
START_S = 30.0
_ADDRESS = re.compile(rb"DevTools listening on (ws://\S+)")
_FLAGS = (
    "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--no-first-run",
    "--mute-audio", "--hide-scrollbars", "--ignore-certificate-errors",
    "--remote-debugging-port=0", "about:blank",
)  # fmt: skip
_KEYS = {
    "Enter": ("Enter", 13, "\r"),
    "Escape": ("Escape", 27, ""),
    "Tab": ("Tab", 9, ""),
    "Home": ("Home", 36, ""),
    "End": ("End", 35, ""),
    "F10": ("F10", 121, ""),
    "ArrowLeft": ("ArrowLeft", 37, ""),
    "ArrowRight": ("ArrowRight", 39, ""),
}


class BrowserError(RuntimeError):
    """The browser refused a command, a script threw, or what was waited for did not come."""


class Browser:
    """One Chromium; each page lives in a context of its own (cookies, storage)."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._pages: dict[str, Page] = {}

    async def receive(self) -> None:
        """Hand out answers and news until the browser ends."""
        async for message in self._socket:
            news = json.loads(message.data)
            if "id" in news:
                waiting = self._waiting.pop(news["id"], None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(news)
            elif page := self._pages.get(news.get("sessionId", "")):
                page.notice(news["method"], news["params"])
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(BrowserError("the browser has ended"))

    async def call(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        """Give a command; returns its result; raises BrowserError."""
        number = next(self._ids)
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        command: dict[str, Any] = {"id": number, "method": method, "params": params}
        if session:
            command["sessionId"] = session
        await self._socket.send_json(command)
        try:
            answer = await asyncio.wait_for(waiting, PATIENCE_S)
        except TimeoutError:
            raise BrowserError(f"{method}: no answer") from None
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error'].get('message')}")
        result: dict[str, Any] = answer["result"]
        return result

    @contextlib.asynccontextmanager
    async def page(self, width: int = 1280, height: int = 800) -> AsyncIterator[Page]:
        """Open a page of that many CSS pixels in a fresh context."""
        context = (await self.call("Target.createBrowserContext"))["browserContextId"]
        try:
            target = await self.call(
                "Target.createTarget", url="about:blank", browserContextId=context,
                width=width, height=height,
            )  # fmt: skip
            attached = await self.call(
                "Target.attachToTarget", targetId=target["targetId"], flatten=True
            )
            page = self._pages[attached["sessionId"]] = Page(self, attached["sessionId"])
            await page.prepare(width, height)
            yield page
        finally:
            with contextlib.suppress(BrowserError, ConnectionError):
                await self.call("Target.disposeBrowserContext", browserContextId=context)


class Page:
    """One page.

    `complaints` are errors and warnings of its console, policy violations included; `requests`
    the addresses it asked for.
    """

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session
        self.complaints: list[str] = []
        self.requests: list[str] = []

    async def prepare(self, width: int, height: int) -> None:
        """Listen to everything, and take the size."""
        for domain in ("Log", "Runtime", "Page", "Network"):
            await self.call(f"{domain}.enable")
        await self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        await self.resize(width, height)

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Give a command about this page."""
        return await self._browser.call(method, self._session, **params)

    def notice(self, method: str, params: dict[str, Any]) -> None:
        """Keep what the browser tells of the page."""
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Log.entryAdded":
            entry = params["entry"]
            if entry["level"] in ("error", "warning"):
                self.complaints.append(f"{entry['source']}: {entry['text']} {entry.get('url', '')}")
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            words = [str(a.get("value", a.get("description", ""))) for a in params["args"]]
            self.complaints.append(f"console: {' '.join(words)}")
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(f"exception: {_words(params['exceptionDetails'])}")

    async def go(self, url: str) -> None:
        """Load an address."""
        answer = await self.call("Page.navigate", url=url)
        if answer.get("errorText"):
            raise BrowserError(f"{url}: {answer['errorText']}")

    async def resize(self, width: int, height: int, *, touch: bool = False) -> None:
        """Take a size in CSS pixels; `touch`: as a phone."""
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height,
            deviceScaleFactor=1, mobile=touch,
        )  # fmt: skip
        await self.call("Emulation.setTouchEmulationEnabled", enabled=touch)

    async def evaluate(self, expression: str) -> Any:
        """Return what an expression comes to (promises awaited); raises BrowserError."""
        answer = await self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True,
            userGesture=True,
        )  # fmt: skip
        if "exceptionDetails" in answer:
            raise BrowserError(_words(answer["exceptionDetails"]))
        return answer["result"].get("value")

    async def until(self, expression: str, patience_s: float = PATIENCE_S) -> Any:
        """Ask until an expression is true; returns its value; raises BrowserError in the end."""
        loop = asyncio.get_running_loop()
        end = loop.time() + patience_s
        while True:
            last = ""
            try:
                if value := await self.evaluate(expression):
                    return value
            except BrowserError as error:  # between two documents, or before an element is there
                last = f" ({error})"
            if loop.time() > end:
                shown = await self.evaluate("document.body.innerText.slice(0, 1500)")
                raise BrowserError(f"waited in vain for {expression}{last}; the page: {shown}")
            await asyncio.sleep(POLL_S)

    async def click(self, x: float, y: float, *, times: int = 1, button: str = "left") -> None:
        """Click at a place of the window; `times` 2 is a double click."""
        await self._mouse("mouseMoved", x, y)
        for count in range(1, times + 1):
            await self._mouse("mousePressed", x, y, button=button, clickCount=count)
            await self._mouse("mouseReleased", x, y, button=button, clickCount=count)

    async def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag with the left button from one place of the window to another."""
        await self._mouse("mouseMoved", *start)
        await self._mouse("mousePressed", *start, button="left", clickCount=1)
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        for place in (middle, end):
            await self._mouse("mouseMoved", *place, button="left", buttons=1)
        await self._mouse("mouseReleased", *end, button="left", clickCount=1)

    async def wheel(self, x: float, y: float, pixels: float) -> None:
        """Turn the wheel over a place of the window; less than 0 is away from the person."""
        await self._mouse("mouseWheel", x, y, deltaX=0, deltaY=pixels)

    async def _mouse(self, what: str, x: float, y: float, **more: Any) -> None:
        await self.call("Input.dispatchMouseEvent", type=what, x=x, y=y, **more)

    async def press(self, key: str, *, modifiers: int = 0) -> None:
        """Press a key: a character, or a name such as Enter (`modifiers`: 2 is Ctrl, 8 Shift)."""
        name, code, text = _KEYS.get(key, (key, ord(key[0].upper()), key))
        common = {"key": name, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        text = "" if modifiers & 2 else text
        await self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    async def type(self, text: str) -> None:
        """Write into the field that has the focus, in place of what is in it."""
        await self.call(
            "Input.dispatchKeyEvent", type="keyDown", key="a", windowsVirtualKeyCode=65,
            modifiers=2, commands=["selectAll"],
        )  # fmt: skip
        if text:
            await self.call("Input.insertText", text=text)
        else:
            await self.call("Input.dispatchKeyEvent", type="keyDown", key="Delete",
                            windowsVirtualKeyCode=46, commands=["deleteBackward"])  # fmt: skip

    async def picture(self, path: Path) -> None:
        """Save what is seen, for people."""
        shot = await self.call("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(shot["data"]))


def _words(details: dict[str, Any]) -> str:
    thrown = details.get("exception", {})
    return str(thrown.get("description") or thrown.get("value") or details.get("text"))


@contextlib.asynccontextmanager
async def chromium(*flags: str) -> AsyncIterator[Browser]:
    """Run Chromium for the time of the block, its profile thrown away afterwards."""
    if FOUND is None:
        raise BrowserError("there is no Chromium; install Debian's package chromium")
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            FOUND, f"--user-data-dir={profile}", *sandbox, *flags, *_FLAGS,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        drain: asyncio.Task[None] | None = None
        try:
            assert process.stderr is not None
            address = await asyncio.wait_for(_address(process.stderr), START_S)
            drain = asyncio.create_task(_drain(process.stderr))
            async with (
                aiohttp.ClientSession() as client,
                client.ws_connect(address, max_msg_size=0) as socket,
            ):
                browser = Browser(socket)
                receiving = asyncio.create_task(browser.receive())
                try:
                    yield browser
                finally:
                    with contextlib.suppress(BrowserError, ConnectionError):
                        await browser.call("Browser.close")
                    receiving.cancel()
                    await asyncio.gather(receiving, return_exceptions=True)
        finally:
            with contextlib.suppress(ProcessLookupError):
                try:
                    await asyncio.wait_for(process.wait(), 5)
                except TimeoutError:
                    process.kill()
                    await process.wait()
            if drain is not None:
                drain.cancel()
                await asyncio.gather(drain, return_exceptions=True)


async def _address(stderr: asyncio.StreamReader) -> str:
    said = b""
    while line := await stderr.readline():
        if match := _ADDRESS.search(line):
            return match[1].decode()
        said += line
    raise BrowserError(f"Chromium did not start: {said[-500:].decode(errors='replace')}")


async def _drain(stderr: asyncio.StreamReader) -> None:
    while await stderr.readline():
        pass
