"""What routers, Plex servers and plex.tv regularly send, in the forms they are known for."""

import json
from typing import Any, Final

from tests.portmap.scripted import describe, entry, fault, success

ACTION: Final = "GetSpecificPortMappingEntry"
NONCE: Final = bytes(range(12))

SSDP: Final = (
    (
        b"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nEXT:\r\n"
        b"ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n"
        b"USN: uuid:1::urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n"
        b"SERVER: Linux UPnP/1.1 MiniUPnPd/2.3.1\r\n"
        b"LOCATION: http://192.168.1.1:5000/rootDesc.xml\r\n"
        b"BOOTID.UPNP.ORG: 1700000000\r\nCONFIGID.UPNP.ORG: 1337\r\n\r\n"
    ),
    b"HTTP/1.0 200\nlocation : http://[::1]:1900/igd.xml\n\n",
    b"HTTP/1.1 200 OK\r\nLocation: https://192.168.1.9/d\r\n\r\n",
    b"NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\nLOCATION: http://192.168.1.1/\r\n\r\n",
)

_WANIP1 = "urn:schemas-upnp-org:service:WANIPConnection:1"
_WANIP2 = "urn:schemas-upnp-org:service:WANIPConnection:2"
_PPP = "urn:schemas-upnp-org:service:WANPPPConnection:1"
DESCRIPTIONS: Final = (
    describe((_WANIP1, "/ctl/IPConn")),
    describe((_WANIP2, "ctl?x=1"), (_PPP, "http://192.168.1.1:5000/ppp")),
    describe(
        (_WANIP1, "/c"),
        head="<URLBase>http://192.168.1.1:49000/</URLBase><modelName>FRITZ!Box</modelName>",
    ),
    (
        b"<?xml version='1.0' encoding='latin-1'?><root><device><serviceList><service>"
        b"<serviceType>urn:dslforum-org:service:WANIPConnection:1</serviceType>"
        b"<controlURL>/&amp;c</controlURL><eventSubURL>/evt</eventSubURL></Service>"
        b"</serviceList></device>\xe9</root>\0"
    ),
    (
        b'<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
        b"<root><friendlyName>&b;</friendlyName></root>"
    ),
    b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><root>&x;</root>',
)
SOAP: Final = (
    success(ACTION, entry()),
    success(ACTION, entry(lease="") | {"NewExternalPort": "32400"}),
    success(ACTION, entry(lease=604800), namespace=_WANIP2),
    fault(714, "NoSuchEntryInArray"),
    fault(725, "OnlyPermanentLeasesSupported"),
    fault("", ""),
    b"<html><body><h1>404 Not Found</h1></body></html>",
)
HTTP: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\n<root/>",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7;x=1\r\n<root/>\r\n0\r\n\r\n",
    b"HTTP/1.0 500\n\n<fault/>",
)

_PCP_MAP = bytes.fromhex("0600000000007e907e9000000000000000000000ffffcb007107")
NAT_PMP: Final = (
    bytes.fromhex("0080000000000e10cb007107"),
    bytes.fromhex("0082000000000e107e907e9000001c20"),
    bytes.fromhex("0082000200000e107e90000000000000"),
    bytes.fromhex("0000000100000e10"),
)
PCP: Final = (
    bytes.fromhex("02800000000000000000002a") + bytes(12),
    bytes.fromhex("0281000000001c200000002a") + bytes(12) + NONCE + _PCP_MAP,
    bytes.fromhex("028100080000001e0000002a") + bytes(12) + NONCE + _PCP_MAP,
    bytes.fromhex("02810002000007080000002a") + bytes(12) + NONCE + _PCP_MAP,
    bytes.fromhex("0000000100000e10"),
)
ANNOUNCEMENTS: Final = (NAT_PMP[0], PCP[0])
GENA: Final = (
    (
        b"NOTIFY /path HTTP/1.1\r\nHOST: 192.168.1.20:40000\r\n"
        b'CONTENT-TYPE: text/xml; charset="utf-8"\r\nNT: upnp:event\r\n'
        b"NTS: upnp:propchange\r\nSID: uuid:1\r\nSEQ: 0\r\nCONTENT-LENGTH: 4\r\n\r\n<e/>"
    ),
    b"NOTIFY / HTTP/1.1\r\nSEQ: -1\r\nContent-Length: 99999999999\r\n\r\n",
    b"Second-1800",
    b"Second-infinite",
)


def _forms(root: str, attributes: dict[str, Any]) -> tuple[bytes, bytes]:
    """Return the same answer in XML and in JSON."""
    listed = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} {listed}/>\n'.encode(),
        json.dumps({root: attributes}).encode(),
    )


IDENTITY: Final = _forms(
    "MediaContainer",
    {"size": 0, "claimed": "1", "machineIdentifier": "5f3c9a1e", "version": "1.41.0"},
)
ACCOUNT: Final = _forms(
    "MyPlex",
    {
        "authToken": "t",
        "username": "owner",
        "mappingState": "mapped",
        "mappingError": "unreachable",
        "signInState": "ok",
        "publicAddress": "203.0.113.7",
        "publicPort": "32400",
        "privateAddress": "192.168.1.20",
        "privatePort": 32400,
        "subscriptionActive": True,
    },
)
_SETTINGS: Final = [
    {"id": "PublishServerOnPlexOnlineKey", "type": "bool", "value": "true"},
    {"id": "ManualPortMappingMode", "type": "bool", "value": 1},
    {"id": "ManualPortMappingPort", "type": "int", "value": "32400"},
    {"id": "WanTotalMaxUploadRate", "type": "int", "value": 20000},
    {
        "id": "WanPerStreamMaxUploadRate",
        "type": "int",
        "value": 8000,
        "enumValues": "0:Original (No limit)|8000:8 Mbps (1080p)|4000:4 Mbps",
    },
    {"id": "RelayEnabled", "type": "bool", "value": False},
]
PREFERENCES: Final = (
    json.dumps({"MediaContainer": {"size": 6, "Setting": _SETTINGS}}).encode(),
    (
        b'<MediaContainer size="2">'
        b'<Setting id="PublishServerOnPlexOnlineKey" type="bool" value="0"/>'
        b'<Setting id="ManualPortMappingPort" type="int" value="40000"/>'
        b"</MediaContainer>"
    ),
)
SESSIONS: Final = (
    (
        b'<MediaContainer size="1"><Video title="x"><Player local="0"/>'
        b'<Session location="wan" bandwidth="8000"/></Video></MediaContainer>'
    ),
    (
        b'{"MediaContainer":{"size":1,"Metadata":[{"Player":{"local":true},'
        b'"Session":{"location":"lan"}}]}}'
    ),
)
WEBSOCKET: Final = tuple(
    json.dumps(
        {"NotificationContainer": {"type": kind, "size": 1, name: [{"a": 1}]}}
    ).encode()
    for kind, name in (
        ("account", "AccountUpdateNotification"),
        ("preference", "Setting"),
        ("reachability", "ReachabilityNotification"),
        ("playing", "PlaySessionStateNotification"),
    )
)
GDM: Final = (
    (
        b"HTTP/1.0 200 OK\r\nContent-Type: plex/media-server\r\nName: Den: 2\r\n"
        b"Port: 32400\r\nResource-Identifier: 5f3c9a1e\r\nUpdated-At: 1\r\n"
        b"Version: 1.41.0\r\n\r\n"
    ),
)
PLEX_TV: Final = (
    b'{"id":12,"code":"abcd","expiresIn":1800,"authToken":null}',
    json.dumps(
        [
            {
                "name": "Den",
                "clientIdentifier": "5f3c9a1e",
                "provides": "server,player",
                "owned": True,
                "accessToken": "t",
                "connections": [
                    {
                        "protocol": "https",
                        "address": "192.168.1.20",
                        "port": 32400,
                        "uri": "https://192-168-1-20.a.plex.direct:32400",
                        "local": True,
                        "relay": False,
                    }
                ],
            }
        ]
    ).encode(),
)
