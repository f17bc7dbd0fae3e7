"""Tests of additions through UPnP that are interrupted before they are answered."""

import asyncio
from collections.abc import Callable
import gc

import pytest

from custom_components.plex_remote_access.portmap.upnp import UpnpMapper
from tests.common import become
from tests.simulators.router import Page, Protocol, Router
from tests.simulators.router.http_server import Response
from tests.simulators.router.igd import IgdPages
from tests.simulators.router.records import HttpRequest

from .common import DESCRIPTION, MAPPING, PACKAGE, TARGET


@pytest.fixture
def held_back(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """The router does what it is asked, and answers additions after this event."""
    event = asyncio.Event()
    answer = IgdPages.answer

    async def late(self: IgdPages, request: HttpRequest) -> Response | None:
        response = await answer(self, request)
        if "#Add" in request.headers.get("soapaction", ""):
            await event.wait()
        return response

    monkeypatch.setattr(IgdPages, "answer", late)
    return event


async def interrupt(
    upnp: UpnpMapper,
    router: Router,
    *,
    rows: int,
    then: Callable[[], None] | None = None,
) -> None:
    """Begin to map and give up when the row stands."""
    task = asyncio.create_task(upnp.map(TARGET, 40000))
    await become(lambda: len(router.table), rows)
    task.cancel()
    if then is not None:
        then()
    async with asyncio.timeout(3):
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("answered", [True, False], ids=["answered", "unanswered"])
async def test_nothing_is_left_open(
    upnp: UpnpMapper,
    router: Router,
    held_back: asyncio.Event,
    monkeypatch: pytest.MonkeyPatch,
    answered: bool,
) -> None:
    """What nobody knows of would stay open; it is removed, answered or not."""
    monkeypatch.setattr(f"{PACKAGE}.const.UNDO_ANSWER", 0.1)
    foreign = router.add_foreign(40001)

    await interrupt(upnp, router, rows=2, then=held_back.set if answered else None)

    assert list(router.table) == [foreign]


@pytest.mark.usefixtures("held_back")
async def test_port_that_the_router_chose(
    upnp: UpnpMapper, router: Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is found by its name, although the answer would have told which it is."""
    monkeypatch.setattr(f"{PACKAGE}.const.UNDO_ANSWER", 0.1)
    foreign = router.add_foreign(40000)

    await interrupt(upnp, router, rows=2)

    assert list(router.table) == [foreign]


@pytest.mark.parametrize(
    ("renews", "abandoned"),
    [
        pytest.param(False, False, id="new"),
        pytest.param(True, False, id="renewal"),
        pytest.param(False, True, id="abandoned"),
    ],
)
async def test_row_that_comes_late_quirk_56(
    upnp: UpnpMapper,
    router: Router,
    monkeypatch: pytest.MonkeyPatch,
    renews: bool,
    abandoned: bool,
) -> None:
    """A slow router adds after we have given up; to close waits for that."""
    monkeypatch.setattr(f"{PACKAGE}.const.UNDO_ANSWER", 0.1)
    asked, may_add, added = asyncio.Event(), asyncio.Event(), asyncio.Event()
    answer = IgdPages.answer

    async def slow(self: IgdPages, request: HttpRequest) -> Response | None:
        is_addition = "#Add" in request.headers.get("soapaction", "")
        if is_addition:
            asked.set()
            await may_add.wait()
        response = await answer(self, request)
        if is_addition:
            added.set()
        return response

    if renews:
        await upnp.map(TARGET, 32400)
    monkeypatch.setattr(IgdPages, "answer", slow)
    task = asyncio.create_task(upnp.map(TARGET, 32400))
    await asked.wait()
    task.cancel()
    await asyncio.wait((task,))
    if abandoned:
        monkeypatch.setattr(f"{PACKAGE}.const.ACTION_TIMEOUT", 0.6)
        upnp.abandon()
    closing = asyncio.create_task(upnp.release(MAPPING))
    await asyncio.wait((closing,), timeout=0.3)
    # What stood is not left open meanwhile.
    assert not len(router.table)
    may_add.set()
    await asyncio.gather(closing, added.wait())

    assert not len(router.table)


async def test_refusal_that_comes_late(
    upnp: UpnpMapper,
    router: Router,
    held_back: asyncio.Event,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody waits for it any more, and nobody is told."""
    monkeypatch.setattr(f"{PACKAGE}.const.UNDO_ANSWER", 0.1)
    router.faults.soap.refuse["AddPortMapping"] = 606
    task = asyncio.create_task(upnp.map(TARGET, 40000))
    await become(lambda: "AddPortMapping" in _actions(router), True)
    task.cancel()
    await asyncio.wait((task,))
    held_back.set()
    await upnp.release(MAPPING)
    gc.collect()

    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.usefixtures("held_back")
async def test_what_stood_before_stays(
    upnp: UpnpMapper, router: Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A renewal that is given up leaves the mapping as it was."""
    monkeypatch.setattr(f"{PACKAGE}.const.UNDO_ANSWER", 0.1)
    router.add_foreign(
        40000,
        internal_client="127.0.0.1",
        internal_port=32400,
        description=DESCRIPTION,
        lease=100,
    )
    task = asyncio.create_task(upnp.map(TARGET, 40000))
    await become(lambda: "AddPortMapping" in _actions(router), True)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert router.table.get(Protocol.TCP, 40000) is not None


@pytest.mark.usefixtures("held_back")
async def test_router_hangs(
    upnp: UpnpMapper, router: Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits longer than UNDO_TIMEOUT for a router that answers no more."""
    monkeypatch.setattr(f"{PACKAGE}.const.UNDO_TIMEOUT", 0.3)
    task = asyncio.create_task(upnp.map(TARGET, 40000))
    await become(lambda: len(router.table), 1)
    router.faults.http.hang = {Page.CONTROL}
    task.cancel()

    async with asyncio.timeout(1):
        with pytest.raises(asyncio.CancelledError):
            await task


def _actions(router: Router) -> list[str]:
    return [call.action for call in router.soap_calls]
