"""Constants of Plex Remote Access."""

from datetime import timedelta
import logging
from typing import Final

DOMAIN: Final = "plex_remote_access"
# Where everything is explained; each issue has a section there.
DOCUMENTATION: Final = "https://github.com/plex-remote-access/ha-plex-remote-access"
LOGGER: Final = logging.getLogger(__package__)

ATTR_PLEX_PASS: Final = "plex_pass"

CONF_ADVANCED: Final = "advanced"
CONF_MANUAL_PORT: Final = "manual_port"
CONF_PORT_MAPPING: Final = "port_mapping"
CONF_PREFERRED_PORT: Final = "preferred_port"
CONF_ROUTER: Final = "router"
CONF_ROUTER_SWITCH: Final = "router_switch"
CONF_STREAM_LIMIT: Final = "stream_limit"
CONF_TRY_NOW: Final = "try_now"
CONF_UPLOAD_SPEED: Final = "upload_speed"

DEFAULT_PORT: Final = 32400
# The server counts in kbps, people and the Remote Access page in Mbps.
KBPS_PER_MBPS: Final = 1000

# The server tells what is new; these are for what it forgets to tell. It answers from
# memory, but the list of settings is long.
ACCOUNT_INTERVAL: Final = timedelta(seconds=120)
PREFERENCES_INTERVAL: Final = timedelta(seconds=300)
# While it tells nothing.
DEAF_INTERVAL: Final = timedelta(seconds=30)
# While it does not answer at all. Its first word counts at once, this is for the rest.
AWAY_INTERVAL: Final = timedelta(seconds=5)
# How long a server may take to carry out what it has not answered.
LATE_WRITE: Final = timedelta(seconds=60)
# News come in bursts, and some before the server answers accordingly.
NEWS_DELAY: Final = timedelta(milliseconds=300)
# After a change the server shows green until plex.tv has tried to connect:
# https://forums.plex.tv/t/untrustworthy-not-available-outside-your-network/923499
VERDICT_TIME: Final = timedelta(seconds=30)
# How long it takes at most until it shows green.
ENABLING_TIME: Final = timedelta(seconds=20)
# How long a bad verdict has to stand before people are told.
STANDING: Final = timedelta(seconds=60)
# How long it has to be good for the next bad one to be another incident.
INCIDENT_OVER: Final = timedelta(minutes=10)
# How long a token has to be refused for its owner to be asked for another one.
SECOND_REFUSAL: Final = timedelta(seconds=10)
# How long a linked switch may take to turn: it may ask a slow router.
SWITCH_TIMEOUT: Final = timedelta(seconds=30)
# How often to look whether somebody still streams when it is time to close.
STREAMS_INTERVAL: Final = timedelta(seconds=60)
# How long to wait for a server that does not tell who streams: it was to be closed.
STREAMS_UNKNOWN: Final = timedelta(minutes=10)
# How soon to try again what could not be closed.
CLOSING_RETRY: Final = timedelta(seconds=10)
# plex.tv limits how often a server may ask it for a probe.
PROBE_COOLDOWN: Final = timedelta(seconds=60)
