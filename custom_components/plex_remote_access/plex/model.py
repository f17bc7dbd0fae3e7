"""What a Plex Media Server says about its Remote Access."""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Final, Self


class MappingState(StrEnum):
    """How far the server got with publishing itself."""

    UNKNOWN = "unknown"
    WAITING = "waiting"
    MAPPED = "mapped"
    FAILED = "failed"

    @classmethod
    def parse(cls, value: str | None) -> Self:
        """Read a state; the server's log also knows forms like 'Mapped - Published'."""
        text = (value or "").strip().lower()
        if text.startswith(cls.MAPPED):
            return cls(cls.MAPPED)
        return cls(text) if text in cls else cls(cls.UNKNOWN)


class SignInState(StrEnum):
    """Whether the server is signed in to a Plex account."""

    OK = "ok"
    NONE = "none"
    INVALID = "invalid"
    UNKNOWN = "unknown"

    @classmethod
    def parse(cls, value: str | None) -> Self:
        """Read a state, whatever the server calls it."""
        text = (value or "").strip().lower()
        return cls(text) if text in cls else cls(cls.UNKNOWN)


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Which server this is; the only answer that needs no token."""

    machine_identifier: str
    version: str | None
    claimed: bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """The server's own view of its Remote Access (`/myplex/account`).

    `mapping_state` alone never means reachable: together with `unreachable` in
    `mapping_error` it is how the server says that plex.tv could not connect.
    """

    mapping_state: MappingState
    mapping_error: str | None
    sign_in_state: SignInState
    public_address: str | None
    public_port: int | None
    private_address: str | None
    private_port: int | None
    subscription_active: bool | None
    # What the server calls a state that we know by no name.
    other_state: str | None = None


# All that can be said of a server that belongs to nobody, and so obeys nobody.
SIGNED_OUT: Final = Account(
    mapping_state=MappingState.UNKNOWN,
    mapping_error=None,
    sign_in_state=SignInState.NONE,
    public_address=None,
    public_port=None,
    private_address=None,
    private_port=None,
    subscription_active=None,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Preferences:
    """The settings of the Remote Access page (`/:/prefs`).

    Rates are in kbps, 0 is no limit. None is a setting this server does not have.
    `stream_rates` are the values that the server offers, with its labels for them.
    """

    publish: bool
    manual_mode: bool
    manual_port: int
    upload_rate: int | None
    stream_rate: int | None
    stream_rates: tuple[tuple[int, str], ...]
    relay: bool | None

    @property
    def stream_choices(self) -> dict[int, str]:
        """Return what can be chosen: the offered values and, if odd, the present one."""
        choices = dict(self.stream_rates)
        if self.stream_rate is not None and self.stream_rate not in choices:
            choices[self.stream_rate] = f"{self.stream_rate} kbps"
        return choices


@dataclass(frozen=True, kw_only=True, slots=True)
class PreferenceChange:
    """New values for some settings; None leaves a setting as it is."""

    publish: bool | None = None
    manual_mode: bool | None = None
    manual_port: int | None = None
    upload_rate: int | None = None
    stream_rate: int | None = None
    relay: bool | None = None

    def against(self, current: Preferences) -> PreferenceChange:
        """Return what of this change the current settings do not hold yet."""
        return PreferenceChange(
            **{
                field.name: wanted
                for field in fields(self)
                if (wanted := getattr(self, field.name)) is not None
                and wanted != getattr(current, field.name)
            }
        )

    def carried_out(self, before: Preferences, now: Preferences) -> Preferences:
        """Return earlier settings with what of this change was carried out by now."""
        remaining = self.against(now)
        return replace(
            before,
            **{
                field.name: wanted
                for field in fields(self)
                if (wanted := getattr(self, field.name)) is not None
                and getattr(remaining, field.name) is None
            },
        )

    @property
    def republishes(self) -> bool:
        """Tell whether the server publishes itself anew after this change."""
        return any(
            value is not None
            for value in (self.publish, self.manual_mode, self.manual_port)
        )

    def __bool__(self) -> bool:
        """Tell whether anything is to be changed."""
        return any(getattr(self, field.name) is not None for field in fields(self))
