"""What is true of a message that came back: from what was scripted and what the queue held, not from what it says.

The message decides only what it can decide: whether it names an address or quotes a reply at all (else nobody could know
them from it), and which Status it reports where it hides the reply.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from corpus.lab.names import ascii_name
from corpus.lab.sinks import ACCEPTED

if TYPE_CHECKING:
    from corpus.lab.cases import Case, Recipient
    from corpus.lab.servers import Server

RETURNED = re.compile(
    rb"^Content-Type:\s*(?:message/rfc822|text/rfc822-headers|message/global(?:-headers)?)\b(?!-delivery)",
    re.IGNORECASE | re.MULTILINE,
)
REPLY = re.compile(r"(?P<code>[245]\d\d)(?:[ \-](?P<status>[245]\.\d+\.\d+)?\s*(?P<text>.*))?", re.DOTALL)
STATUS_FIELD = re.compile(r"^Status:\s*([245]\.\d+\.\d+)", re.IGNORECASE | re.MULTILINE)
RECIPIENT_FIELD = re.compile(r"^(?:Final|Original)-Recipient:", re.IGNORECASE | re.MULTILINE)
WORD = re.compile(r"\w+", re.ASCII)
KINDS = (("failed", "failure"), ("delayed", "delay"))
SHOWN = ("address", "final_address", "action", "final", "status", "reply", "decision", "reason")


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A message that came back. `queued` tells whether the server still held the one that was injected."""

    server: Server
    version: str
    case: Case
    data: bytes
    queued: bool


def notification(data: bytes) -> str:
    """Give the text of a message up to the returned one."""
    found = RETURNED.search(data)
    return data[: found.start() if found else len(data)].decode("utf-8", "replace")


def flat(text: str) -> str:
    """Fold white space and the codes that begin the further lines of a reply."""
    return re.sub(r"\s+", " ", text)


def spellings(address: str) -> set[str]:
    """Give the forms in which a server may write an address."""
    local, _, domain = address.rpartition("@")
    plain = local.strip('"')
    return {f"{each}@{name}".lower() for each in (local, plain, f'"{plain}"') for name in (domain, ascii_name(domain))}


def names(text: str, address: str | None) -> bool:
    """Tell whether a notification names an address as a whole."""
    edges = r"(?<![\w.+\-]){}(?![\w\-])"
    return bool(address) and any(re.search(edges.format(re.escape(each)), text.lower()) for each in spellings(address or ""))


def action_of(recipient: Recipient, *, queued: bool) -> str:
    """Give what became of a recipient: a refusal of class 5 after the session began is final, else the queue tells."""
    if recipient.success:
        return recipient.success
    refused = recipient.stage in {"mail", "rcpt", "data"} and recipient.answer and recipient.answer[0].startswith("5")
    return "delayed" if queued and not refused else "failed"


def addresses(recipient: Recipient, text: str) -> dict[str, Any]:
    """Give the address that was mailed and the one that refused, as far as the message names them."""
    chain = [each for each in (recipient.original, recipient.to, recipient.target) if each and names(text, each)]
    chain = chain or [recipient.to]
    return {"address": chain[0], "final_address": chain[-1] if len(chain) > 1 else None}


def codes(recipient: Recipient, text: str) -> dict[str, Any]:
    """Give the reply and its enhanced code where they are quoted, else the Status that is reported."""
    answer = recipient.answer or ([ACCEPTED] if recipient.success == "relayed" else [])
    scripted = REPLY.fullmatch(answer[-1]) if answer else None
    status = reported_status(text, recipient)
    if not scripted:
        return {"status": status, "reply": None}
    code, words = scripted["code"], WORD.match(scripted["text"] or "")
    said = words[0] if words else ""
    if scripted["status"] and quotes(text, code, scripted["status"]):
        return {"status": scripted["status"], "reply": int(code)}
    return {"status": status, "reply": int(code) if quotes(text, code, said) else None}


def quotes(text: str, code: str, said: str) -> bool:
    """Tell whether a message quotes a reply by its code and what follows it."""
    return bool(re.search(rf"(?<![\w\-]){code}[ \-]*{re.escape(said)}(?!\w)", flat(text)))


def reported_status(text: str, recipient: Recipient) -> str | None:
    """Give the Status field of a recipient's group."""
    reported = groups(text)
    own = [group for group in reported if names(group, recipient.to) or names(group, recipient.target)]
    found = STATUS_FIELD.search((own or reported or [text])[0])
    return found[1] if found else None


def groups(text: str) -> list[str]:
    """Give the groups of fields of which each reports on one recipient."""
    return [group for group in re.split(r"\n[ \t]*\n", text) if RECIPIENT_FIELD.search(group)]


def row(arrival: Arrival, recipient: Recipient, text: str) -> dict[str, Any]:
    """Give the expectation for one recipient."""
    if arrival.case.kind:
        return addresses(recipient, text) | {"final": False}
    action = action_of(recipient, queued=arrival.queued)
    facts = addresses(recipient, text) | {"action": action, "final": action == "failed"} | codes(recipient, text)
    if recipient.success:
        return facts | hidden(arrival, recipient, action, text)
    facts |= {"decision": "retry" if action == "delayed" else recipient.final}
    facts |= {"reason": recipient.reason if tells(recipient, text) else None}
    return facts | hidden(arrival, recipient, action, text)


def tells(recipient: Recipient, text: str) -> bool:
    """Tell whether the reason can be known: not where a reply is quoted in part, for the words that tell may be missing."""
    if recipient.stage == "local" or not recipient.answer or codes(recipient, text)["reply"] is None:
        return True
    shown = re.sub(r"[^!-~]+", "", flat(text)).lower()
    words = re.sub(r"\b[245]\d\d[ \-]", "", recipient.answer[-1])
    return all(word in shown for word in re.split(r"[^!-~]+", words.lower()))


def hidden(arrival: Arrival, recipient: Recipient, action: str, text: str) -> dict[str, Any]:
    """Give what a message of this server says in place of the truth that it hides (server.toml, `hides`)."""
    rows = [each for each in arrival.server.hides if arrival.case.id in each.cases and each.action == action]
    rows = [each for each in rows if recipient.to.startswith(each.to)]
    said = next((each.says for each in rows if not re.search(each.unless, text)), {})
    return {key: value or None for key, value in said.items()}


def expectation(arrival: Arrival) -> dict[str, Any]:
    """Give what the report on a message must be."""
    text = notification(arrival.data)
    recipients = () if arrival.case.kind == "other" else arrival.case.recipients
    told = "\n\n".join(groups(text)) or text
    named = [each for each in recipients if any(names(told, one) for one in (each.to, each.target, each.original))]
    rows = [row(arrival, each, text) for each in (named if len(recipients) > 1 or arrival.case.kind else recipients)]
    actions = [each.get("action") for each in rows]
    kind = next((kind for action, kind in KINDS if action in actions), None)
    return {
        "origin": f"produced by {arrival.server.product} {arrival.version} in the lab, case {arrival.case.id}",
        "licence": "MIT",
        "kind": arrival.case.kind or kind or (actions[0] if actions else "other"),
        "note": arrival.case.note,
        "recipient": rows,
    }


def name_of(arrival: Arrival, expected: dict[str, Any]) -> str:
    """Give the name of a message: its case and its form."""
    form = "" if expected["kind"] in {"failure", arrival.case.kind, arrival.case.id} else f"-{expected['kind']}"
    return f"{arrival.case.id.removesuffix(form)}{form}"


def shape(expected: dict[str, Any]) -> tuple[object, ...]:
    """Give what makes a message different from others of its case and form."""
    rows = [tuple(sorted((key, str(value)) for key, value in each.items())) for each in expected["recipient"]]
    return (expected["kind"], *rows)


def to_toml(expected: dict[str, Any]) -> str:
    """Write an expectation as the corpus has it."""
    lines = [f"{key} = {literal(expected[key])}" for key in ("origin", "licence", "kind", "note")]
    for each in expected["recipient"]:
        lines += ["", "[[recipient]]"]
        lines += [f"{key} = {literal(each[key])}" for key in SHOWN if each.get(key) is not None]
    return "\n".join(lines) + "\n"


def literal(value: object) -> str:
    """Write a value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
