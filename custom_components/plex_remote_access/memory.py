"""What is remembered across a restart of Home Assistant.

Without it a mapping would be opened twice, or never closed again.
"""

from dataclasses import asdict, dataclass
from ipaddress import IPv4Address
import math
import time
from typing import Any, Final, Self

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from .const import DOMAIN
from .plan import PortMapping
from .plex import PreferenceChange, Preferences
from .portmap import Mapping, Method, Target

_VERSION: Final = 1


@dataclass(kw_only=True, slots=True)
class Memory:
    """What one entry remembers.

    `mode` is the mode that was carried out last: the options may have another by now.
    `engaged` says that the owner let us open the port. `mapping` is what to adopt or
    to close. `original` are the port settings that the server had before us.
    """

    mode: PortMapping
    engaged: bool = False
    mapping: Mapping | None = None
    original: PreferenceChange | None = None

    def remember_original(self, preferences: Preferences) -> None:
        """Keep the server's port settings, once: later ones are our own."""
        if self.original is None:
            self.original = PreferenceChange(
                manual_mode=preferences.manual_mode,
                manual_port=preferences.manual_port,
            )

    def as_dict(self) -> dict[str, Any]:
        """Return the form that is stored."""
        mapping = self.mapping
        return {
            "mode": self.mode,
            "engaged": self.engaged,
            "mapping": mapping
            and {
                "method": mapping.method,
                "gateway": str(mapping.gateway),
                "external_port": mapping.external_port,
                "address": str(mapping.target.address),
                "port": mapping.target.port,
                "description": mapping.target.description,
                "good_until": _wall_clock(mapping.good_until),
            },
            "original": self.original and asdict(self.original),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read the stored form. A remembered mapping is due for a look at once."""
        mapping, original = data["mapping"], data["original"]
        return cls(
            mode=PortMapping(data["mode"]),
            engaged=data["engaged"],
            mapping=mapping
            and Mapping(
                method=Method(mapping["method"]),
                gateway=IPv4Address(mapping["gateway"]),
                external_port=mapping["external_port"],
                target=Target(
                    address=IPv4Address(mapping["address"]),
                    port=mapping["port"],
                    description=mapping["description"],
                ),
                renew_after=time.monotonic(),
                good_until=mapping["good_until"]
                and mapping["good_until"] - time.time() + time.monotonic(),
            ),
            original=original and PreferenceChange(**original),
        )


def _wall_clock(good_until: float | None) -> int | None:
    """Return the end of a lease by the wall clock, rounded up to a full hour.

    Rounded because each renewal would be written to disk otherwise.
    """
    if good_until is None:
        return None
    end = time.time() + good_until - time.monotonic()
    return math.ceil(end / 3600) * 3600


class MemoryStore(Store[dict[str, Any]]):
    """Keeps the memory of one entry on disk."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Name the file after the entry."""
        super().__init__(hass, _VERSION, f"{DOMAIN}.{entry_id}")
        self._saved: dict[str, Any] | None = None

    async def async_keep(self, memory: Memory) -> None:
        """Write the memory to disk, if it has changed."""
        data = memory.as_dict()
        if data != self._saved:
            await self.async_save(data)
            self._saved = data
