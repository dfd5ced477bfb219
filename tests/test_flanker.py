"""The guards around flanker: what it cannot do falls back to the standard library, and nothing raises."""

from __future__ import annotations

import subprocess
import sys
from base64 import b64encode
from encodings.aliases import aliases
from quopri import encodestring
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bouncery import _flanker
from bouncery._flanker import Flanker, address_list, decode_body, decode_header, normal_form
from tests.bench.imports import fresh_copy, simultaneously

if TYPE_CHECKING:
    from pathlib import Path

JAPANESE = "ユーザーが見つかりません。メールは配信されませんでした"
RUSSIAN = "почтовый ящик получателя переполнен"


class Broken:
    """A module whose every use raises what flanker raises on real bounces."""

    def __getattr__(self, name: str) -> object:
        """Raise."""
        raise TypeError(name)


BROKEN = Flanker(Broken(), Broken(), Broken(), Broken())


@pytest.fixture(params=["flanker", "none", "broken"])
def _with_and_without(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test with flanker, without it, and with one that raises."""
    if request.param != "flanker":
        monkeypatch.setattr(_flanker, "import_flanker", lambda: None if request.param == "none" else BROKEN)


BODIES = [
    (b"plain", "7bit", "us-ascii", "plain", []),
    (b"plain", "", None, "plain", []),
    (b64encode("grün".encode()), "base64", "utf-8", "grün", []),
    (b64encode(b"a\r\nb" * 40), "BASE64", "us-ascii", "a\r\nb" * 40, []),
    (b"aGVs\r\nbG8g\r\nd29ybGQ=\r\n", "base64", None, "hello world", []),
    (b"aGVsbG8", "base64", None, "hello", ["base64 damaged"]),
    (b"aGVs!bG8=", "base64", None, "hello", ["base64 damaged"]),
    (b"aGVsbG8=aGVsbG8=", "base64", None, "hellohello", ["base64 damaged"]),
    (b"aGVsbG8=\r\n-- \r\nlist footer", "base64", None, "hello\r\n-- \r\nlist footer", ["base64 damaged"]),
    (b"a", "base64", None, "", ["base64 damaged"]),
    (b"The mail was not delivered.", "base64", None, "The mail was not delivered.", ["base64 damaged: the part is plain text"]),
    (encodestring("grün".encode("latin-1")), "quoted-printable", "iso-8859-1", "grün", []),
    (b"soft=  \r\nly =3D =zz =", "Quoted-Printable", None, "softly = =zz ", []),
    (b"as it is", "x-foo", None, "as it is", ["transfer encoding unknown: x-foo"]),
    (b"as it is", "7bit; x=y", None, "as it is", []),
]


@pytest.mark.usefixtures("_with_and_without")
@pytest.mark.parametrize(("body", "encoding", "charset", "text", "notes"), BODIES)
def test_transfer_encodings(body: bytes, encoding: str, charset: str | None, text: str, notes: list[str]) -> None:
    """Broken base64 and quoted-printable are read as far as they go, and leave a note."""
    assert decode_body(body, encoding, charset) == (text, notes)


CHARSETS = [
    (JAPANESE.encode(), "utf-8", JAPANESE, []),
    (JAPANESE.encode(), "uft-8", JAPANESE, []),
    (JAPANESE.encode(), None, JAPANESE, []),
    (JAPANESE.encode(), "x-foo", JAPANESE, ["charset unknown: x-foo"]),
    (JAPANESE.encode(), "us-ascii", JAPANESE, ["charset wrong: us-ascii"]),
    (JAPANESE.encode()[:-1], "utf-8", JAPANESE[:-1] + "�", ["charset wrong: utf-8"]),
    (JAPANESE.encode("shift_jis"), "x-sjis", JAPANESE, []),
    (JAPANESE.encode("shift_jis")[:-1], "shift_jis", JAPANESE[:-1] + "�", ["charset wrong: shift_jis"]),
    ("①".encode("cp932"), "shift_jis", "①", []),
    (JAPANESE.encode("iso-2022-jp"), "iso-2022-jp", JAPANESE, []),
    (JAPANESE.encode("iso-2022-jp"), "us-ascii", JAPANESE, []),
    (JAPANESE.encode("iso-2022-jp"), None, JAPANESE, []),
    ("사용자를 찾을 수 없습니다".encode("cp949"), "ks_c_5601-1987", "사용자를 찾을 수 없습니다", []),
    ("똠".encode("cp949"), "euc-kr", "똠", []),
    ("邮箱".encode("gb18030"), "gb2312", "邮箱", []),
    ("grün".encode("cp850"), "cp-850", "grün", []),
    (RUSSIAN.encode("koi8-r"), "koi8-r", RUSSIAN, []),
    (RUSSIAN.encode("cp1251"), "Windows-1251", RUSSIAN, []),
    ("grün".encode("utf-7"), "unicode-1-1-utf-7", "grün", []),
    (b"plain", "unknown-8bit", "plain", []),
    (b"gr\xfcn", "unknown-8bit", "grün", ["charset guessed: iso-8859-1"]),
    (b"gr\xfcn", "us-ascii", "grün", ["charset wrong: us-ascii", "charset guessed: iso-8859-1"]),
    (b"don\x92t", "iso-8859-1", "don’t", []),
    (b"\x81", "iso-8859-1", "\x81", []),
    (b"+2AA-", "utf-7", "�", []),
    (b"plain", "base64", "plain", ["charset unknown: base64"]),
    (b"\\ud800", "unicode_escape", "\\ud800", []),
    (b"gr\xc3\xbcn", '"utf-8"', "grün", []),
    (b"plain", "x\x00\n\ud800", "plain", ["charset unknown: x\\x00\\n\\ud800"]),
]


@pytest.mark.usefixtures("_with_and_without")
@pytest.mark.parametrize(("raw", "charset", "text", "notes"), CHARSETS)
def test_charsets(raw: bytes, charset: str | None, text: str, notes: list[str]) -> None:
    """As declared, as UTF-8, a cut text with its loss marked, ISO 8859-1; every step away from the label is noted."""
    assert decode_body(raw, "8bit", charset) == (text, notes)


@pytest.mark.parametrize(
    ("raw", "charset", "notes"),
    [
        (JAPANESE.encode("euc-jp"), "iso-2022-jp", ["charset wrong: iso-2022-jp", "charset guessed: euc_jp"]),
        (JAPANESE.encode("shift_jis"), None, ["charset guessed: cp932"]),
        (RUSSIAN.encode("koi8-r"), "x-foo", ["charset unknown: x-foo", "charset guessed: koi8-r"]),
    ],
)
def test_charset_is_detected(raw: bytes, charset: str | None, notes: list[str]) -> None:
    """What is neither as declared nor UTF-8 is guessed from a sample, also far into the text."""
    text, got = decode_body(b"x" * 5_000 + raw, "8bit", charset)
    assert text[5_000:] in {JAPANESE, RUSSIAN}
    assert got == notes


@pytest.mark.parametrize("label", sorted({*aliases, *aliases.values()}))
def test_every_codec_that_python_lists_is_total(label: str) -> None:
    """Also those that decode to bytes, that raise on purpose, and that are slow."""
    for raw in (bytes(range(256)), b"\x80" * 7, b"+2AA-\xff", b"~{~~\x1b$B\xff"):
        decode_body(raw, "8bit", label)[0].encode()


def test_detection_sees_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """The detector takes milliseconds for each kilobyte, so it never sees a whole body."""
    seen: list[int] = []

    class Utils:
        class primary_detector:  # noqa: N801
            """Stands for chardet."""

            @staticmethod
            def detect(sample: bytes) -> dict[str, str | None]:
                seen.append(len(sample))
                return {"encoding": None}

    monkeypatch.setattr(_flanker, "import_flanker", lambda: Flanker(None, None, Utils, None))
    assert decode_body(b"\xff\xfe" * 100_000, "8bit", None)[1] == ["charset guessed: iso-8859-1"]
    assert max(seen) <= _flanker.SAMPLE


HEADERS = [
    ("plain", "plain"),
    ("=?utf-8?q?gr=C3=BCn?=", "grün"),
    ("=?UTF-8?B?Z3LDvG4?=", "grün"),
    ("a =?utf-8?q?gr=C3=BCn?= b", "a grün b"),
    ("=?utf-8?b?ww==?= =?utf-8?b?vA==?=", "ü"),
    ("=?utf-8?q?=C3?=\r\n\t=?utf-8?q?=BC?=", "ü"),
    ("=?utf-8?q?=C3?==?utf-8?q?=BC?=", "ü"),
    ("=?utf-8?q?a?= =?iso-8859-1?q?=FC?=", "aü"),
    ("=?utf-8*en?q?a_b?=", "a b"),
    ("x =?ascii?q?a?=", "x a"),
    ("=?uft-8?q?=C3=BC?=", "ü"),
    ("=?x-foo?q?=FC?=", "ü"),
    ("=?unknown-8bit?q?=FC?=", "ü"),
    ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
    ("=?utf-8?q?never ends", "=?utf-8?q?never ends"),
    ("=?utf-8?b?!!?=", ""),
    ("=?iso-2022-jp?B?GyRCJDMbKEI=?=", "こ"),
    ("x" * 3_000 + "=?x-foo?q?=FF=FE=FD=FC=FB=FA?=", "x" * 3_000 + "ÿþýüûú"),
]


@pytest.mark.usefixtures("_with_and_without")
@pytest.mark.parametrize(("value", "text"), HEADERS)
def test_headers(value: str, text: str) -> None:
    """RFC 2047, also where words are cut inside a character or carry a label that nobody knows."""
    assert decode_header(value) == text


LISTS = [
    ("u@example.com", ["u@example.com"]),
    ('A <u@Example.com>, "B, C" <v@example.com>', ["u@Example.com", "v@example.com"]),
    ('"v@example.org" <u@example.com>', ["u@example.com"]),
    ("=?utf-8?q?A=2C_B?= <u@example.com>", ["u@example.com"]),
    ("u@example.com (Some Body)", ["u@example.com"]),
    ("friends: u@example.com, v@example.com;", ["u@example.com", "v@example.com"]),
    ("undisclosed-recipients:;", []),
    ("MAILER-DAEMON (Mail Delivery System)", []),
    ("", []),
    ("u.@docomo.ne.jp, B <v..w@ezweb.ne.jp>, x@example.com", ["u.@docomo.ne.jp", "v..w@ezweb.ne.jp", "x@example.com"]),
    ("u@xn--e1afmkfd.xn--p1ai", ["u@xn--e1afmkfd.xn--p1ai"]),
    ("кот@пример.рф", ["кот@пример.рф"]),
    ('"a b"@example.com', ['"a b"@example.com']),
    ("İstanbul <u@example.com>", ["u@example.com"]),
    ("A\r\n\t<u@example.com>,\r\n v@example.com", ["u@example.com", "v@example.com"]),
]


@pytest.mark.usefixtures("_with_and_without")
@pytest.mark.parametrize(("value", "addresses"), LISTS)
def test_address_lists(value: str, addresses: list[str]) -> None:
    """Addresses stay as spelled, and one that flanker refuses does not take the others along."""
    assert address_list(value) == addresses


@pytest.mark.usefixtures("_with_and_without")
@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("U@EXAMPLE.com", "U@example.com"),
        ("u@пример.рф", "u@xn--e1afmkfd.xn--p1ai"),
        ("u@XN--E1AFMKFD.xn--p1ai", "u@xn--e1afmkfd.xn--p1ai"),
        ("u.@docomo.ne.jp", "u.@docomo.ne.jp"),
        (f"u@{'ü' * 70}.example", f"u@{'ü' * 70}.example"),
        (f"u@{'ü' * 300}.example", f"u@{'ü' * 300}.example"),
        ("postmaster", None),
        ("u@", None),
        ("@example.com", None),
    ],
)
def test_normal_form(address: str, form: str | None) -> None:
    """The domain is lower case in A-labels, the local part as it was; a refusal of flanker drops nothing."""
    assert normal_form(address) == form


def test_long_address_list_is_cut_between_addresses() -> None:
    """No address is truncated at the limit."""
    found = address_list(", ".join(["someone@example.com"] * 5_000))
    assert set(found) == {"someone@example.com"}
    assert 3_000 < len(found) < 5_000


LABELS = (
    st.sampled_from(["utf-8", "utf-7", "utf-16", "iso-2022-jp", "shift_jis", "gb2312", "hex", "idna", "x-foo", None])
    | st.text()
)


@settings(deadline=None)  # the first need imports flanker
@given(st.binary(), st.sampled_from(["base64", "quoted-printable", "8bit", "x-uuencode"]) | st.text(), LABELS)
@example(b"+2AA-", "7bit", "utf-7")
def test_bodies_are_total(body: bytes, encoding: str, charset: str | None) -> None:
    """Any bytes under any label give text that can be written as UTF-8."""
    text, notes = decode_body(body, encoding, charset)
    (text + "".join(notes)).encode()


PIECES = st.sampled_from(
    ["=?", "utf-8", "utf-7", "?q?", "?b?", "=C3", "+2AA-", "?=", " ", "u@example.com", ",", "<", ">", '"', "(", ":", ";"]
)


@settings(deadline=None)  # the first need imports flanker
@given(st.text() | st.lists(PIECES, max_size=30).map("".join))
@example("(" * 5_000 + "@")
@example("=?a?q?" * 5_000)
@example('"' * 5_000 + "@")
def test_headers_are_total(value: str) -> None:
    """Any header value gives an answer."""
    decode_header(value)
    address_list(value)
    normal_form(value)


@settings(deadline=None)  # the first need imports flanker
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_bodies_are_undone(text: str) -> None:
    """What was encoded comes back."""
    raw = text.encode()
    assert decode_body(b64encode(raw), "base64", "utf-8")[0] == text or b"\x1b$" in raw
    assert decode_header(f"=?utf-8?b?{b64encode(raw).decode()}?=") == text or b"\x1b$" in raw


def python(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own."""
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def test_flanker_is_imported_on_first_need() -> None:
    """Plain parts and plain headers never pay for it; ply is left as it was."""
    ended = python(
        "import sys; from bouncery import _flanker\n"
        "_flanker.decode_body(b'x', '7bit', 'us-ascii'); _flanker.decode_header('x'); _flanker.address_list('x')\n"
        "assert 'flanker' not in sys.modules and 'ply' not in sys.modules\n"
        "import ply.yacc; before = ply.yacc.yacc; _flanker.address_list('u@example.com: y')\n"
        "assert 'flanker' in sys.modules and ply.yacc.yacc is before"
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_threads_import_it_once() -> None:
    """Eight threads that need it at once get it whole."""
    ended = python(
        "from concurrent.futures import ThreadPoolExecutor; from bouncery._flanker import address_list\n"
        "with ThreadPoolExecutor(8) as pool: found = list(pool.map(address_list, ['A <u@example.com>'] * 64))\n"
        "assert found == [['u@example.com']] * 64, found"
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_without_flanker_at_all() -> None:
    """A broken installation costs the second opinion, not the answer."""
    ended = python(
        "import sys; sys.modules['flanker'] = sys.modules['ply'] = None\n"
        "from bouncery._flanker import address_list\n"
        "assert address_list('A <u@example.com>') == ['u@example.com']"
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_first_imports_at_once(tmp_path: Path) -> None:
    """Eight processes on a fresh installation: nothing crashes, nothing is printed, nothing is written into it."""
    copy = fresh_copy(tmp_path)
    before = {file: file.read_bytes() for file in copy.rglob("*.py")}
    assert simultaneously(copy, 8) == [(0, "")] * 8
    assert {file: file.read_bytes() for file in copy.rglob("*.py")} == before
