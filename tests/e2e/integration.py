"""The integration, used through Home Assistant's API as a script of its owner would."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from .client import Client
from .homeassistant import DOMAIN
from .polling import poll

FLOW: Final = "/api/config/config_entries/flow"


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """What an owner knows of a Plex server."""

    name: str
    host: str
    port: int
    token: str
    machine_identifier: str


class FlowError(Exception):
    """The config flow went another way than it should."""


@dataclass(frozen=True, slots=True)
class RemoteAccess:
    """One entry of the integration."""

    client: Client
    server: Server
    entry_id: str

    @classmethod
    def set_up(
        cls, client: Client, server: Server, **remote_access: Mapping[str, Any] | str
    ) -> Self:
        """Add a server, step by step, as the forms ask for it."""
        flow = client.post(FLOW, handler=DOMAIN)
        flow = _submit(client, flow, "user", next_step_id="manual")
        flow = _submit(
            client,
            flow,
            "manual",
            host=server.host,
            port=server.port,
            ssl=False,
            verify_ssl=False,
            token=server.token,
        )
        flow = _submit(client, flow, "remote_access", **remote_access)
        if flow["type"] != "create_entry":
            raise FlowError(f"no entry, but {flow}")
        return cls(client, server, flow["result"]["entry_id"])

    @classmethod
    def find(cls, client: Client, server: Server) -> Self:
        """Return the only entry, whoever set it up."""
        [entry_id] = entry_ids(client)
        return cls(client, server, entry_id)

    def remove(self) -> None:
        """Remove the entry."""
        remove_entry(self.client, self.entry_id)

    def entity_id(self, key: str) -> str:
        """Return what an entity is called here."""
        unique_id = f"{self.server.machine_identifier}_{key}"
        [entity_id] = (
            entity["entity_id"]
            for entity in self.client.command("config/entity_registry/list")
            if entity["platform"] == DOMAIN and entity["unique_id"] == unique_id
        )
        return str(entity_id)

    def device_id(self) -> str:
        """Return the device that all entities belong to."""
        [device_id] = {
            entity["device_id"]
            for entity in self.client.command("config/entity_registry/list")
            if entity["config_entry_id"] == self.entry_id
        }
        return str(device_id)

    def state(self, key: str) -> str:
        """Return the state of an entity."""
        return str(self.client.get(f"/api/states/{self.entity_id(key)}")["state"])

    def states(self, *keys: str) -> dict[str, str]:
        """Return the states of some entities."""
        return {key: self.state(key) for key in keys}

    def wait_for(self, key: str, state: str, timeout: float = 10) -> None:
        """Wait until an entity has a state."""
        path = f"/api/states/{self.entity_id(key)}"
        poll(
            lambda: self.client.get(path),
            lambda seen: seen["state"] == state,
            timeout,
        )

    def turn(self, state: str) -> None:
        """Turn remote access on or off, and return when it is done."""
        self.client.post(
            f"/api/services/switch/turn_{state}",
            entity_id=self.entity_id("remote_access"),
        )


def entry_ids(client: Client) -> list[str]:
    """Return all entries of the integration."""
    entries = client.command("config_entries/get", domain=DOMAIN)
    return [entry["entry_id"] for entry in entries]


def remove_entry(client: Client, entry_id: str) -> None:
    """Remove an entry."""
    client.delete(f"/api/config/config_entries/entry/{entry_id}")


def _submit(
    client: Client, flow: Mapping[str, Any], step: str, **answers: Any
) -> dict[str, Any]:
    """Answer the step that the flow should be at."""
    if flow.get("step_id") != step or flow.get("errors"):
        raise FlowError(f"not at {step}, but {flow}")
    result: dict[str, Any] = client.post(f"{FLOW}/{flow['flow_id']}", **answers)
    return result
