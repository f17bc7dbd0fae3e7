"""What has to be true, as seen from outside, once a fault has been overcome.

Each returns what is wrong in words, or None.
"""

from collections.abc import Callable
from itertools import pairwise
import re
from typing import Final

from tests.e2e.plex import PlexControl
from tests.lab import NAS_ADDRESS, Connection, LabError

from .home import Home

type Invariant = Callable[[Home], str | None]

_PROBE_COOLDOWN: Final = 60
_OURS: Final = "plex_remote_access"
_RECORD: Final = re.compile(r"^(?=\d{4}-\d\d-\d\d )", re.MULTILINE)
_UNHANDLED: Final = re.compile(
    r"Traceback|Error doing job|was never retrieved|was destroyed|never awaited|Unclosed"
)


def wanted_is_reached(home: Home) -> str | None:
    """Tell whether the Internet reaches this very server, as wanted."""
    if not home.wanted:
        return None
    forwards = home.forwards()
    if not forwards:
        return "wanted on, but nothing is forwarded"
    port = forwards[0].external_port
    if home.world.connect_from_wan(port) is not Connection.OPEN:
        return f"wanted on, but port {port} is not open"
    try:
        who = home.world.identity_from_wan(port)
    except LabError as error:
        return f"port {port} is closed again: {error}"
    if home.world.server.machine_identifier not in who:
        return f"somebody else answers at port {port}"
    return None


def unwanted_is_closed(home: Home) -> str | None:
    """Tell whether nothing of ours is left where nothing is wanted."""
    if home.wanted:
        return None
    if forwards := home.forwards():
        return f"wanted off, but {forwards} is forwarded"
    if home.world.connect_from_wan(32400) is not Connection.REFUSED:
        return "wanted off, but port 32400 is not refused"
    return None


def foreign_is_untouched(home: Home) -> str | None:
    """Tell whether what others have at the router is as it was."""
    seen = [
        forward
        for forward in home.world.port_forwards()
        if forward.target_address == NAS_ADDRESS
    ]
    return None if seen == home.foreign else f"foreign: {seen}, not {home.foreign}"


def at_most_one(home: Home) -> str | None:
    """Tell whether there is one way to the server at most."""
    forwards = home.forwards()
    return None if len(forwards) <= 1 else f"two mappings: {forwards}"


def entities_tell_the_truth(home: Home) -> str | None:
    """Tell whether the entities say what the router and the server say."""
    states = home.states()
    try:
        published = home.published()
    except OSError as error:
        return f"the server is not there yet: {error}"
    if published != home.wanted:
        return f"the server is published: {published}, wanted: {home.wanted}"
    expected = {"remote_access": "on" if home.wanted else "off"}
    if home.wanted:
        if not (forwards := home.forwards()):
            return "nothing is forwarded"
        expected["public_port"] = str(forwards[0].external_port)
        if states.get("mapping_method") not in {"pcp", "nat_pmp", "upnp"}:
            return f"mapping_method is {states.get('mapping_method')}"
        if states.get("status") not in {"reachable", "connecting"}:
            return f"status is {states.get('status')}"
        if states["status"] == "reachable":
            expected["public_ip"] = home.world.lab.public_address
            expected["reachable"] = "on"
    else:
        expected |= {
            "status": "disabled",
            "reachable": "off",
            "mapping_method": "none",
            "public_port": "unknown",
        }
    wrong = {
        key: states.get(key) for key in expected if states.get(key) != expected[key]
    }
    return f"entities say {wrong}, not {expected}" if wrong else None


def nothing_unhandled(home: Home) -> str | None:
    """Tell whether the log has an exception that nobody expected."""
    output = home.home_assistant.output
    new = output[home.log_read :]
    home.log_read = len(output)
    return next(
        (
            f"in the log: {record[:3000]}"
            for record in _RECORD.split(new)
            if _OURS in record
            and _UNHANDLED.search(record)
            # Home Assistant tells every failed look in detail there.
            and " DEBUG " not in record.partition("\n")[0]
        ),
        None,
    )


def probes_are_rare(home: Home) -> str | None:
    """Tell whether plex.tv was bothered no more often than it may be."""
    home.refreshed_at += read_refreshes(home.plex)
    times = home.refreshed_at
    gaps = [later - earlier for earlier, later in pairwise(times)]
    if gaps and min(gaps) < _PROBE_COOLDOWN:
        return f"two probes within {min(gaps):.0f} s"
    return None


def read_refreshes(plex: PlexControl) -> list[float]:
    """Return when probes were asked for, and have the server forget its requests."""
    requests = plex.read()["requests"]
    plex.change(call="reset_records")
    return [
        request["at"]
        for request in requests
        if request["endpoint"] == "refresh" and (request["status"] or 200) < 400
    ]


# At any time, whatever else is wrong.
ALWAYS: Final[tuple[Invariant, ...]] = (foreign_is_untouched,)
# Some time after the fault.
SETTLED: Final[tuple[Invariant, ...]] = (
    wanted_is_reached,
    unwanted_is_closed,
    at_most_one,
    foreign_is_untouched,
    entities_tell_the_truth,
)
# What must never have happened meanwhile.
NEVER: Final[tuple[Invariant, ...]] = (nothing_unhandled, probes_are_rare)
