"""The cases: who is mailed, how the world answers, and what that means."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus.lab.servers import Server

FOLDER = Path(__file__).parent
FIRST_HOST = 10
DNS = frozenset({"mx", "nxdomain", "nodata", "servfail", "null", "self", "dead"})
STAGES = frozenset({"connect", "helo", "mail", "rcpt", "data", "local"})
SUCCESSES = frozenset({"delivered", "relayed", "expanded"})


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """A recipient and what becomes of it.

    `to` is mailed, `original` what ORCPT names in its stead (RFC 3461); `target` is where the server under test sends it on
    (an alias). `answer` are the lines that the sink says at `stage`, or what the server's own mail store says where `stage`
    is local; without an answer the sink drops, hangs, or accepts. `final` is the decision once the server gives up,
    `success` what the server reports of one it got rid of.
    """

    to: str
    original: str | None = None
    target: str | None = None
    answer: tuple[str, ...] = ()
    stage: str = "rcpt"
    ends: str | None = None
    dns: str = "mx"
    host: int = FIRST_HOST
    reason: str | None = None
    final: str | None = None
    success: str | None = None

    @property
    def address(self) -> str:
        """The address that the world sees."""
        return self.target or self.to

    @property
    def domain(self) -> str:
        """The domain that the server under test looks up."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A message to inject and what becomes of each recipient.

    `needs` names what a server must have to run it. `kind` is what arrives where that is no notification of delivery.
    `silent` says that nothing may arrive.
    """

    id: str
    note: str
    recipients: tuple[Recipient, ...] = ()
    needs: str = "relay"
    encoding: str = "utf-8"
    size: int = 0
    header: tuple[str, ...] = ()
    verp: str = ""
    smtputf8: bool = False
    notify: str | None = None
    ret: str | None = None
    envid: str | None = None
    orcpt: str | None = None
    kind: str | None = None
    silent: bool = False

    @property
    def sender(self) -> str:
        """The envelope sender, by which what comes back is known."""
        return f"list+{self.id}{self.verp}@sender.example"


@dataclass(frozen=True, kw_only=True)
class Host:
    """A sink that differs from the others: in what it offers to EHLO, or in that nothing listens or is there."""

    number: int
    extensions: tuple[str, ...] | None = None
    listens: bool = True
    exists: bool = True


@dataclass(frozen=True, kw_only=True)
class Script:
    """All cases and the sinks that differ from the others."""

    cases: tuple[Case, ...]
    hosts: tuple[Host, ...] = ()

    def of(self, server: Server) -> list[Case]:
        """Give the cases that a server can run, with its own domain in their addresses."""
        able = [case for case in self.cases if case.needs in server.provides and case.id not in server.skips]
        return [localised(case, server.local) for case in able]


def localised(case: Case, local: str) -> Case:
    """Put the server's own domain where a case says {local}."""
    named = tuple(replace(each, to=each.to.replace("{local}", local)) for each in case.recipients)
    return replace(case, recipients=named, header=tuple(line.replace("{local}", local) for line in case.header))


def read_script(path: Path = FOLDER / "cases.toml") -> Script:
    """Read and check the cases. Raises ValueError with all that is wrong."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    script = Script(
        cases=tuple(read_case(row) for row in data["case"]),
        hosts=tuple(read_host(row) for row in data.get("host", ())),
    )
    if problems := list(wrong(script)):
        raise ValueError("\n".join([f"{path}:", *problems]))
    return script


def frozen(row: dict[str, Any]) -> dict[str, Any]:
    """Give a table with its arrays as tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def read_host(row: dict[str, Any]) -> Host:
    """Read a sink."""
    return Host(**frozen(row))


def read_case(row: dict[str, Any]) -> Case:
    """Read a case: what stands at its head holds for each recipient that does not say otherwise."""
    shared = {key: row[key] for key in RECIPIENT_KEYS & row.keys()}
    rows = row.get("recipient") or [{"to": address} for address in row["to"]]
    own = frozen({key: value for key, value in row.items() if key in CASE_KEYS})
    if unknown := row.keys() - CASE_KEYS - RECIPIENT_KEYS - {"recipient", "to"}:
        raise ValueError(f"case {row.get('id')}: unknown keys {sorted(unknown)}")
    return Case(**own, recipients=tuple(read_recipient(shared | each) for each in rows))


def read_recipient(row: dict[str, Any]) -> Recipient:
    """Read a recipient; one line of answer may stand without a list."""
    answer = row.get("answer", ())
    lines = [answer] if isinstance(answer, str) else answer
    named = (line.replace("{to}", row.get("target") or row["to"]) for line in lines)
    return Recipient(**row | {"answer": tuple(named)})


RECIPIENT_KEYS = {field.name for field in fields(Recipient)} - {"to"}
CASE_KEYS = {field.name for field in fields(Case)} - {"recipients"}


def wrong(script: Script) -> Iterator[str]:
    """Give what is wrong with the cases as a whole and with each of them."""
    ids = [case.id for case in script.cases]
    yield from (f"case {each}: defined twice" for each in sorted({each for each in ids if ids.count(each) > 1}))
    domains: dict[str, str] = {}
    for case in script.cases:
        for recipient in case.recipients:
            yield from (f"case {case.id}, {recipient.to}: {problem}" for problem in faults(case, recipient))
            if "{local}" not in recipient.domain and domains.setdefault(recipient.domain, case.id) != case.id:
                yield f"case {case.id}: domain {recipient.domain} belongs to case {domains[recipient.domain]}"


def faults(case: Case, recipient: Recipient) -> Iterator[str]:
    """Give what is wrong with a recipient."""
    if recipient.stage not in STAGES:
        yield f"unknown stage {recipient.stage}"
    if recipient.dns not in DNS:
        yield f"unknown answer of DNS {recipient.dns}"
    if recipient.ends not in {None, "drop", "hang"}:
        yield f"unknown end {recipient.ends}"
    if recipient.success not in {None, *SUCCESSES}:
        yield f"unknown success {recipient.success}"
    if (recipient.reason is None) != (recipient.final is None):
        yield "reason and final go together"
    if recipient.stage in {"connect", "helo"} and recipient.host == FIRST_HOST:
        yield f"what is refused before MAIL needs a host other than {FIRST_HOST}"
    if not (case.silent or case.kind or recipient.reason or recipient.success):
        yield "neither a reason, nor a success, nor a kind: nothing would come back"
