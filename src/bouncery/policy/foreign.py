"""Return paths of other systems: whom they name. None of them is signed, so they prove nothing; they only tell who is meant."""

from __future__ import annotations

import re
from typing import NamedTuple

LONGEST = 320
"""Characters of an address that are read (RFC 3696, erratum 1690)."""
NESTED = 5
"""Wrappers around wrappers that are taken off."""

# BATV (draft-levine-smtp-batv): prvs=KDDDSSSSSS=local; Barracuda writes btv1==SSS==local.
BATV = re.compile(r"(?:prvs=[0-9a-z]{6,16}=|btv1==[0-9a-z]+==)", re.IGNORECASE)
# SRS0=HHH=TT=domain=local; the separator after SRS0 may be = + or -.
SRS0 = re.compile(r"srs0[=+\-][^=]+=[^=]+=([^=]+)=(.+)", re.IGNORECASE)
# SRS1=HHH=host==HHH=TT=domain=local: an SRS0 address that was forwarded once more.
SRS1 = re.compile(r"srs1[=+\-][^=]+=[^=]+=[=+\-]([^=]+=[^=]+=[^=]+=.+)", re.IGNORECASE)

_ID = r"[0-9a-z]"
SYMPA = re.compile(r"[^+]*\+(?P<user>.+)==a==(?P<host>[^=]+)==(?P<list>[^=]+)(?:==.+)?", re.IGNORECASE)
MAILMAN = re.compile(r"(?P<list>[^+]+?)-bounces\+(?P<user>.+)=(?P<host>[^=]+)", re.IGNORECASE)
CIVICRM = re.compile(rf"(?:.*[+.])?[bceoru]\.\d+\.(?P<id>\d+)\.{_ID}{{16}}", re.IGNORECASE)
DISCOURSE = re.compile(r"[^+]*\+verp-(?P<id>[0-9a-f]{32})", re.IGNORECASE)
MAUTIC = re.compile(rf"[^+]*\+(?:bounce|unsubscribe)_(?P<id>{_ID}{{10,64}}).*", re.IGNORECASE)
EZMLM = re.compile(r"(?P<list>.+?)-return-(?P<id>\d+)-(?P<user>.+)=(?P<host>[^=]+)", re.IGNORECASE)
SES = re.compile(rf"(?P<id>{_ID}{{16}}-{_ID}{{8}}-{_ID}{{4}}-{_ID}{{4}}-{_ID}{{4}}-{_ID}{{12}}-\d{{6}})", re.IGNORECASE)
MANDRILL = re.compile(rf"bounce-md_\d+\.[0-9a-f]+\.v1-(?P<id>{_ID}{{32}})", re.IGNORECASE)

SCHEMES = (
    ("sympa", SYMPA, ""),
    ("mailman", MAILMAN, ""),
    ("civicrm", CIVICRM, ""),
    ("discourse", DISCOURSE, ""),
    ("mautic", MAUTIC, ""),
    ("ezmlm", EZMLM, ""),
    ("ses", SES, "amazonses.com"),
    ("mandrill", MANDRILL, "mandrillapp.com"),
)
"""Name, form of the local part, and the domain that the scheme is bound to."""


class Foreign(NamedTuple):
    """What a return path of another system names: the recipient's address, or the system's own id of the mail."""

    scheme: str
    address: str | None = None
    id: str | None = None
    list: str | None = None


def stripped(address: str) -> str:
    """Take BATV and SRS off an address; what is wrapped in neither comes back as it is."""
    for _ in range(NESTED):
        local, at, domain = address.rpartition("@")
        if not at or len(address) > LONGEST:
            return address
        if batv := BATV.match(local):
            address = f"{local[batv.end() :]}@{domain}"
        elif forwarded := SRS1.fullmatch(local):
            address = f"SRS0={forwarded[1]}@{domain}"
        elif forwarded := SRS0.fullmatch(local):
            address = f"{forwarded[2]}@{forwarded[1]}"
        else:
            break
    return address


def decode(address: str) -> Foreign | None:
    """Read a return path of Mailman, Sympa, CiviCRM, Discourse, Mautic, ezmlm, Amazon SES or Mandrill; None for any other."""
    local, at, domain = stripped(address.strip().strip("<>")).rpartition("@")
    if not at or len(local) > LONGEST:
        return None
    host = domain.lower().rstrip(".")
    for name, form, bound in SCHEMES:
        found = form.fullmatch(local) if not bound or f".{host}".endswith(f".{bound}") else None
        if found:
            parts = found.groupdict()
            named = f"{parts['user']}@{parts['host']}" if parts.get("user") and "." in (parts.get("host") or "") else None
            if named or parts.get("id"):
                return Foreign(name, named, parts.get("id"), parts.get("list"))
    return None
