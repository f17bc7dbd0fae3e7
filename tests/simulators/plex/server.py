"""A Plex Media Server, as far as remote access is concerned."""

import asyncio
from collections.abc import Mapping
import secrets
from typing import Self

from aiohttp import web

from tests.simulators.plextv import DirectOutside, Outside

from .account import Access, Account, SignInState, new_token
from .certificate import make_certificate
from .control import Control, control_routes
from .faults import Endpoint, Faults, Timing
from .gate import Gate, Phase
from .gdm import GdmResponder
from .listener import Listener
from .mapper import AutomaticMapper
from .notifications import Notifications
from .preferences import FRIENDLY_NAME, GDM_ENABLED, SECURE_CONNECTIONS, Preferences
from .records import RecordedRequest, Records
from .routes import Routes
from .sessions import Stream
from .state import Publication, RemoteAccess
from .wire import Scalar, WireForm
from .writes import PreferenceWrites

_LOOPBACK = "127.0.0.1"


class PlexServer:
    """The server: ``async with PlexServer(...) as server``."""

    def __init__(
        self,
        *,
        host: str = _LOOPBACK,
        port: int = 0,
        machine_identifier: str | None = None,
        token: str | None = None,
        shared_token: str | None = None,
        friendly_name: str = "Den",
        version: str = "1.43.2.10687-abcdef123",
        lan_address: str | None = None,
        claimed: bool = True,
        plex_pass: bool = True,
        preferences: Mapping[str, Scalar] | None = None,
        outside: Outside | None = None,
        automatic_mapper: AutomaticMapper | None = None,
        form: WireForm | None = None,
        faults: Faults | None = None,
        timing: Timing | None = None,
        tls: bool = False,
        gdm_port: int | None = None,
        control: bool = False,
    ) -> None:
        """Set what the server is like; nothing listens before it is entered."""
        self.host = host
        self.port = port
        self.machine_identifier = machine_identifier or secrets.token_hex(20)
        self.version = version
        self.lan_address = lan_address or host
        self.certificate_hash = secrets.token_hex(16)
        self.authority_pem: str | None = None
        self.form = form or WireForm()
        self.faults = faults or Faults()
        self.timing = timing or Timing()
        self.account = Account(
            plex_pass=plex_pass,
            sign_in_state=SignInState.OK if claimed else SignInState.NONE,
        )
        self.preferences = Preferences(self.form)
        self.preferences.update(
            {
                FRIENDLY_NAME: friendly_name,
                "AcceptedEULA": True,
                "MachineIdentifier": self.machine_identifier,
                "CertificateUUID": self.certificate_hash,
                "PlexOnlineMail": self.account.username if claimed else "",
                **(preferences or {}),
            }
        )
        self.access = Access(
            token or new_token(),
            shared_token or new_token(),
            self.account,
            self.preferences,
        )
        self.streams: list[Stream] = []
        self.records = Records()
        self.gate = Gate(self.access, self.faults, self.records)
        self.notifications = Notifications(self.faults, self.timing)
        self._writes = PreferenceWrites(
            self.preferences, self.notifications, self.faults, self.form
        )
        self.remote_access = RemoteAccess(
            machine_identifier=self.machine_identifier,
            account=self.account,
            preferences=self.preferences,
            store=self._writes.store,
            notifications=self.notifications,
            outside=outside or DirectOutside(),
            mapper=automatic_mapper,
            faults=self.faults,
            timing=self.timing,
        )
        self._tls = tls
        self._control = control
        self.gdm_port = gdm_port
        self._gdm = GdmResponder(self._gdm_description)
        self._runner: web.AppRunner | None = None
        self._listener: Listener | None = None
        self._start_up_task: asyncio.Task[None] | None = None

    # What a test looks at.

    @property
    def url(self) -> str:
        """Return the address of the server on the local network."""
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}"

    @property
    def token(self) -> str:
        """Return the owner's token."""
        return self.access.token

    @property
    def shared_token(self) -> str:
        """Return the token of a user that the owner shares with."""
        return self.access.shared_token

    @property
    def friendly_name(self) -> str:
        """Return the name of the server."""
        return str(self.preferences[FRIENDLY_NAME])

    @property
    def phase(self) -> Phase:
        """Return how far the start has got."""
        return self.gate.phase

    @property
    def publication(self) -> Publication:
        """Return what the server says about its place on the Internet."""
        return self.remote_access.publication

    @property
    def requests(self) -> list[RecordedRequest]:
        """Return every request that came, without tokens."""
        return self.records.requests

    @property
    def refresh_count(self) -> int:
        """Return how often plex.tv was made to probe: expensive, so rarely."""
        return self.records.counts[Endpoint.REFRESH]

    @property
    def prefs_read_count(self) -> int:
        """Return how often the long list of settings was read."""
        return self.records.counts[Endpoint.PREFS]

    @property
    def prefs_write_count(self) -> int:
        """Return how often settings were written."""
        return self.records.counts[Endpoint.PREFS_PUT]

    # Its life.

    async def __aenter__(self) -> Self:
        """Start the server; it is up at once."""
        app = web.Application()
        if self._control:
            control = Control(self)
            app.add_routes(control_routes(control))
            app.on_shutdown.append(control.close)
        app.add_routes(Routes(self).table())
        tls = None
        if self._tls:
            # Certificates are read from files only, which blocks.
            made = await asyncio.to_thread(make_certificate, self.certificate_hash)
            tls, self.authority_pem = made.context, made.authority_pem
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True
        )
        await self._runner.setup()
        protocol = self._runner.server
        assert protocol is not None
        self._listener = Listener(protocol, tls=tls, admits_plain=self._admits_plain)
        self.port = await self._listener.open(self.host, self.port)
        if self.gdm_port is not None:
            self.gdm_port = await self._gdm.open(self.host, self.gdm_port)
        self.gate.phase = Phase.RUNNING
        await self.remote_access.start(self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop the server and everything it began."""
        if self._start_up_task is not None:
            self._start_up_task.cancel()
            await asyncio.wait([self._start_up_task])
        await self.remote_access.stop()
        await self.notifications.close()
        self._gdm.close()
        if self._listener is not None:
            await self._listener.close()
        if self._runner is not None:
            await self._runner.cleanup()
        self.gate.phase = Phase.DOWN

    async def restart(self) -> None:
        """Restart; return when it listens again, which is before it is up."""
        assert self._listener is not None
        self.gate.phase = Phase.DOWN
        await self.remote_access.stop()
        await self.notifications.close()
        await self._listener.close()
        await asyncio.sleep(self.timing.down)
        self.gate.phase = Phase.BOOTING
        await self._listener.open(self.host, self.port)
        self._start_up_task = asyncio.create_task(self._start_up())

    async def _start_up(self) -> None:
        """Go through what follows a restart."""
        await asyncio.sleep(self.timing.boot)
        self.gate.phase = Phase.STARTING
        await asyncio.sleep(self.timing.start_state)
        self.gate.phase = Phase.RUNNING
        await self.remote_access.start(self.port)

    async def settled(self, timeout: float = 5) -> Publication:
        """Wait until the last cause has led to a verdict, and return it."""
        async with asyncio.timeout(timeout):
            if self._start_up_task is not None:
                await asyncio.wait([self._start_up_task])
            await self.remote_access.settled()
        return self.publication

    # What the owner does, in Plex Web or elsewhere.

    async def set_preferences(self, values: Mapping[str, Scalar]) -> None:
        """Write settings as Plex Web does."""
        changed = await self._writes.store(values)
        await self.remote_access.written(values, changed)

    async def put_preferences(self, texts: Mapping[str, str]) -> None:
        """Write settings from a query, with the faults of writing."""
        values, unknown = self._writes.read(texts)
        await self.set_preferences(values)
        if unknown is not None:
            raise unknown

    async def recheck(self) -> None:
        """Let the look come now that the server takes from time to time."""
        await self.remote_access.recheck()

    async def revoke_token(self) -> str:
        """Make the owner's token worthless; return the one that is good now."""
        self.access.token = new_token()
        await self.notifications.close()
        return self.access.token

    async def sign_out(self) -> None:
        """Let the owner give the server up: nobody's token is good any more."""
        await self._set_sign_in_state(SignInState.NONE)
        await self.notifications.close()

    async def lose_sign_in(self) -> None:
        """Let plex.tv take the server for nobody's, while tokens stay good here."""
        await self._set_sign_in_state(SignInState.INVALID)

    async def sign_in(self) -> None:
        """Let the server be its owner's again."""
        await self._set_sign_in_state(SignInState.OK)

    async def _set_sign_in_state(self, state: SignInState) -> None:
        """Change how the server stands with plex.tv, and tell everybody."""
        self.account.sign_in_state = state
        await self.remote_access.renew()
        await self.notifications.send(
            "account", "AccountUpdateNotification", [{"signInState": state}]
        )

    def _admits_plain(self, peer: str) -> bool:
        """Return whether a host may speak plain HTTP to us."""
        local = peer == _LOOPBACK and not self.faults.loopback_is_remote
        return local or self.preferences.number(SECURE_CONNECTIONS) != 0

    def _gdm_description(self) -> Mapping[str, str] | None:
        """Return what discovery is told."""
        if not self.preferences[GDM_ENABLED] or self.phase is Phase.DOWN:
            return None
        return {
            "Content-Type": "plex/media-server",
            "Host": f"{self.certificate_hash}.plex.direct",
            "Name": self.friendly_name,
            "Port": str(self.port),
            "Resource-Identifier": self.machine_identifier,
            "Updated-At": "1790000000",
            "Version": self.version,
        }
