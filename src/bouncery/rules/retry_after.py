"""The time that a reply asks the sender to wait, in seconds.

A span of time counts only where the sentence asks to come back after it: replies also tell how long a message has been tried
("for 46 more hours", "after 5 days") and how much a sender may send ("in 1 hour"), and those are no advice. So every span is
found first, and the words right before and behind it decide.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from bouncery.rules.normalise import CONTINUATION

TEXT_LIMIT: Final = 8_192
SPANS_LIMIT: Final = 64
LONGEST: Final = 7 * 86_400
BEFORE: Final = 60
BEHIND: Final = 40

SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
NUMBERS: Final = {"two": 2, "three": 3, "five": 5, "ten": 10, "fifteen": 15, "twenty": 20, "thirty": 30, "sixty": 60}
UNITS: Final = {
    "s": r"s|secs?|seconds?|segs?|segundos?|secondes?|second[io]|sek|sekunden?|seconden|sekund\w{0,2}|saniye|сек\w{0,4}"
    r"|秒(?:[钟鐘間间])?|초",
    "m": r"m|mins?|minutes?|minut[oi]s?|minuten|minut\w{0,3}|minuut|dakika|perc|мин\w{0,3}|分(?:[钟鐘間间])?|분",
    "h": r"h|hrs?|hours?|horas?|heures?|or[ea]|stunden?|std|uur|uren|godzin\w{0,2}|timm(?:e|ar)|timer|hodin\w?|saat|óra"
    r"|час\w{0,2}|[个個]?小[时時]|時間|시간",
    "d": r"d|days?|d[ií]as?|jours?|giorn[oi]|tage?n?|dagen|dagar|dage|dni|gün|nap|дн\w{0,2}|день|天|日|일",
}
AMOUNT: Final = r"\d{1,6}(?:[.,]\d)?|(?:an?|one|einer?|einem|une?|uma?|una|" + "|".join(NUMBERS) + r")(?= \w\w)"


def unit(place: str) -> str:
    """Give the pattern of a unit of time, with a group for each unit."""
    return "(?:" + "|".join(f"(?P<{key}{place}>{words})" for key, words in UNITS.items()) + r")(?![a-zà-ÿа-я])"


SPAN: Final = re.compile(
    r"(?<![a-z0-9.,:/])(?:(?P<hh>\d{1,3}):(?P<mm>[0-5]\d):(?P<ss>[0-5]\d)(?![\d:])"
    rf"|(?:\d{{1,4}} ?(?:-|–|to) ?)?(?P<n>{AMOUNT}) ?{unit('')}(?:(?:,| and)? ?(?P<n2>\d{{1,2}}) ?{unit('2')})?)"
)
# "Retry-After: 120" and "retry after 600": seconds without a unit.
BARE: Final = re.compile(r"\bretry[-_ ]?after[\"']?[:=]? ?[\"']?(\d{1,6})[\"']?(?= ?(?:$|[)}\];!]|[.,](?!\d)))")

TRY: Final = (
    r"\b(?:re-?)?try(?:ing)?\b(?: \w+){0,3}? (?:again|back|later)\b|\b(?:re-?)?try(?:ing)?\b|\bretried\b"
    r"|\b(?:re-?send|re-?submit|re-?connect|re-?attempt|re-?transmit|re-?queue)(?:ing)?\b"
    r"|\b(?:send|connect|attempt|deliver|submit)(?: \w+){0,3}? again\b|\b(?:come|call|check) (?:back|again)\b"
    r"|\bnext (?:attempt|retry|try)\b|\bretry[-_ ]after\b"
    r"|\b(?:erneut|nochmals?|noch ?einmal|wiederhol\w*|versuch\w*|probier\w*)\b"
    r"|\br[eé]essay\w*|\bessay\w*|\bretent\w*|\brenvoy\w*|\brevenez\b"
    r"|\b(?:re)?int[eé]nt\w*|\bvuelva\w*|\bprueb\w*|\btent[ea]r?\b|\bvolte\b|\breenvi\w*"
    r"|\bripr[oa]v\w*|\britent\w*|\bprobeer\w*|\bopnieuw\b|\bspr[oó]buj\w*|\bpon[oó]w\w*|\bzkuste\b|\bznovu\b"
    r"|\bf[oö]rs[oö]k\w*|\bpr[oø]v\w* ige\w*|\byrit[aä]\w*|\bpr[oó]b[aá]lj\w*|\btekrar\b|\byeniden\b"
    r"|\bповтор\w*|\bпопроб\w*|\bпопыт\w*|\bпытай\w*"
    r"|再試行|再送|再度|もう一度|改めて|お試し|やり直|送り直|リトライ|重[试試发發新]|再[试試发發次]|[尝嘗][试試]|다시|재시도|재전송|재발송"
)
WAIT: Final = (
    r"\bwait\b|\bhold off\b|\bback[- ]?off\b|\bgr[ea]y-?list(?:ed|ing)\b|\bdeferred\b|\bwarte(?:n|t)?\b|\bpatiente[rz]\b"
    r"|\battende[rzt]\w*|\baguard[ea]\w*|\besper[ea]\w*|\baspett\w*|\bwacht\b|\bpoczekaj\b|\bodczekaj\b|\bподожд\w*|\bпожди\w*|\bpočkejte\b"
    r"|等待|[请請]等|稍等|お待ち|待って"
)
VERB: Final = re.compile(rf"(?P<try>{TRY})|(?P<wait>{WAIT})")
LINK: Final = re.compile(
    r"^(?: later| time)? ?[:=(]{1,2} ?$"
    r"|(?:^|[ (:\[])(?:in|after|nach|dans|apr[eè]s|d'ici|au bout de|en|dentro de|despu[eé]s de|tras|em|daqui a|ap[oó]s"
    r"|depois de|tra|fra|dopo|over|na|za|po|om|через|спустя|после|请在|請在|请于|在|请|請)"
    r" ?(?:about|approximately|approx\.?|around|roughly|at least|another|ca\.?|etwa|mindestens|frühestens|environ|au moins|unos"
    r"|aproximadamente|circa|almeno|ongeveer|minstens|cerca de)?[ :(]*$"
)
FOR: Final = re.compile(r"\b(?:for|before|within)[ :]*(?:about|at least|another)?[ :]*$")
LATER: Final = re.compile(
    r" ?(?:later\b|from now\b|sp[aä]ter\b|plus tard\b|m[aá]s tarde\b|mais tarde\b|pi[uù] tardi\b|позже\b|sonra\b|m[uú]lva\b"
    r"|kuluttua\b|(?:以上|ほど|程度|ぐらい|くらい|左右)?(?:経過)?(?:してから|お?待(?:ってから|って|ち)|た?って|空けて|あけて|おいて|置いて|[之以]?[後后])|이?[후뒤])"
)
THEN: Final = re.compile(r"(?:,| and| then| before| erneut| noch| wieder)")
# What makes a span a limit, an age or the life of a queue.
OTHER_MATTER: Final = re.compile(
    r"\b(?:messages|mails|emails|recipients|connections|sessions|attempts|tries|retries|nachrichten|mensajes|correos"
    r"|mensagens|messaggi|limit\w*|quota|rate|more than|per|every|each|last|past|exceed\w*|expir\w*|time-?out|timed"
    r"|sent|received|since|until|till|bis|hasta|unable|fail\w*|maximum|queue\w*|giv(?:e|ing)|gave|period)\b|超过|超過|内|以内|上限"
)
PAST: Final = re.compile(
    r"\b(?:stop\w*|quit|ceas\w*|g[ai]v(?:e|ing) up|gave up|no longer|will not|won't|cannot|can't|never|without|fail\w*|after"
    r"|while|nicht mehr) (?:\w+ )?$"
)
BEEN: Final = re.compile(r"\b(?:been|was|were|is still|still) (?:\w+ )?$")
PROHIBITED: Final = re.compile(r"\b(?:do not|don't|not to|must not|should not) (?:\w+ )?$")
NO_ADVICE: Final = re.compile(
    r"(?: ?/| ?ago\b| ?per\b| old\b| utc\b| gmt\b| ?[ap]m\b| before (?:giv|return|bounc|the message|it )"
    r"|[^.;]{0,25}\bgiv(?:e|ing) up|[^.;]{0,20}\b(?:abgebrochen|aufgegeben|eingestellt|elapsed|exceeded|expired|停止|放弃|放棄)"
    r"|ly\b| (?:limit|quota|window|period)\b)"
)
DIGIT: Final = re.compile(r"\d")
CODE: Final = re.compile(r"^[ \t]*[245]\d\d[ \t\-]+(?:[245]\.\d{1,3}\.\d{1,3}\b)?", re.MULTILINE)
SENTENCE_END: Final = re.compile(r"[.!?;](?=\s)|[。！？；]")


def retry_after(text: str) -> int | None:
    """Give the seconds, from 1 to 7 days, after which a reply asks to try again; None if it does not say."""
    text = unicodedata.normalize("NFKC", CONTINUATION.sub(" ", CODE.sub(" ", text[:TEXT_LIMIT])))
    text = " ".join(text.replace("’", "'").casefold().split())
    bare = BARE.search(text)
    if bare:
        return bounded(int(bare[1]))
    for count, span in enumerate(SPAN.finditer(text)):
        if count >= SPANS_LIMIT:
            break
        if is_advice(text, span):
            return bounded(length(span))
    return None


def bounded(seconds: float) -> int | None:
    """Give whole seconds within what anybody means, else None."""
    return int(seconds) if 1 <= seconds <= LONGEST else None


def length(span: re.Match[str]) -> float:
    """Give the seconds of a span."""
    if span["hh"]:
        return int(span["hh"]) * 3_600 + int(span["mm"]) * 60 + int(span["ss"])
    total = amount(span["n"]) * next(value for key, value in SECONDS.items() if span[key])
    if span["n2"]:
        total += int(span["n2"]) * next(value for key, value in SECONDS.items() if span[f"{key}2"])
    return total


def amount(word: str) -> float:
    """Give the number that stands before a unit."""
    return float(word.replace(",", ".")) if word[0].isdigit() else NUMBERS.get(word, 1)


def is_advice(text: str, span: re.Match[str]) -> bool:
    """Whether the words around a span ask the sender to come back after it."""
    before, behind = text[max(0, span.start() - BEFORE) : span.start()], text[span.end() : span.end() + BEHIND]
    ends = [end.end() for end in SENTENCE_END.finditer(before)]
    before = before[ends[-1] :] if ends else before
    if NO_ADVICE.match(behind) or (span["hh"] and not is_duration(before, int(span["hh"]))):
        return False
    verbs = list(VERB.finditer(before))
    if verbs and led_by(before, verbs[-1], behind):
        return True
    return followed(before, behind)


def is_duration(before: str, hours: int) -> bool:
    """Whether hours, minutes and seconds are a length and no time of day."""
    return hours == 0 or re.search(r"\b(?:in|for|wait)\b[ :]*$", before) is not None


def led_by(before: str, verb: re.Match[str], behind: str) -> bool:
    """Whether a verb before a span governs it."""
    gap, head = before[verb.end() :], before[: verb.start()]
    if DIGIT.search(gap) or OTHER_MATTER.search(gap) or PAST.search(head):
        return False
    if verb["wait"]:
        return not (verb["wait"] == "deferred" and BEEN.search(head))
    if PROHIBITED.search(head):
        return bool(FOR.search(gap) or LINK.search(gap))
    return bool(LINK.search(gap) or LATER.match(behind))


def followed(before: str, behind: str) -> bool:
    """Whether a verb behind a span governs it: "5分後に再度お試し", "in 5 Minuten erneut", "5 min before retrying"."""
    clause = SENTENCE_END.split(behind)[0]
    verb = VERB.search(clause)
    if verb is None or OTHER_MATTER.search(before) or OTHER_MATTER.search(clause[: verb.start()]):
        return False
    if LATER.match(clause):
        return True
    if clause[verb.end() :].lstrip().startswith("later") or verb[0].endswith("later"):
        return False
    return bool(LINK.search(before) or THEN.match(clause))
