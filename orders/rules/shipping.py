"""What a parcel costs, by where it goes. Pure; amounts in minor units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from merchants.rules.region import regions_of


@dataclass(frozen=True)
class Rate:
    """A fee, and from which worth of goods it is nothing; None: never."""

    fee: int
    free_from: int | None

    def price(self, goods: int) -> int:
        """The parcel's price. It looks at the goods before the coupon: what was shown."""
        free = self.free_from is not None and goods >= self.free_from
        return 0 if free else self.fee


def rate_to(
    region: str, *, country: str, usual: Rate, own: Mapping[str, Rate | None]
) -> Rate | None:
    """The rate to a region: its own rule, else the usual one within the shop's country, else None,
    for a shop sends nothing abroad that it has not said a price for.

    `own` is {region: its rate, None where nothing is sent}. An unknown region costs as usual.
    """
    if region in own:
        return own[region]
    return usual if not region or region in regions_of(country) else None


def served(*, country: str, own: Mapping[str, Rate | None]) -> list[str]:
    """The regions to which a shop sends: its own country's first, then others."""
    home = [region for region in regions_of(country) if own.get(region, ...) is not None]
    return home + [one for one, rate in own.items() if rate is not None and one not in home]


@dataclass(frozen=True)
class Promise:
    """What can be said of a parcel before it is ordered: to `region`, or while that is empty to all
    of the shop's own country; to what it sends to elsewhere only if nothing goes out there.

    It costs `low` to `high`; from `free_from` on it costs nothing, at least `somewhere`. Nothing is
    sent to `nowhere`, and `sent` is the rest.
    """

    region: str
    low: int
    high: int
    free_from: int | None
    somewhere: bool
    sent: Sequence[str]
    nowhere: Sequence[str]

    @property
    def few(self) -> bool:
        """It is shorter to say where parcels go than where they do not."""
        return len(self.sent) < len(self.nowhere)


def promise_of(
    *, country: str, usual: Rate, own: Mapping[str, Rate | None], region: str = ""
) -> Promise:
    """The promise to a region, or to the shop's own country while nobody knows where it goes."""
    places = [region] if region else regions_of(country)
    if not region and all(own.get(one, usual) is None for one in places):  # abroad alone
        places = [*places, *served(country=country, own=own)]
    rates = {one: rate_to(one, country=country, usual=usual, own=own) for one in places}
    sent = {one: _as_paid(rate) for one, rate in rates.items() if rate is not None}
    fees = [rate.fee for rate in sent.values()] or [0]
    free = {rate.free_from for rate in sent.values() if rate.fee}
    return Promise(
        region=region,
        low=min(fees),
        high=max(fees),
        free_from=min((worth for worth in free if worth is not None), default=None),
        somewhere=len(free) > 1,
        sent=list(sent),
        nowhere=[one for one in places if one not in sent],
    )


def _as_paid(rate: Rate) -> Rate:
    """What is free from nothing on is free, and what is free is so from any worth."""
    return Rate(0, None) if rate.fee == 0 or rate.free_from == 0 else rate
