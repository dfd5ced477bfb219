"""Recipient strings as mail servers write them (RFC 3464, section 2.3; RFC 6533, section 3)."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bouncery.address import addresses, clean, comparable, decode_utf8_form, decode_xtext, original, read_address, typed

TYPED = [
    ("rfc822; u@example.com", "rfc822", "u@example.com"),
    ("RFC822;u@example.com", "rfc822", "u@example.com"),
    ("rfc822;\tu@example.com ", "rfc822", "u@example.com"),
    ("rfc822; rfc822;u@example.com", "rfc822", "u@example.com"),
    ("utf-8; u\\x{FC}@example.com", "utf-8", "u\\x{FC}@example.com"),
    ("X400; c=us; s=doe", "x400", "c=us; s=doe"),
    ("x-local;u", "x-local", "u"),
    ("u@example.com", "", "u@example.com"),
    ('rfc822; "a;b"@example.com', "rfc822", '"a;b"@example.com'),
    ('"a;b"@example.com', "", '"a;b"@example.com'),
    ("rfc822;", "rfc822", ""),
    ("", "", ""),
]

ADDRESSES = [
    ("rfc822; u@example.com", "u@example.com"),
    ("RFC822;<u@example.com>", "u@example.com"),
    ("u@example.com", "u@example.com"),
    ("<u@example.com", "u@example.com"),
    ("u@example.com>", "u@example.com"),
    ("rfc822;<<u@example.com>>", "u@example.com"),
    ("rfc822; User.Name+tag=x@Example.COM", "User.Name+tag=x@Example.COM"),
    ("rfc822; a!b%c@example.com", "a!b%c@example.com"),
    ("rfc822; o'brien@example.com", "o'brien@example.com"),
    ("rfc822; 'u@example.com'", "u@example.com"),
    ('rfc822; "u@example.com"', "u@example.com"),
    ("(u@example.com)", "u@example.com"),
    ("[u@example.com]", "u@example.com"),
    ("rfc822; mailto:u@example.com", "u@example.com"),
    ("MAILTO:u@example.com?subject=unsubscribe", "u@example.com"),
    ("SMTP:u@example.com", "u@example.com"),
    ("rfc822;u@example.com<mailto:u@example.com>", "u@example.com"),
    ("rfc822; u@example.com.", "u@example.com"),
    ("rfc822; u@example.com;", "u@example.com"),
    ("rfc822; u@example.com,", "u@example.com"),
    ("u@example.com: user unknown", "u@example.com"),
    ("rfc822; u @ example.com", "u@example.com"),
    ("rfc822; @a.example.org,@b.example.org:u@example.com", "u@example.com"),
    ("rfc822; <@a.example.org:u@example.com>", "u@example.com"),
    ("Some Body <u@example.com>", "u@example.com"),
    ('"Body, Some" <u@example.com>', "u@example.com"),
    ('"v@example.org" <u@example.com>', "u@example.com"),
    ("rfc822; u@example.com (forwarded (twice) for =?utf-8?q?v?=)", "u@example.com"),
    ("rfc822; u@example.com (never closed", "u@example.com"),
    ("rfc822; u(comment)@example.com", "u@example.com"),
    ('rfc822; "a b"@example.com', '"a b"@example.com'),
    ('rfc822; "a;b"@example.com', '"a;b"@example.com'),
    ('rfc822; "a\\"b"@example.com', '"a\\"b"@example.com'),
    ('rfc822; "(no comment)"@example.com', '"(no comment)"@example.com'),
    ("rfc822; u@[192.0.2.1]", "u@[192.0.2.1]"),
    ("rfc822; u@[IPv6:2001:db8::1]", "u@[IPv6:2001:db8::1]"),
    ("rfc822; u@localhost", "u@localhost"),
    ("rfc822; u.@docomo.ne.jp", "u.@docomo.ne.jp"),
    ("rfc822; .u..v@ezweb.ne.jp", ".u..v@ezweb.ne.jp"),
    ("rfc822; u@-example.com", "u@-example.com"),
    ("rfc822; DOMAIN\\u@example.com", "DOMAIN\\u@example.com"),
    ("x400; /C=US/S=doe/@gateway.example.com", "/C=US/S=doe/@gateway.example.com"),
    ("u@example.com, v@example.com", "u@example.com"),
    ("u@example.com;v@example.com", "u@example.com"),
    ("rfc822;\xa0u@example.com", "u@example.com"),
    ("rfc822;\r\n\tu@example.com", "u@example.com"),
    ("u@example.com\x00", "u@example.com"),
    ("rfc822; =?utf-8?q?u=2Ev?=@example.org", "u.v@example.org"),
    ("rfc822; üser@example.com", "üser@example.com"),
    ("utf-8; üser@example.com", "üser@example.com"),
    ("utf-8; \\x{FC}ser@example.com", "üser@example.com"),
    ("utf-8; \\x{7528}\\x{6237}@example.com", "用户@example.com"),
    ("utf-8; 用\\x{6237}@пример.рф", "用户@пример.рф"),
    ("utf-8; +5Cx+7BFC+7Dser@example.com", "üser@example.com"),
]

NO_ADDRESS = [
    "",
    "rfc822;",
    "<>",
    "@",
    "u@",
    "@example.com",
    "u@@example.com",
    "u@v@example.com",
    "local; u",
    "LOCAL;<f.b>",
    "unknown; postmaster",
    "x400; c=us;a= ;p=example;s=doe",
    # What could be the end of another subscriber's address.
    "rfc822; a,b@example.com",
    "rfc822; first last@example.com",
    "rfc822; a:b@example.com",
    "rfc822; u@exa mple.com",
    "rfc822; u\x1b[31m@example.com",
    "rfc822; u@exa\x00mple.com",
    "rfc822; u\ud800@example.com",
    "rfc822; u@...",
    'rfc822; u@exam<ple"',
    f"rfc822; {'(' * 20}{')' * 20}u@example.com",
    f"rfc822; {'u' * 5_000} <u@example.com>",
]


@pytest.mark.parametrize(("field", "address_type", "rest"), TYPED)
def test_type_is_split_off(field: str, address_type: str, rest: str) -> None:
    """Only the first `;` outside a local part separates, and the case of a type means nothing."""
    assert typed(field) == (address_type, rest)


@pytest.mark.parametrize(("field", "address"), ADDRESSES)
def test_address_is_found_as_spelled(field: str, address: str) -> None:
    """Wrapping goes, the address itself stays as it was written."""
    assert read_address(field) == address


@pytest.mark.parametrize("field", NO_ADDRESS)
def test_no_address_is_made_up(field: str) -> None:
    """A mess gives None, never a part of it."""
    assert read_address(field) is None


@pytest.mark.parametrize("field", [pair[0] for pair in ADDRESSES if pair[0].startswith(("rfc822; ", "utf-8; "))])
def test_address_is_the_same_without_type(field: str) -> None:
    """`Final-Recipient: u@example.com` occurs as well."""
    raw = field.partition("; ")[2]
    assert clean(decode_utf8_form(raw)) == read_address(field) or "=?" in raw


@pytest.mark.parametrize(
    "raw",
    [
        "\\x{D800}",
        "\\x{110000}",
        "\\x{}",
        "\\x{1}",
        "\\x{0000041}",
        "\\x{0A}",
        "\\x{40}",
        "\\x{9F}",
        "\\x{zz}",
        "\\x{FC",
        "x{FC}",
    ],
)
def test_escapes_that_stand_for_nothing_stay(raw: str) -> None:
    """Surrogates, controls, printable ASCII and broken escapes are kept as they are."""
    assert decode_utf8_form(raw) == raw


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("u+2Btag", "u+tag"),
        ("u+3Dx", "u=x"),
        ("u+2btag", "u+2btag"),
        ("u+C3+BC", "uü"),
        ("u+C3", "u+C3"),
        ("u+0A", "u+0A"),
        ("u", "u"),
    ],
)
def test_xtext(raw: str, text: str) -> None:
    """Two upper-case hexadecimal digits; what would be no text stays."""
    assert decode_xtext(raw) == text


@pytest.mark.parametrize(
    ("field", "final", "address"),
    [
        ("rfc822; u+2Btag@example.com", "u+tag@example.com", "u+tag@example.com"),
        ("rfc822; u+2Btag@example.com", "U+TAG@EXAMPLE.COM", "u+tag@example.com"),
        ("rfc822; u+2Btag@example.com", None, "u+tag@example.com"),
        ("rfc822; u+2Btag@example.com", "other@example.org", "u+tag@example.com"),
        ("rfc822; u+2Btag@example.com", "u+2Btag@example.com", "u+2Btag@example.com"),
        ("rfc822; u+20@example.com", "u+20@example.com", "u+20@example.com"),
        ("rfc822; u+20@example.com", None, "u+20@example.com"),
        ("rfc822; u+20@example.com", "other@example.org", "u+20@example.com"),
        ("rfc822; a+b+2Bc@example.com", None, "a+b+2Bc@example.com"),
        ("rfc822; list+3Du=example.org@example.com", None, "list+3Du=example.org@example.com"),
        ("rfc822; u+40v@example.com", None, "u+40v@example.com"),
        ("rfc822; u@example.com", "v@example.org", "u@example.com"),
        ("rfc822; u", "u@example.com", None),
    ],
)
def test_original_recipient(field: str, final: str | None, address: str | None) -> None:
    """The form wins that is known otherwise; else xtext must show itself."""
    assert original(field, final) == address


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("U@EXAMPLE.com", "u@example.com"),
        ("u@example.com.", "u@example.com"),
        ('"u.v"@example.com', "u.v@example.com"),
        ("u@пример.рф", "u@xn--e1afmkfd.xn--p1ai"),
        ("U@ПРИМЕР.РФ", "u@XN--E1AFMKFD.xn--p1ai"),
        ("Ü@example.com", "ü@example.com"),
        (unicodedata.normalize("NFD", "ü@example.com"), "ü@example.com"),
    ],
)
def test_spellings_of_one_address_compare_equal(one: str, other: str) -> None:
    """Case, A-labels, needless quotes and a trailing dot make no other address."""
    assert comparable(one) == comparable(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("u@example.com", "u@example.org"),
        ("u.v@example.com", "uv@example.com"),
        ("u@straße.example", "u@strasse.example"),
        ('"a b"@x', "ab@x"),
    ],
)
def test_different_addresses_compare_different(one: str, other: str) -> None:
    """Dots in a local part belong to the domain's own rules, and IDNA 2008 keeps the sharp s."""
    assert comparable(one) != comparable(other)


def test_ascii_addresses_need_no_flanker() -> None:
    """The common path stays cheap."""
    program = (
        "import sys; from bouncery.address import *; given = 'u@example.com', '\"u\"@example.com', 'B <u@example.com> (x)'; "
        "[(clean(a), comparable(a), read_address(a)) for a in given]; "
        "sys.exit('flanker' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


PIECES = st.sampled_from(
    [
        "rfc822;",
        "utf-8;",
        "u",
        "@",
        "example.com",
        ".",
        "<",
        ">",
        '"',
        "\\",
        "(",
        ")",
        "\\x{FC}",
        "+2B",
        " ",
        ",",
        ";",
        ":",
        "[",
        "]",
        "\x00",
        "\x1b",
    ]
)


@settings(deadline=None)  # the first need imports flanker
@given(st.text() | st.lists(PIECES, max_size=30).map("".join))
@example("(" * 5_000 + "@")
@example("<" * 5_000 + "@")
@example('"' * 5_000 + "@")
@example("@a," * 2_000 + ":u@example.com")
def test_total_and_free_of_controls(field: str) -> None:
    """Whatever stands in a field: no exception, no control character, no lone surrogate, one @ with something on both sides."""
    for address in (read_address(field), clean(field), original(field, "u@example.com"), original(field)):
        if address is not None:
            assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in address)
            assert all(address.rpartition("@"))
            comparable(address)


@given(st.from_regex(r"[a-z0-9.+=_-]{1,20}@([a-z0-9]{1,8}\.){1,3}[a-z]{2,5}", fullmatch=True))
def test_plain_addresses_survive(address: str) -> None:
    """Every plain address comes through all wrappings unchanged."""
    for field in (address, f"rfc822; {address}", f"<{address}>", f"Some Body <{address}> (x)", f"{address}.", f" {address};"):
        assert read_address(field) == address


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], min_codepoint=0x80), min_size=1))
def test_utf8_form_is_undone(local: str) -> None:
    """RFC 6533, section 3: the escaped form gives the address back."""
    escaped = "".join(f"\\x{{{ord(char):02X}}}" for char in local)
    assert decode_utf8_form(escaped) == local


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("a@example.com, b@example.net", ["a@example.com", "b@example.net"]),
        ('"Lund, Ida" <ida@example.net>, Erik <erik@example.com>', ["ida@example.net", "erik@example.com"]),
        ("undisclosed-recipients:;", []),
        ('u@example.com, \x00@example.com, "', ["u@example.com"]),
        ("", []),
    ],
)
def test_lists_are_cut_between_addresses(field: str, expected: list[str]) -> None:
    """A comma inside a name parts nothing."""
    assert addresses(field) == expected
