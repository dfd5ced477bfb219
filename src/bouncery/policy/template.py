"""One form for the diagnostics that a provider prints from one template: what differs from mail to mail is left out."""

from __future__ import annotations

import re

LONGEST = 120
"""Characters of a template."""
READ = 1_000
"""Characters of a diagnostic that are read."""
CODE = re.compile(r"[245]\d\d(?:[ -][245]\.\d{1,3}\.\d{1,3})?[ -]?|[245]\.\d{1,3}\.\d{1,3}")
VARIES = re.compile(r"[@\d/=]|^[a-f\-]{8,}$")


def template(diagnostic: str | None) -> str:
    """Give a diagnostic in lower case without addresses, numbers, identifiers and URLs; its codes stay, once each."""
    if not diagnostic:
        return ""
    text = diagnostic[:READ].lower()
    codes = dict.fromkeys(code.strip(" -").replace("-", " ") for code in CODE.findall(text))
    words = (word.strip("<>()[]{}\"',;:.") for word in CODE.sub(" ", text).split())
    return " ".join((*codes, *(word for word in words if word and not VARIES.search(word))))[:LONGEST]
