"""Whose server it is, and who may ask it what."""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from ipaddress import ip_address, ip_network
import secrets

from aiohttp import web

from .preferences import ALLOWED_NETWORKS, Preferences

TOKEN = "X-Plex-Token"
_PASS_FEATURES = "adaptive_bitrate,home,pass,session_bandwidth_restrictions"
_FREE_FEATURES = "adaptive_bitrate,home"


class SignInState(StrEnum):
    """Whether plex.tv takes the server for its owner's."""

    UNKNOWN = "unknown"
    NONE = "none"
    INVALID = "invalid"
    OK = "ok"


class Role(IntEnum):
    """Who is asking; each may do what those before may."""

    ANYBODY = 0
    SHARED_USER = 1
    OWNER = 2


def new_token() -> str:
    """Return a token that nobody knows yet."""
    return secrets.token_urlsafe(15)


@dataclass
class Account:
    """The account that owns the server."""

    username: str = "owner@example.org"
    plex_pass: bool = True
    sign_in_state: SignInState = SignInState.OK
    # The token that the server itself has for plex.tv: never to be shown by a client.
    auth_token: str = field(default_factory=new_token)

    @property
    def claimed(self) -> bool:
        """Return whether anybody owns the server."""
        return self.sign_in_state is not SignInState.NONE

    @property
    def signed_in(self) -> bool:
        """Return whether plex.tv takes what the server publishes."""
        return self.sign_in_state is SignInState.OK

    @property
    def features(self) -> str:
        """Return what the owner may use."""
        return _PASS_FEATURES if self.plex_pass else _FREE_FEATURES


class Access:
    """The tokens that are good at this server."""

    def __init__(
        self, token: str, shared_token: str, account: Account, preferences: Preferences
    ) -> None:
        """Set the tokens of the owner and of a user the owner shares with."""
        self.token = token
        self.shared_token = shared_token
        self._account = account
        self._preferences = preferences

    def role(self, request: web.Request) -> Role:
        """Return who is asking."""
        token = request.headers.get(TOKEN) or request.query.get(TOKEN)
        if not token:
            return Role.OWNER if self._trusted(request.remote) else Role.ANYBODY
        if self._account.claimed and token == self.token:
            return Role.OWNER
        if self._account.claimed and token == self.shared_token:
            return Role.SHARED_USER
        return Role.ANYBODY

    def _trusted(self, remote: str | None) -> bool:
        """Return whether an address needs no token."""
        if remote is None:
            return False
        address = ip_address(remote)
        if not self._account.claimed:
            return address.is_private
        networks = str(self._preferences[ALLOWED_NETWORKS]).split(",")
        return any(
            address in ip_network(network.strip(), strict=False)
            for network in networks
            if network.strip()
        )
