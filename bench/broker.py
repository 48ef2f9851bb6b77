"""Orders while Redis is well, hung and stopped: 200 by HTTP from eight buyers at once, each way.

One server process as in production with a real Redis as its broker, cache and channel layer, and
one shopper watching through its hub. Redis is stopped in the middle with SIGSTOP, so that it takes
connections and never answers, and then killed, so that nobody takes them. What an order costs more
is compared with the same buyers a minute before, while it was well.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import statistics
import threading
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from websockets.sync.client import connect

from bench.hosts import Host, prepare, product, redis_server
from bench.report import record

BUYERS, ORDERS = 8, 200
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
TOKEN = "t" * 32


@dataclass
class Buyer:
    """A browser of its own, as far as buying needs one."""

    host: Host
    path: str
    cookies: dict[str, str] = field(default_factory=lambda: {"__Host-csrf": TOKEN})

    def order(self) -> float | None:
        """Seconds from pressing "place order" until the answer, or None if there is no order."""
        status, page = self.ask("GET", f"{self.path}&quantity=1")
        form = dict(HIDDEN.findall(page)) | {
            "csrfmiddlewaretoken": TOKEN,
            "name": "沈梅",
            "phone": f"138{uuid.uuid4().int % 10**8:08}",
            "method": "delivery",
            "region": "CN-ZJ",
            "city": "杭州",
            "address": "清河坊 12",
        }
        began = time.monotonic()
        answered, _page = self.ask("POST", self.path.partition("?")[0], form)
        return time.monotonic() - began if (status, answered) == (200, 200) else None

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        line = http.client.HTTPConnection("127.0.0.1", self.host.ports[0], timeout=60)
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Origin": "https://127.0.0.1",  # as behind a proxy, where TLS ends
            "Host": "127.0.0.1",
            "X-Forwarded-Proto": "https",
            "HX-Request": "true",
        }
        body = urllib.parse.urlencode(form) if form else None
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            for value in answer.headers.get_all("Set-Cookie", []):
                self.cookies |= {name: one.value for name, one in SimpleCookie(value).items()}
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            line.close()


def run(out: Callable[[str], Any] = print) -> None:
    with redis_server() as (address, pid), product(talkers=1, redis=address, pages=True) as host:
        path = prepare(host.environment, "bench.stocked", str(10 * ORDERS))["path"]
        with _watching(host):
            orders(host, path, 2 * BUYERS)  # what is slow once is not what is asked here
            found = {"well": orders(host, path, ORDERS)}
            os.kill(pid, signal.SIGSTOP)
            found["hung"] = orders(host, path, ORDERS)
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, signal.SIGKILL)
            found["stopped"] = orders(host, path, ORDERS)
    usual = p95(found["well"])
    for name, times in found.items():
        out(f"{name}: {len(times)} of {ORDERS} orders, p95 {p95(times):.0f} ms")
        if name == "well":
            continue
        record(f"broker.{name}_orders", len(times), "orders", "orders asked for", ORDERS)
        record(f"broker.{name}_p95_ms", p95(times), "ms", "the same with Redis well", usual)
        record(f"broker.{name}_slower_ms", max(p95(times) - usual, 0), "ms of p95")


def orders(host: Host, path: str, count: int) -> list[float]:
    """Seconds that each order took that was placed; every buyer has a new browser for each."""
    times: list[float] = []

    def buy() -> None:
        for _ in range(count // BUYERS):
            took = Buyer(host, path).order()
            if took is not None:
                times.append(took)

    rows = [threading.Thread(target=buy) for _ in range(BUYERS)]
    for row in rows:
        row.start()
    for row in rows:
        row.join()
    return times


@contextmanager
def _watching(host: Host) -> Iterator[None]:
    """One who watches: the process hears its room through Redis."""
    with connect(
        f"ws://127.0.0.1:{host.ports[0]}{host.path}",
        origin=f"https://127.0.0.1:{host.ports[0]}",  # type: ignore[arg-type]
        additional_headers={"Cookie": host.cookies[0]},
    ) as line:
        line.recv(timeout=20)
        yield


def p95(times: list[float]) -> float:
    """In milliseconds."""
    return statistics.quantiles(times, n=20)[-1] * 1000
