"""What is remembered across a restart of Home Assistant.

Without it a mapping would be opened twice, or never closed again.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from ipaddress import IPv4Address
import math
from pathlib import Path
import secrets
import time
from typing import Any, Final, Self, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store
from homeassistant.util.file import WriteError
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN, LOGGER
from .plan import PortMapping
from .plex import PreferenceChange, Preferences
from .portmap import Mapping, Method, Target

_VERSION: Final = 1
_MINOR_VERSION: Final = 3
# In seconds. Home Assistant itself tells each write that fails in the log.
_RETRY: Final = 600
# When plex.tv was asked for a probe of a server that was removed since: one that is
# added again at once may not have it asked more often.
_PROBES: Final[HassKey[dict[str | None, datetime | None]]] = HassKey(f"{DOMAIN}.probes")


@dataclass(kw_only=True, slots=True)
class Memory:
    """What one entry remembers.

    `mode` is the mode that was carried out last: the options may have another by now.
    `nonce` is how routers know our mappings as ours (RFC 6887, section 11.4). `engaged`
    says that the owner let us open the port. `mapping` is what to adopt or to close,
    `leaving` what the router could not be made to close, and `unsure` says that the
    router may have more of ours. `original` are the port
    settings that the server had before us. `linked` is the switch that we turned on.
    `republishing` says that the server is not published only because we have it start
    from the beginning. At `probed_at` plex.tv was asked for a probe last. At `closes_at`
    it is to be closed, and with `waits_for_streams` not while somebody streams. `lost`
    says that what was stored cannot be read.
    """

    mode: PortMapping
    nonce: bytes = field(default_factory=lambda: secrets.token_bytes(12), repr=False)
    engaged: bool = False
    mapping: Mapping | None = None
    leaving: tuple[Mapping, ...] = ()
    unsure: bool = False
    original: PreferenceChange | None = None
    linked: str | None = None
    republishing: bool = False
    probed_at: datetime | None = None
    closes_at: datetime | None = None
    waits_for_streams: bool = False
    lost: bool = False

    def make_up(self, preferences: Preferences) -> None:
        """Conclude what was lost: who else than us opens a port in this mode."""
        if self.lost and self.mode is PortMapping.AUTOMATIC:
            self.engaged = preferences.publish and preferences.manual_mode
        self.lost = False

    def remember_original(self, preferences: Preferences) -> None:
        """Keep the server's port settings, once: later ones are our own."""
        if self.original is None:
            self.original = PreferenceChange(
                manual_mode=preferences.manual_mode,
                manual_port=preferences.manual_port,
            )

    def as_dict(self) -> dict[str, Any]:
        """Return the form that is stored."""
        return {
            "mode": self.mode,
            "nonce": self.nonce.hex(),
            "engaged": self.engaged,
            "mapping": self.mapping and _mapping_as_dict(self.mapping),
            "leaving": [_mapping_as_dict(mapping) for mapping in self.leaving],
            "unsure": self.unsure,
            "original": self.original and asdict(self.original),
            "linked": self.linked,
            "republishing": self.republishing,
            "probed_at": self.probed_at and self.probed_at.isoformat(),
            "closes_at": self.closes_at and self.closes_at.isoformat(),
            "waits_for_streams": self.waits_for_streams,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read the stored form. A remembered mapping is due for a look at once."""
        nonce = bytes.fromhex(data["nonce"])
        mapping, original = data["mapping"], data["original"]
        closes_at, probed_at = data["closes_at"], data["probed_at"]
        return cls(
            mode=PortMapping(data["mode"]),
            nonce=nonce,
            engaged=data["engaged"],
            mapping=mapping and _mapping_from_dict(mapping, nonce),
            leaving=tuple(
                _mapping_from_dict(leaving, nonce) for leaving in data["leaving"]
            ),
            unsure=data["unsure"],
            original=original and PreferenceChange(**original),
            linked=data["linked"],
            republishing=data["republishing"],
            probed_at=probed_at and datetime.fromisoformat(probed_at),
            closes_at=closes_at and datetime.fromisoformat(closes_at),
            waits_for_streams=data["waits_for_streams"],
        )


def _mapping_as_dict(mapping: Mapping) -> dict[str, Any]:
    return {
        "method": mapping.method,
        "gateway": str(mapping.gateway),
        "external_port": mapping.external_port,
        "address": str(mapping.target.address),
        "port": mapping.target.port,
        "description": mapping.target.description,
        "good_until": _wall_clock(mapping.good_until),
    }


def _mapping_from_dict(data: dict[str, Any], nonce: bytes) -> Mapping:
    return Mapping(
        method=Method(data["method"]),
        gateway=IPv4Address(data["gateway"]),
        external_port=data["external_port"],
        target=Target(
            address=IPv4Address(data["address"]),
            port=data["port"],
            description=data["description"],
            nonce=nonce,
        ),
        granted_at=-math.inf,
        good_until=data["good_until"]
        and data["good_until"] - time.time() + time.monotonic(),
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

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Name the file after the entry."""
        super().__init__(
            hass, _VERSION, f"{DOMAIN}.{entry.entry_id}", minor_version=_MINOR_VERSION
        )
        self._server: Final = entry.unique_id
        self._saved: dict[str, Any] | None = None
        self._tried: dict[str, Any] | None = None
        self._due = 0.0
        self._failing = False

    @override
    async def _async_migrate_func(
        self,
        old_major_version: int,
        old_minor_version: int,
        old_data: dict[str, Any],
    ) -> dict[str, Any]:
        """Bring what an earlier version has stored up to date."""
        if old_minor_version < 2:
            old_data |= {
                "linked": None,
                "republishing": False,
                "closes_at": None,
                "waits_for_streams": False,
            }
        if old_minor_version < 3:
            old_data |= {"probed_at": None, "unsure": old_data["engaged"]}
        return old_data

    async def async_recall(self, mode: PortMapping) -> Memory:
        """Return what was remembered, or a fresh start; `mode` is for the latter."""
        stored = await self.hass.async_add_executor_job(Path(self.path).exists)
        try:
            if (data := await self.async_load()) is not None:
                return Memory.from_dict(data)
        except ArithmeticError, AttributeError, LookupError, TypeError, ValueError:
            stored = True
        except HomeAssistantError:
            # Of a later version, or on a broken disk.
            stored = True
        if stored:
            LOGGER.warning(
                "What was remembered of a server could not be read (%s); starting afresh."
                " Its settings are not affected",
                self.key,
            )
        probed_at = self.hass.data.get(_PROBES, {}).get(self._server)
        return Memory(mode=mode, unsure=stored, lost=stored, probed_at=probed_at)

    async def async_forget(self, memory: Memory) -> None:
        """Remove what is remembered, for the server is removed."""
        self.hass.data.setdefault(_PROBES, {})[self._server] = memory.probed_at
        await self.async_remove()

    async def async_keep(self, memory: Memory) -> None:
        """Write the memory to disk, if it has changed.

        What could not be written is tried again with the next change, or after a while.
        """
        data = memory.as_dict()
        if data == self._saved or (
            data == self._tried and time.monotonic() < self._due
        ):
            return
        self._tried, self._due = data, time.monotonic() + _RETRY
        await self.async_save(data)
        if not self._failing:
            self._saved = data

    @override
    async def _async_write_data(self, data: dict[str, Any]) -> None:
        """Write, and go on if the disk is full: what is in memory is not lost."""
        try:
            await super()._async_write_data(data)
        except (OSError, WriteError) as err:
            if not self._failing:
                LOGGER.error(
                    "What is remembered of a server could not be written (%s): %s. It is"
                    " tried again, and lost if Home Assistant restarts before that",
                    self.key,
                    err,
                )
            self._failing = True
        else:
            self._failing = False
