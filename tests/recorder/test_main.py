"""The process of a recorder: how it ends."""

import asyncio

from appliance.paths import Paths
from appliance.recorder.main import RecorderProcess


async def test_nothing_is_reported_any_more_while_volumes_are_closed(tmp_path):
    """Else each orderly end would raise the event that there is no volume to record to."""
    paths = Paths.below(tmp_path)
    paths.state.mkdir(parents=True)
    paths.run.mkdir(parents=True, exist_ok=True)
    process = RecorderProcess(paths, 1, "x", outlive=True)
    stop, reporting = process.group.stop, []

    async def stopping():
        reporting.extend(
            task
            for task in asyncio.all_tasks()
            if task.get_name() == "reports" and not task.cancelling()
        )
        await stop()

    process.group.stop = stopping
    process.ended.set()
    async with asyncio.timeout(20):
        await process.run()
    assert reporting == []
