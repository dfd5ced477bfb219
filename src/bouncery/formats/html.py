"""HTML to text: no script, no network, a line for every block; by libxml2, which is linear in hostile markup."""

from __future__ import annotations

import re

LONGEST = 131_072
"""Characters of markup that are read."""
BLOCKS = frozenset(
    [
        "p",
        "div",
        "br",
        "tr",
        "li",
        "ul",
        "ol",
        "table",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "pre",
        "blockquote",
        "dt",
        "dd",
        "section",
        "article",
        "center",
        "body",
    ]
)
CELLS = frozenset({"td", "th"})
BLOCK_TAG = re.compile(r"<(?:br|p|div|td|li|pre)\b", re.IGNORECASE)
UNSEEN = frozenset({"script", "style", "title", "head"})


class Collector:
    """Receives the events of the parser and writes the text."""

    def __init__(self, *, keeps_lines: bool) -> None:
        """Begin with nothing; `keeps_lines` where the markup has no blocks, so its line ends are all there is."""
        self.pieces: list[str] = []
        self.unseen = 0
        self.keeps_lines = keeps_lines

    def start(self, tag: str, attributes: dict[str, str]) -> None:  # noqa: ARG002  the parser's interface
        """Begin an element."""
        if tag in UNSEEN:
            self.unseen += 1
        elif tag in BLOCKS:
            self.pieces.append("\n")
        elif tag in CELLS:
            self.pieces.append("\t")

    def end(self, tag: str) -> None:
        """End an element."""
        if tag in UNSEEN:
            self.unseen = max(0, self.unseen - 1)
        elif tag in BLOCKS and tag != "br":
            self.pieces.append("\n")

    def data(self, text: str) -> None:
        """Take the words between the tags."""
        if not self.unseen:
            text = text.replace("\xa0", " ")
            self.pieces.append(text if self.keeps_lines else text.replace("\n", " "))

    def close(self) -> str:
        """Give the text."""
        lines = (" ".join(line.split()) for line in "".join(self.pieces).split("\n"))
        return "\n".join(lines)


def to_text(markup: str) -> str:
    """Give the text that a person would read; markup of another kind comes back as it is."""
    if "<" not in markup:
        return markup
    from lxml import etree

    markup = markup[:LONGEST].replace("\0", " ")
    parser = etree.HTMLParser(target=Collector(keeps_lines=BLOCK_TAG.search(markup) is None), no_network=True)
    try:
        parser.feed(markup)
        return str(parser.close())
    except (etree.LxmlError, ValueError):
        return markup
