# ruff: noqa: D103 - a test's name says what it holds
"""The time that a reply asks the sender to wait."""

from __future__ import annotations

import time

import pytest

from bouncery.rules.retry_after import TEXT_LIMIT, retry_after

ADVICE = [
    ("450 4.7.1 <u@example.com>: Recipient address rejected: Greylisted for 5 minutes", 300),
    ("450 4.2.0 Greylisted, see http://greylist.example.net/ - please try again in 300 seconds", 300),
    ("451 4.7.1 Greylisting in action, please come back in 00:05:00", 300),
    ("451 4.7.1 Greylisting in action, please come back in 01:30:00", 5400),
    ("451 Greylisted (120 seconds remaining)", 120),
    ("450 try again after 00:04:33", 273),
    ("451-4.7.1 Please try again\r\n451 4.7.1 in 10 minutes", 600),
    ("451 4.7.0 Too many connections, try again later in 15 min", 900),
    ("421 Rate limited. Retry in 59s", 59),
    ("421 4.7.0 mx.example.org throttled: retry in 1h30m", 5400),
    ("421 mx.example.org is busy, retry after 600", 600),
    ("421 Slow down. Retry-After: 120", 120),
    ('429 {"retry_after": "30"}', 30),
    ("450 Please wait at least 5 minutes before you retry", 300),
    ("450 Please wait 2 hours", 7200),
    ("451 Deferred for 240 seconds", 240),
    ("451 4.3.0 Resend your message in about 20 minutes.", 1200),
    ("421 Reconnect after 90 secs", 90),
    ("450 4.7.1 Try your delivery again in an hour", 3600),
    ("450 4.7.1 You may try again 10 minutes later", 600),
    ("451 Allow 15 minutes before trying again", 900),
    ("450 4.2.1 Next attempt in 1 day", 86400),
    ("450 do not retry for 30 minutes", 1800),
    ("450 Please retry in 5-10 minutes", 600),
    ("450 4.7.1 try again in 1.5 hours", 5400),
    ("450 try again in five minutes", 300),
    ("451 Greylisting enabled, try later (5 min)", 300),
    ("450 retry: 300s", 300),
    ("450 4.7.1 Please try again in 4m59s", 299),
    ("450 Bitte versuchen Sie es in 5 Minuten erneut", 300),
    ("450 Bitte in 10 Minuten erneut versuchen", 600),
    ("450 Greylisting aktiv. Bitte warten Sie 300 Sekunden", 300),
    ("450 Versuchen Sie es nach einer Stunde noch einmal", 3600),
    ("450 Veuillez réessayer dans 5 minutes", 300),
    ("450 Veuillez reessayer dans une heure", 3600),
    ("450 Merci de patienter 10 minutes", 600),
    ("450 Por favor, inténtelo de nuevo dentro de 15 minutos", 900),
    ("450 Vuelva a intentarlo en 2 horas", 7200),
    ("450 Tente novamente em 30 minutos", 1800),
    ("450 Riprovare tra 5 minuti", 300),
    ("450 Probeer het opnieuw over 10 minuten", 600),
    ("450 Spróbuj ponownie za 5 minut", 300),
    ("450 Повторите попытку через 10 минут", 600),
    ("450 Через 5 минут повторите отправку", 300),
    ("450 5分後に再度お試しください", 300),
    ("450 300秒待ってから再送してください", 300),
    ("450 请30分钟后重试", 1800),
    ("450 請在5分鐘後再試", 300),
    ("450 请等待60秒", 60),
    ("450 10분 후 다시 시도하십시오", 600),
    ("450 Försök igen om 5 minuter", 300),
    ("450 Prøv igen om 2 timer", 7200),
]
NO_ADVICE = [
    "",
    "550 5.1.1 <u@example.com>: User unknown",
    "451 4.7.1 Greylisted, please try again later",
    "554 4.4.7 Message expired: unable to deliver in 840 minutes",
    "Message could not be delivered for more than 4 hours",
    "Your message was not delivered after 5 days; the queue has given up",
    "The server will keep trying to deliver for 46 more hours",
    "Gmail will retry for 46 more hours. You'll be notified if the delivery fails",
    "It will be retried until it is 5 days old",
    "We stop retrying after 5 days",
    "giving up: tried again after 3 days without success",
    "421 4.7.0 Rate limit: 100 messages in 1 hour. Try again later",
    "421 Too many messages: try again later, at most 20 connections in 10 minutes",
    "450 4.2.1 You exceeded 500 recipients per hour, try again later",
    "452 Quota of 100 mails in 60 minutes, please try again later",
    "451 Connection timed out after 60 seconds, try again",
    "451 Deferred: connection timed out after 3600 seconds",
    "Message has been deferred for 4 hours",
    "450 retry after 3 failed attempts",
    "450 try again after 12:30:00 UTC",
    "450 retry after 2026-01-01",
    "450 try again in 0 seconds",
    "450 try again in 400 days",
    "450 please wait until 12:00:00",
    "550 Your host sent 5 messages 10 minutes ago, retry",
    "450 try again from 192.0.2.5 m",
    "451 try again later (timeout 60 s)",
    "450 请稍后再试，1小时最多10封",
    "534 5.7.14 log in through a web browser and then try again",
    "Der Zustellversuch wurde nach 5 Tagen abgebrochen",
    "Die Nachricht wird seit 4 Stunden versucht",
    "Le message n'a pas pu être remis pendant 2 jours",
    "El mensaje no se pudo entregar en 3 días",
    "Сообщение не доставлено в течение 3 дней",
    "メッセージは5日間配信できませんでした",
    "1時間に100通を超過しました",
    "邮件在3天内无法投递",
]


@pytest.mark.parametrize(("text", "seconds"), ADVICE)
def test_advice_is_read(text: str, seconds: int) -> None:
    assert retry_after(text) == seconds


@pytest.mark.parametrize("text", NO_ADVICE)
def test_ages_limits_and_times_of_day_are_no_advice(text: str) -> None:
    assert retry_after(text) is None


@pytest.mark.parametrize(("text", "seconds"), ADVICE)
def test_case_and_folding_do_not_matter(text: str, seconds: int) -> None:
    assert retry_after(text.upper().replace(" ", " \t ")) == seconds


HOSTILE = [
    *("wait 5", "try again in ", "retry-after ", "1 ", "1m ", "00:00:", "again again ", "try a b c d ", "9" * 50, "in in "),
    *("greylisted(", "5分後", "a " * 30 + "5m ", "resend the the the ", ". ", "1h 1h, and ", "\u3099", "451-4.7.1 "),
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_cost_grows_no_faster_than_the_text(piece: str) -> None:
    def cost(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        start = time.process_time()
        for _ in range(3):
            retry_after(text)
        return time.process_time() - start

    cost(1024)
    assert cost(16_384) <= 24 * max(cost(2_048), 0.002)


def test_only_the_head_of_a_text_is_read() -> None:
    assert retry_after("x" * TEXT_LIMIT + " try again in 5 minutes") is None
