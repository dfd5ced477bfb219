"""The vocabulary: what a message can say, what we conclude, and the report that holds both.

Facts (`Recipient` without its verdict) and opinions (`Verdict`) are separate types, so stored facts can be judged again
when the rules change. All Structs are frozen; `msgspec.json.encode` gives the report format, version 1.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What a message tells the sender."""

    FAILURE = "failure"
    DELAY = "delay"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"
    AUTO_REPLY = "auto_reply"
    COMPLAINT = "complaint"
    RECEIPT = "receipt"
    CHALLENGE = "challenge"
    UNSUBSCRIBE = "unsubscribe"
    OTHER = "other"


class Action(StrEnum):
    """The Action field of RFC 3464, section 2.3.3."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


ACCEPTED = frozenset({Action.DELIVERED, Action.RELAYED, Action.EXPANDED})
"""Actions that report no failure and no delay."""


class Decision(StrEnum):
    """What to do about the address: remove it, count it, or wait."""

    HARD = "hard"
    SOFT = "soft"
    RETRY = "retry"


class Stage(StrEnum):
    """The command of the SMTP session that was refused (RFC 5321, section 3)."""

    CONNECT = "connect"
    HELO = "helo"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"


class Fault(StrEnum):
    """Who can cure the failure."""

    RECIPIENT = "recipient"
    DOMAIN = "domain"
    SENDER = "sender"
    MESSAGE = "message"
    NETWORK = "network"
    NONE = "none"


class Permanence(StrEnum):
    """How a reason maps to a decision."""

    ADDRESS = "address"
    """The address is dead: hard once the failure is final."""
    TEMPORARY = "temporary"
    """Always retry."""
    MESSAGE = "message"
    """Soft once the failure is final."""
    CLASS = "class"
    """The class of the reply decides: 4 is retry, 5 is soft."""


class Reason(StrEnum):
    """Why a recipient was refused."""

    USER_UNKNOWN = "user_unknown"
    BAD_ADDRESS_SYNTAX = "bad_address_syntax"
    MAILBOX_DISABLED = "mailbox_disabled"
    MAILBOX_MOVED = "mailbox_moved"
    MAILBOX_FULL = "mailbox_full"
    MAILBOX_UNAVAILABLE = "mailbox_unavailable"
    RECIPIENT_REFUSED = "recipient_refused"
    NOT_AUTHORIZED = "not_authorized"
    DOMAIN_UNKNOWN = "domain_unknown"
    NULL_MX = "null_mx"
    DNS_FAILURE = "dns_failure"
    CONNECTION_FAILED = "connection_failed"
    SYSTEM_UNAVAILABLE = "system_unavailable"
    SYSTEM_ERROR = "system_error"
    SYSTEM_FULL = "system_full"
    MAILER_ERROR = "mailer_error"
    ROUTING_LOOP = "routing_loop"
    RELAY_DENIED = "relay_denied"
    EXPIRED = "expired"
    GREYLISTED = "greylisted"
    RATE_LIMITED = "rate_limited"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    TOO_MANY_RECIPIENTS = "too_many_recipients"
    BLOCKLISTED = "blocklisted"
    BAD_REPUTATION = "bad_reputation"
    AUTH_FAILURE = "auth_failure"
    RDNS_FAILURE = "rdns_failure"
    SENDER_REJECTED = "sender_rejected"
    AUTH_REQUIRED = "auth_required"
    TLS_FAILURE = "tls_failure"
    SPAM = "spam"
    VIRUS = "virus"
    CONTENT_REJECTED = "content_rejected"
    MESSAGE_TOO_LARGE = "message_too_large"
    MESSAGE_MALFORMED = "message_malformed"
    POLICY = "policy"
    PROTOCOL_ERROR = "protocol_error"
    SUPPRESSED = "suppressed"
    UNDETERMINED = "undetermined"

    @property
    def permanence(self) -> Permanence:
        """How this reason maps to a decision."""
        return TRAITS[self][0]

    @property
    def fault(self) -> Fault:
        """Who can cure it."""
        return TRAITS[self][1]


_P, _T, _M, _F = Permanence.ADDRESS, Permanence.TEMPORARY, Permanence.MESSAGE, Permanence.CLASS
_RCPT, _DOMAIN, _SENDER, _MSG, _NET = Fault.RECIPIENT, Fault.DOMAIN, Fault.SENDER, Fault.MESSAGE, Fault.NETWORK

TRAITS: dict[Reason, tuple[Permanence, Fault]] = {
    Reason.USER_UNKNOWN: (_P, _RCPT),
    Reason.BAD_ADDRESS_SYNTAX: (_P, _RCPT),
    Reason.MAILBOX_DISABLED: (_P, _RCPT),
    Reason.MAILBOX_MOVED: (_P, _RCPT),
    Reason.MAILBOX_FULL: (_F, _RCPT),
    Reason.MAILBOX_UNAVAILABLE: (_F, _RCPT),
    Reason.RECIPIENT_REFUSED: (_F, _RCPT),
    Reason.NOT_AUTHORIZED: (_F, _RCPT),
    Reason.DOMAIN_UNKNOWN: (_P, _DOMAIN),
    Reason.NULL_MX: (_P, _DOMAIN),
    Reason.DNS_FAILURE: (_T, _DOMAIN),
    Reason.CONNECTION_FAILED: (_T, _NET),
    Reason.SYSTEM_UNAVAILABLE: (_T, _DOMAIN),
    Reason.SYSTEM_ERROR: (_F, _DOMAIN),
    Reason.SYSTEM_FULL: (_T, _DOMAIN),
    Reason.MAILER_ERROR: (_F, _RCPT),
    Reason.ROUTING_LOOP: (_F, _DOMAIN),
    Reason.RELAY_DENIED: (_F, _DOMAIN),
    Reason.EXPIRED: (_T, _NET),
    Reason.GREYLISTED: (_T, Fault.NONE),
    Reason.RATE_LIMITED: (_T, _SENDER),
    Reason.TOO_MANY_CONNECTIONS: (_T, _SENDER),
    Reason.TOO_MANY_RECIPIENTS: (_T, _SENDER),
    Reason.BLOCKLISTED: (_F, _SENDER),
    Reason.BAD_REPUTATION: (_F, _SENDER),
    Reason.AUTH_FAILURE: (_F, _SENDER),
    Reason.RDNS_FAILURE: (_F, _SENDER),
    Reason.SENDER_REJECTED: (_F, _SENDER),
    Reason.AUTH_REQUIRED: (_F, _SENDER),
    Reason.TLS_FAILURE: (_F, _NET),
    Reason.SPAM: (_F, _MSG),
    Reason.VIRUS: (_M, _MSG),
    Reason.CONTENT_REJECTED: (_M, _MSG),
    Reason.MESSAGE_TOO_LARGE: (_M, _MSG),
    Reason.MESSAGE_MALFORMED: (_M, _MSG),
    Reason.POLICY: (_F, _SENDER),
    Reason.PROTOCOL_ERROR: (_F, _SENDER),
    Reason.SUPPRESSED: (_P, _RCPT),
    Reason.UNDETERMINED: (_F, Fault.NONE),
}


class Source(StrEnum):
    """Where a piece of evidence stood."""

    ACTION = "action"
    STATUS = "status"
    DIAGNOSTIC = "diagnostic"
    TEXT = "text"
    HEADER = "header"


class Evidence(msgspec.Struct, frozen=True):
    """A witness: the words that led to a verdict, and where they stood.

    `part` counts the leaf parts of the message from 0; `start` and `end` are characters of that part's decoded text. All
    three are None for a reply given without a message and for a header field.
    """

    source: Source
    text: str
    part: int | None = None
    start: int | None = None
    end: int | None = None


class Blocklist(msgspec.Struct, frozen=True):
    """The blocklist a reply names: `kind` is ip, domain, url or private; `listed` the address or name that is on it."""

    name: str
    kind: str
    listed: str | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What we conclude about one recipient.

    `decision` is None when no failure of the recipient is reported. `confidence` is the share of cases with evidence of
    this kind that are right (0 to 1). `retry_after` is in seconds. `new_address` is where the reply says that the mailbox has
    moved to (RFC 5321, section 3.4).
    """

    decision: Decision | None = None
    reason: Reason | None = None
    fault: Fault | None = None
    confidence: float | None = None
    rule: str | None = None
    retry_after: int | None = None
    blocklist: Blocklist | None = None
    new_address: str | None = None
    evidence: tuple[Evidence, ...] = ()


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """What the message said about one recipient, and the verdict on it.

    `address` is the one the sender mailed, `final_address` the one that refused it where it differs. `status` (RFC 3463)
    and `reply` (RFC 5321, section 4.2) are those of the refusing server where the message states them: `remote_mta`, or the
    reporting MTA where there is none (RFC 3464, section 2.3.6). Dates are ISO 8601. `reached`
    tells that a mailbox behind the address had the message all the same: a filter there refused it, or another one took it.
    `fields` are all fields of the report on this recipient: name and value as they stand, unfolded, in order.
    """

    address: str
    final_address: str | None = None
    action: Action | None = None
    final: bool = False
    status: str | None = None
    reply: int | None = None
    diagnostic: str | None = None
    remote_mta: str | None = None
    stage: Stage | None = None
    last_attempt: str | None = None
    retry_until: str | None = None
    reached: bool = False
    fields: tuple[tuple[str, str], ...] = ()
    verdict: Verdict = Verdict()


class Original(msgspec.Struct, frozen=True, kw_only=True):
    """The header of the returned message, as far as the notification includes it.

    `headers` holds the extension fields and those of lists, threads and feedback loops, by lower-case name. `unsubscribe` are
    the URIs of List-Unsubscribe in their order of preference (RFC 2369, section 3.2); `one_click` tells that an https one
    among them takes a POST (RFC 8058). Nothing is ever fetched.
    """

    message_id: str | None = None
    sender: str | None = None
    to: tuple[str, ...] = ()
    subject: str | None = None
    date: str | None = None
    list_id: str | None = None
    unsubscribe: tuple[str, ...] = ()
    one_click: bool = False
    headers: dict[str, str] = {}


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All that one message says: report format, version 1.

    `message_id`, `in_reply_to` and `references` are those of the notification itself. `fields` are the fields of a
    machine-readable report that are about the message as a whole: name and value as they stand, unfolded, in order.
    """

    v: int = 1
    source: str | None = None
    index: int = 0
    kind: Kind = Kind.OTHER
    formats: tuple[str, ...] = ()
    reporting_mta: str | None = None
    arrival_date: str | None = None
    envelope_id: str | None = None
    date: str | None = None
    message_id: str | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    original: Original | None = None
    token: str | None = None
    recipients: tuple[Recipient, ...] = ()
    notes: tuple[str, ...] = ()


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds on what is read of one message. Reaching one leaves a note that names it."""

    text_bytes: int = 262_144
    """Bytes of human text that are read."""
    report_bytes: int = 4_194_304
    """Bytes of machine-readable report that are read."""
    header_bytes: int = 262_144
    """Bytes of one header block."""
    parts: int = 200
    """Leaf parts."""
    depth: int = 20
    """Nesting of multiparts and forwarded messages."""
    recipients: int = 10_000
    """Recipients that are reported."""
    match_chars: int = 4_096
    """Characters of one diagnostic that are matched against the rules."""


class BounceryError(Exception):
    """The base of all errors that this library raises on purpose."""


class RuleError(BounceryError):
    """A rule file that cannot be used: says which file, which rule, and what is wrong with it."""

    def __init__(self, path: str, rule_id: str | None, problem: str) -> None:
        """Name the file, the rule (None for the file as a whole) and the problem."""
        super().__init__(f"{path}: {f'rule {rule_id!r}: ' if rule_id else ''}{problem}")
        self.path = path
        self.rule_id = rule_id
        self.problem = problem


class SourceError(BounceryError):
    """A source of messages that cannot be read: says which, and what to do."""


class StoreError(BounceryError):
    """A store that cannot be used: says which, and what to do."""
