"""The settings of a Plex server: what there is, and what they are set to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from .wire import Scalar, WireForm

PUBLISH = "PublishServerOnPlexOnlineKey"
MANUAL_MODE = "ManualPortMappingMode"
MANUAL_PORT = "ManualPortMappingPort"
LAST_AUTOMATIC_PORT = "LastAutomaticMappedPort"
STREAM_RATE = "WanPerStreamMaxUploadRate"
SECURE_CONNECTIONS = "secureConnections"
ALLOWED_NETWORKS = "allowedNetworks"
GDM_ENABLED = "GdmEnabled"
FRIENDLY_NAME = "FriendlyName"


class SettingType(StrEnum):
    """The types that settings have."""

    BOOL = "bool"
    INT = "int"
    DOUBLE = "double"
    TEXT = "text"


@dataclass(frozen=True)
class Setting:
    """One setting as the server describes it."""

    id: str
    type: SettingType
    default: Scalar
    group: str = ""
    hidden: bool = False
    advanced: bool = False
    label: str = ""
    enum_values: str = ""

    def attributes(self, value: Scalar) -> dict[str, Scalar]:
        """Return the description with the value the setting has."""
        attributes: dict[str, Scalar] = {
            "id": self.id,
            "label": self.label,
            "summary": "",
            "type": str(self.type),
            "default": self.default,
            "value": value,
            "hidden": self.hidden,
            "advanced": self.advanced,
            "group": self.group,
        }
        if self.enum_values:
            attributes["enumValues"] = self.enum_values
        return attributes


class UnknownPreferenceError(Exception):
    """There is no such setting."""


class InvalidPreferenceError(Exception):
    """The setting cannot take the value."""


def _hidden(id_: str, type_: SettingType, default: Scalar, enum: str = "") -> Setting:
    """Return a setting that Plex Web shows on a page of its own, or nowhere."""
    return Setting(id_, type_, default, hidden=True, enum_values=enum)


def _network(id_: str, type_: SettingType, default: Scalar, enum: str = "") -> Setting:
    """Return a setting of the network page."""
    return Setting(id_, type_, default, "network", advanced=True, enum_values=enum)


_UHD_RATES = {40000: "40 Mbps (4K)", 30000: "30 Mbps (4K)", 25000: "25 Mbps (4K)"}
_OLD_RATES = {
    20000: "20 Mbps (1080p)",
    12000: "12 Mbps (1080p)",
    10000: "10 Mbps (1080p)",
    8000: "8 Mbps (1080p)",
    4000: "4 Mbps (720p)",
    3000: "3 Mbps (720p)",
    2000: "2 Mbps (480p)",
    1500: "1.5 Mbps (480p)",
    720: "720 kbps",
    320: "320 kbps",
}
_RATES = _UHD_RATES | _OLD_RATES | {15000: "15 Mbps (1080p)"}


def _rates(rates: Mapping[int, str]) -> str:
    """Return the stream rates as an enumeration, the highest first."""
    entries = [f"{rate}:{rates[rate]}" for rate in sorted(rates, reverse=True)]
    return "|".join(["0:Original (No limit)", *entries])


_REMOTE_ACCESS = (
    replace(
        _hidden(PUBLISH, SettingType.BOOL, default=False),
        label="Publish server on Plex Online",
    ),
    _hidden(MANUAL_MODE, SettingType.BOOL, default=False),
    _hidden(MANUAL_PORT, SettingType.INT, 32400),
    _hidden(LAST_AUTOMATIC_PORT, SettingType.INT, 0),
    _hidden("WanTotalMaxUploadRate", SettingType.INT, 0),
    _hidden(STREAM_RATE, SettingType.INT, 0, _rates(_RATES)),
    _hidden("CertificateUUID", SettingType.TEXT, ""),
    _hidden("CertificateVersion", SettingType.INT, 2),
    _hidden("MachineIdentifier", SettingType.TEXT, ""),
    _hidden("PlexOnlineMail", SettingType.TEXT, ""),
    _hidden("PlexOnlineUrl", SettingType.TEXT, "https://plex.tv"),
    _hidden("AcceptedEULA", SettingType.BOOL, default=False),
    Setting(FRIENDLY_NAME, SettingType.TEXT, "", "general"),
    Setting(GDM_ENABLED, SettingType.BOOL, True, "network"),
    _network(SECURE_CONNECTIONS, SettingType.INT, 1, "1:Preferred|0:Required"),
    _network("RelayEnabled", SettingType.BOOL, default=True),
    _network("EnableIPv6", SettingType.BOOL, default=True),
    _network("customConnections", SettingType.TEXT, ""),
    _network("TreatWanIpAsLocal", SettingType.BOOL, default=True),
    _network("LanNetworksBandwidth", SettingType.TEXT, ""),
    _network(
        "PreferredNetworkInterface", SettingType.TEXT, "", ":Any|eth0:eth0 (10.0.0.2)"
    ),
    _network(ALLOWED_NETWORKS, SettingType.TEXT, ""),
    _network("WanPerUserStreamCount", SettingType.INT, 0, "0:Unlimited|1|2|3|5|10|20"),
    _network("MinutesAllowedPaused", SettingType.INT, 0, "0:Unlimited|5|10|30"),
    _network("WebHooksEnabled", SettingType.BOOL, default=True),
    _network("customCertificatePath", SettingType.TEXT, ""),
    _network("customCertificateKey", SettingType.TEXT, ""),
    _network("customCertificateDomain", SettingType.TEXT, ""),
)

_NOISE_TOPICS = {
    "general": ("Feedback", "Greeting", "Report", "Startup"),
    "library": ("Artwork", "Chapter", "Collection", "Preview", "Scan", "Thumbnail"),
    "transcoder": ("Audio", "Bitrate", "Hdr", "Subtitle", "Throttle", "Video"),
    "dlna": ("Announcement", "Renderer", "Timeline"),
    "butler": ("Backup", "Cleanup", "Maintenance"),
    "extras": ("Interview", "Preroll", "Trailer"),
}
_NOISE_ASPECTS: dict[str, tuple[SettingType, Scalar, str]] = {
    "Enabled": (SettingType.BOOL, True, ""),
    "Verbose": (SettingType.BOOL, False, ""),
    "Interval": (SettingType.INT, 3600, "900:15 minutes|3600:hourly|86400:daily"),
    "Limit": (SettingType.INT, 20, ""),
    "Threshold": (SettingType.DOUBLE, 0.5, ""),
    "Folder": (SettingType.TEXT, "", ""),
}


def _noise() -> Iterator[Setting]:
    """Return the many settings that are about anything else."""
    for group, topics in _NOISE_TOPICS.items():
        for topic in topics:
            for aspect, (type_, default, enum) in _NOISE_ASPECTS.items():
                id_ = f"{topic}{aspect}"
                yield Setting(id_, type_, default, group, label=id_, enum_values=enum)


def _parse(setting: Setting, text: str) -> Scalar:
    """Return the value that a query parameter means for a setting."""
    try:
        match setting.type:
            case SettingType.BOOL:
                return {"1": True, "0": False, "true": True, "false": False}[text]
            case SettingType.INT:
                return int(text)
            case SettingType.DOUBLE:
                return float(text)
            case SettingType.TEXT:
                return text
    except KeyError, ValueError:
        raise InvalidPreferenceError(setting.id) from None


class Preferences:
    """The settings and their values."""

    def __init__(self, form: WireForm) -> None:
        """Begin with the defaults."""
        self._form = form
        self._settings = {s.id: s for s in (*_REMOTE_ACCESS, *_noise())}
        self._values = {s.id: s.default for s in self._settings.values()}

    def __getitem__(self, id_: str) -> Scalar:
        """Return the value of a setting."""
        return self._values[id_]

    def __contains__(self, id_: str) -> bool:
        """Return whether this server knows the setting."""
        return id_ in self._settings and id_ not in self._form.missing_preferences

    def number(self, id_: str) -> int:
        """Return the value of a setting that is a number."""
        return int(self._values[id_])

    def parse(self, id_: str, text: str) -> Scalar:
        """Return the value that a query parameter means."""
        if id_ not in self:
            raise UnknownPreferenceError(id_)
        return _parse(self._settings[id_], text)

    def update(self, values: Mapping[str, Scalar]) -> list[str]:
        """Take values over; return the settings that changed by it."""
        changed = [id_ for id_, value in values.items() if self._values[id_] != value]
        self._values.update(values)
        return changed

    def hidden(self, id_: str) -> bool:
        """Return whether a setting is hidden."""
        return self._settings[id_].hidden

    def attributes(self, id_: str) -> dict[str, Scalar]:
        """Return the description of a setting."""
        setting = self._settings[id_]
        if id_ == STREAM_RATE and self._form.old_stream_rates:
            setting = replace(setting, enum_values=_rates(_OLD_RATES))
        return setting.attributes(self._values[id_])

    def listing(self) -> list[dict[str, Scalar]]:
        """Return the description of every setting that this server knows."""
        return [self.attributes(id_) for id_ in self._settings if id_ in self]

    def changed(self) -> dict[str, Scalar]:
        """Return the values that are not the defaults."""
        return {
            id_: value
            for id_, value in self._values.items()
            if value != self._settings[id_].default
        }
