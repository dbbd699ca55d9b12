"""A person at the page: finds things by the words on them, and acts by mouse and keys."""

import asyncio
import json

from scripts.bench.chromium import BrowserError, Page

EYES = """
const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length;
const words = (e) => (e.getAttribute("aria-label") || e.innerText || e.title || "").trim();
const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
const CLICKABLE = "button, a[href], [role=button], [role=menuitem], [role=menuitemradio], "
  + "[role=option], [role=switch], label";
const clickable = (name) => all(CLICKABLE).find((e) => words(e) === name);
const field = (label) => all("input, textarea, select").find((e) =>
  [...(e.labels ?? [])].some((l) => l.innerText.trim() === label)
  || e.getAttribute("aria-label") === label);
const fieldBox = (label) => field(label)?.closest("[class*=InputWrapper-root], [id^=field-]");
const tiles = () => all("[data-channel]");
const tile = (channel) => tiles().find((e) => e.dataset.channel === String(channel));
const video = (channel) => tile(channel)?.querySelector("video:not([data-old])");
const ink = (width, height) => Object.assign(document.createElement("canvas"), { width, height })
  .getContext("2d", { willReadFrequently: true });
const spot = (e, x = 0.5, y = 0.5) => {
  e.scrollIntoView({ block: "nearest" });
  const box = e.getBoundingClientRect();
  return [box.left + box.width * x, box.top + box.height * y];
};
const reached = (e) => {  // nothing lies over it
  const [x, y] = spot(e);
  const top = document.elementFromPoint(x, y);
  return top !== null && (e.contains(top) || top.contains(e));
};
"""


class Person:
    """Somebody in front of one page of a box."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self._expected: list[str] = []

    async def open(self, path: str = "/") -> None:
        """Enter an address of the box."""
        await self.page.go(self.address + path)

    async def ask(self, expression: str):
        """Return what an expression comes to, with the helpers above at hand."""
        return await self.page.evaluate(f"(() => {{ {EYES} return ({expression}); }})()")

    async def until(self, expression: str, patience_s: float = 20.0):
        """Wait until an expression is true; returns its value."""
        value = f"const value = ({expression}); return value instanceof Node ? true : value;"
        return await self.page.until(f"(() => {{ {EYES} {value} }})()", patience_s)

    async def sees(self, text: str, patience_s: float = 20.0) -> None:
        """Wait until these words are on the page."""
        await self.until(f"document.body.innerText.includes({json.dumps(text)})", patience_s)

    async def sees_no_more(self, text: str) -> None:
        """Wait until these words are gone."""
        await self.until(f"!document.body.innerText.includes({json.dumps(text)})")

    async def clicks(self, name: str) -> None:
        """Click what is called so."""
        await self.clicks_at(f"clickable({json.dumps(name)})")

    async def clicks_at(
        self, element: str, x: float = 0.5, y: float = 0.5, times: int = 1, button: str = "left"
    ) -> None:
        """Click an element (an expression) at a share of its width and height."""
        await self.until(f"{element} && !{element}.disabled && reached({element})")
        place = await self.ask(f"spot({element}, {x}, {y})")
        await self.page.click(*place, times=times, button=button)

    async def writes(self, label: str, text: str) -> None:
        """Write into the field of that label, in place of what is in it."""
        name = json.dumps(label)
        await self.until(f"field({name}) && (field({name}).focus(), true)")
        await self.page.type(text)
        if await self.ask(f"field({name}).value") != text:
            raise BrowserError(f"{label} did not take what was written")

    async def reads(self, label: str) -> str:
        """Return what stands in the field of that label."""
        return await self.until(f"field({json.dumps(label)}) && field({json.dumps(label)}).value")

    async def signs_in(self, user: str, password: str) -> None:
        """Fill the log-in form and send it."""
        await self.writes("User", user)
        await self.writes("Password", password)
        await self.clicks("Log in")

    async def pictures(self) -> dict[str, dict]:
        """Return how the picture of each tile stands, by channel."""
        return await self.ask("""Object.fromEntries(tiles().map((e) => {
            const v = video(e.dataset.channel);
            const small = ink(32, 18);
            if (v?.videoWidth) small.drawImage(v, 0, 0, 32, 18);
            const dots = [...small.getImageData(0, 0, 32, 18).data];
            return [e.dataset.channel, {
              phase: e.dataset.phase, stream: e.dataset.stream,
              time: v?.currentTime ?? 0, ready: v?.readyState ?? 0,
              frames: v?.getVideoPlaybackQuality().totalVideoFrames ?? 0,
              width: v?.videoWidth ?? 0, dots: dots.join(),
              spread: Math.max(...dots.filter((_, i) => i % 4 === 0))
                - Math.min(...dots.filter((_, i) => i % 4 === 0)),
            }];
        }))""")

    async def sees_moving(self, *channels: int, patience_s: float = 20.0) -> dict[str, dict]:
        """Wait until the picture of each channel plays, moves and shows something.

        Playing on for half a second is asked for, five frames more, and another picture.
        """
        names = [str(channel) for channel in channels]
        ready = " && ".join(
            f'tile({n})?.dataset.phase === "playing" && video({n})?.readyState >= 2' for n in names
        )
        await self.until(ready, patience_s)
        before = await self.pictures()
        moved = " && ".join(
            f"video({n})?.currentTime >= {before[n]['time'] + 0.5} && "
            f"video({n}).getVideoPlaybackQuality().totalVideoFrames >= {before[n]['frames'] + 5}"
            for n in names
        )
        await self.until(moved, patience_s)
        after = await self.pictures()
        try:
            async with asyncio.timeout(patience_s):
                while any(after[n]["dots"] == before[n]["dots"] for n in names):
                    after = await self.pictures()  # what moves may be between the dots
        except TimeoutError:
            raise AssertionError(f"a picture stands still: {names}") from None
        for name in names:
            assert after[name]["spread"] > 30, f"D{name} shows nothing"
        return after

    def expects(self, *complaints: str) -> None:
        """Say which complaints of the console the test brings about itself."""
        self._expected += complaints

    def unexpected(self) -> list[str]:
        """Return complaints of the console that nobody expected."""
        return [
            complaint
            for complaint in self.page.complaints
            if not any(words in complaint for words in self._expected)
        ]

    def strange_requests(self) -> list[str]:
        """Return addresses elsewhere that the page asked for."""
        own = (self.address, self.address.replace("http", "ws", 1), "data:", "blob:")
        return [url for url in self.page.requests if not url.startswith((*own, "about:"))]
