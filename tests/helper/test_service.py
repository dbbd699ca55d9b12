"""The supervisor's end: clear words when the helper is absent, refuses, is slow or dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from appliance.helper.contract import HelperError
from appliance.supervisor.helper_service import HelperService


@pytest.fixture
async def helper(bench: Any) -> AsyncIterator[HelperService]:
    service = HelperService(bench.path)
    service.start()
    yield service
    await service.close()


async def test_a_call_returns_the_typed_answer(helper: Any, requests: Any) -> None:
    said = await helper.call(requests["Echo"](word="a", times=2, secret="x"))
    assert said.words == ["a", "a"]


async def test_a_secret_reaches_the_verb_in_clear_and_no_text(requests: Any) -> None:
    request = requests["Echo"](word="a", secret="hunter2")
    assert "hunter2" not in repr(request)
    assert "hunter2" in request.model_dump_json()


async def test_refusals_come_through_with_their_fields(helper: Any, requests: Any) -> None:
    with pytest.raises(HelperError) as caught:
        await helper.call(requests["Break"](how="own"))
    assert (caught.value.code, caught.value.fields) == ("test.own", [{"path": "how"}])


async def test_an_absent_helper_is_said_to_be_absent(tmp_path: Any, requests: Any) -> None:
    service = HelperService(tmp_path / "nobody.sock")
    service.start()
    with pytest.raises(HelperError) as caught:
        await service.call(requests["Echo"](word="a"), wait_s=0.05)
    assert caught.value.code == "helper.absent"
    await service.close()


async def test_a_helper_that_dies_half_way_is_told_and_comes_back(
    bench: Any, requests: Any
) -> None:
    seen: list[bool] = []
    service = HelperService(bench.path, seen.append)
    service.start()
    call = asyncio.create_task(service.call(requests["Hold"]()))
    async with asyncio.timeout(10):
        await bench.began.wait()
    for task in list(bench.server._connections):
        task.cancel()  # what a kill does to its sockets
    with pytest.raises(HelperError) as caught:
        await call
    assert caught.value.code == "helper.cut_off"
    assert "part" in caught.value.text
    bench.go_on.set()
    said = await service.call(requests["Echo"](word="again"))
    assert said.words == ["again"]
    assert seen == [True, False, True]
    await service.close()


async def test_a_helper_that_comes_later_is_waited_for(bench: Any, requests: Any) -> None:
    await bench.server.close()
    service = HelperService(bench.path)
    service.start()
    call = asyncio.create_task(service.call(requests["Echo"](word="a")))
    bench.server = bench.make()
    await bench.server.start()
    assert (await call).words == ["a"]
    await service.close()


async def test_an_answer_that_is_none_is_an_error(tmp_path: Any, requests: Any) -> None:
    async def lie(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            writer.write(b'{"id":1,"answer":{"words":7},"code":"","text":""}\n')

    server = await asyncio.start_unix_server(lie, tmp_path / "s")
    service = HelperService(tmp_path / "s")
    service.start()
    with pytest.raises(HelperError) as caught:
        await service.call(requests["Echo"](word="a"))
    assert caught.value.code == "helper.failed"
    await service.close()
    server.close()


async def test_at_the_start_the_helper_gets_longer_than_when_it_has_gone(
    bench: Any, requests: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.supervisor.helper_service.ABSENT_S", 0.01)
    await bench.server.close()
    service = HelperService(bench.path)
    service.start()
    first = asyncio.create_task(service.call(requests["Echo"](word="a")))
    bench.server = bench.make()
    await bench.server.start()
    assert (await first).words == ["a"]
    await bench.server.close()
    async with asyncio.timeout(10):
        while service.connected.is_set():
            await asyncio.sleep(0)
    with pytest.raises(HelperError) as caught:
        await service.call(requests["Echo"](word="a"))
    assert caught.value.code == "helper.absent"
    await service.close()
