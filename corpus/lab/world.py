"""All that is not under test, in one process inside the lab's own network: names, sinks, the sender's server, injection.

Speaks lines of JSON with the lab: it is told `{"inject": case id, "into": number, "local": domain}`, and tells of each
injection and of each message that came back. It ends when its input ends.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from corpus.lab.capture import Capture, Captured
from corpus.lab.cases import Case, Script, localised, read_script
from corpus.lab.injection import inject
from corpus.lab.names import CAPTURE, PREFIX, Responder, Zone
from corpus.lab.sinks import Book, Sink, case_id

NAME_SERVER = f"{PREFIX}1"
LONGEST_LINE = 1 << 24
SESSIONS = 6
"""Injections into one server at a time."""
TELLING = threading.Lock()


def tell(**facts: object) -> None:
    """Tell the lab something."""
    with TELLING:
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()


def came_back(captured: Captured) -> None:
    """Tell of a message that came back."""
    data = base64.b64encode(captured.data).decode()
    tell(mail=case_id(captured.recipient), to=captured.recipient, host=captured.host, data=data)


async def open_all(script: Script, hosts: dict[str, int]) -> list[asyncio.Server]:
    """Start every server of the world."""
    zone, book = Zone(script, hosts), Book(script)
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: Responder(zone), local_addr=(NAME_SERVER, 53))
    serving = {CAPTURE: Capture(came_back).serve} | {at: Sink(book, at).serve for at in book.numbers(listening=True)}
    return [await asyncio.start_server(serve, f"{PREFIX}{at}", 25, limit=LONGEST_LINE) for at, serve in serving.items()]


def injected(case: Case, number: int) -> None:
    """Inject a case and tell how that went."""
    tell(injected=case.id, host=number, refused=inject(case, f"{PREFIX}{number}"))


async def main(hosts: dict[str, int]) -> None:
    """Run until the input ends."""
    script = read_script()
    cases = {case.id: case for case in script.cases}
    servers = await open_all(script, hosts)
    tell(ready=True)
    pools = {number: ThreadPoolExecutor(SESSIONS) for number in hosts.values()}
    while line := await asyncio.to_thread(sys.stdin.readline):
        order: dict[str, Any] = json.loads(line)
        case = localised(cases[order["inject"]], order["local"])
        pools[order["into"]].submit(injected, case, order["into"])
    for pool in pools.values():
        pool.shutdown(wait=False, cancel_futures=True)
    for server in servers:
        server.close()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    asyncio.run(main(json.loads(sys.argv[1])))
