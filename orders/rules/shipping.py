"""What a parcel costs, by where it goes. Pure; amounts in minor units."""

from __future__ import annotations

from collections.abc import Mapping
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
