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
    desk.once("setup_done", address="x")
    await supervisor.start()
    told = await supervisor.heard(3)
    kinds = {params.get("kind") for method, params in told if method == "events.raise"}
    assert kinds == {"no_volume", "setup_done"}


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


async def test_figures_that_grew_while_an_event_lasted_are_told_at_its_end(talk):
    supervisor, desk = talk
    await supervisor.start()
    await supervisor.heard(1)
    for seconds in ("1", "2", "40"):
        desk.set("overload", "D1 sub", True, start_ms=5000, counts=True, seconds=seconds)
    desk.set("overload", "D1 sub", False, end_ms=45_000, counts=True, seconds="41")
    told = (await supervisor.heard(3))[1:]
    assert [method for method, _ in told] == ["events.raise", "events.end"]
    assert (told[0][1]["start"], told[0][1]["details"]) == (5000, {"seconds": "1"})
    assert (told[1][1]["end"], told[1][1]["details"]) == (45_000, {"seconds": "41"})


async def test_figures_of_an_event_that_lasts_long_are_told_now_and_then(talk, monkeypatch):
    supervisor, desk = talk
    await supervisor.start()
    await supervisor.heard(1)
    desk.set("overload", "D1 sub", True, counts=True, seconds="1")
    desk.set("overload", "D1 sub", True, counts=True, seconds="2")
    monkeypatch.setattr("appliance.recorder.event_desk.RENEW_S", 0.0)
    desk.set("overload", "D1 sub", True, counts=True, seconds="3")
    told = (await supervisor.heard(3))[1:]
    assert [params["details"]["seconds"] for _, params in told] == ["1", "3"]


async def test_what_is_not_set_any_more_ends_of_the_kinds_settled_only(talk):
    supervisor, desk = talk
    await supervisor.start()
    await supervisor.heard(1)
    for key in ("D1", "D2"):
        desk.set("camera_offline", key, True)
    desk.set("no_volume", "volumes", True)
    desk.settle("camera_offline")
    desk.set("camera_offline", "D2", True)
    desk.settle("camera_offline")
    told = (await supervisor.heard(5))[4:]
    assert told == [("events.end", {"kind": "camera_offline", "key": "D1"})]
