"""The UDP port that NAT-PMP and PCP share."""

from typing import override

from . import nat_pmp, pcp
from .datagram import DatagramServer, bound_socket
from .records import PacketKind

RESPONSE = 0x80
KINDS = {
    (nat_pmp.VERSION, 0): PacketKind.NAT_PMP_ADDRESS,
    (nat_pmp.VERSION, 1): PacketKind.NAT_PMP_MAP,
    (nat_pmp.VERSION, 2): PacketKind.NAT_PMP_MAP,
    (pcp.VERSION, pcp.Opcode.ANNOUNCE): PacketKind.PCP_ANNOUNCE,
    (pcp.VERSION, pcp.Opcode.MAP): PacketKind.PCP_MAP,
}
ALL_HOSTS = "224.0.0.1"


class PortMappingServer(DatagramServer):
    """Answers NAT-PMP and PCP requests, one at a time."""

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one packet."""
        if len(data) < 2:
            return
        kind = KINDS.get((data[0], data[1]), PacketKind.OTHER)
        if not self.receive(kind, data, addr):
            return
        faults = self.gateway.faults.packets
        response = self._answer(data, addr[0], faults.results.get(kind))
        if response is None:
            return
        response = response[: faults.cut.get(kind)]
        if faults.answer_from is None:
            self.transport.sendto(response, addr)
            return
        with bound_socket(faults.answer_from, 0) as sock:
            sock.sendto(response, addr)

    def announce(self) -> None:
        """Tell the LAN that mappings or the address may have changed."""
        group = ALL_HOSTS, self.gateway.announce_port
        if self.gateway.nat_pmp:
            self.transport.sendto(nat_pmp.address_response(self.gateway), group)
        if self.gateway.pcp:
            self.transport.sendto(pcp.announcement(self.gateway), group)

    def _answer(
        self, data: bytes, source: str, refuse_with: int | None
    ) -> bytes | None:
        """Negotiate the version, RFC 6887 section 9."""
        gateway = self.gateway
        if data[0] == nat_pmp.VERSION and gateway.nat_pmp:
            return nat_pmp.answer(gateway, data, source, refuse_with)
        if data[0] == pcp.VERSION and gateway.pcp:
            return pcp.answer(gateway, data, source, refuse_with)
        if data[1] & RESPONSE:
            return None
        if gateway.pcp:
            return pcp.unsupported_version(gateway, data[1])
        return nat_pmp.unsupported_version(gateway)
