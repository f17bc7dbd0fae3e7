"""UPnP IGD of the router simulator, as the independent client miniupnpc sees it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial

import aiohttp
import miniupnpc
import pytest

from tests.simulators.router import Framing, LeasePolicy, Origin, Page, Router


async def connect(router: Router) -> miniupnpc.UPnP:
    """Return a client that has read the description."""
    client = miniupnpc.UPnP()
    await asyncio.to_thread(client.selectigd, router.description_url)
    return client


@pytest.fixture
async def router(socket_enabled: None) -> AsyncIterator[Router]:
    """Return a router."""
    async with Router() as router:
        yield router


async def add(
    router: Router, port: int = 32400, host: str = "127.0.0.1", lease: int = 3600
) -> None:
    """Add a TCP mapping to internal port 32400."""
    client = await connect(router)
    await asyncio.to_thread(
        client.addportmapping, port, "TCP", host, 32400, "Plex", "", lease
    )


@pytest.mark.parametrize(
    ("create", "service"),
    [
        (partial(Router, igd_version=1), "WANIPConnection:1"),
        (partial(Router, igd_version=2), "WANIPConnection:2"),
        (partial(Router, ppp=True), "WANPPPConnection:1"),
    ],
)
@pytest.mark.usefixtures("socket_enabled")
async def test_kinds_of_gateways(create: Callable[[], Router], service: str) -> None:
    """All kinds of gateways are understood and connected."""
    async with create() as router:
        client = await connect(router)
        assert await asyncio.to_thread(client.statusinfo) == (
            "Connected",
            0,
            "ERROR_NONE",
        )
        assert await asyncio.to_thread(client.externalipaddress) == "198.51.100.7"
        assert await asyncio.to_thread(client.connectiontype) == "IP_Routed"
    assert {call.service_type for call in router.soap_calls} == {
        f"urn:schemas-upnp-org:service:{service}"
    }


async def test_add_read_list_delete(router: Router) -> None:
    """A mapping is added, read back, listed and deleted."""
    router.add_foreign(1234, internal_port=80)
    client = await connect(router)
    await asyncio.to_thread(
        client.addportmapping, 40000, "TCP", "127.0.0.1", 32400, "Plex", ""
    )
    assert await asyncio.to_thread(client.getspecificportmapping, 40000, "TCP") == (
        "127.0.0.1",
        32400,
        "Plex",
        True,
        604800,
    )
    assert await asyncio.to_thread(client.getgenericportmapping, 0) == (
        1234,
        "TCP",
        ("127.0.0.2", 80),
        "somebody else",
        "1",
        "",
        0,
    )
    assert await asyncio.to_thread(client.getgenericportmapping, 1) == (
        40000,
        "TCP",
        ("127.0.0.1", 32400),
        "Plex",
        "1",
        "",
        604800,
    )
    assert await asyncio.to_thread(client.getgenericportmapping, 2) is None
    await asyncio.to_thread(client.deleteportmapping, 40000, "TCP")
    assert await asyncio.to_thread(client.getspecificportmapping, 40000, "TCP") is None
    assert [entry.external_port for entry in router.table] == [1234]


async def test_descriptions_are_escaped(router: Router) -> None:
    """Descriptions do not break the XML; miniupnpc shows it as it came."""
    router.add_foreign(1234, internal_port=80, description="Tom & <Jerry>")
    client = await connect(router)
    entry = await asyncio.to_thread(client.getspecificportmapping, 1234, "TCP")
    assert entry == ("127.0.0.2", 80, "Tom &amp; &lt;Jerry&gt;", True, 0)


async def test_calls_are_recorded(router: Router) -> None:
    """Action and arguments of each call are kept."""
    await add(router)
    assert router.soap_calls[-1].action == "AddPortMapping"
    assert router.soap_calls[-1].arguments == {
        "NewRemoteHost": "",
        "NewExternalPort": "32400",
        "NewProtocol": "TCP",
        "NewInternalPort": "32400",
        "NewInternalClient": "127.0.0.1",
        "NewEnabled": "1",
        "NewPortMappingDescription": "Plex",
        "NewLeaseDuration": "3600",
    }
    assert router.http_requests[0].target == "/rootDesc.xml"


async def test_renewal(router: Router) -> None:
    """The same mapping again gets a new lease."""
    await add(router, lease=100)
    await add(router, lease=3600)
    assert [router.table.remaining(entry) for entry in router.table] == [3600]


async def test_add_any(router: Router) -> None:
    """AddAnyPortMapping gets another port if the wanted one is taken."""
    router.add_foreign(32400)
    client = await connect(router)
    assert (
        await asyncio.to_thread(
            client.addanyportmapping, 32400, "TCP", "127.0.0.1", 32400, "Plex", ""
        )
        == 32401
    )


@pytest.mark.usefixtures("socket_enabled")
async def test_version_1_has_no_add_any() -> None:
    """AddAnyPortMapping came with version 2."""
    async with Router(igd_version=1) as router:
        client = await connect(router)
        with pytest.raises(Exception, match="Invalid Action"):
            await asyncio.to_thread(
                client.addanyportmapping, 32400, "TCP", "127.0.0.1", 32400, "Plex", ""
            )


async def test_delete_of_nothing_succeeds(router: Router) -> None:
    """Deleting what is not there is no error."""
    client = await connect(router)
    assert await asyncio.to_thread(client.deleteportmapping, 32400, "TCP")


@pytest.mark.parametrize(
    ("port", "host", "message"),
    [
        pytest.param(32500, "127.0.0.1", "ConflictInMappingEntry", id="taken"),
        pytest.param(32400, "127.0.0.2", "ConflictInMappingEntry", id="secure mode"),
        pytest.param(443, "127.0.0.1", "Action not authorized", id="low port"),
        pytest.param(0, "127.0.0.1", "WildCardNotPermittedInExtPort", id="port 0"),
        pytest.param(32400, "::1", "Invalid Args", id="IPv6"),
    ],
)
async def test_refusals(router: Router, port: int, host: str, message: str) -> None:
    """What is refused, and how."""
    foreign = router.add_foreign(32500)
    with pytest.raises(Exception, match=message):
        await add(router, port, host)
    assert list(router.table) == [foreign]


async def test_secure_mode_refuses_for_others(router: Router) -> None:
    """AddAnyPortMapping and DeletePortMapping are not authorized for others."""
    router.add_foreign(32400)
    client = await connect(router)
    with pytest.raises(Exception, match="Action not authorized"):
        await asyncio.to_thread(
            client.addanyportmapping, 32400, "TCP", "127.0.0.2", 32400, "Plex", ""
        )
    with pytest.raises(Exception, match="Action not authorized"):
        await asyncio.to_thread(client.deleteportmapping, 32400, "TCP")


@pytest.mark.usefixtures("socket_enabled")
async def test_without_secure_mode() -> None:
    """Without secure mode hosts map for each other and delete from each other."""
    async with Router(secure_mode=False) as router:
        await add(router, host="127.0.0.2")
        assert [entry.internal_client for entry in router.table] == ["127.0.0.2"]
        client = await connect(router)
        await asyncio.to_thread(client.deleteportmapping, 32400, "TCP")
        assert len(router.table) == 0


@pytest.mark.usefixtures("socket_enabled")
async def test_private_wan() -> None:
    """On a private WAN there is no address and no mapping."""
    async with Router(wan_address="100.64.3.4") as router:
        client = await connect(router)
        assert await asyncio.to_thread(client.externalipaddress) == ""
        with pytest.raises(Exception, match="Action Failed"):
            await add(router)


@pytest.mark.usefixtures("socket_enabled")
async def test_private_wan_that_maps() -> None:
    """Other routers report the private address and map on it."""
    async with Router(wan_address="100.64.3.4", allow_private_wan=True) as router:
        client = await connect(router)
        assert await asyncio.to_thread(client.externalipaddress) == "100.64.3.4"
        await add(router)
        assert len(router.table) == 1


async def test_wan_down_and_up(router: Router) -> None:
    """Status and address follow the WAN."""
    client = await connect(router)
    router.wan_down()
    status = await asyncio.to_thread(client.statusinfo)
    assert status[0] == "Disconnected"
    assert await asyncio.to_thread(client.externalipaddress) == "0.0.0.0"
    router.set_wan_address("198.51.100.99")
    assert await asyncio.to_thread(client.externalipaddress) == "198.51.100.99"


async def test_permanent_leases_only(router: Router) -> None:
    """A lease is refused with 725, a permanent mapping is made."""
    router.faults.mapping.permanent_only = True
    with pytest.raises(Exception, match="OnlyPermanentLeasesSupported"):
        await add(router, lease=3600)
    await add(router, lease=0)
    assert [entry.expires for entry in router.table] == [None]


@pytest.mark.usefixtures("socket_enabled")
async def test_lease_policy() -> None:
    """Leases are shortened as the router likes it."""
    async with Router(leases=LeasePolicy(upnp_longest=600)) as router:
        await add(router, lease=3600)
        assert [router.table.remaining(entry) for entry in router.table] == [600]


async def test_refusal_by_fault(router: Router) -> None:
    """Any action can be refused with any code."""
    router.faults.soap.refuse = {"AddPortMapping": 729}
    with pytest.raises(Exception, match="ConflictWithOtherMechanisms"):
        await add(router)


async def test_success_without_mapping(router: Router) -> None:
    """A router can lie about a mapping."""
    router.faults.mapping.forget = True
    await add(router)
    assert len(router.table) == 0


@pytest.mark.parametrize("framing", list(Framing))
async def test_framing_of_the_description(router: Router, framing: Framing) -> None:
    """The description is readable in every framing."""
    router.faults.http.framing = {Page.DESCRIPTION: framing}
    await add(router)
    assert [entry.origin for entry in router.table] == [Origin.UPNP]


async def test_faults_of_the_description(router: Router, socket_enabled: None) -> None:
    """Status, content type and silence can be forced."""
    router.faults.http.content_type = {Page.DESCRIPTION: "text/html"}
    get = partial(aiohttp.request, "GET", router.description_url)
    async with get() as response:
        assert (response.status, response.content_type) == (200, "text/html")
    router.faults.http.status = {Page.DESCRIPTION: 404}
    async with get() as response:
        assert response.status == 404
        assert "<html>" in await response.text()
    router.faults.http.hang = {Page.DESCRIPTION}
    with pytest.raises(TimeoutError):
        async with get(timeout=aiohttp.ClientTimeout(total=0.1)):
            pass


@pytest.mark.usefixtures("socket_enabled")
async def test_no_upnp() -> None:
    """Without UPnP there is no description."""
    async with (
        Router(upnp=False) as router,
        aiohttp.request("GET", router.description_url) as response,
    ):
        assert response.status == 404
