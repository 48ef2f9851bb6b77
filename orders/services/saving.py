"""What her vouchers save on a basket, which of them may be used together, and what comes as a gift.

Nothing is written here. A gift is a line of its own that costs nothing: what holds, packs and sends
the goods of an order takes it along like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.db.models import F, Sum
from django.utils.translation import gettext as _

from merchants.models import Merchant, Stock, Store, Variant
from orders.errors import GiftGone
from orders.models import Voucher
from orders.rules.coupon import may_join
from orders.rules.price import given, share

if TYPE_CHECKING:
    from orders.services.order import Quote

MOST_PAIRED = 6  # of each of the two kinds, the best: what more could she want to choose from?
MOST_OFFERED = 8


@dataclass(frozen=True)
class Offer:
    """One way to use her vouchers for a basket. `saved` in minor units, without a gift's price."""

    quote: Quote
    saved: int

    @property
    def key(self) -> str:
        """What a form calls it."""
        return self.quote.key

    @property
    def gift(self) -> Variant | None:
        return self.quote.gift

    @property
    def vouchers(self) -> list[Voucher]:
        return self.quote.used

    @property
    def worth(self) -> int:
        """What it is worth to her: a gift counts at today's price."""
        return self.saved + (self.gift.price if self.gift else 0)


def with_voucher(plain: Quote, voucher: Voucher | None) -> Quote:
    """The same basket less what the voucher takes off, as it is without a store named."""
    return with_vouchers(plain, [voucher])


def with_vouchers(
    plain: Quote, vouchers: Iterable[Voucher | None], store: int | None = None
) -> Quote:
    """The same basket with what these vouchers give. One that gives nothing here is not used, nor a
    second that may not be used beside the first. `store` is where the goods are collected.
    """
    offered = plain
    for one in sorted((one for one in vouchers if one), key=lambda one: not one.coupon.off_goods):
        offered = _add(plain, offered, one, store)
    return offered


def _add(plain: Quote, offered: Quote, voucher: Voucher, store: int | None) -> Quote:
    coupon = voucher.coupon
    if not all(may_join(one.coupon.terms, coupon.terms) for one in offered.used):
        return offered
    if not coupon.good_at(store):
        return offered
    covered = coupon.covered(one for one, _line in plain.lines)
    good_for = [line.amount if one.pk in covered else 0 for one, line in plain.lines]
    goods = sum(good_for)
    if saving := coupon.terms.saving(goods):
        less = replace(offered.sum, discount=saving)
        return replace(offered, sum=less, voucher=voucher, shares=share(saving, good_for))
    if coupon.terms.frees_parcel(goods) and offered.sum.shipping:
        return replace(offered, sum=replace(offered.sum, shipping=0), extra=voucher)
    if coupon.gift is not None and coupon.terms.brings_gift(goods):
        lines = [*offered.lines, (coupon.gift, given(coupon.gift.price))]
        return replace(offered, lines=lines, shares=[*offered.shares, 0], extra=voucher)
    return offered


def cheapest(plain: Quote, vouchers: Iterable[Voucher], store: int | None = None) -> Quote:
    """The same basket with what is worth most of these; of equals, the first."""
    return offers(plain, vouchers, store)[0].quote


def offers(plain: Quote, vouchers: Iterable[Voucher], store: int | None = None) -> list[Offer]:
    """Every way to use these vouchers, what is worth most first, and none at all the last.

    Of equals the first goes first, and one before two. Of two copies one stands for both.
    """
    copies = {one.coupon_id: one for one in reversed(list(vouchers))}
    first = [one for one in vouchers if copies[one.coupon_id] is one]

    def offer(*these: Voucher) -> Offer:
        quote = with_vouchers(plain, these, store)
        return Offer(quote, plain.sum.total - quote.sum.total)

    alone = [one for one in map(offer, first) if one.vouchers]
    alone.sort(key=lambda one: -one.worth)
    off = [one.quote.voucher for one in alone if one.quote.voucher][:MOST_PAIRED]
    beside = [one.quote.extra for one in alone if one.quote.extra][:MOST_PAIRED]
    pairs = (offer(one, other) for one in off for other in beside)
    found = [*alone, *(one for one in pairs if len(one.vouchers) == 2)]
    found.sort(key=lambda one: -one.worth)
    return [*found[:MOST_OFFERED], Offer(plain, 0)]


@dataclass(frozen=True)
class Choice:
    """What a checkout shows: every offer, which of them is taken, and what cannot be used now."""

    offers: Sequence[Offer]
    taken: Offer
    by_her: bool  # she chose it herself
    gone: Sequence[Voucher]  # their gifts are out of stock
    elsewhere: Sequence[Voucher]  # good at other stores

    @property
    def quote(self) -> Quote:
        return self.taken.quote


def choose(
    plain: Quote,
    vouchers: Sequence[Voucher],
    *,
    wish: str | None,
    merchant: Merchant,
    basket: Mapping[int, int],
    store: int | None,
) -> Choice:
    """Her wish (an offer's key) if it is to be had, else what is worth most to her."""
    here = [one for one in vouchers if one.coupon.good_at(store)]
    there, gone = without_gifts_gone(merchant, basket, here, store)
    found = offers(plain, there, store)
    wished = next((one for one in found if one.key == wish), None)
    return Choice(
        offers=found,
        taken=wished or found[0],
        by_her=wished is not None,
        gone=gone,
        elsewhere=[one for one in vouchers if one not in here],
    )


def free_of(
    merchant: Merchant, variants: Iterable[int], store: int | None = None
) -> dict[int, int]:
    """{variant id: pieces free at that store, or over all}; what lies nowhere is not in it."""
    rows = Stock.objects.filter(variant__in=list(variants), variant__merchant=merchant)
    if store is not None:
        rows = rows.filter(store=store)
    free = rows.order_by().values_list("variant").annotate(free=Sum(F("on_hand") - F("reserved")))
    return dict(free)


def without_gifts_gone(
    merchant: Merchant,
    basket: Mapping[int, int],
    vouchers: Sequence[Voucher],
    store: int | None = None,
) -> tuple[list[Voucher], list[Voucher]]:
    """Those that can be used now, and those whose gift is not there. No gift, no query."""
    gifts = {one.coupon.gift_id for one in vouchers if one.coupon.gift_id is not None}
    if not gifts:
        return list(vouchers), []
    free = free_of(merchant, gifts, store)
    missing = {pk for pk in gifts if free.get(pk, 0) <= basket.get(pk, 0)}
    gone = [one for one in vouchers if one.coupon.gift_id in missing]
    return [one for one in vouchers if one not in gone], gone


def gift_gone(merchant: Merchant, offered: Quote, store: Store | None) -> GiftGone | None:
    """The refusal, if what was wanted is there and only the gift is not."""
    gift = offered.gift
    if gift is None:
        return None
    bought = {one.pk: line.quantity for one, line in offered.bought}
    free = free_of(merchant, {*bought, gift.pk}, store.pk if store else None)
    if any(free.get(pk, 0) < wanted for pk, wanted in bought.items()):
        return None
    words = {"goods": str(gift), "store": store.name if store else ""}
    sentence = _("The gift is out of stock: %(goods)s. You can order without it; the coupon stays.")
    if store:
        sentence = _(
            "%(store)s has no %(goods)s left to give. You can order without it; the coupon stays."
        )
    assert offered.extra is not None
    return GiftGone(sentence % words, voucher=offered.extra.pk)
