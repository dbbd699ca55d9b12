"""Events a recorder raises over a real bus."""


async def test_an_event_is_told_on_its_edges_only(talk):
    supervisor, desk = talk
    await supervisor.start()
    await supervisor.heard(1)
    for _ in range(3):
        desk.set("camera_offline", "D1", True, channel=1, name="Gate")
    desk.set("camera_offline", "D1", False)
    desk.set("camera_offline", "D1", False)
    told = await supervisor.heard(3)
    assert [method for method, _ in told] == ["events.sync", "events.raise", "events.end"]
    assert told[1][1]["details"] == {"name": "Gate"}


async def test_events_that_began_while_the_supervisor_was_away_are_told_when_it_is_back(talk):
    supervisor, desk = talk
    desk.set("no_volume", "volumes", True, reason="x")
    desk.once("clock_jump", seconds="+3")
    await supervisor.start()
    told = await supervisor.heard(3)
    kinds = {params.get("kind") for method, params in told if method == "events.raise"}
    assert kinds == {"no_volume", "clock_jump"}


async def test_a_new_supervisor_learns_what_is_still_open(talk):
    supervisor, desk = talk
    await supervisor.start()
    desk.set("volume_full", "v1", True, volume="v1")
    await supervisor.heard(2)
    await supervisor.server.close()
    supervisor.told.clear()
    await supervisor.start()
    told = await supervisor.heard(2)
    sync = {"source": "recorder@1", "keys": [{"kind": "volume_full", "key": "v1"}]}
    assert ("events.sync", sync) in told
    assert any(method == "events.raise" and p["kind"] == "volume_full" for method, p in told)
