"""What a Plex server says about itself and its account."""

import time
from typing import TYPE_CHECKING

from .gate import Phase
from .wire import Document, Scalar

if TYPE_CHECKING:
    from .server import PlexServer


def identity(server: PlexServer) -> Document:
    """Return what everybody may know."""
    return Document(
        {
            "size": 0,
            "claimed": server.account.claimed,
            "machineIdentifier": server.machine_identifier,
            "version": server.version,
        }
    )


def description(server: PlexServer) -> Document:
    """Return what every user may know."""
    account = server.account
    attributes: dict[str, Scalar] = {
        "size": 1,
        "apiVersion": "1.2.2",
        "friendlyName": server.friendly_name,
        "machineIdentifier": server.machine_identifier,
        "multiuser": True,
        "myPlex": account.claimed,
        "myPlexMappingState": server.publication.state,
        "myPlexSigninState": account.sign_in_state,
        "myPlexSubscription": account.claimed and account.plex_pass,
        "ownerFeatures": account.features,
        "platform": "Linux",
        "platformVersion": "6.12.0",
        "transcoderActiveVideoSessions": 0,
        "updatedAt": int(time.time()),
        "updater": True,
        "version": server.version,
    }
    if server.publication.error:
        attributes["myPlexMappingError"] = server.publication.error
    if account.claimed:
        attributes |= {"certificate": True, "myPlexUsername": account.username}
    if server.phase is Phase.STARTING:
        attributes["startState"] = "startingPlugins"
    return Document(
        attributes,
        children={"Directory": [{"count": 1, "key": "library", "title": "library"}]},
    )


def account(server: PlexServer) -> Document:
    """Return what only the owner may know."""
    form, publication, owner = server.form, server.publication, server.account
    blank = form.blank_addresses or (
        publication.error == "unreachable" and form.blank_addresses_when_unreachable
    )
    attributes: dict[str, Scalar] = {
        "authToken": owner.auth_token if owner.claimed else "",
        "username": owner.username if owner.claimed else "",
        "mappingState": publication.state,
        "signInState": owner.sign_in_state,
        "publicAddress": "" if blank else publication.public_address,
        "publicPort": 0 if blank else publication.public_port,
        "privateAddress": "" if blank else server.lan_address,
        "privatePort": 0 if blank else server.port,
        "subscriptionFeatures": owner.features,
        "subscriptionActive": owner.plex_pass,
        "subscriptionState": "Active" if owner.plex_pass else "Unknown",
    }
    if publication.error or not form.mapping_error_absent:
        attributes["mappingError"] = publication.error
    if form.mapping_error_message is not None:
        attributes["mappingErrorMessage"] = form.mapping_error_message
    return Document(attributes, root=form.account_root)
