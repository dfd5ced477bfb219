# ruff: noqa: D103 - a test's name says what it holds
"""`bouncery explain` says what was recognised, what it stands on, which rule won, and what would have changed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from bouncery import Action, Decision, Reason, Recipient, Report, Stage, Verdict, classify
from bouncery.cli import explain, story, whatif
from bouncery.cli.meanings import FAULT, MEANING, PERMANENCE
from bouncery.model import Blocklist, Fault, Original, Permanence
from bouncery.pipeline import judge
from bouncery.rules import RuleSet, shipped
from bouncery.rules.rule import Rule
from tests.cli.letters import FROM, GIBBERISH, UNKNOWN, bounce, mailbox, run

if TYPE_CHECKING:
    from pathlib import Path


def told(reply: str) -> str:
    result = run("explain", reply)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_reply_is_explained_to_the_end() -> None:
    text = told("550 5.1.1 User unknown")
    for words in (
        'the reply "550 5.1.1 User unknown"',
        "hard (user_unknown): the mailbox does not exist",
        "550     Mailbox unavailable",
        "5.1.1   Bad destination mailbox address",
        '"550 5.1.1 User unknown" (diagnostic)',
        "Rules that matched",
        '"user unknown"',
        "Why hard: user_unknown says that the address is dead",
        "if the server were still trying (Action: delayed): retry",
    ):
        assert words in text


def test_a_message_is_explained_with_the_place_of_the_evidence(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(bounce("joe@example.com"))
    text = told(str(tmp_path / "a.eml"))
    for words in (
        "a.eml: failure, recognised as dsn",
        "reported by mx.example.org",
        'subject "hello"',
        "joe@example.com",
        "part 1, ",
    ):
        assert words in text


def test_every_message_of_a_mailbox_is_explained(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(mailbox(2))
    text = told(str(tmp_path / "m"))
    assert "m, message 1: failure" in text
    assert "u1@example.com" in text


def test_standard_input_is_explained() -> None:
    assert "-: failure" in run("explain", "-", input=bounce()).stdout


def test_what_names_nobody_is_explained(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(range(256)))
    text = told(str(tmp_path / "a.bin"))
    assert "a.bin: other" in text
    assert "It names no recipient" in text
    assert "note: " in text


def test_many_recipients_are_cut_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain, "TOLD_IN_FULL", 0)
    (tmp_path / "a.eml").write_bytes(bounce())
    assert "and 1 more recipients" in told(str(tmp_path / "a.eml"))


def test_own_rules_are_named_as_such(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[[rule]]\nid = "mine"\nreason = "mailbox_full"\nany = ["user unknown"]\n')
    text = run("explain", "550 5.1.1 User unknown", "--rules", own).stdout
    assert "own/mine" in text
    assert "your own rules outrank the shipped ones" in text


def test_what_is_neither_file_nor_reply_is_66() -> None:
    result = run("explain", "missing.eml")
    assert result.exit_code == 66
    assert "no such file, and no SMTP reply either" in result.stderr


def test_words_without_a_code_are_a_reply() -> None:
    text = told("quux frobnicated")
    assert "No code was given; only the words count." in text
    assert "No rule matched." in text
    assert "Why soft: undetermined may pass or not" in text


def test_a_reply_of_class_4_is_not_final() -> None:
    text = told("450 4.2.0 busy")
    assert "nothing is final" in text
    assert "Why retry: the server is still trying" in text
    assert "if the server had given up (Action: failed)" in text


def test_a_success_needs_no_decision() -> None:
    report = Recipient(address="u@example.com", action=Action.DELIVERED)
    assert "nothing to decide" in "\n".join(story.on_recipient(report, shipped()))


def test_a_reply_of_success_refuses_nothing() -> None:
    text = told("251 User not local; will forward to <new@example.org>")
    assert "It refuses nothing" in text
    assert "new address: new@example.org" in text


def test_a_mailbox_that_was_reached_is_there() -> None:
    recipient = Recipient(
        address="u@example.com", action=Action.FAILED, final=True, diagnostic="550 5.1.1 User unknown", reached=True
    )
    judged = msgspec.structs.replace(recipient, verdict=judge(recipient))
    assert "a mailbox behind the address had the message" in "\n".join(story.on_recipient(judged, shipped()))


def test_control_characters_of_a_mail_are_not_printed(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(bounce("joe@example.com", UNKNOWN + " \x1b]0;evil\x07 \u202e"))
    text = told(str(tmp_path / "a.eml"))
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert "evil" in text


def test_every_fact_is_told() -> None:
    verdict = Verdict(
        decision=Decision.SOFT,
        reason=Reason.BLOCKLISTED,
        retry_after=300,
        blocklist=Blocklist(name="bl.example.net", kind="ip", listed="192.0.2.1"),
    )
    recipient = Recipient(
        address="a@example.com",
        final_address="b@example.org",
        action=Action.FAILED,
        final=True,
        reply=554,
        remote_mta="mx.example.org",
        stage=Stage.RCPT,
        retry_until="2026-11-24T10:00:00Z",
        verdict=verdict,
    )
    text = "\n".join(story.on_recipient(recipient, shipped()))
    for words in (
        "which became b@example.org",
        "refused by mx.example.org",
        "at RCPT",
        "300 seconds",
        "bl.example.net: 192.0.2.1",
        "2026-11-24",
    ):
        assert words in text


def test_an_original_without_names_is_told() -> None:
    assert "its header names nothing" in "\n".join(story.on_report(Report(source="a", original=Original())))


def rules(*given: Rule) -> RuleSet:
    return RuleSet(given)


@pytest.mark.parametrize(
    ("one", "two", "words"),
    [
        (Rule(id="a/a", any=("some text",), reason=Reason.SPAM), None, "It is the only one."),
        (
            Rule(id="a/a", any=("some text",), reason=Reason.SPAM),
            Rule(id="a/b", any=("more words",), reason=Reason.SPAM),
            "Nothing speaks for another reason.",
        ),
        (
            Rule(id="a/a", any=("some text",), reason=Reason.SPAM),
            Rule(id="a/b", any=("more words",), generic=True, reason=Reason.POLICY),
            "a specific phrase outranks a phrase that servers use for many things",
        ),
        (
            Rule(id="a/a", any=("some text",), reason=Reason.SPAM, reply=(550,), class_=5),
            Rule(id="a/b", any=("more words",), reason=Reason.POLICY, reply=(550,)),
            "it sets 2 conditions against 1",
        ),
        (
            Rule(id="a/a", any=("some text",), reason=Reason.SPAM),
            Rule(id="a/b", any=("more words",), reason=Reason.POLICY),
            "spam is judged before policy",
        ),
    ],
)
def test_why_a_rule_won(one: Rule, two: Rule | None, words: str) -> None:
    given = rules(one, two) if two else rules(one)
    text = "\n".join(story.on_reply("550 some text and more words", given))
    assert words in text


def test_flags_and_scopes_are_told() -> None:
    given = rules(
        Rule(id="m/h", any=("try later",), flag="hedge"),
        Rule(id="m/o", any=("try later",), flag="odd"),
        Rule(id="a/a", any=("unknown user",), reason=Reason.USER_UNKNOWN, reply=(550,), class_=5),
        *(Rule(id=f"b/{number}", any=(f"word{number}",), reason=Reason.SPAM) for number in range(9)),
    )
    words = " ".join(f"word{number}" for number in range(9))
    text = "\n".join(story.on_reply(f"550 unknown user, try later {words}", given))
    assert "The reply says itself that it may change." in text
    assert "The text is marked odd." in text
    assert "the reply leaves a doubt" in text
    assert "weaker ones" in text


def test_a_variant_changes_one_fact() -> None:
    recipient = Recipient(
        address="",
        action=Action.FAILED,
        final=True,
        reply=550,
        status="5.1.1",
        diagnostic="550-5.1.1 no such user\n550 5.1.1 at 550 places",
        verdict=classify("550 5.1.1 no such user"),
    )
    other = whatif.with_other_class(recipient)
    assert other is not None
    assert (other.reply, other.status) == (450, "4.1.1")
    assert other.diagnostic == "450-4.1.1 no such user\n450 4.1.1 at 550 places"
    assert whatif.without_codes(recipient.diagnostic or "") == "no such user at 550 places"
    assert len(list(whatif.variants(recipient, shipped()))) == 5
    assert whatif.with_other_class(Recipient(address="", status="2.0.0")) is None


def test_every_reason_permanence_and_fault_has_words() -> None:
    assert set(MEANING) == set(Reason)
    assert set(PERMANENCE) == set(Permanence)
    assert set(FAULT) == set(Fault)


def test_an_unknown_reply_in_a_from_mailbox(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(FROM + bounce(reply=GIBBERISH))
    assert "soft (undetermined)" in told(str(tmp_path / "m"))
