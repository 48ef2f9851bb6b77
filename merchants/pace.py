"""How often somebody may do what costs the house something: by device, and by network address.

A device is as easily made new as a cookie is dropped, so the address counts too, generously: a
whole shop full of customers may sit behind one. Counted in the memory of each process, in windows
of ten minutes from the first.
"""

from __future__ import annotations

import contextlib
import math
import time

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from merchants.device import device_of
from merchants.errors import RuleBroken

WINDOW = 600  # seconds
# What may be done in a window: on one device, and how many times a shop's customers' orders
# from one address.
PACES = {
    "checkout": (10, 1),
    "claim": (20, 10),
    "draw": (20, 10),
    "follow": (20, 10),
    "reminder": (10, 2),
    "say": (60, 20),
    "code": (10, 1),
    "pay": (30, 5),
    "coupon_code": (10, 2),
    "waitlist": (10, 2),
    "review": (20, 4),
    "refund": (20, 4),
    "report": (10, 2),
}
# What one who works in a shop may do in a window.
STAFF_PACES = {"collect": 60}
# Codes to one number, whoever asks: (seconds, how many). A text message costs, and wakes somebody.
TO_ONE_NUMBER = ((WINDOW, 5), (86_400, 15))
TRIES = 5  # at one code
AGAIN = 60  # seconds between two codes that one browser asks for
CODE_SENT = "code_sent"  # in the session: when the last one went out


class TooOften(RuleBroken):
    code = "too_often"
    status = 429
    sentence = _("Too many tries from here in a short time. Wait a few minutes, then press again.")


def keep_pace(request: HttpRequest, doing: str) -> None:
    """Count one more of `doing`. Raises TooOften if it was one too many."""
    most, times = PACES[doing]
    address = get_adapter(request).get_client_ip(request)
    _count(f"{doing}:device:{device_of(request.session)}", most, WINDOW)
    _count(f"{doing}:address:{address}", times * settings.ORDERS_PER_ADDRESS, WINDOW)


def take_back(request: HttpRequest, doing: str) -> None:
    """It was no new one after all."""
    address = get_adapter(request).get_client_ip(request)
    for who in (f"device:{device_of(request.session)}", f"address:{address}"):
        with contextlib.suppress(ValueError):  # the window is over
            caches["own"].decr(f"pace:{WINDOW}:{doing}:{who}")


def keep_staff_pace(place: int, doing: str) -> None:
    """Count one more of `doing` by who has this place in a shop. Raises TooOften."""
    _count(f"{doing}:staff:{place}", STAFF_PACES[doing], WINDOW)


def keep_code_pace(request: HttpRequest, number: str) -> None:
    """Count one more code to this number, from here. Raises TooOften if it was one too many."""
    keep_pace(request, "code")
    for seconds, most in TO_ONE_NUMBER:
        _count(f"code:number:{number}", most, seconds)


def keep_tries(code: str) -> None:
    """Count one more try at this code, whichever it is. Raises TooOften after TRIES."""
    _count(f"tries:{code}", TRIES, WINDOW)


def note_code(request: HttpRequest) -> None:
    """A code goes out at this moment, or would if somebody were there."""
    request.session[CODE_SENT] = time.time()


def wait_for_code(request: HttpRequest) -> int:
    """Seconds until another code may be asked for; 0: now."""
    last = request.session.get(CODE_SENT)
    return max(0, min(AGAIN, math.ceil(last + AGAIN - time.time()))) if last else 0


def _count(who: str, limit: int, seconds: int) -> None:
    cache = caches["own"]
    key = f"pace:{seconds}:{who}"
    cache.add(key, 0, seconds)  # the window opens with the first of them
    try:
        count = cache.incr(key)
    except ValueError:  # thrown out that very moment: begin again rather than refuse
        return
    if count > limit:
        raise TooOften
