"""The HTTP interface of a Plex server."""

from typing import TYPE_CHECKING

from aiohttp import web

from . import documents
from .account import Role
from .faults import Endpoint
from .gate import refuse
from .preferences import InvalidPreferenceError, UnknownPreferenceError
from .sessions import answer_sessions
from .wire import PROTOCOL, Document, answer, empty

if TYPE_CHECKING:
    from .server import PlexServer

_CLIENT_PARAMETER = "x-plex-"


class Routes:
    """Answers requests that have passed the gate."""

    def __init__(self, server: PlexServer) -> None:
        """Set the server that it speaks for."""
        self._server = server

    def table(self) -> list[web.RouteDef]:
        """Return every route of the server, the one for anything else last."""
        guard = self._server.gate.guard
        root = guard(Endpoint.ROOT, Role.SHARED_USER, self._root)
        websocket = guard(Endpoint.WEBSOCKET, Role.SHARED_USER, self._websocket)
        stream = self._server.notifications.event_source
        return [
            web.get(
                "/identity", guard(Endpoint.IDENTITY, Role.ANYBODY, self._identity)
            ),
            web.get("/", root),
            web.get("/media/providers", root),
            web.get("/:/prefs", guard(Endpoint.PREFS, Role.OWNER, self._prefs)),
            web.get("/:/prefs/get", guard(Endpoint.PREFS_GET, Role.OWNER, self._pref)),
            web.put("/:/prefs", guard(Endpoint.PREFS_PUT, Role.OWNER, self._write)),
            web.get(
                "/myplex/account", guard(Endpoint.ACCOUNT, Role.OWNER, self._account)
            ),
            web.put(
                "/myplex/refreshReachability",
                guard(Endpoint.REFRESH, Role.OWNER, self._refresh),
            ),
            # Counted, without consequence: no client of remote access may ask this.
            web.delete(
                "/myplex/account", guard(Endpoint.SIGN_OUT, Role.OWNER, self._nothing)
            ),
            web.post("/myplex/claim", guard(Endpoint.CLAIM, Role.OWNER, self._nothing)),
            web.get(
                "/status/sessions",
                guard(Endpoint.SESSIONS, Role.OWNER, self._sessions),
            ),
            web.get("/:/websockets/notifications", websocket),
            web.get("/:/websocket/notifications", websocket),
            web.get(
                "/:/eventsource/notifications",
                guard(Endpoint.EVENT_SOURCE, Role.SHARED_USER, stream),
            ),
            web.route(
                "*", "/{path:.*}", guard(Endpoint.OTHER, Role.ANYBODY, self._missing)
            ),
        ]

    async def _identity(self, request: web.Request) -> web.Response:
        """Answer who the server is."""
        return self._answer(request, documents.identity(self._server))

    async def _root(self, request: web.Request) -> web.Response:
        """Answer what the server is."""
        return self._answer(request, documents.description(self._server))

    async def _account(self, request: web.Request) -> web.Response:
        """Answer how the server stands with plex.tv."""
        return self._answer(request, documents.account(self._server))

    async def _prefs(self, request: web.Request) -> web.Response:
        """Answer all settings, to a shared user those that are not hidden."""
        settings = self._server.preferences.listing()
        if self._server.access.role(request) is not Role.OWNER:
            settings = [setting for setting in settings if not setting["hidden"]]
        return self._settings(request, settings)

    async def _pref(self, request: web.Request) -> web.Response:
        """Answer one setting."""
        id_ = request.query.get("id", "")
        if id_ not in self._server.preferences:
            return refuse(404)
        return self._settings(request, [self._server.preferences.attributes(id_)])

    async def _write(self, request: web.Request) -> web.Response:
        """Write settings."""
        values = {
            id_: text
            for id_, text in request.query.items()
            if not id_.lower().startswith(_CLIENT_PARAMETER)
        }
        try:
            await self._server.put_preferences(values)
        except UnknownPreferenceError as error:
            text = f"cannot set preference value for unknown preference {error}"
            return web.Response(status=400, text=text, headers=PROTOCOL)
        except InvalidPreferenceError as error:
            text = f"invalid value for preference {error}"
            return web.Response(status=400, text=text, headers=PROTOCOL)
        return empty()

    async def _refresh(self, _request: web.Request) -> web.Response:
        """Ask for a verdict, which comes by a notification."""
        await self._server.remote_access.refresh()
        return empty()

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        """Serve notifications at the path that this server has."""
        singular = request.path.startswith("/:/websocket/")
        if singular is not self._server.form.websocket_path_singular:
            return refuse(404)
        return await self._server.notifications.websocket(request)

    async def _sessions(self, request: web.Request) -> web.Response:
        """Answer who streams."""
        return answer_sessions(request, self._server.streams, self._server.form)

    async def _nothing(self, _request: web.Request) -> web.Response:
        """Do nothing, successfully."""
        return empty()

    async def _missing(self, _request: web.Request) -> web.Response:
        """Answer that there is no such page."""
        return refuse(404)

    def _answer(self, request: web.Request, document: Document) -> web.Response:
        """Answer in the form that client and server are set to."""
        return answer(request, document, self._server.form)

    def _settings(
        self, request: web.Request, settings: list[dict[str, str | int | float | bool]]
    ) -> web.Response:
        """Answer settings."""
        return self._answer(
            request,
            Document({"size": len(settings)}, children={"Setting": settings}),
        )
