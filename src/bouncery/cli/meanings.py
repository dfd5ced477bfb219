"""What each reason means, in a colleague's words."""

from __future__ import annotations

from bouncery.model import Fault, Permanence, Reason

MEANING: dict[Reason, str] = {
    Reason.USER_UNKNOWN: "the mailbox does not exist at the receiving system",
    Reason.BAD_ADDRESS_SYNTAX: "the recipient's address is malformed",
    Reason.MAILBOX_DISABLED: "the mailbox exists or existed, but is closed, suspended or abandoned",
    Reason.MAILBOX_MOVED: "the owner has moved or changed, and mail is not forwarded",
    Reason.MAILBOX_FULL: "the mailbox is over its quota",
    Reason.MAILBOX_UNAVAILABLE: "the mailbox cannot be reached, for a cause that is not given",
    Reason.RECIPIENT_REFUSED: "the recipient's own filter or preferences refuse this sender",
    Reason.NOT_AUTHORIZED: "this sender may not write to this address",
    Reason.DOMAIN_UNKNOWN: "the recipient's domain does not exist or has no mail server",
    Reason.NULL_MX: "the recipient's domain declares that it takes no mail",
    Reason.DNS_FAILURE: "the recipient's domain could not be looked up",
    Reason.CONNECTION_FAILED: "the receiving server could not be reached, or the connection broke",
    Reason.SYSTEM_UNAVAILABLE: "the receiving server takes no mail at the moment",
    Reason.SYSTEM_ERROR: "something failed at the receiving server",
    Reason.SYSTEM_FULL: "the receiving server has no space left",
    Reason.MAILER_ERROR: "a program or a list behind the address failed",
    Reason.ROUTING_LOOP: "the message went round in circles",
    Reason.RELAY_DENIED: "the server does not feel responsible for the recipient's domain",
    Reason.EXPIRED: "the message could not be delivered before its time in the queue was over",
    Reason.GREYLISTED: "the server asks every unknown sender to come back later",
    Reason.RATE_LIMITED: "too much mail in too short a time",
    Reason.TOO_MANY_CONNECTIONS: "too many connections at once",
    Reason.TOO_MANY_RECIPIENTS: "too many recipients in one message or session",
    Reason.BLOCKLISTED: "the sending address or domain is on a blocklist",
    Reason.BAD_REPUTATION: "the sending address or domain has a bad reputation",
    Reason.AUTH_FAILURE: "the message failed SPF, DKIM or DMARC",
    Reason.RDNS_FAILURE: "the sending address has no reverse DNS, or one that does not fit",
    Reason.SENDER_REJECTED: "the envelope sender is refused",
    Reason.AUTH_REQUIRED: "the server wants the sender to log in",
    Reason.TLS_FAILURE: "no encrypted connection came about",
    Reason.SPAM: "the message was taken for spam",
    Reason.VIRUS: "the message was taken for malware",
    Reason.CONTENT_REJECTED: "something in the content is not accepted",
    Reason.MESSAGE_TOO_LARGE: "the message is larger than the server or the mailbox allows",
    Reason.MESSAGE_MALFORMED: "the message breaks a rule of the format",
    Reason.POLICY: "a policy of the receiving system refuses the message",
    Reason.PROTOCOL_ERROR: "the servers misunderstood each other",
    Reason.SUPPRESSED: "the sending service does not write to this address any more",
    Reason.UNDETERMINED: "nothing that was said tells the cause",
}

PERMANENCE: dict[Permanence, str] = {
    Permanence.ADDRESS: "says that the address is dead: hard once the failure is final",
    Permanence.TEMPORARY: "passes by itself: always retry",
    Permanence.MESSAGE: "is about the message, not the address: soft once the failure is final",
    Permanence.CLASS: "may pass or not: the first digit of the reply decides, 4 for retry and 5 for soft",
}

FAULT: dict[Fault, str] = {
    Fault.RECIPIENT: "the recipient",
    Fault.DOMAIN: "whoever runs the recipient's domain",
    Fault.SENDER: "the sender",
    Fault.MESSAGE: "whoever wrote the message",
    Fault.NETWORK: "whoever runs the network between",
    Fault.NONE: "nobody in particular",
}
