"""The policy at work on many addresses: the ledger with the memory of the store behind it, and what is news for the host."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec.structs import replace

from bouncery.address import comparable
from bouncery.deciding.hearing import HOST
from bouncery.policy import Action, Blame, Event, Ledger, Outage, Policy, Provider, State, Step, blame
from bouncery.policy.action import cleared
from bouncery.policy.numbers import DAY, HOUR
from bouncery.policy.replay import Key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from bouncery.store.states import Standing

STATE, PROVIDER, OUTAGE = msgspec.json.Decoder(State), msgspec.json.Decoder(Provider), msgspec.json.Decoder(Outage)
WAVE, KEY = msgspec.json.Decoder(list[Event]), msgspec.json.Decoder(Key)
GONE = frozenset({Step.SUSPEND, Step.REMOVE})
BLOCKING = GONE | {Step.HOLD, Step.PROBE}
"""Steps that stop mail, or ask for one; from them there is a way back, which the host must be told."""
STALE_DAYS = 7.0
FREE = ""
"""What stands in the memory where the host was told of nothing, or that it is over."""


class News(NamedTuple):
    """Something that the host is to be told about an address."""

    key: str
    action: Action
    told: str
    withheld: bool = False
    """It was withheld before, for somebody to look at."""
    was_gone: bool = False


class Memory(dict[str, State]):
    """States by the form of the address for comparing; what is not there yet is asked for."""

    def __init__(self, load: Callable[[list[str]], Iterable[tuple[str, Standing]]]) -> None:
        """Take what gives the standings of addresses."""
        super().__init__()
        self.load = load
        self.standings: dict[str, Standing] = {}
        self.known: set[str] = set()

    def fetch(self, keys: Iterable[str]) -> None:
        """Ask for the states of addresses that are not there yet."""
        missing = [key for key in dict.fromkeys(keys) if key not in self.known]
        self.known.update(missing)
        for key, standing in self.load(missing) if missing else ():
            self.take(key, standing)

    def take(self, key: str, standing: Standing) -> None:
        """Put what is remembered of an address here."""
        self.known.add(key)
        self.standings[key] = standing
        self[key] = STATE.decode(standing.state)

    def get(self, key: str, default: State | None = None) -> State | None:  # type: ignore[override]
        """Give the state of an address."""
        if key not in self.known:
            self.fetch([key])
        return super().get(key, default)


def nothing(_: list[str]) -> Iterable[tuple[str, Standing]]:
    """Remember nothing: for a replay."""
    return ()


class Engine(Ledger):
    """A ledger that knows what the host was told, and so what is news."""

    def __init__(self, policy: Policy, load: Callable[[list[str]], Iterable[tuple[str, Standing]]] = nothing) -> None:
        """Begin with what is remembered."""
        super().__init__(policy)
        self.states = self.memory = Memory(load)
        self.touched: dict[str, None] = {}
        self.spelled: dict[str, str] = {}
        self.by_host: set[str] = set()
        self.left: dict[tuple[str, str | None], Action] = {}
        self.domains: dict[str, str] = {}
        """The provider of a domain, where its answers named one."""

    def hear(self, event: Event) -> None:
        """Take in one event at its own time."""
        key = comparable(event.address)
        if event.kind in HOST:
            self.by_host.add(key)
        if event.kind in HOST or key not in self.spelled:
            self.spelled[key] = event.address
        self.touched[key] = None
        for address, action in self.feed(replace(event, address=key, provider=self.provider(event))):
            self.touched[address] = None
            if action.step is Step.UNSUBSCRIBE and action.changed:
                self.left[address, action.list] = action

    def provider(self, event: Event) -> str | None:
        """Give who answers for an address: sends are told with a domain, of which the answers may know more."""
        domain, provider = event.address.rpartition("@")[2].lower(), event.provider
        if provider is None or event.kind in HOST:
            return self.domains.get(provider or "", provider)
        if domain and domain != provider:
            self.domains[domain] = provider
        return provider

    def pass_time(self, now: float) -> None:
        """Let holds end and suspensions become removals."""
        for key, state in list(self.memory.items()):
            if is_open(state):
                self.memory[key], action = self.policy.tick(state, now)
                if action.changed:
                    self.touched[key] = None
        self.prune(now)

    def prune(self, now: float) -> None:
        """Forget providers of which nothing was heard for long."""
        hours, days = (now - STALE_DAYS * DAY) / HOUR, now / DAY - self.policy.established_days
        for key, outage in list(self.outages.items()):
            if not (outage.hours and outage.hours[-1][0] >= hours) and outage.last < hours * HOUR:
                del self.outages[key]
                self._waves.pop(key, None)
        for name, provider in list(self.providers.items()):
            buckets = (*(hour / 24 for hour, _, _ in provider.hours[-1:]), *(day for day, _, _ in provider.days[-1:]))
            if max(buckets, default=0.0) < days:
                del self.providers[name]

    def news(self, now: float, told: Mapping[str, Standing]) -> Iterator[News]:
        """Give what the host does not know yet; time has passed already."""
        for key in sorted({*self.touched, *(key for key, state in self.memory.items() if is_open(state))}):
            state, before = self.memory[key] if key in self.memory else State(), told.get(key)
            known = before.told if before else FREE
            _, action = self.policy.tick(state, now)
            if action.step in BLOCKING:
                if mark(action) != known:
                    withheld = bool(before and before.withheld)
                    yield News(key, action, mark(action), withheld, known.partition(" ")[0] in GONE)
            elif known:
                step = Step(known.partition(" ")[0])
                yield News(key, cleared(replace(action, list=scope(known)), step), FREE)

    def address(self, key: str) -> str:
        """Give an address as it was spelled: by the host where it told of a mail."""
        before = self.memory.standings.get(key)
        return before.address if before and key not in self.by_host else self.spelled.get(key, key)

    def guards(self) -> dict[tuple[str, str], str]:
        """Give what is to be remembered of providers."""
        found = {("provider", name): encoded(one) for name, one in self.providers.items()}
        found |= {("outage", encoded(key)): encoded(one) for key, one in self.outages.items()}
        found |= {("wave", encoded(key)): encoded(list(wave)) for key, wave in self._waves.items() if wave}
        return found | {("domain", domain): encoded(provider) for domain, provider in self.domains.items()}

    def remember(self, guards: Iterable[tuple[str, str, str]]) -> None:
        """Take what is remembered of providers."""
        for kind, key, data in guards:
            if kind == "provider":
                self.providers[key] = PROVIDER.decode(data)
            elif kind == "outage":
                self.outages[KEY.decode(key)] = OUTAGE.decode(data)
            elif kind == "domain":
                self.domains[key] = msgspec.json.decode(data, type=str)
            else:
                for event in WAVE.decode(data):
                    self._remember(KEY.decode(key), event, float(event.at))  # type: ignore[arg-type]

    def alarms(self, now: float) -> Iterator[str]:
        """Tell which guards are open, and which providers refuse for our sake."""
        for (provider, reason, _), outage in sorted(self.outages.items()):
            quiet = self.policy.outage_quiet_hours * HOUR
            if outage.open_since is not None and now - outage.last <= quiet:
                yield f"{provider}: looks like an outage ({reason}); what it refuses is held, and counts only if it is repeated"
        for provider, counts in sorted(self.providers.items()):
            kind, share = blame(counts, now, self.policy)
            if kind is not Blame.FINE:
                cure = "pause the campaign" if kind is Blame.HALT else "look at blocklists, authentication and content"
                yield f"{provider}: refuses {share:.0%} of our mail for our own sake; {cure}"


def is_open(state: State) -> bool:
    """Whether time alone may change what to do about an address."""
    return bool(state.failures) or state.fired_at is not None or state.standing is not Step.NONE


def mark(action: Action) -> str:
    """Give what tells one thing that the host was told from another: the step, until when a hold lasts, and the list."""
    until = f"{action.until:.0f}" if action.step is Step.HOLD and action.until is not None else "-"
    return " ".join((action.step, until, action.list or "")).rstrip()


def scope(told: str) -> str | None:
    """Give the list that the host was told of."""
    return " ".join(told.split(" ")[2:]) or None


def encoded(struct: object) -> str:
    """Give JSON as text."""
    return msgspec.json.encode(struct).decode()
