"""Tests of floods, of what is done over and over, and of a lot of everything."""

import asyncio
from collections import Counter
from collections.abc import Callable
import gc
import time
import tracemalloc

from freezegun.api import TickingDateTimeFactory
from homeassistant.const import STATE_OFF
from homeassistant.core import HomeAssistant
import pytest

from tests.common import (
    PUBLISH,
    SWITCH,
    UPNP_ONLY,
    become,
    jumping_time,
    open_ports,
    our_tasks,
    pass_time,
    setting,
    state_of,
    turn,
    verdict,
)
from tests.simulators.plex import Endpoint, MappingState, PlexServer
from tests.simulators.router import PacketKind, Router

from .sizes import Sizes

LOOKS = (PacketKind.NAT_PMP_ADDRESS, PacketKind.PCP_ANNOUNCE)
MAPS = ("AddPortMapping", "AddAnyPortMapping")
NEWS = (
    ("account", "AccountUpdateNotification"),
    ("preference", "Setting"),
    ("reachability", "ReachabilityNotification"),
)
NEWS_A_MINUTE = 10_000
BURSTS_A_SECOND = 5

type Tell = Callable[[str, object], None]


def timers() -> list[float]:
    """Return in how many seconds each timer of the event loop rings."""
    loop = asyncio.get_running_loop()
    scheduled = loop._scheduled  # type: ignore[attr-defined]  # nothing public tells
    return [timer.when() - loop.time() for timer in scheduled if not timer.cancelled()]


async def pass_minutes(
    hass: HomeAssistant, freezer: TickingDateTimeFactory, minutes: float
) -> None:
    """Let time pass from one timer to the next, so that nothing is late."""
    end = asyncio.get_running_loop().time() + 60 * minutes
    while (left := end - asyncio.get_running_loop().time()) > 0:
        await pass_time(hass, freezer, max(0.25, min(left, *timers())))


@jumping_time
async def test_many_servers_behind_one_router(
    hass: HomeAssistant,
    router: Router,
    servers: list[PlexServer],
    freezer: TickingDateTimeFactory,
    sizes: Sizes,
    record_property: Tell,
) -> None:
    """Each has its port; what they all want to know is asked once."""
    # It may well be quicker by UPnP: then it is asked in another way, see below.
    router.faults.soap.refuse = dict.fromkeys(MAPS, 606)
    switches = [f"switch.den_{number}_remote_access" for number in range(len(servers))]
    await asyncio.gather(*(turn(hass, "on", switch) for switch in switches))
    states = {(await server.settled()).state for server in servers}
    assert states == {MappingState.MAPPED}
    assert len(open_ports(router)) == len(servers)
    await pass_minutes(hass, freezer, 5)
    router.records.clear()

    await pass_minutes(hass, freezer, sizes.minutes_of_servers)

    looks = sum(router.packets[kind] for kind in LOOKS) / sizes.minutes_of_servers
    # Together, but for those that the machine is too slow to open together.
    assert 1 <= looks <= 6 + len(servers) / 10
    assert len(router.subscribers) <= 1
    packets = sum(router.packets.values()) / sizes.minutes_of_servers
    # Each mapping is asked for again, every other time.
    assert packets <= looks + len(servers)

    await asyncio.gather(*(turn(hass, "off", switch) for switch in switches))
    assert open_ports(router) == []
    record_property("Servers behind one router", len(servers))
    record_property(
        f"Questions a minute to the router for {len(servers)} servers",
        f"{looks:.1f} for all, {packets - looks:.1f} for the mapping of each",
    )


@jumping_time
@pytest.mark.parametrize("router_options", [UPNP_ONLY])
async def test_many_servers_behind_one_router_of_upnp(
    hass: HomeAssistant,
    router: Router,
    servers: list[PlexServer],
    freezer: TickingDateTimeFactory,
    sizes: Sizes,
    record_property: Tell,
) -> None:
    """It tells what changes once for all, and is asked for each mapping alone."""
    switches = [f"switch.den_{number}_remote_access" for number in range(len(servers))]
    await asyncio.gather(*(turn(hass, "on", switch) for switch in switches))
    # Who has waited too long for the router asks again.
    await pass_minutes(hass, freezer, 5)
    assert len(open_ports(router)) == len(servers)
    router.records.clear()

    await pass_minutes(hass, freezer, sizes.minutes_of_servers)

    assert len(router.subscribers) <= 1
    calls = len(router.http_requests) / sizes.minutes_of_servers
    assert calls <= 6 * len(servers)

    await asyncio.gather(*(turn(hass, "off", switch) for switch in switches))
    assert open_ports(router) == []
    record_property(
        f"Requests a minute to a router of UPnP for {len(servers)} servers",
        f"{calls:.0f}",
    )


@pytest.mark.usefixtures("init_integration")
async def test_many_toggles(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    numbers_open: list[int],
    sizes: Sizes,
    record_property: Tell,
) -> None:
    """The last one counts, and nothing is left of the others."""
    await turn(hass, "on")
    await turn(hass, "off")
    await plex.settled()
    tasks = our_tasks()
    began = time.process_time()

    for _ in range(sizes.toggles // 2):
        await turn(hass, "on")
        await turn(hass, "off")

    taken = (time.process_time() - began) / sizes.toggles
    assert taken <= 0.5
    assert open_ports(router) == []
    assert setting(plex, PUBLISH) is False
    assert state_of(hass, SWITCH).state == STATE_OFF
    assert max(numbers_open) == 1
    await plex.settled()
    await become(our_tasks, tasks)
    record_property("Toggles in a row", sizes.toggles)
    record_property("Computing for a toggle", f"{taken * 1000:.0f} ms")


@pytest.mark.usefixtures("init_integration")
async def test_toggles_that_nobody_waits_for(
    hass: HomeAssistant,
    router: Router,
    numbers_open: list[int],
    sizes: Sizes,
    record_property: Tell,
) -> None:
    """The last one counts here, too."""
    toggles = [turn(hass, action) for action in ("on", "off") * (sizes.toggles // 2)]
    await asyncio.gather(*toggles)

    await become(lambda: open_ports(router), [])
    await become(lambda: state_of(hass, SWITCH).state, STATE_OFF)
    assert max(numbers_open, default=0) <= 1
    record_property("Toggles at once", sizes.toggles)


@jumping_time
@pytest.mark.usefixtures("reachable")
async def test_days_of_idle(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    sizes: Sizes,
    record_property: Tell,
) -> None:
    """The port stays open, and nothing grows: neither questions nor what is kept."""
    await pass_minutes(hass, freezer, 10)
    asked, packets, calls = Counter[Endpoint](), 0, 0
    tasks, set_timers = our_tasks(), len(timers())
    plex.records.reset()
    router.records.clear()
    router.event_answers.clear()
    gc.collect()
    tracemalloc.start()
    before, began = tracemalloc.get_traced_memory()[0], time.process_time()

    for _ in range(sizes.idle_hours):
        await pass_minutes(hass, freezer, 60)
        asked += plex.records.counts
        packets += sum(router.packets.values())
        calls += len(router.http_requests)
        plex.records.reset()
        router.records.clear()
        router.event_answers.clear()

    taken = (time.process_time() - began) / sizes.idle_hours
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert open_ports(router) == [32400]
    assert verdict(hass) == ("reachable", None)
    # Where the machine is slow it is more than these hours.
    assert asked[Endpoint.ACCOUNT] <= 33 * sizes.idle_hours
    assert asked[Endpoint.PREFS] <= 14 * sizes.idle_hours
    # There, too, an answer to a ping may seem late.
    assert set(asked) <= {Endpoint.ACCOUNT, Endpoint.PREFS, Endpoint.WEBSOCKET}
    assert asked[Endpoint.WEBSOCKET] <= 5 * sizes.idle_hours
    assert 60 * sizes.idle_hours <= packets <= 180 * sizes.idle_hours
    # The subscription to what the router tells is renewed, and answered.
    assert calls <= 12 * sizes.idle_hours
    assert our_tasks() == tasks
    assert len(timers()) <= set_timers + 3
    assert grown <= 512 * 1024
    assert taken <= 30
    record_property("Simulated hours of idle", sizes.idle_hours)
    record_property(
        "Asked in an hour of idle",
        f"{asked.total() / sizes.idle_hours:.0f} times the server,"
        f" {packets / sizes.idle_hours:.0f} times the router",
    )
    record_property(
        f"Growth in {sizes.idle_hours} hours of idle", f"{grown / 1024:.0f} KiB"
    )
    record_property("Computing for an hour of idle", f"{taken:.2f} s")


@jumping_time
@pytest.mark.usefixtures("reachable")
async def test_connection_that_breaks_all_the_time(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    sizes: Sizes,
    record_property: Tell,
) -> None:
    """It is made again without a hurry, and what was missed is asked for."""
    began = time.process_time()

    for _ in range(sizes.interruptions):
        await plex.notifications.close()
        # Down for a second, and up for another one.
        await pass_time(hass, freezer, 1.1)
        await pass_time(hass, freezer, 1.1)

    taken = (time.process_time() - began) / sizes.interruptions
    asked = Counter(plex.records.counts)
    assert asked[Endpoint.WEBSOCKET] <= sizes.interruptions
    # One connection, and what the server has to say after it and after its end.
    assert asked.total() <= 5 * sizes.interruptions
    assert taken <= 0.5
    assert open_ports(router) == [32400]

    await pass_time(hass, freezer, 61)
    await become(lambda: plex.notifications.listeners, 1)
    await plex.set_preferences({PUBLISH: False})
    await become(lambda: state_of(hass, SWITCH).state, STATE_OFF)
    record_property("Broken connections to the server", asked[Endpoint.WEBSOCKET])
    record_property(
        "Asked of the server for a connection that breaks after a second",
        f"{asked.total() / asked[Endpoint.WEBSOCKET]:.1f} times",
    )


@jumping_time
@pytest.mark.usefixtures("reachable")
async def test_ten_thousand_news_a_minute(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    sizes: Sizes,
    record_property: Tell,
) -> None:
    """They are looked at together, and the last of them is not missed."""
    loop = asyncio.get_running_loop()
    start, began = loop.time(), time.process_time()

    for _ in range(60 * BURSTS_A_SECOND * sizes.minutes_of_news):
        for number in range(NEWS_A_MINUTE // 60 // BURSTS_A_SECOND + 1):
            await plex.notifications.send(*NEWS[number % len(NEWS)], [{}])
        await pass_time(hass, freezer, 1 / BURSTS_A_SECOND)

    taken = (time.process_time() - began) / sizes.minutes_of_news
    # Where the machine is slow it is more than these minutes.
    minutes = (loop.time() - start) / 60
    looks = plex.records.counts[Endpoint.ACCOUNT] / minutes
    assert 30 <= looks <= 60 / 0.3
    assert plex.records.counts[Endpoint.PREFS] <= 2 * looks * minutes
    assert taken <= 10
    assert open_ports(router) == [32400]

    await plex.set_preferences({PUBLISH: False})
    await become(lambda: state_of(hass, SWITCH).state, STATE_OFF)
    record_property("News of the server", NEWS_A_MINUTE * sizes.minutes_of_news)
    record_property("Looks for 10,000 news in a minute", f"{looks:.0f}")
    record_property(
        "Computing for 10,000 news, the server's own included", f"{taken:.1f} s"
    )


@pytest.mark.usefixtures("init_integration")
async def test_flood_of_news(hass: HomeAssistant, plex: PlexServer) -> None:
    """A thousand news in a moment are looked at together, some three times a second."""
    await become(lambda: len(plex.requests) > 0, expected=True)
    plex.records.reset()
    loop = asyncio.get_running_loop()
    start = loop.time()

    for _ in range(1000):
        await plex.notifications.send("account", "AccountUpdateNotification", [{}])
    await asyncio.sleep(0.7)

    looks = (loop.time() - start) / 0.3 + 2
    assert 2 <= len(plex.requests) <= 2 * looks
