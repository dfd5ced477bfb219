"""A DNS responder that knows the domains of the cases and says of each what its case wants (RFC 1035, RFC 7505)."""

from __future__ import annotations

import asyncio
import ipaddress
import struct
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from corpus.lab.cases import Recipient, Script

A, SOA, PTR, MX = 1, 6, 12, 15
OK, SERVFAIL, NXDOMAIN = 0, 2, 3
TTL = 5
PREFIX = "192.0.2."
CAPTURE = 99


class Record(NamedTuple):
    """A resource record: its type and its data in wire form."""

    type: int
    data: bytes


class Answer(NamedTuple):
    """A response code and the records that answer."""

    code: int
    records: tuple[Record, ...] = ()


def ascii_name(name: str) -> str:
    """Give a domain in the form that DNS has: A-labels, lower case."""
    return name.rstrip(".").encode("idna").decode("ascii").lower() if name.strip(".") else ""


def wire_name(name: str) -> bytes:
    """Write a domain in wire form."""
    labels = ascii_name(name).split(".") if name.strip(".") else []
    return b"".join(bytes([len(label)]) + label.encode("ascii") for label in labels) + b"\0"


def address_record(number: int) -> Record:
    """Give the A record of a host of the lab."""
    return Record(A, ipaddress.IPv4Address(f"{PREFIX}{number}").packed)


def mx_record(name: str, preference: int = 10) -> Record:
    """Give an MX record; an empty name is the null MX."""
    return Record(MX, struct.pack("!H", preference) + wire_name(name))


class Zone:
    """What the lab's DNS knows."""

    def __init__(self, script: Script, hosts: dict[str, int]) -> None:
        """Take the domains from the cases; `hosts` gives the servers under test: name to number."""
        self.hosts = {ascii_name(name): number for name, number in hosts.items()} | {"mx.sender.example": CAPTURE}
        self.exchanges: dict[str, str] = {"sender.example": "mx.sender.example"}
        self.exchanges |= {name.partition(".")[2]: name for name in self.hosts}
        self.told: dict[str, str] = {}
        for case in script.cases:
            for recipient in case.recipients:
                self.add(recipient)

    def add(self, recipient: Recipient) -> None:
        """Take in the domain of a recipient."""
        domain = ascii_name(recipient.domain) if "{" not in recipient.domain else ""
        if domain and domain not in self.exchanges:
            self.told[domain] = recipient.dns
            if recipient.dns in {"mx", "self", "dead"}:
                self.exchanges[domain] = f"mx.{domain}"
            if recipient.dns == "mx":
                self.hosts[f"mx.{domain}"] = recipient.host

    def answer(self, name: str, kind: int, asking: int) -> Answer:
        """Answer a question; `asking` is the number of the host that asks."""
        name = name.lower()
        told = self.told.get(name)
        if told in {"servfail", "nxdomain"}:
            return Answer(SERVFAIL if told == "servfail" else NXDOMAIN)
        if kind == PTR:
            return self.pointer(name)
        records = tuple(self.records(name, kind, asking))
        return Answer(OK if records or self.exists(name) else NXDOMAIN, records)

    def records(self, name: str, kind: int, asking: int) -> Iterator[Record]:
        """Give the records of a name."""
        if kind == MX and self.told.get(name) == "null":
            yield mx_record("", 0)
        elif kind == MX and name in self.exchanges:
            yield mx_record(self.exchanges[name])
        elif kind == A and name in self.hosts:
            yield address_record(self.hosts[name])
        elif kind == A and name.startswith("mx.") and self.told.get(name.removeprefix("mx.")) == "self":
            yield address_record(asking)

    def pointer(self, name: str) -> Answer:
        """Give the name of a host of the lab."""
        number = int(name.partition(".")[0]) if name.endswith(".2.0.192.in-addr.arpa") else 0
        names = [each for each, at in self.hosts.items() if at == number and at >= CAPTURE]
        return Answer(OK, (Record(PTR, wire_name(names[0])),)) if names else Answer(NXDOMAIN)

    def exists(self, name: str) -> bool:
        """Tell whether a name, or one below it, has records of any type."""
        own = self.told.get(name.removeprefix("mx.")) == "self"
        known = (*self.hosts, *self.exchanges)
        return own or name in self.told or any(each == name or each.endswith(f".{name}") for each in known)


def question(query: bytes) -> tuple[str, int, int]:
    """Read the question of a query: name, type, and where it ends."""
    labels, at = [], 12
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("ascii", "replace"))
        at += 1 + length
    return ".".join(labels), int.from_bytes(query[at + 1 : at + 3], "big"), at + 5


def respond(zone: Zone, query: bytes, asking: int) -> bytes:
    """Answer a query in wire form."""
    name, kind, end = question(query)
    answer = zone.answer(name, kind, asking)
    flags = 0x8400 | (int.from_bytes(query[2:4], "big") & 0x0100) | 0x0080 | answer.code
    authority = b"" if answer.records or answer.code == SERVFAIL else start_of_authority()
    head = query[:2] + struct.pack("!5H", flags, 1, len(answer.records), 1 if authority else 0, 0)
    return head + query[12:end] + b"".join(encoded(answer.records)) + authority


def encoded(records: Iterable[Record]) -> Iterable[bytes]:
    """Give the records of an answer in wire form; their name is the one asked for."""
    for record in records:
        yield b"\xc0\x0c" + struct.pack("!HHIH", record.type, 1, TTL, len(record.data)) + record.data


def start_of_authority() -> bytes:
    """Give the SOA record that goes with an empty answer (RFC 2308)."""
    data = wire_name("ns.example") + wire_name("hostmaster.example") + struct.pack("!5I", 1, 3600, 600, 86400, TTL)
    return wire_name("example") + struct.pack("!HHIH", SOA, 1, TTL, len(data)) + data


class Responder(asyncio.DatagramProtocol):
    """Answers over UDP."""

    def __init__(self, zone: Zone) -> None:
        """Answer from a zone."""
        self.zone = zone
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport to answer on."""
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one query; what is no query is dropped."""
        try:
            answer = respond(self.zone, data, int(addr[0].rpartition(".")[2]))
        except (IndexError, ValueError):
            return
        if self.transport:
            self.transport.sendto(answer, addr)
