"""A coupon that brings a gift: a piece for nothing, held, packed and given back like any other."""

from __future__ import annotations

import pytest
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from livestream.models import FlashSale
from livestream.services.drop import open_drop
from livestream.services.flash import announce_flash
from livestream.services.sale import buy_in_room
from merchants.models import Stock, Store, Variant
from merchants.rules.stock import Reason
from merchants.services.merchant import make_key
from merchants.services.product import VariantData, save_product
from merchants.services.stock import change_stock
from orders.errors import (
    CouponUnfit,
    DearerInstead,
    GiftGone,
    NothingToRefund,
    OutOfStock,
    RefundTooLarge,
    WrongState,
)
from orders.models import BankEntry, Coupon, LedgerEntry, Order, Refund, Voucher
from orders.payments import sandbox
from orders.rules.coupon import CouponKind, Terms
from orders.rules.line import LineState
from orders.rules.refund import RefundKind, RefundState
from orders.selectors.dispute import disputable
from orders.selectors.order_export import order_table
from orders.services.coupon import claim_coupon
from orders.services.coupon_counter import take_voucher, undo_use
from orders.services.dispute import open_dispute
from orders.services.order import Contact, goods_text, move_order, place_order, quote
from orders.services.payment import open_payment, settle_nothing
from orders.services.refund import (
    approve_refund,
    give_refund,
    refuse_refund,
    request_refund,
    take_back,
    withdraw_refund,
)
from orders.services.saving import cheapest
from orders.services.shipment import confirm_delivery, hand_over, make_ready, ship_order
from orders.tasks import agree_refunds, send_refunds
from tests.conftest import DAN
from tests.orders.test_cart import contact
from tests.orders.test_checkout import hidden
from tests.orders.test_coupon import issued
from tests.test_invariants import broken


@pytest.fixture
def gift(shop, cup) -> Coupon:
    return issued(shop, name="满额礼", kind="gift", gift=cup.variants.get(), threshold=10000)


@pytest.fixture
def voucher(gift, dan) -> Voucher:
    return claim_coupon(coupon=gift, customer=dan)


@pytest.fixture
def glass(cup):
    return cup.variants.get()


def buy(shop, dan, basket, voucher, **more) -> Order:
    facts = {"merchant": shop, "customer": dan, "contact": DAN, "language": "en"}
    return place_order(basket=basket, extra=voucher, **facts | more)


def pay(order: Order) -> Order:
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    order.refresh_from_db()
    return order


def none_left(glass, but: int = 0) -> None:
    Stock.objects.filter(variant=glass).update(reserved=0)
    for place in Stock.objects.filter(variant=glass):
        if place.on_hand != but:
            change_stock(
                variant=glass,
                store=place.store,
                delta=but - place.on_hand,
                reason=Reason.COUNTED,
                by=None,
            )


@pytest.mark.parametrize(("goods", "comes"), [(0, False), (9999, False), (10000, True)])
def test_it_comes_from_the_threshold_on(goods, comes):
    terms = Terms(CouponKind.GIFT, threshold=10000)
    assert terms.brings_gift(goods) is comes
    assert (terms.saving(goods), terms.frees_parcel(goods)) == (0, False)


def test_it_is_a_line_of_its_own_that_costs_nothing_and_is_held(shop, dan, variant, glass, voucher):
    order = buy(shop, dan, {variant.pk: 1}, voucher)
    bought, given = order.lines.all()
    assert (given.variant, given.quantity, given.unit_price) == (glass, 1, 0)
    assert (given.list_price, given.price_rule, given.discount) == (2900, "gift", 0)
    assert (order.goods, order.discount, order.total) == (16800, 0, 16800 + order.shipping)
    assert Stock.objects.get(variant=glass).reserved == 1
    assert bought.price_rule == "list"
    assert Voucher.objects.get().state == "redeemed"
    assert broken() == set()


def test_below_the_threshold_nothing_comes_and_the_order_is_refused(shop, dan, glass, voucher):
    with pytest.raises(CouponUnfit):
        buy(shop, dan, {glass.pk: 1}, voucher)
    assert not Order.objects.exists()


def test_cancelled_both_come_back(shop, dan, variant, glass, voucher):
    order = buy(shop, dan, {variant.pk: 1}, voucher)
    move_order(order=order, to=LineState.CANCELLED, by=None)
    assert Stock.objects.get(variant=glass).reserved == 0
    assert Voucher.objects.get().state == "claimed"
    assert Coupon.objects.get().redeemed == 0
    assert broken() == set()


def test_it_may_be_of_the_kind_that_is_bought(shop, dan, glass, bob, voucher):
    """Four and one: held together, sent together, also when only the bought ones are named."""
    order = pay(buy(shop, dan, {glass.pk: 4}, voucher))
    assert Stock.objects.get(variant=glass).reserved == 5
    bought = order.lines.get(price_rule="list")
    ship_order(order=order, carrier="sf", tracking_number="SF123456", by=bob, lines={bought.pk})
    assert {line.state for line in order.lines.all()} == {"shipped"}
    stock = Stock.objects.get(variant=glass)
    assert (stock.on_hand, stock.reserved) == (45, 0)
    assert broken() == set()


def test_a_program_reads_which_line_is_given_and_sends_both_of_one_kind(
    client, shop, dan, glass, voucher
):
    order = pay(buy(shop, dan, {glass.pk: 4}, voucher))
    _key, secret = make_key(merchant=shop, name="till")
    headers = {"Authorization": f"Api-Key {secret}", "Idempotency-Key": "a"}
    body = {"carrier": "sf", "tracking_number": "SF123456", "skus": [glass.sku]}
    to = reverse("api:order-ship", args=["tea", order.number])
    told = client.post(to, body, content_type="application/json", headers=headers).json()
    assert [line["price_rule"] for line in told["lines"]] == ["list", "gift"]
    assert told["state"] == "shipped"
    assert broken() == set()


def test_when_it_is_gone_the_order_is_refused_and_says_so(shop, dan, variant, glass, voucher):
    none_left(glass)
    with pytest.raises(GiftGone, match="耐热玻璃杯"):
        buy(shop, dan, {variant.pk: 1}, voucher)
    assert not Order.objects.exists()
    assert Voucher.objects.get().state == "claimed"
    assert buy(shop, dan, {variant.pk: 1}, None).lines.count() == 1
    assert broken() == set()


def test_the_last_piece_is_sold_or_given_not_both(shop, dan, glass, voucher):
    none_left(glass, but=4)
    with pytest.raises(GiftGone):
        buy(shop, dan, {glass.pk: 4}, voucher)
    with pytest.raises(OutOfStock) as trouble:  # this is not for want of a gift
        buy(shop, dan, {glass.pk: 5}, voucher)
    assert not isinstance(trouble.value, GiftGone)
    assert Stock.objects.get(variant=glass).reserved == 0


def test_what_is_collected_there_is_given_there(shop, dan, variant, glass, voucher):
    other = Store.objects.create(merchant=shop, name="文三路店", city="杭州", position=1)
    change_stock(variant=variant, store=other, delta=3, reason=Reason.RECEIVED, by=None)
    with pytest.raises(GiftGone, match="文三路店"):
        buy(shop, dan, {variant.pk: 1}, voucher, contact=Contact("n", DAN.phone, store=other))
    change_stock(variant=glass, store=other, delta=1, reason=Reason.RECEIVED, by=None)
    buy(shop, dan, {variant.pk: 1}, voucher, contact=Contact("n", DAN.phone, store=other))
    assert Stock.objects.get(variant=glass, store=other).reserved == 1
    assert broken() == set()


def test_late_money_takes_the_gift_again(shop, dan, variant, glass, voucher):
    order = buy(shop, dan, {variant.pk: 1}, voucher)
    message = sandbox.charge(open_payment(order=order, gateway=sandbox.NAME))
    move_order(order=order, to=LineState.EXPIRED, by=None)
    sandbox.receive(message)
    order.refresh_from_db()
    assert order.state == "paid"
    assert Stock.objects.get(variant=glass).reserved == 1
    assert broken() == set()


# --- money back ---------------------------------------------------------------------------------


def test_no_money_is_asked_back_for_it(shop, dan, variant, voucher):
    order = pay(buy(shop, dan, {variant.pk: 1}, voucher))
    given = order.lines.get(price_rule="gift")
    with override("zh-hans"), pytest.raises(NothingToRefund, match="赠品"):
        request_refund(order=order, pieces={given.pk: 1}, kind=RefundKind.MONEY)
    assert order.can_be_asked_back


def test_it_stays_with_the_last_of_what_was_bought(shop, dan, variant, glass, bob, voucher):
    order = pay(buy(shop, dan, {variant.pk: 2}, voucher))
    line = order.lines.get(price_rule="list")
    for left in (1, 0):
        refund = request_refund(order=order, pieces={line.pk: 1}, kind=RefundKind.MONEY)
        approve_refund(refund=refund, version=refund.version, by=bob)
        assert Stock.objects.get(variant=glass).reserved == left
        assert broken() == set()
    order.refresh_from_db()
    assert order.state == "refunded"
    assert sum(one.amount for one in order.refunds.all()) == order.total
    assert Voucher.objects.get().state == "claimed"


def test_the_shop_can_call_it_off_when_it_is_broken(shop, dan, variant, glass, bob, voucher):
    order = pay(buy(shop, dan, {variant.pk: 1}, voucher))
    given = order.lines.get(price_rule="gift")
    give_refund(order=order, pieces={given.pk: 1}, by=bob)
    assert Stock.objects.get(variant=glass).reserved == 0
    ship_order(order=order, carrier="sf", tracking_number="SF123456", by=bob)
    order.refresh_from_db()
    assert order.state == "shipped"
    assert broken() == set()


def test_sent_it_is_hers(shop, dan, variant, bob, voucher):
    order = pay(buy(shop, dan, {variant.pk: 1}, voucher))
    ship_order(order=order, carrier="sf", tracking_number="SF123456", by=bob)
    given = order.lines.get(price_rule="gift")
    with pytest.raises(RefundTooLarge):
        give_refund(order=order, pieces={given.pk: 1}, by=bob)
    whole = {order.lines.get(price_rule="list").pk: 1}
    refund = request_refund(order=order, pieces=whole, kind=RefundKind.RETURN)
    assert refund.amount == 16800
    assert broken() == set()


# --- at the counter -----------------------------------------------------------------------------


# --- exchanged ----------------------------------------------------------------------------------


@pytest.fixture
def cheap(cup, store) -> Variant:
    """Another of the same product, for less."""
    data = [VariantData(one.name, one.sku, one.price, id=one.pk) for one in cup.variants.all()]
    data.append(VariantData("small", "cup-small", 1900, opening=5))
    cup.refresh_from_db()
    save_product(
        merchant=cup.merchant,
        name=cup.name,
        variants=data,
        product=cup,
        version=cup.version,
        store=store,
    )
    return cup.variants.get(sku="cup-small")


@pytest.fixture
def sent(shop, dan, variant, bob, voucher) -> Order:
    """Tea and a glass for nothing, both with her."""
    order = pay(buy(shop, dan, {variant.pk: 1}, voucher))
    return deliver(order, bob)


def deliver(order: Order, bob) -> Order:
    ship_order(order=order, carrier="sf", tracking_number="SF123456", by=bob)
    confirm_delivery(order=order, by=bob)
    order.refresh_from_db()
    return order


def swap(order: Order, wanted: Variant) -> Refund:
    line = order.lines.get(unit_price=0)
    return request_refund(
        order=order,
        pieces={line.pk: 1},
        kind=RefundKind.EXCHANGE,
        wanted={line.pk: wanted.pk},
        reason="broken",
    )


def swapped(refund: Refund, bob, store) -> Order:
    refund = approve_refund(refund=refund, version=refund.version, by=bob)
    refund = take_back(refund=refund, version=refund.version, by=bob, store=store)
    assert refund.state == RefundState.REFUNDED
    return Order.objects.get(pk=refund.replacement_id)


def money() -> tuple[int, int]:
    """What the bank moved, and how many entries the books have."""
    moved = BankEntry.objects.aggregate(sum=Sum("amount"))["sum"]
    return moved, LedgerEntry.objects.count()


def test_a_broken_one_is_exchanged_and_no_money_moves(sent, glass, bob, store):
    before, stock = money(), Stock.objects.get(variant=glass, store=store)
    refund = swap(sent, glass)
    assert (refund.amount, refund.credit, refund.answer_by) == (0, 0, None)  # no silence agrees
    other = swapped(refund, bob, None)  # what came back is broken: no stock
    line = other.lines.get()
    assert (line.variant, line.unit_price, line.credit, line.price_rule) == (glass, 0, 0, "swap")
    assert (other.total, other.state) == (0, "paid")
    deliver(other, bob)
    assert Stock.objects.get(pk=stock.pk).on_hand == stock.on_hand - 1
    assert money() == before
    assert broken() == set()


def test_no_chain_of_exchanges_ends_in_money(sent, glass, cheap, bob, store):
    """Down to a cheaper one, again, and asked back at every station, in every way there is."""
    before, order = money(), sent
    for wanted in (cheap, cheap):
        order = swapped(swap(order, wanted), bob, store)
        line = order.lines.get(unit_price=0)
        unsent = request_refund(order=order, pieces={line.pk: 1}, kind=RefundKind.MONEY)
        assert (unsent.amount, unsent.credit) == (0, 0)
        withdraw_refund(refund=unsent, version=unsent.version)
        deliver(order, bob)
        for kind in (RefundKind.RETURN, RefundKind.MONEY):
            with pytest.raises(RefundTooLarge):
                request_refund(order=order, pieces={line.pk: 1}, kind=kind)
        with pytest.raises(RefundTooLarge):
            give_refund(order=order, pieces={line.pk: 1}, by=bob)
        with pytest.raises(RefundTooLarge):
            give_refund(order=order, pieces={line.pk: 1}, by=bob, amount=1)
        with pytest.raises(DearerInstead):
            swap(order, glass)
    assert money() == before
    assert broken() == set()


def test_a_shop_without_another_gives_no_money_and_its_no_is_the_last_word(sent, glass, bob):
    refund = swap(sent, glass)
    none_left(glass)
    with pytest.raises(OutOfStock):
        approve_refund(refund=refund, version=refund.version, by=bob)
    with pytest.raises(WrongState):
        approve_refund(refund=refund, version=refund.version, by=bob, money=True)
    Refund.objects.update(answer_by=timezone.now())  # should anything ever let the time run out
    agree_refunds()
    refund.refresh_from_db()
    assert (refund.state, refund.kind) == (RefundState.REQUESTED, RefundKind.EXCHANGE)
    refund = refuse_refund(refund=refund, version=refund.version, by=bob, words="none left")
    assert disputable(sent, timezone.now()) == set()
    with pytest.raises(WrongState):
        open_dispute(refund=refund, words="but")
    assert broken() == set()


def test_it_is_exchanged_by_itself(sent, glass, variant):
    tea = sent.lines.get(price_rule="list")
    given = sent.lines.get(price_rule="gift")
    with pytest.raises(NothingToRefund):
        request_refund(
            order=sent,
            pieces={tea.pk: 1, given.pk: 1},
            kind=RefundKind.EXCHANGE,
            wanted={tea.pk: variant.pk, given.pk: glass.pk},
        )
    assert {line.asked_back for line in sent.lines.all()} == {0}


def test_one_that_is_still_here_is_not_exchanged(shop, dan, variant, glass, voucher):
    order = pay(buy(shop, dan, {variant.pk: 1}, voucher))
    with pytest.raises(WrongState):
        swap(order, glass)


def test_what_a_coupon_paid_whole_is_exchanged_too(shop, dan, glass, bob, store):
    coupon = issued(shop, kind="amount", amount=5000, threshold=0)
    free = claim_coupon(coupon=coupon, customer=dan)
    contact = Contact("Dan", "+8613800138000", store=store)
    order = place_order(
        merchant=shop,
        customer=dan,
        basket={glass.pk: 1},
        contact=contact,
        language="en",
        voucher=free,
    )
    assert order.total == 0
    settle_nothing(order=order)
    order.refresh_from_db()
    make_ready(order=order, by=bob)
    hand_over(order=order, code=order.pickup_code, by=bob)
    line = order.lines.get()
    refund = request_refund(
        order=order, pieces={line.pk: 1}, kind=RefundKind.EXCHANGE, wanted={line.pk: glass.pk}
    )
    assert swapped(refund, bob, store).total == 0
    assert broken() == set()


def test_her_page_offers_it_for_goods_and_refuses_it_for_money(sent, glass, client, bob, as_alice):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.get(reverse("track:mine"))
    Order.objects.filter(pk=sent.pk).update(device=client.session["device"])
    given = sent.lines.get(price_rule="gift")
    at = reverse("track:refund_ask", args=[sent.number])
    page = client.get(at).text
    assert f'name="for-{given.pk}"' in page
    assert "for that the shop has to say yes" in page
    form = {f"line-{given.pk}": "1", "reason": "broken", "form_key": "g1"}
    form[f"for-{given.pk}"] = str(glass.pk)
    for kind in ("return", "money"):
        answer = client.post(at, form | {"kind": kind})
        assert answer.status_code == 422
        assert "it can be exchanged, but not for money" in answer.text
    assert client.post(at, form | {"kind": "exchange"}).status_code == 302
    refund = Refund.objects.get()
    detail = as_alice.get(
        reverse("orders:order_detail", args=["tea", sent.number]), headers={"Accept-Language": "en"}
    ).text
    assert "None: it cost nothing" in detail
    assert "Agree and put it aside" in detail
    assert "give money for it" not in detail
    refuse_refund(refund=refund, version=refund.version, by=bob, words="no")
    page = client.get(reverse("track:order", args=[sent.number])).text
    assert "Ask the platform" not in page


def test_all_that_was_bought_went_back_and_the_gift_can_still_be_exchanged(sent, glass, bob, store):
    tea = sent.lines.get(price_rule="list")
    refund = request_refund(order=sent, pieces={tea.pk: 1}, kind=RefundKind.RETURN)
    refund = approve_refund(refund=refund, version=refund.version, by=bob)
    take_back(refund=refund, version=refund.version, by=bob, store=store)
    send_refunds()
    sent.refresh_from_db()
    assert (sent.can_be_asked_back, sent.can_be_exchanged) == (False, True)
    swapped(swap(sent, glass), bob, store)
    assert broken() == set()


def test_at_the_counter_a_piece_leaves_that_store(shop, store, glass, bob, voucher):
    use = take_voucher(voucher=voucher, store=store, goods=10000, by=bob)
    assert (use.saving, use.gift) == (0, glass)
    move = glass.stock.get().movements.order_by("-pk")[0]
    assert (move.delta, move.reason, move.unit_price, move.by) == (-1, "counter_sale", 0, bob)
    assert broken() == set()
    undo_use(use=use, by=bob, may_always=False)
    undo_use(use=use, by=bob, may_always=False)
    assert glass.stock.get().on_hand == 50
    assert Voucher.objects.get().state == "claimed"
    assert broken() == set()


def test_at_a_counter_without_any_it_is_refused_and_stays_good(shop, glass, bob, voucher):
    other = Store.objects.create(merchant=shop, name="文三路店", city="杭州", position=1)
    with pytest.raises(GiftGone, match="文三路店"):
        take_voucher(voucher=voucher, store=other, goods=10000, by=bob)
    assert Voucher.objects.get().state == "claimed"
    assert not voucher.counter_uses.exists()
    assert broken() == set()


def test_the_clerk_is_told_what_to_give(client, shop, store, bob, voucher):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(bob)
    url = reverse("orders:voucher_take", args=["tea", voucher.code])
    assert "耐热玻璃杯" in client.get(url).text
    page = client.post(url, {"goods": "120", "store": store.pk}, follow=True).text
    assert "Hand over one: 耐热玻璃杯." in page
    assert "Given: 耐热玻璃杯" in page


# --- pages --------------------------------------------------------------------------------------


@pytest.fixture
def checkout(client, shop, variant, gift):
    """A browser that holds the voucher, its address, and what it asks for."""
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    url = reverse("track:checkout", args=["tea"])
    choice = {"variant": variant.pk, "quantity": 1}
    client.get(url, choice)
    guest = shop.customers.create(device=client.session["device"])
    claim_coupon(coupon=gift, customer=guest)
    return client, url, choice


def test_the_checkout_shows_it_and_the_order_has_it(checkout):
    client, url, choice = checkout
    page = client.get(url, choice).text
    assert "data-gift" in page
    assert "Gift: 耐热玻璃杯" in page
    assert client.post(url, hidden(page) | choice | contact()).status_code == 302
    order = Order.objects.get()
    assert order.lines.filter(price_rule="gift").count() == 1
    track = client.get(reverse("track:order", args=[order.number])).text
    assert track.count("Gift") >= 2


def test_gone_before_she_looks_she_is_told_and_orders_without(checkout, glass):
    client, url, choice = checkout
    none_left(glass)
    page = client.get(url, choice).text
    assert "The gift is out of stock: 耐热玻璃杯" in page
    assert "data-gift" not in page
    assert client.post(url, hidden(page) | choice | contact()).status_code == 302
    assert Order.objects.get().lines.count() == 1
    assert Voucher.objects.get().state == "claimed"


def test_gone_while_she_types_she_has_to_say_that_she_goes_on_without(checkout, glass):
    client, url, choice = checkout
    page = client.get(url, choice).text
    none_left(glass)
    refused = client.post(url, hidden(page) | choice | contact())
    assert refused.status_code == 409
    assert "You can order without it; the coupon stays." in refused.text
    assert not Order.objects.exists()
    again = client.post(url, hidden(refused.text) | choice | contact())
    assert again.status_code == 302
    assert Order.objects.get().lines.count() == 1
    assert Voucher.objects.get().state == "claimed"


def test_a_gift_of_somebody_else_is_refused_not_left_out(checkout, shop, gift):
    client, url, choice = checkout
    hers = claim_coupon(coupon=gift, customer=shop.customers.create())
    form = hidden(client.get(url, choice).text) | {"extra": hers.pk}
    assert client.post(url, form | choice | contact()).status_code == 409
    assert not Order.objects.exists()


def test_everybody_reads_what_the_gift_is(client, shop, gift, live, alice):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    Coupon.objects.update(listed=True)
    drop = open_drop(room=live, coupon=gift, minutes=5)
    pages = [
        reverse("track:shop_coupons", args=["tea"]),
        reverse("track:coupon", args=[gift.public_id]),
        reverse("watch:drop", args=[live.public_id, drop.public_id]),
        reverse("watch:room", args=[live.public_id]),
    ]
    for page in pages:
        assert "耐热玻璃杯" in client.get(page).text, page
    client.post(pages[1])
    assert "gift: 耐热玻璃杯" in client.get(reverse("track:vouchers")).text
    client.force_login(alice)
    for name, more in (("orders:coupon_list", []), ("livestream:console", [live.public_id])):
        assert "耐热玻璃杯" in client.get(reverse(name, args=["tea", *more])).text, name


def test_a_form_issues_one_for_a_thing_of_this_shop(client, shop, glass, alice, foreign_product):
    client.force_login(alice)
    url = reverse("orders:coupon_new", args=["tea"])
    facts = {"name": "礼", "kind": "gift", "issued": 5, "per_customer": 1, "days": 7}
    foreign = foreign_product.variants.get().sku
    for sku, status in ((foreign, 422), ("", 422), (glass.sku, 302)):
        form = facts | {"name": "满额礼", "gift": sku}
        assert client.post(url, form).status_code == status, sku
    coupon = Coupon.objects.get()
    assert (coupon.kind, coupon.gift, coupon.amount) == ("gift", glass, 0)


def test_lists_and_tables_say_that_it_is_given(shop, dan, variant, voucher):
    buy(shop, dan, {variant.pk: 1}, voucher)
    with override("en"):
        head, row = order_table(Order.objects.all())
        told = dict(zip(head, row, strict=True))
        assert told["Goods"] == "明前龙井 ×1; 耐热玻璃杯 (gift) ×1"
        assert told["Coupons used"] == "满额礼"
        assert "耐热玻璃杯 (gift) ×1" in goods_text(Order.objects.get())


def test_of_equal_offers_the_gift_counts_at_its_price(shop, dan, variant, voucher):
    small = claim_coupon(coupon=issued(shop, amount=2800), customer=dan)
    large = claim_coupon(coupon=issued(shop, amount=3000), customer=dan)
    plain = quote(merchant=shop, basket={variant.pk: 1})
    assert cheapest(plain, [small, voucher]).extra == voucher
    assert cheapest(plain, [large, voucher]).voucher == large


def test_a_flash_sale_gives_no_gift_from_its_quota(shop, dan, live, cup, glass, variant, voucher):
    facts = {"price": 1900, "quota": 5, "per_buyer": 5, "warm_up": 30, "minutes": 5}
    sale = announce_flash(room=live, item=live.items.get(product=cup), variant=glass, **facts)
    FlashSale.objects.update(starts_at=sale.announced_at)
    order = buy_in_room(
        room=live,
        customer=dan,
        basket={glass.pk: 2, variant.pk: 1},
        contact=DAN,
        language="en",
        voucher=None,
        extra=voucher,
        device=dan.device,
        expected_total=2 * 1900 + 16800,
    )
    assert order.lines.get(price_rule="gift").variant == glass
    sale.refresh_from_db()
    assert sale.sold == 2
    assert Stock.objects.get(variant=glass).reserved == 3 + 3
    assert broken() == set()
