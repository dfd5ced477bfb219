"""A Dovecot of our own: on free ports of the loopback, in a directory of its own, without privileges."""

from __future__ import annotations

import base64
import contextlib
import grp
import hmac
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from bouncery.sources.imap_session import TROUBLE
from tests.servers import program

if TYPE_CHECKING:
    from collections.abc import Iterable

PROGRAM = "/usr/sbin/dovecot"
PASSWORD = "s3cret"  # noqa: S105 - of a server that lives for a test
TOKEN_KEY = b"a key that only this test and its server know"
UNPRIVILEGED = "nobody"
START_SECONDS = 30.0
CONFIGURATION = """\
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
protocols = imap pop3 lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{root}/cert.pem
ssl_key = <{root}/key.pem
auth_mechanisms = plain login xoauth2
mail_location = maildir:~/Maildir
maildir_stat_dirs = yes
mail_fsync = never
auth_failure_delay = 0
first_valid_uid = 1
default_vsz_limit = 0
{extra}
passdb {{
  driver = static
  args = password={password}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {root}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={root}/home/%u
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service lmtp {{
  chroot =
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
"""
OAUTH2 = """\
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={root}/keys/
username_attribute = sub
"""


def free_ports(count: int) -> list[int]:
    """Give ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def encoded(data: bytes) -> str:
    """Give data as a token has it (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Dovecot:
    """A server with any user; a context manager, so that it never outlives the test."""

    def __init__(self, extra: str = "") -> None:
        """Write its directory; it does not run yet. `extra` are lines for its configuration."""
        program("dovecot", "dovecot-imapd dovecot-pop3d dovecot-lmtpd")
        self.root = Path(tempfile.mkdtemp(prefix="dovecot-"))
        account = pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        self.uid, self.gid = account.pw_uid, account.pw_gid
        self.imap, self.imaps, self.pop3, self.pop3s, self.lmtp = free_ports(5)
        self.process: subprocess.Popen[bytes] | None = None
        for name in ("run", "state", "home", "keys/default/HS256"):
            (self.root / name).mkdir(parents=True)
        self.certificate = self.root / "cert.pem"
        certify(self.root)
        (self.root / "keys/default/HS256/default").write_bytes(base64.b64encode(TOKEN_KEY))
        (self.root / "oauth2.conf").write_text(OAUTH2.format(root=self.root))
        (self.root / "dovecot.conf").write_text(
            CONFIGURATION.format(
                root=self.root,
                user=account.pw_name,
                group=grp.getgrgid(self.gid).gr_name,
                password=PASSWORD,
                imap=self.imap,
                imaps=self.imaps,
                pop3=self.pop3,
                pop3s=self.pop3s,
                lmtp=self.lmtp,
                extra=extra,
            ).replace("{{", "{")
        )
        self.give(self.root)

    def give(self, path: Path) -> None:
        """Let the server's user own a directory."""
        if os.geteuid() == 0:
            for directory, _, names in os.walk(path):
                for name in (".", *names):
                    os.lchown(os.path.join(directory, name), self.uid, self.gid)  # noqa: PTH118 - as os.walk gives it

    def __enter__(self) -> Self:
        """Start."""
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End, and leave nothing behind."""
        self.kill()
        shutil.rmtree(self.root, ignore_errors=True)

    def start(self) -> None:
        """Start, and wait until it answers."""
        root = os.geteuid() == 0
        with (self.root / "stderr").open("ab") as complaints:
            self.process = subprocess.Popen(
                (PROGRAM, "-F", "-c", str(self.root / "dovecot.conf")),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                start_new_session=True,
                user=self.uid if root else None,
                group=self.gid if root else None,
                extra_groups=[] if root else None,
            )
        end = time.monotonic() + START_SECONDS
        while not all(map(answers, (self.imap, self.pop3, self.lmtp))):
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"Dovecot does not start: {self.told()}")
            time.sleep(0.05)

    def told(self) -> str:
        """Give what the server complained of."""
        return "".join(
            path.read_text("utf-8", "replace") for path in (self.root / "stderr", self.root / "log") if path.exists()
        )

    def kill(self) -> None:
        """End it and all its processes at once."""
        process, self.process = self.process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            (self.root / "run" / "master.pid").unlink(missing_ok=True)

    def fill(self, user: str, messages: Iterable[bytes], first: int = 0) -> None:
        """Put messages into a user's INBOX, as a delivery would; their names are numbered from `first` on."""
        home = self.root / "home" / user
        for room in ("tmp", "cur", "new"):
            (home / "Maildir" / room).mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(messages, first):
            (home / "Maildir" / "new" / f"{1_764_000_000 + number}.M{number}P1.test").write_bytes(data)
        self.give(home)

    def count(self, user: str, folder: str = "") -> int:
        """Count a user's messages in a folder."""
        place = self.root / "home" / user / "Maildir" / folder
        return sum(1 for room in ("new", "cur") if (place / room).is_dir() for _ in (place / room).iterdir())

    def token(self, user: str) -> str:
        """Give an access token (RFC 7519) that the server takes."""
        parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": user, "exp": 4_000_000_000, "iat": 1})
        signed = ".".join(encoded(json.dumps(part).encode()) for part in parts)
        return f"{signed}.{encoded(hmac.digest(TOKEN_KEY, signed.encode(), 'sha256'))}"


def answers(port: int) -> bool:
    """Whether a server greets on a port."""
    with contextlib.suppress(*TROUBLE), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.settimeout(5)
        return bool(connection.recv(1))
    return False


def certify(root: Path) -> None:
    """Write a key and a certificate for localhost."""
    made = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost"
    names = ("-addext", "subjectAltName=DNS:localhost", "-keyout", root / "key.pem", "-out", root / "cert.pem")
    subprocess.run(("openssl", "req", *made.split(), *names), check=True, capture_output=True)
