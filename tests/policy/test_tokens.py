"""Signed return paths, those of other systems, and what a report proves."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bouncery import Decision, Kind, Reason, Recipient, Report, Verdict
from bouncery.model import Action, Original
from bouncery.policy import Bad, EventKind, Judge, Level, Policy, PolicyError, Sent, Step, Token, Verp, events, template
from bouncery.policy.foreign import Foreign, decode, stripped
from bouncery.policy.numbers import DAY
from tests.policy.forgeries import KINDS, NOW, OTHER, VERP, Log, attack, forged, report

SECRETS = {1: b"the first secret of ours", 2: b"the second secret of ours"}


@settings(max_examples=300)
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1), st.integers(0, 30))
def test_round_trip(recipient: int, list_id: int, age: int) -> None:
    """What is made is read, in any case, for thirty days."""
    path = VERP.encode(recipient, list_id, NOW - age * DAY)
    assert len(path.partition("@")[0]) <= 64
    for spelled in (path, path.upper(), path.title(), f"<{path}>", f"prvs=0123456789={path}"):
        assert VERP.decode(spelled, NOW) == Token(recipient, list_id, int(NOW // DAY) - age, 2)


def test_srs_and_batv_are_taken_off() -> None:
    """Also around each other."""
    path = VERP.encode(5, 6, NOW)
    local, _, domain = path.partition("@")
    for wrapped in (
        f"SRS0=HHH=TT={domain}={local}@forward.example.net",
        f"srs0+hhh=tt={domain}={local}@forward.example.net",
        f"SRS1=XXX=forward.example.net==HHH=TT={domain}={local}@again.example.com",
        f"btv1==abc==SRS0=HHH=TT={domain}={local}@forward.example.net",
        f"prvs=0123ABCDEF=SRS0=HHH=TT={domain}={local}@forward.example.net",
    ):
        assert stripped(wrapped).lower() == path
        assert isinstance(VERP.decode(wrapped, NOW), Token)


def test_keys_can_be_replaced() -> None:
    """An old key still reads and no longer signs; once it is gone, its tokens are bad."""
    before = Verp({1: SECRETS[1]}, "bounces", "lists.example.org")
    path = before.encode(5, 6, NOW)
    assert VERP.decode(path, NOW) == Token(5, 6, 20_000, 1)
    assert Verp({2: SECRETS[2]}, "bounces", "lists.example.org").decode(path, NOW) == Bad("key")


def test_bad_tokens() -> None:
    """Each says why."""
    path = VERP.encode(5, 6, NOW)
    assert VERP.decode(path, NOW + 31 * DAY) == Bad("age")
    assert VERP.decode(path, NOW - 2 * DAY) == Bad("age")
    assert VERP.decode(OTHER.encode(5, 6, NOW), NOW) == Bad("signature")
    assert VERP.decode(path.replace("@", "a@"), NOW) == Bad("length")
    assert VERP.decode("bounces+@lists.example.org", NOW) == Bad("length")
    same = Verp(SECRETS, "bounces", "other.example.org").encode(5, 6, NOW).replace("other", "lists")
    assert VERP.decode(same, NOW) == Bad("signature")


@settings(max_examples=300)
@given(st.integers(0, 36), st.integers(1, 31))
def test_every_bit_counts(place: int, turn: int) -> None:
    """No other spelling of a token holds."""
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    token = VERP.token(5, 6, NOW)
    other = alphabet[alphabet.index(token[place]) ^ turn]
    assert isinstance(VERP.check(f"{token[:place]}{other}{token[place + 1 :]}", NOW), Bad)


@pytest.mark.parametrize(
    "address", ["", "bounces", "bounces@lists.example.org", "bounces+u=example.com@lists.example.org", "x+y@example.com"]
)
def test_no_tokens(address: str) -> None:
    """Other addresses carry none."""
    assert VERP.decode(address, NOW) is None


@settings(max_examples=300)
@given(st.text(max_size=80))
def test_any_text_is_read(text: str) -> None:
    """Nothing raises, nothing holds."""
    for address in (text, f"bounces+{text}@lists.example.org"):
        assert not isinstance(VERP.decode(address, NOW), Token)
        decode(address)


def test_one_that_holds_wins() -> None:
    """Wherever it stands."""
    good, bad = VERP.token(5, 6, NOW), OTHER.encode(5, 6, NOW)
    assert isinstance(VERP.find([bad], [f" {good} "], NOW), Token)
    assert VERP.find([bad, "u@example.com"], [], NOW) == Bad("signature")
    assert VERP.find(["u@example.com"], ["QQ314159!"], NOW) is None


@pytest.mark.parametrize(
    ("keys", "prefix", "current", "problem"),
    [
        ({}, "bounces", None, "at least one secret"),
        ({1: b"short"}, "bounces", None, "16 bytes"),
        ({256: SECRETS[1]}, "bounces", None, "0 to 255"),
        (SECRETS, "b" * 27, None, "must be 1 to 26"),
        (SECRETS, "b+c", None, "letters, digits"),
        (SECRETS, "bounces", 9, "no key 9"),
    ],
)
def test_settings(keys: dict[int, bytes], prefix: str, current: int | None, problem: str) -> None:
    """What cannot work is refused."""
    with pytest.raises(PolicyError, match=problem):
        Verp(keys, prefix, "lists.example.org", current=current)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("news-bounces+anna=example.com@lists.example.org", Foreign("mailman", "anna@example.com", None, "news")),
        ("news-bounces+a=b=example.com@lists.example.org", Foreign("mailman", "a=b@example.com", None, "news")),
        ("bounce+anna==a==example.com==news@lists.example.org", Foreign("sympa", "anna@example.com", None, "news")),
        ("bounce+anna==a==example.com==news==w@lists.example.org", Foreign("sympa", "anna@example.com", None, "news")),
        ("b.12.345.0123456789abcdef@crm.example.org", Foreign("civicrm", None, "345")),
        ("crm+b.12.345.0123456789abcdef@example.org", Foreign("civicrm", None, "345")),
        (f"forum+verp-{'0af1' * 8}@example.org", Foreign("discourse", None, "0af1" * 8)),
        ("mail+bounce_5f2b9c0d1e3a4@example.org", Foreign("mautic", None, "5f2b9c0d1e3a4")),
        ("news-return-17-anna=example.com@lists.example.org", Foreign("ezmlm", "anna@example.com", "17", "news")),
        (
            "0102018f00000001-0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f-000000@eu-west-1.amazonses.com",
            Foreign("ses", None, "0102018f00000001-0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f-000000"),
        ),
        (f"bounce-md_301234.0a1b2c.v1-{'0af1' * 8}@mandrillapp.com", Foreign("mandrill", None, "0af1" * 8)),
        (
            "prvs=0123456789=news-bounces+anna=example.com@lists.example.org",
            Foreign("mailman", "anna@example.com", None, "news"),
        ),
        ("0102018f00000001-0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f-000000@example.com", None),
        ("news-bounces+anna=localhost@lists.example.org", None),
        ("anna+news@example.com", None),
        ("anna", None),
        (f"{'a' * 400}=@example.com", None),
    ],
)
def test_foreign(address: str, expected: Foreign | None) -> None:
    """Whom a return path of another system names."""
    assert decode(address) == expected


class Private(Log):
    """A send log in which every mail has a Message-ID of its own."""

    def by_message(self, message_id: str) -> list[Sent]:
        """Give the one recipient."""
        return [Sent("u5@example.com", "7", "mail 5")] if message_id == "<post@lists.example.org>" else []

    def sent_since(self, address: str, since: float) -> bool:
        """Nobody else was mailed."""
        del since
        return address == "u5@example.com"


def test_levels() -> None:
    """Token, matched mail, mail sent lately, nothing."""
    path = VERP.encode(5, 7, NOW)
    dead = report("u5@example.com")
    [recipient] = dead.recipients
    bare = Report(kind=Kind.FAILURE, recipients=dead.recipients)
    assert Judge(VERP, Log()).judge(dead, recipient, [path], NOW).level is Level.L3
    assert Judge(VERP).judge(dead, recipient, [path], NOW).address == "u5@example.com"
    assert Judge(None, Private()).judge(dead, recipient, [], NOW)[:2] == (Level.L2, "u5@example.com")
    assert Judge(None, Log()).judge(dead, recipient, [], NOW).level is Level.L1
    assert (
        Judge(None, Log(), trust_shared_ids=True)
        .judge(report("u1@example.com"), report("u1@example.com").recipients[0], [], NOW)
        .level
        is Level.L2
    )
    assert Judge(None, Private()).judge(bare, recipient, [], NOW).level is Level.L1
    assert Judge().judge(dead, recipient, [], NOW)[:] == (Level.L0, "u5@example.com", None, None, None, False, "")
    assert Judge(VERP, always_signed=False).judge(bare, recipient, [], NOW).forged is False
    assert Judge(VERP).judge(bare, recipient, [], NOW).forged is True
    assert (
        Judge(VERP).judge(Report(kind=Kind.AUTO_REPLY), None, ["news-bounces+a=example.com@example.org"], NOW).forged is False
    )


def test_token_in_the_message_itself() -> None:
    """In ENVID, in the field of the returned header, and in its return path."""
    dead = report("u5@example.com")
    token, path = VERP.token(5, 7, NOW), VERP.encode(5, 7, NOW)
    for envelope_id, headers in ((token, {}), (None, {"x-bouncery-id": token}), (None, {"return-path": f"<{path}>"})):
        carrying = Report(kind=Kind.FAILURE, envelope_id=envelope_id, original=Original(headers=headers))
        assert Judge(VERP, Log()).judge(carrying, dead.recipients[0], [], NOW).level is Level.L3


def test_forwarded_mail_blames_our_address() -> None:
    """The token says whom we mailed; the report may name where it was forwarded to."""
    [event] = events(report("elsewhere@example.net"), Judge(VERP, Log()), NOW, returned_to=[VERP.encode(5, 7, NOW)])
    assert (event.address, event.final_address, event.level, event.list) == (
        "u5@example.com",
        "elsewhere@example.net",
        Level.L3,
        "7",
    )
    assert (event.kind, event.reason, event.message) == (EventKind.FAILURE, Reason.USER_UNKNOWN, "7/20000")


def test_mildest_outcome_of_one_address_counts() -> None:
    """Behind a forward to several, somebody still reads mail."""
    dead = Verdict(decision=Decision.HARD, reason=Reason.USER_UNKNOWN)
    behind = (
        Recipient(address="a@example.net", action=Action.FAILED, verdict=dead),
        Recipient(address="b@example.net", action=Action.DELIVERED),
    )
    for recipients in (behind, behind[::-1]):
        both = Report(kind=Kind.FAILURE, recipients=recipients)
        [event] = events(both, Judge(VERP, Log()), NOW, returned_to=[VERP.encode(5, 7, NOW)])
        assert event.kind is EventKind.DELIVERED


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        (Kind.COMPLAINT, (("Feedback-Type", "abuse"),), Step.UNSUBSCRIBE),
        (Kind.COMPLAINT, (("Feedback-Type", "opt-out"),), Step.UNSUBSCRIBE),
        (Kind.COMPLAINT, (("Feedback-Type", "virus"),), Step.NONE),
        (Kind.OTHER, (("Feedback-Type", "not-spam"),), Step.NONE),
        (Kind.UNSUBSCRIBE, (), Step.UNSUBSCRIBE),
        (Kind.AUTO_REPLY, (), Step.NONE),
    ],
)
def test_reports_without_recipients(kind: Kind, fields: tuple[tuple[str, str], ...], expected: Step) -> None:
    """The token says who complains, although the report names nobody."""
    path = VERP.encode(5, 7, NOW)
    [event] = events(Report(kind=kind, fields=fields), Judge(VERP, Log()), NOW, returned_to=[path])
    state, action = Policy().apply(None, event, NOW)
    assert action.step is expected
    assert (state.alive_at is not None) == (kind in {Kind.OTHER, Kind.AUTO_REPLY})
    assert events(Report(kind=kind, fields=fields), Judge(), NOW) == []


def test_forgeries_change_nothing() -> None:
    """Without, with a foreign, an old, a cut, a bent token: 5,000 times."""
    assert attack(5_000, Random(1)) == dict.fromkeys(KINDS, (1000, 0))  # noqa: S311


def test_forged_complaints_unsubscribe_nobody() -> None:
    """The same for complaints."""
    chance, policy = Random(2), Policy()  # noqa: S311
    for number in range(100):
        path = forged(KINDS[number % len(KINDS)], number, chance)
        for event in events(report(f"u{number}@example.com", kind=Kind.COMPLAINT), Judge(VERP, Log()), NOW, returned_to=[path]):
            assert policy.apply(None, event, NOW)[1].step is Step.NONE


def test_template() -> None:
    """Two replies from one template are equal, whatever address, queue id, host and number they name."""
    one = (
        "550-5.1.1 The account u1@example.com does not exist.\n550 5.1.1 See https://example.com/?p=1 a1b2c3d4e5-20si11 - gsmtp"
    )
    other = "550-5.1.1 The account <u22@example.com> does not exist. 550 5.1.1 See https://example.com/?p=2 f6a7-7si0 - gsmtp"
    assert template(one) == template(other) == "550 5.1.1 the account does not exist see - gsmtp"
    assert template("550 5.7.1 blocked") != template("550 5.1.1 blocked")
    assert template(None) == ""
    assert len(template("word " * 1_000)) <= 120
