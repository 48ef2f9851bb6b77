"""A real mail server that keeps what it accepts: as little SMTP as a client needs."""

from __future__ import annotations

import re
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

MESSAGE_ID = re.compile(rb"^Message-ID: (\S+)", re.MULTILINE | re.IGNORECASE)


@dataclass
class Sink:
    """Every Message-ID it accepted, with how often. `before` runs before a mail is accepted."""

    port: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    before: Callable[[], None] = lambda: None
    delay: float = 0.0

    @property
    def url(self) -> str:
        return f"smtp://localhost:{self.port}"

    def take(self, mail: bytes) -> None:
        found = MESSAGE_ID.search(mail)
        assert found is not None, mail
        self.accepted[found[1].decode()] += 1


@contextmanager
def listening() -> Iterator[Sink]:
    """A sink that answers until the block ends."""
    sink = Sink()

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 sink")
            while line := self.rfile.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    self.say("354 go on")
                    self.receive()
                elif word == b"QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

        def receive(self) -> None:
            mail = b""
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                mail += line
            if not line:
                return  # cut off in the middle: nothing was accepted
            time.sleep(sink.delay)
            sink.before()
            sink.take(mail)
            self.say("250 accepted")

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def finish(self) -> None:
            try:
                super().finish()
            except OSError:
                return  # the worker was killed in between

    class Listener(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

        def handle_error(self, request: object, client_address: object) -> None:
            return  # killed clients are what this is for

    with Listener(("localhost", 0), Session) as listener:
        sink.port = listener.server_address[1]
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        yield sink
        listener.shutdown()
