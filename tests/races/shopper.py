"""People at the same moment: browsers with a cookie jar each, let go together."""

from __future__ import annotations

import http.client
import re
import threading
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import TypeVar

from django.conf import settings
from django.db import connection
from django.utils import timezone

from livestream.selectors.invariant import ALL
from merchants.selectors.invariant import offenders
from tests.servers import Server

Result = TypeVar("Result")
TOKEN = "t" * 32
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


@dataclass
class Answer:
    """What came back."""

    status: int
    text: str
    to: str = ""  # where it sends on to


@dataclass
class Shopper:
    """One browser. `server` may be replaced: she comes again to the same shop at another port.

    `htmx`: its scripts run, and ask for fragments.
    """

    server: Server
    cookies: dict[str, str] = field(default_factory=dict)
    htmx: bool = True

    def __post_init__(self) -> None:
        self.cookies.setdefault(settings.CSRF_COOKIE_NAME, TOKEN)

    def get(self, path: str) -> Answer:
        return self._ask("GET", path)

    def post(self, path: str, form: dict[str, str] | None = None) -> Answer:
        return self._ask("POST", path, urllib.parse.urlencode({**(form or {}), **self._token()}))

    def sheet(self, room: str, variant: int, **changes: str) -> dict[str, str]:
        """The room's checkout form, filled in by somebody with a telephone of her own."""
        shown = self.get(f"/live/{room}/checkout/?variant={variant}&quantity=1")
        assert shown.status == 200, shown.text
        return {
            **dict(HIDDEN.findall(shown.text)),
            "name": "沈梅",
            "phone": f"138{uuid.uuid4().int % 10**8:08}",
            "method": "delivery",
            "region": "CN-ZJ",
            "city": "杭州",
            "address": "上城区 清河坊 12 号",
            **changes,
        }

    def form(self, page: str, action: str, **filled: str) -> dict[str, str]:
        """A form of a page, filled in: the one that is sent to `action`, or to the page itself."""
        shown = self.get(page)
        assert shown.status == 200, shown.text
        start = f'action="{action}"' if action else 'data-module="form"'
        _before, found, after = shown.text.partition(start)
        assert found, f"no form for {action} on {page}"
        return {**dict(HIDDEN.findall(after.partition("</form>")[0])), **filled}

    def _token(self) -> dict[str, str]:
        return {"csrfmiddlewaretoken": self.cookies[settings.CSRF_COOKIE_NAME]}

    def _ask(self, method: str, path: str, body: str | None = None) -> Answer:
        line = http.client.HTTPConnection("localhost", self.server.port, timeout=40)
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Origin": self.server.url,
            "Accept-Language": "en",
        }
        if self.htmx:
            headers["HX-Request"] = "true"
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            for value in answer.headers.get_all("Set-Cookie", []):
                self.cookies |= {name: one.value for name, one in SimpleCookie(value).items()}
            return Answer(answer.status, answer.read().decode(), answer.headers.get("Location", ""))
        finally:
            line.close()


def at_once(acts: Iterable[Callable[[], Result]]) -> list[Result | Exception]:
    """Do everything at the same moment, each in a thread; what each returned or raised."""
    acts = list(acts)
    start = threading.Barrier(len(acts))
    results: list[Result | Exception] = [RuntimeError("it never ended")] * len(acts)

    def run(place: int, act: Callable[[], Result]) -> None:
        start.wait()
        try:
            results[place] = act()
        except Exception as trouble:  # handed back: the test decides what may fail
            results[place] = trouble
        finally:
            connection.close()  # the thread's own, if it asked the database

    threads = [threading.Thread(target=run, args=item) for item in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def until_somebody_waits() -> None:
    """For a lock of PostgreSQL's."""
    until = time.monotonic() + 5
    while not _waits_for_a_lock() and time.monotonic() < until:
        time.sleep(0.02)
    assert _waits_for_a_lock()


def _waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def statuses(results: Iterable[Answer | Exception]) -> list[int]:
    """The HTTP statuses, sorted. A broken connection raises: it is no refusal."""
    found = []
    for one in results:
        if isinstance(one, Exception):
            raise one
        found.append(one.status)
    return sorted(found)


def nothing_is_broken() -> bool:
    """Every invariant holds; raises with the offending rows if one does not."""
    found = [str(one) for one in offenders(ALL, timezone.now())]
    assert found == []
    return True
