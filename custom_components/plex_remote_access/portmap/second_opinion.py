"""A second opinion on routers whose description we cannot read: miniupnpc.

It is the last resort where it is installed; it cannot be installed everywhere. What
is mapped, and how it is known as ours, stays up to us: only the words are spoken by it.

https://github.com/miniupnp/miniupnp
"""

import asyncio
from collections.abc import Callable
import threading
from typing import Any, Final

from yarl import URL

from . import const
from .http import LostError
from .model import PortMapError, Reason
from .soap import ACTION_FAILED, SoapFault

# It tells errors by these words only.
_CODES: Final = {
    "Invalid Action": 401,
    "Invalid Args": 402,
    "Argument Value Invalid": 600,
    "Argument Value Out of Range": 601,
    "Optional Action Not Implemented": 602,
    "Out of Memory": 603,
    "Human Intervention Required": 604,
    "String Argument Too Long": 605,
    "Action not authorized": 606,
    "SpecifiedArrayIndexInvalid": 713,
    "NoSuchEntryInArray": 714,
    "WildCardNotPermittedInSrcIP": 715,
    "WildCardNotPermittedInExtPort": 716,
    "ConflictInMappingEntry": 718,
    "SamePortValuesRequired": 724,
    "OnlyPermanentLeasesSupported": 725,
    "RemoteHostOnlySupportsWildcard": 726,
    "ExternalPortOnlySupportsWildcard": 727,
    "NoPortMapsAvailable": 728,
    "ConflictWithOtherMechanisms": 729,
    "PortMappingNotFound": 730,
    "ReadOnly": 731,
    "WildCardNotPermittedInIntPort": 732,
    "InconsistentParameters": 733,
}
_LOST: Final = frozenset({"Miniupnpc HTTP error", "Miniupnpc Socket error"})
_NO_SUCH_ENTRY: Final = 714
_INVALID_ACTION: Final = 401


async def ask(url: URL) -> SecondOpinion | None:
    """Have the description read; None where that cannot be done either."""
    try:
        async with asyncio.timeout(const.SECOND_OPINION_TIMEOUT):
            client = await asyncio.to_thread(_read_description, str(url))
    except TimeoutError:
        return None
    return SecondOpinion(client) if client else None


def _read_description(url: str) -> Any:
    try:
        # Not installed with us, see above; and slow to load.
        import miniupnpc  # noqa: PLC0415
    except ImportError:
        return None
    client = miniupnpc.UPnP()
    try:
        control = URL(client.selectigd(url))
    except Exception:  # noqa: BLE001 - it knows no other class of errors
        return None
    # A description speaks for its own host only; the bare host stands for no service.
    if control.host != URL(url).host or control.path == "/":
        return None
    return client


class SecondOpinion:
    """The service of one router, spoken to by miniupnpc."""

    def __init__(self, client: Any) -> None:
        """Speak through this client, which has read the description."""
        self._client = client
        # Who gave up waiting may have left a call behind that is still under way.
        self._lock = threading.Lock()
        self._actions: Final[dict[str, Callable[[dict[str, str]], dict[str, str]]]] = {
            "GetStatusInfo": self._get_status,
            "GetExternalIPAddress": self._get_address,
            "AddPortMapping": self._add,
            "DeletePortMapping": self._delete,
            "GetSpecificPortMappingEntry": self._get_entry,
            "GetGenericPortMappingEntry": self._get_entry_at,
        }

    async def call(self, action: str, arguments: dict[str, str]) -> dict[str, str]:
        """Call an action and return its output arguments. Raises PortMapError."""
        try:
            async with asyncio.timeout(const.SECOND_OPINION_TIMEOUT):
                return await asyncio.to_thread(self._call, action, arguments)
        except TimeoutError as err:
            raise LostError(Reason.NO_ROUTER, "The router took too long") from err

    def _call(self, action: str, arguments: dict[str, str]) -> dict[str, str]:
        if (speak := self._actions.get(action)) is None:
            raise SoapFault(_INVALID_ACTION, "not spoken")
        with self._lock:
            try:
                return speak(arguments)
            except PortMapError:
                raise
            except Exception as err:
                # It knows no other class of errors.
                words = str(err)
                if words in _LOST:
                    raise LostError(Reason.NO_ROUTER, words) from err
                raise SoapFault(_CODES.get(words, ACTION_FAILED), words) from err

    def _get_status(self, _: dict[str, str]) -> dict[str, str]:
        status, *_rest = self._client.statusinfo()
        return {"NewConnectionStatus": str(status)}

    def _get_address(self, _: dict[str, str]) -> dict[str, str]:
        return {"NewExternalIPAddress": str(self._client.externalipaddress())}

    def _add(self, arguments: dict[str, str]) -> dict[str, str]:
        self._client.addportmapping(
            int(arguments["NewExternalPort"]),
            arguments["NewProtocol"],
            arguments["NewInternalClient"],
            int(arguments["NewInternalPort"]),
            arguments["NewPortMappingDescription"],
            arguments["NewRemoteHost"],
            int(arguments["NewLeaseDuration"]),
        )
        return {}

    def _delete(self, arguments: dict[str, str]) -> dict[str, str]:
        self._client.deleteportmapping(
            int(arguments["NewExternalPort"]), arguments["NewProtocol"]
        )
        return {}

    def _get_entry(self, arguments: dict[str, str]) -> dict[str, str]:
        row = self._client.getspecificportmapping(
            int(arguments["NewExternalPort"]), arguments["NewProtocol"]
        )
        if row is None:
            # It does not say whether there is no row or no such action.
            raise SoapFault(_INVALID_ACTION, "no row, or no answer")
        client, port, description, _, lease = row
        return _row(client, port, description, lease)

    def _get_entry_at(self, arguments: dict[str, str]) -> dict[str, str]:
        row = self._client.getgenericportmapping(int(arguments["NewPortMappingIndex"]))
        if row is None:
            raise SoapFault(_NO_SUCH_ENTRY, "end of the table")
        external_port, protocol, (client, port), description, _, _, lease = row
        return _row(client, port, description, lease) | {
            "NewExternalPort": str(external_port),
            "NewProtocol": str(protocol),
        }


def _row(client: str, port: int, description: str, lease: int) -> dict[str, str]:
    return {
        "NewInternalClient": client,
        "NewInternalPort": str(port),
        "NewPortMappingDescription": description,
        "NewLeaseDuration": str(lease),
    }
