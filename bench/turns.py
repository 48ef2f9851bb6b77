"""A page of a small and of a large shop, asked in turn: the time it took, and the queries.

Imported by processes that have set Django up.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from merchants.models import User

WARM_UP = 2  # rounds that are not counted


def in_turn(
    asked: Mapping[str, Sequence[str]], words: Sequence[str], rounds: int
) -> dict[str, Any]:
    """Ask the addresses of each shop, one after the other: the machine's moods hit all of them.

    `asked` is {shop: addresses}, its owner `<shop>@example.com`; `words` name them. Seconds
    in `p95` and `median`, milliseconds by address in `each`, counts in `queries`.
    """
    clients = {shop: _owner(shop) for shop in asked}
    times: dict[str, list[list[float]]] = {shop: [[] for _ in words] for shop in asked}
    for turn in range(rounds + WARM_UP):
        for place in range(len(words)):
            for shop, addresses in asked.items():
                took = _ask(clients[shop], addresses[place])
                if turn >= WARM_UP:
                    times[shop][place].append(took)
    whole = {shop: [took for each in rows for took in each] for shop, rows in times.items()}
    return {
        "p95": {shop: _p95(all_) for shop, all_ in whole.items()},
        "median": {shop: statistics.median(all_) for shop, all_ in whole.items()},
        "each": {
            word: [_p95(times[shop][place]) * 1000 for shop in asked]
            for place, word in enumerate(words)
        },
        "queries": {shop: [_queries(clients[shop], one) for one in asked[shop]] for shop in asked},
    }


def _owner(shop: str) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(email=f"{shop}@example.com"))
    return client


def _ask(client: Client, address: str) -> float:
    """Seconds that one answer took."""
    began = time.perf_counter()
    answer = client.get(address)
    took = time.perf_counter() - began
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}")
    return took


def _queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        client.get(address)
    return len(seen)


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]
