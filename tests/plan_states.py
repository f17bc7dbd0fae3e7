"""States of the world that the tests of the plan begin with."""

from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

from custom_components.plex_remote_access.plan import (
    PortMapping,
    Request,
    Seen,
    Wanted,
    Write,
)
from custom_components.plex_remote_access.plex import (
    Account,
    MappingState,
    PreferenceChange,
    Preferences,
    SignInState,
)
from custom_components.plex_remote_access.portmap import Mapping, Method, Target

AUTOMATIC, SERVER, MANUAL = PortMapping
ON, OFF = Request
PUBLIC = "198.51.100.7"

PREFERENCES = Preferences(
    publish=True,
    manual_mode=True,
    manual_port=32400,
    upload_rate=0,
    stream_rate=0,
    stream_rates=(),
    relay=True,
)
ACCOUNT = Account(
    mapping_state=MappingState.MAPPED,
    mapping_error=None,
    sign_in_state=SignInState.OK,
    public_address=PUBLIC,
    public_port=32400,
    private_address="192.168.1.10",
    private_port=32400,
    subscription_active=True,
)
TARGET = Target(
    address=IPv4Address("192.168.1.10"), port=32400, description="Plex", nonce=bytes(12)
)
MAPPING = Mapping(
    method=Method.UPNP,
    gateway=IPv4Address("192.168.1.1"),
    target=TARGET,
    external_port=32400,
    granted_at=0,
    good_until=3600,
)
WANTED = Wanted(mode=AUTOMATIC, port=32400, engaged=True)
GOOD = Seen(
    preferences=PREFERENCES,
    account=ACCOUNT,
    mapping=MAPPING,
    external_address=IPv4Address(PUBLIC),
)

MAPPED, FAILED, WAITING, UNKNOWN = (
    MappingState.MAPPED,
    MappingState.FAILED,
    MappingState.WAITING,
    MappingState.UNKNOWN,
)

PUBLISH_OURS = Write(
    PreferenceChange(publish=True, manual_mode=True, manual_port=32400)
)
PUBLISH_SERVERS = Write(PreferenceChange(publish=True, manual_mode=False))
PUBLISH_BY_HAND = Write(PreferenceChange(publish=True, manual_mode=True))
UNPUBLISH = Write(PreferenceChange(publish=False))


def seen(
    *, preferences: dict[str, Any] | None = None, mapped: bool = True, **changes: Any
) -> Seen:
    """Return a good state with some changes."""
    return replace(
        GOOD,
        preferences=replace(PREFERENCES, **(preferences or {})),
        mapping=MAPPING if mapped else None,
        external_address=GOOD.external_address if mapped else None,
        **changes,
    )


def said(state: MappingState, error: str | None = None, **changes: Any) -> Account:
    """Return the account of a server that says this."""
    return replace(ACCOUNT, mapping_state=state, mapping_error=error, **changes)


FRESH = {"publish": False, "manual_mode": False}
AUTO_PUBLISHED = {"manual_mode": False}
