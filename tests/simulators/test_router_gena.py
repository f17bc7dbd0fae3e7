"""Events (GENA) of the router simulator."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import aiohttp
import pytest

from tests.common import become
from tests.simulators.router import Router
from tests.simulators.router.http_server import HttpServer, Response
from tests.simulators.router.records import HttpRequest


@dataclass(kw_only=True)
class Listener:
    """Somebody who wants events, and the events that came."""

    session: aiohttp.ClientSession
    event_url: str
    port: int = 0
    events: list[HttpRequest] = field(default_factory=list)

    async def take(self, request: HttpRequest) -> Response:
        """Take an event."""
        self.events.append(request)
        return Response()

    async def request(self, method: str, **headers: str) -> aiohttp.ClientResponse:
        """Send a request."""
        async with self.session.request(
            method, self.event_url, headers=headers
        ) as response:
            return response

    async def subscribe(self, host: str = "127.0.0.1") -> aiohttp.ClientResponse:
        """Subscribe."""
        return await self.request(
            "SUBSCRIBE",
            CALLBACK=f"<http://{host}:{self.port}/events>",
            NT="upnp:event",
            TIMEOUT="Second-300",
        )

    async def come(self, *sequences: int) -> None:
        """Wait until these events came."""
        await become(
            lambda: [int(event.headers["seq"]) for event in self.events],
            list(sequences),
        )


@pytest.fixture
async def listener(router: Router) -> AsyncIterator[Listener]:
    """Return somebody who is not subscribed yet."""
    connector = aiohttp.TCPConnector(resolver=aiohttp.ThreadedResolver())
    async with aiohttp.ClientSession(connector=connector) as session:
        listener = Listener(session=session, event_url=router.event_url)
        server = HttpServer(listener.take)
        listener.port = await server.start("127.0.0.1", 0)
        yield listener
        await server.stop()


async def test_initial_event(router: Router, listener: Listener) -> None:
    """A new subscriber is told what everything is like."""
    router.add_foreign(1234)

    response = await listener.subscribe()

    assert response.status == 200
    assert response.headers["TIMEOUT"] == "Second-300"
    await listener.come(0)
    (event,) = listener.events
    assert (event.method, event.target) == ("NOTIFY", "/events")
    assert event.headers["sid"] == response.headers["SID"]
    assert event.headers["nt"] == "upnp:event"
    assert event.headers["nts"] == "upnp:propchange"
    assert b"<ConnectionStatus>Connected<" in event.body
    assert b"<ExternalIPAddress>198.51.100.7<" in event.body
    assert b"<PortMappingNumberOfEntries>1<" in event.body


async def test_description_names_the_event_url(
    router: Router, listener: Listener
) -> None:
    """The event URL is where the description says."""
    async with listener.session.get(router.description_url) as response:
        description = await response.text()
    path = router.event_url.removeprefix(f"http://127.0.0.1:{router.http_port}")
    assert f"<eventSubURL>{path}</eventSubURL>" in description


@pytest.mark.parametrize(
    ("act", "told"),
    [
        pytest.param(
            lambda router: router.set_wan_address("198.51.100.8"),
            b"<ExternalIPAddress>198.51.100.8<",
            id="address",
        ),
        pytest.param(
            lambda router: router.wan_down(),
            b"<ConnectionStatus>Disconnected<",
            id="wan-down",
        ),
        pytest.param(
            lambda router: router.add_foreign(1234),
            b"<PortMappingNumberOfEntries>1<",
            id="table",
        ),
    ],
)
async def test_change(
    router: Router, listener: Listener, act: Callable[[Router], None], told: bytes
) -> None:
    """Changes of the WAN and of the table are told."""
    await listener.subscribe()

    act(router)

    await listener.come(0, 1)
    assert told in listener.events[1].body


async def test_changes_of_the_table_come_together(
    router: Router, listener: Listener
) -> None:
    """Several changes within a short time are one event."""
    await listener.subscribe()
    router.add_foreign(1234)
    router.add_foreign(1235)
    router.table.clear()

    await listener.come(0, 1)
    assert b"<PortMappingNumberOfEntries>0<" in listener.events[1].body


async def test_expired_mapping_is_a_change(router: Router, listener: Listener) -> None:
    """The end of a lease is told as well."""
    router.add_foreign(1234, lease=60)
    await listener.subscribe()

    router.advance(61)

    await listener.come(0, 1)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"NT": "upnp:event"}, id="no-callback"),
        pytest.param({"CALLBACK": "<http://127.0.0.1:9/>"}, id="no-type"),
        pytest.param(
            {"CALLBACK": "<http://127.0.0.2:9/>", "NT": "upnp:event"}, id="other-host"
        ),
        pytest.param(
            {"CALLBACK": "<ftp://127.0.0.1:9/>", "NT": "upnp:event"}, id="no-http"
        ),
        pytest.param({"SID": "uuid:unknown"}, id="unknown"),
    ],
)
async def test_refused(
    router: Router, listener: Listener, headers: dict[str, str]
) -> None:
    """What is no proper subscription is refused, and so is a callback elsewhere."""
    response = await listener.request("SUBSCRIBE", **headers)

    assert response.status == 412
    assert router.subscribers == []


async def test_renew(router: Router, listener: Listener) -> None:
    """A subscription ends unless it is renewed."""
    sid = (await listener.subscribe()).headers["SID"]
    router.advance(200)
    renewal = await listener.request("SUBSCRIBE", SID=sid, TIMEOUT="Second-300")
    router.advance(200)

    assert renewal.status == 200
    assert renewal.headers["SID"] == sid
    assert len(router.subscribers) == 1
    router.advance(200)
    assert router.subscribers == []
    assert (await listener.request("SUBSCRIBE", SID=sid)).status == 412


async def test_renewal_is_no_new_subscription(
    router: Router, listener: Listener
) -> None:
    """Both at once is an error."""
    sid = (await listener.subscribe()).headers["SID"]
    response = await listener.request("SUBSCRIBE", SID=sid, NT="upnp:event")
    assert response.status == 400


async def test_unsubscribe(router: Router, listener: Listener) -> None:
    """Who unsubscribed is not told anything, and cannot do so twice."""
    sid = (await listener.subscribe()).headers["SID"]
    await listener.come(0)

    assert (await listener.request("UNSUBSCRIBE", SID=sid)).status == 200
    assert router.subscribers == []
    assert (await listener.request("UNSUBSCRIBE", SID=sid)).status == 412


async def test_restart_forgets_subscriptions(
    router: Router, listener: Listener
) -> None:
    """After a restart nothing is told, and a renewal is refused."""
    sid = (await listener.subscribe()).headers["SID"]
    await listener.come(0)

    router.restart()
    router.add_foreign(1234)
    await asyncio.sleep(0.2)

    await listener.come(0)
    assert (await listener.request("SUBSCRIBE", SID=sid)).status == 412


async def test_fault_refuse(router: Router, listener: Listener) -> None:
    """SUBSCRIBE can be refused."""
    router.faults.events.refuse = 503
    assert (await listener.subscribe()).status == 503


async def test_fault_granted(router: Router, listener: Listener) -> None:
    """Another time than what is asked for can be granted."""
    router.faults.events.granted = "infinite"
    assert (await listener.subscribe()).headers["TIMEOUT"] == "infinite"


async def test_fault_skip(router: Router, listener: Listener) -> None:
    """An event can get lost."""
    await listener.subscribe()
    await listener.come(0)
    router.faults.events.skip = 1

    router.set_wan_address("198.51.100.8")
    router.set_wan_address("198.51.100.9")

    await listener.come(0, 2)


async def test_fault_silent(router: Router, listener: Listener) -> None:
    """A router can take subscriptions and keep silent."""
    router.faults.events.silent = True
    await listener.subscribe()
    router.set_wan_address("198.51.100.8")
    router.faults.events.silent = False
    router.set_wan_address("198.51.100.9")

    await listener.come(0)
    assert b"198.51.100.9" in listener.events[0].body
