"""A box and the people at its page: made with cameras, set up, visited."""

from contextlib import asynccontextmanager

from person import Person
from the_box import Box

PASSWORD = "Lantern7Field"


@asynccontextmanager
async def box_with(folder, *cameras):
    """Yield a box nobody has set up; it records these cameras already."""
    box = Box(folder, web=True)
    try:
        await box.start()
        for camera in cameras:
            await box.add(camera)
        yield box
    finally:
        await box.close()


@asynccontextmanager
async def box_in_use(browser, folder, *cameras):
    """Yield a box whose administrator has a password and whose cameras are recorded."""
    async with box_with(folder, *cameras) as box:
        async with browser.page() as page:
            await set_up(Person(page, box.https), box)
        await box.recording(*range(1, len(cameras) + 1))
        yield box


@asynccontextmanager
async def visitor(browser, box, *, width=1280, height=800):
    """Yield somebody who has not signed in; in the end nothing may have gone wrong in the page."""
    async with browser.page(width, height) as page:
        person = Person(page, box.https)
        yield person
        assert person.unexpected() == []
        assert person.strange_requests() == []


@asynccontextmanager
async def administrator(browser, box):
    """Yield the administrator, signed in, at the live wall."""
    async with visitor(browser, box) as person:
        await person.open("/live")
        await person.signs_in("admin", PASSWORD)
        await person.sees("LIVE")
        yield person


async def set_up(person, box):
    """Be the first person: enter the code, choose the password, come to the live wall.

    Whoever opens the box without an address is led to the wizard instead.
    """
    code = (await box.bus.request("setup.code"))["code"]
    await person.open("/live")
    await person.writes("One-time code", code)
    await person.writes("Password of admin", PASSWORD)
    await person.writes("Password again", PASSWORD)
    await person.clicks("Set password and open the live view")
    await person.until("location.pathname === '/live' && !field('One-time code')")
