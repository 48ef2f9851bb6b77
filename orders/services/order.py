"""The verbs of an order: place, move. Each is one transaction; stock and state stay in step."""

from __future__ import annotations

import secrets
import time
import uuid
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from merchants.errors import OutOfStock
from merchants.models import Customer, Merchant, Staff, Store, User, Variant
from merchants.models.address import secret_id
from merchants.rules.notification import Channel
from merchants.rules.product import ProductState
from merchants.rules.role import Role
from merchants.rules.stock import MOST_AT_ONCE
from merchants.selectors.stock import free_pieces, pickup_places
from merchants.services.notification import News, notice, write_news
from merchants.services.request import Asked
from merchants.services.stock import release, reserve
from orders.errors import (
    BadBasket,
    CouponUnfit,
    NotAtStore,
    NotSentThere,
    PriceMoved,
    TooManyOpen,
    WrongState,
)
from orders.models import Line, Order, Voucher
from orders.rules.line import GIVES_STOCK_BACK, PARTLY_SHIPPED, LineState, may_move
from orders.rules.price import Priced, PriceRule, Total, priced, total
from orders.rules.shipping import Rate
from orders.selectors.shipping import Parcels, parcels_of
from orders.services.coupon import give_back_voucher, redeem_voucher
from orders.services.saving import gift_gone, with_voucher, with_vouchers
from orders.signals import order_moved, orders_placed

Said = tuple[str, str]  # subject and text of a piece of news
Hold = Callable[..., object]  # (merchant, basket, reference, store), raises OutOfStock


@dataclass(frozen=True)
class Contact:
    """Who gets it and where: a parcel's address, or the store where she collects."""

    name: str
    phone: str
    email: str = ""
    region: str = ""
    city: str = ""
    district: str = ""
    address: str = ""
    postcode: str = ""
    store: Store | None = None
    note: str = ""

    def place(self) -> dict[str, str]:
        """The parts of a parcel's address; empty ones where it is collected."""
        parts = ("region", "city", "district", "address", "postcode")
        return {part: "" if self.store else getattr(self, part) for part in parts}


@dataclass(frozen=True)
class Quote:
    """What a basket costs now. Amounts in minor units; `lines` in the order of variant ids."""

    lines: list[tuple[Variant, Priced]]
    sum: Total
    voucher: Voucher | None = None
    currency: str = "CNY"
    prices: Mapping[int, int] = field(default_factory=dict)
    shares: Sequence[int] = ()  # what the voucher takes off each line
    extra: Voucher | None = None  # pays the parcel, or brings the gift that is the last line

    @property
    def used(self) -> list[Voucher]:
        """Its vouchers, in the order in which they are locked."""
        return [one for one in (self.voucher, self.extra) if one is not None]

    @property
    def key(self) -> str:
        """Which vouchers these are, as a form says it."""
        return f"{self.voucher.pk if self.voucher else ''}-{self.extra.pk if self.extra else ''}"

    @property
    def bought(self) -> list[tuple[Variant, Priced]]:
        return [(one, line) for one, line in self.lines if line.rule is not PriceRule.GIFT]

    @property
    def gift(self) -> Variant | None:
        given = [one for one, line in self.lines if line.rule is PriceRule.GIFT]
        return given[0] if given else None

    @property
    def pieces(self) -> dict[int, int]:
        """{variant id: pieces} of what has to be there, a gift too."""
        found: Counter[int] = Counter()
        for one, line in self.lines:
            found[one.pk] += line.quantity
        return dict(found)


@dataclass(frozen=True)
class Terms:
    """What a shop sells today and asks for its parcels, looked up once for a request."""

    variants: Mapping[int, Variant]  # in the order of their ids
    parcels: Parcels
    at: float = field(default_factory=time.monotonic)

    @property
    def fresh(self) -> bool:
        """Whether it is of this moment; whoever had to wait in a crowd asks again."""
        return time.monotonic() - self.at < 1


def terms_of(merchant: Merchant, variants: Iterable[int]) -> Terms:
    """Two queries."""
    return Terms(on_sale(merchant, variants), parcels_of(merchant))


def quote(
    *,
    merchant: Merchant,
    basket: Mapping[int, int],
    live_prices: Mapping[int, int] | None = None,
    flash: Container[int] = (),
    voucher: Voucher | None = None,
    pickup: bool = False,
    region: str = "",
    terms: Terms | None = None,
) -> Quote:
    """Price a basket of {variant id: quantity} by the server's own prices.

    `live_prices` is {variant id: price} of the room it is bought in, `flash` which of them are of a
    flash sale; `region` is where it is sent, empty while nobody knows; `terms` may have been looked
    up before. Raises BadBasket, or NotSentThere.
    """
    if terms is None or not terms.fresh:
        terms = terms_of(merchant, basket)
    rate = terms.parcels.rate("" if pickup else region)
    if rate is None:
        raise NotSentThere
    plain = plain_quote(
        merchant=merchant,
        basket=basket,
        variants=terms.variants,
        prices=live_prices or {},
        flash=flash,
        rate=None if pickup else rate,
    )
    return with_voucher(plain, voucher)


def on_sale(merchant: Merchant, variants: Iterable[int]) -> dict[int, Variant]:
    """{id: variant} of those that the shop sells today, in the order of their ids."""
    rows = Variant.objects.select_related("product").filter(
        merchant=merchant, pk__in=list(variants), product__state=ProductState.ON_SALE
    )
    return {one.pk: one for one in rows.order_by("pk")}


def plain_quote(
    *,
    merchant: Merchant,
    basket: Mapping[int, int],
    variants: Mapping[int, Variant],
    prices: Mapping[int, int],
    flash: Container[int],
    rate: Rate | None,
) -> Quote:
    """What a basket costs without a voucher; `variants` are looked up. Raises BadBasket."""
    sane = basket and all(1 <= quantity <= MOST_AT_ONCE for quantity in basket.values())
    if not sane or not all(pk in variants for pk in basket):
        raise BadBasket
    wanted = [variants[pk] for pk in sorted(basket)]
    lines = [
        (v, priced(basket[v.pk], v.price, prices.get(v.pk), flash=v.pk in flash)) for v in wanted
    ]
    return Quote(
        lines,
        total([line for _variant, line in lines], rate=rate),
        currency=merchant.currency,
        prices=prices,
        shares=[0] * len(lines),
    )


@transaction.atomic
def place_order(
    *,
    merchant: Merchant,
    customer: Customer,
    basket: Mapping[int, int],
    contact: Contact,
    language: str,
    live_prices: Mapping[int, int] | None = None,
    flash: Container[int] = (),
    voucher: Voucher | None = None,
    extra: Voucher | None = None,
    device: uuid.UUID | None = None,
    expected_total: int | None = None,
    hold: Hold = reserve,
    asked: Asked | None = None,
    terms: Terms | None = None,
    shared_by: int | None = None,
) -> Order:
    """Hold the stock of a basket and open an order that waits HOLD_MINUTES for its payment.

    `expected_total` is what the shopper saw; another sum is refused with PriceMoved. `hold` is how
    the pieces are held: from the shelf, or from what was put aside for this purchase before; a gift
    is held with them. `extra` is used beside `voucher` if both allow it. `asked` is the request
    that it answers: another order for it is an IntegrityError. `shared_by` is the user by whose
    link she came. Raises BadBasket, TooManyOpen, OutOfStock (saying of what), GiftGone or
    CouponUnfit, and changes nothing.
    """
    now = timezone.now()
    offered = quote(
        merchant=merchant,
        basket=basket,
        live_prices=live_prices,
        flash=flash,
        pickup=contact.store is not None,
        region=contact.region,
        terms=terms,
    )
    at = contact.store.pk if contact.store else None
    offered = with_vouchers(offered, [voucher, extra], at)
    if expected_total is not None and expected_total != offered.sum.total:
        raise PriceMoved
    if extra is not None and extra.coupon.gift_id and extra not in offered.used:
        raise CouponUnfit(voucher=extra.pk)  # no sum shows that a gift is missing
    _limit_open(merchant, contact.phone, device)
    for one in offered.used:  # before the order: of two with one voucher the second hears why
        redeem_voucher(voucher=one, customer=customer)
    order = new_order(
        merchant=merchant,
        customer=customer,
        contact=contact,
        offered=offered,
        language=language,
        device=device,
        asked=asked,
        now=now,
        shared_by=shared_by,
    )
    order.save(force_insert=True)
    Line.objects.bulk_create(new_lines(order, offered))
    # Last, so that the row every buyer wants is locked for the shortest time.
    try:
        wanted = offered.pieces
        hold(merchant=merchant, basket=wanted, reference=order.number, store=contact.store)
    except OutOfStock as trouble:
        if gone := gift_gone(merchant, offered, contact.store):
            raise gone from trouble
        raise shortage(merchant=merchant, basket=basket, store=contact.store) from trouble
    orders_placed.state(orders=[order])
    return order


def _limit_open(merchant: Merchant, phone: str, device: uuid.UUID | None) -> None:
    """Raise TooManyOpen if this number or this device holds goods in OPEN_ORDERS unpaid orders.

    Counted, not locked: two at the same moment may be one too many, which is no harm.
    """
    held = Order.objects.filter(
        Q(merchant=merchant, phone=phone) | (Q(device=device) if device else Q(pk__in=[])),
        state=LineState.PENDING,
        pay_by__gt=timezone.now(),
    )
    if held.count() >= settings.OPEN_ORDERS:
        raise TooManyOpen


def shortage(
    *, merchant: Merchant, basket: Mapping[int, int], store: Store | None = None
) -> OutOfStock:
    """The refusal that says what there is too little of, and where."""
    free = free_pieces(merchant, basket)
    for variant in Variant.objects.select_related("product").filter(pk__in=free).order_by("pk"):
        words = {"goods": str(variant), "count": max(free[variant.pk], 0)}
        if free[variant.pk] <= 0:
            return OutOfStock(_("%(goods)s is sold out.") % words)
        if free[variant.pk] < basket[variant.pk]:
            return OutOfStock(_("Only %(count)s left of %(goods)s. Take fewer.") % words)
    if store is None:
        return OutOfStock()
    for place in pickup_places(merchant, basket):
        if place.store == store and place.short:
            variant, count = place.short[0]
            words = {"store": store.name, "goods": str(variant), "count": count}
            return NotAtStore(
                _(
                    "%(store)s has only %(count)s of %(goods)s. "
                    "Collect it at another shop, or have it sent."
                )
                % words
            )
    return NotAtStore()


def new_order(
    *,
    merchant: Merchant,
    customer: Customer,
    contact: Contact,
    offered: Quote,
    language: str,
    device: uuid.UUID | None,
    asked: Asked | None,
    now: datetime,
    shared_by: int | None = None,
    number: str = "",
) -> Order:
    """The order of a quote, not yet written: it waits HOLD_MINUTES from `now` for its payment."""
    return Order(
        number=number or secret_id(),
        merchant=merchant,
        customer=customer,
        device=device,
        shared_by_id=shared_by,
        request_key=asked.digest if asked else None,
        request_mark=asked.mark if asked else "",
        voucher=offered.voucher,
        extra=offered.extra,
        name=contact.name,
        phone=contact.phone,
        email=contact.email,
        **contact.place(),
        store=contact.store,
        pickup_code=f"{secrets.randbelow(10**6):06}" if contact.store else "",
        note=contact.note,
        language=language,
        currency=offered.currency,
        goods=offered.sum.goods,
        discount=offered.sum.discount,
        shipping=offered.sum.shipping,
        total=offered.sum.total,
        placed_at=now,
        pay_by=now + timedelta(minutes=settings.HOLD_MINUTES),
    )


def new_lines(order: Order, offered: Quote) -> list[Line]:
    """The lines of a quote, not yet written."""
    return [
        Line(
            order=order,
            variant=variant,
            title=str(variant),
            quantity=line.quantity,
            list_price=line.list_price,
            unit_price=line.unit_price,
            price_rule=line.rule.value,
            discount=discount,
        )
        for (variant, line), discount in zip(offered.lines, offered.shares, strict=True)
    ]


@transaction.atomic
def move_order(
    *, order: Order, to: LineState, by: User | None, paid_at: datetime | None = None
) -> Order:
    """Take every line of an order one step along its life.

    An order that ends unpaid gives its stock and its voucher back. `by` is who acted; None is the
    clock. `paid_at` is when it was paid, if this step says so. Raises WrongState if the step is
    not on the map in orders.rules.line.
    """
    if order.state == PARTLY_SHIPPED or not may_move(LineState(order.state), to):
        raise wrong_state(order, to)
    old = LineState(order.state)
    # The guard is in the write: of two who move the same order, one finds it already moved.
    facts = {"paid_at": paid_at} if paid_at else {}
    if not Order.objects.filter(pk=order.pk, state=old).update(state=to.value, **facts):
        raise wrong_state(order, to)
    order.paid_at = paid_at or order.paid_at
    order.lines.filter(state=old).update(state=to.value)
    order.state = to.value
    order.steps.create(state=to.value, by=by, at=timezone.now())
    if to in GIVES_STOCK_BACK:
        for one in order.vouchers:  # before the stock, as in `place_order`: no deadlock
            give_back_voucher(voucher=one)
        release(merchant=order.merchant, reference=order.number)
    order_moved.state(order=order, old=old.value)
    return order


def wrong_state(order: Order, to: LineState) -> WrongState:
    """The refusal that names the state and what was asked of it."""
    return WrongState(
        _("This order is “%(now)s” and cannot become “%(to)s”.")
        % {"now": order.state_word, "to": Order(state=to.value).get_state_display()}
    )


def customer_news(
    *, order: Order, kind: str, subject: str, body: str, about: str = ""
) -> list[News]:
    """News for the buyer of an order: a text message, and a mail if she left an address.

    `about` tells news of one kind apart; without it an order has each kind once.
    """
    ways = [(Channel.SMS, order.phone), (Channel.EMAIL, order.email)]
    return [
        News(
            channel=channel,
            kind=kind,
            key=f"{kind}:{about or order.number}",
            to=to,
            subject=subject,
            body=body,
            language=order.language,
            path=f"/orders/{order.number}/",
        )
        for channel, to in ways
        if to
    ]


def tell_customer(*, order: Order, **words: str) -> None:
    """Write `customer_news`."""
    write_news(merchant=order.merchant, news=customer_news(order=order, **words))


def staff_news(
    *,
    order: Order,
    kind: str,
    say: Callable[[], Said],
    at_store: Callable[[Store], str] | None = None,
    tab: str = "",
    about: str = "",
) -> list[News]:
    """One notice on the dashboard, one mail to everybody who may see the order.

    `say` gives subject and text; it is asked once per language. Of what is collected the dashboard
    says `at_store`, if there is such a subject, for it concerns those who serve there. The notice
    leads to `tab` of the orders, or to the order itself.
    """
    key = f"{kind}:{about or order.number}"
    orders = f"/dashboard/{order.merchant.slug}/orders/"
    path = f"{orders}{order.number}/"
    news = []
    places = Staff.objects.select_related("user").filter(merchant=order.merchant)
    if order.store_id is not None:  # as orders.selectors.order.seen_by
        serves = Staff.stores.through.objects.filter(store=order.store_id).values("staff")
        places = places.filter(Q(role__gte=Role.MANAGER) | Q(pk__in=serves))
    for place in places:
        if not place.user.email:  # signs in by phone: the dashboard tells her
            continue
        language = place.user.language or settings.LANGUAGE_CODE
        with override(language):
            subject, body = say()
        mine = f"{key}:{place.pk}"
        mail = News(Channel.EMAIL, kind, mine, subject, body, language, place.user.email, path)
        news.append(mail)
    store = order.store
    if store is not None and at_store is not None:
        say, tab = (lambda: (at_store(store), "")), "ready"
    if tab:
        path = f"{orders}?tab={tab}"
    stores = [] if store is None else [store]
    return [*news, notice(kind=kind, key=key, say=say, path=path, stores=stores)]


def tell_staff(*, order: Order, **words: Any) -> None:
    """Write `staff_news`."""
    write_news(merchant=order.merchant, news=staff_news(order=order, **words))


def goods_text(order: Order) -> str:
    """The goods of an order, a line each."""
    return "\n".join(f"{line.words} ×{line.quantity}" for line in order.lines.all())
