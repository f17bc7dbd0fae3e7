"""Tests of when the router is asked again for a port that is kept open."""

from custom_components.plex_remote_access.portmap import (
    KeptPort,
    Method,
    PortMapError,
    Reason,
    Signal,
)

from .fakes import FakeClock, FakeRouter, pass_time

SILENT = PortMapError(Reason.NO_ROUTER, "No answer")
REFUSED = PortMapError(Reason.REFUSED, "No")


async def test_udp_mapping_is_asked_for_again(
    port: KeptPort, fake_router: FakeRouter, fake_clock: FakeClock
) -> None:
    """It cannot be looked up, and a router may lose it without a word."""
    fake_router.method = Method.PCP
    await port.open(40000)
    opened_at = fake_clock.time
    await pass_time(port, fake_clock, 200)

    assert [at - opened_at for at in fake_router.called("extend")] == [48, 144]
    assert port.obstacle is None
    assert port.times_opened == 1


async def test_udp_mapping_is_asked_for_again_after_a_signal(
    port: KeptPort, fake_router: FakeRouter, fake_clock: FakeClock
) -> None:
    """A router may be too young for its epoch to tell."""
    fake_router.method = Method.PCP
    await port.open(40000)
    await pass_time(port, fake_clock, 60)
    fake_router.calls.clear()

    fake_clock.time += 2
    await port.tend(Signal.ANNOUNCEMENT)

    assert [name for name, _ in fake_router.calls][:2] == ["verify", "extend"]


async def test_event_about_our_own_request_leads_to_no_other(
    port: KeptPort, fake_router: FakeRouter, fake_clock: FakeClock
) -> None:
    """It would go on for ever: each request is an event of the fake_router."""
    fake_router.method = Method.PCP
    await port.open(40000)
    await pass_time(port, fake_clock, 60)
    await port.tend(Signal.ANNOUNCEMENT)
    fake_router.calls.clear()

    fake_clock.time += 2
    await port.tend(Signal.EVENT)

    assert fake_router.called("verify")
    assert fake_router.called("extend") == []


async def test_event_about_somebody_elses_request(
    port: KeptPort, fake_router: FakeRouter, fake_clock: FakeClock
) -> None:
    """Somebody may have emptied the table."""
    fake_router.method = Method.PCP
    await port.open(40000)

    fake_clock.time += 10
    await port.tend(Signal.EVENT)

    assert len(fake_router.called("extend")) == 1


async def test_refusal_of_what_stands_is_no_obstacle(
    port: KeptPort, fake_router: FakeRouter, fake_clock: FakeClock
) -> None:
    """There is time to fail before the lease ends."""
    fake_router.method = Method.PCP
    await port.open(40000)
    fake_router.errors["extend"] = REFUSED
    await pass_time(port, fake_clock, 60)

    assert len(fake_router.called("extend")) == 1
    assert port.obstacle is None


async def test_another_port_when_asked_again(
    port: KeptPort, fake_router: FakeRouter, fake_clock: FakeClock
) -> None:
    """The router had lost the mapping, and somebody else has the port by now."""
    fake_router.method = Method.PCP
    await port.open(40000)
    fake_router.assigned = 40001
    await pass_time(port, fake_clock, 60)

    assert (port.wanted, port.times_opened) == (40001, 2)


async def test_address_is_asked_again_after_an_event(
    port: KeptPort, fake_router: FakeRouter
) -> None:
    """The event may have been about it; without one it is left alone."""
    await port.open(40000)
    await port.tend(Signal.EVENT, evented=True)
    asked = len(fake_router.called("external_address"))

    fake_router.calls.clear()
    await port.tend(evented=True)

    assert asked == 2
    assert fake_router.called("external_address") == []
