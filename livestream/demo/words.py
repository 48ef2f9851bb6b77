"""What buyers of the demo say of what they got; one word too much is hidden."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.db.models import F

from merchants.models import Merchant, Notification, User
from orders.models import Line, Order, Review
from orders.rules.review import ARRIVED, HideReason
from orders.services.review import follow_up, hide_review, reply_to, report_review, write_review

WORDS = (
    (5, "年年来买，今年的比去年还好。包得也仔细，一点没碰坏。"),
    (5, "送给爸爸的，他说就是这个味道。"),
    (4, "东西是好东西，就是盒子在路上压了一个小坑。"),
    (5, ""),
    (3, "比想的小一点，先用着看看。"),
    (5, "直播间里问了两句，讲得很清楚，收到和说的一样。"),
    (2, "等了五天才到，东西没问题。"),
    (5, "第二次买了，会再来。"),
    (1, "别家便宜一半，加我微信 cha-666。"),
    (4, "手感很好，颜色比照片浅一些。"),
    (5, "客人来了都说好。"),
    (5, "小巧，放办公室正好。"),
)
USED = "用了一个礼拜，还是喜欢。"
LATER = timedelta(days=2)  # it arrived, and was looked at
REPLY = "对不起，路上压到了。已经给你补寄一个空盒，今天发。"


def say(merchant: Merchant, orders: Sequence[Order], by: User) -> list[Review]:
    """One review for each of the words, half of them about the shop's first product if it can be."""
    device = uuid.UUID(int=20261122)
    lines = Line.objects.filter(order__in=orders, state__in=ARRIVED).select_related("order")
    first = merchant.products.order_by("pk")[0]
    ranked = sorted(lines, key=lambda line: (line.variant.product_id != first.pk, line.pk))
    Order.objects.filter(lines__in=ranked[: len(WORDS)]).update(device=device)
    reviews = []
    for line, (stars, text) in zip(ranked, WORDS, strict=False):
        review = write_review(line=line, device=device, stars=stars, text=text)
        Review.objects.filter(pk=review.pk).update(written_at=line.order.placed_at + LATER)
        review.refresh_from_db()
        reviews.append(review)
    follow_up(review=reviews[0], device=device, text=USED)
    reply_to(review=reviews[2], version=0, text=REPLY, by=by)
    report_review(review=reviews[6], device=uuid.UUID(int=1), reason=HideReason.OTHER_GOODS)
    hide_review(review=reviews[8], reason=HideReason.ADVERTISING, by=by)
    Notification.objects.filter(merchant=merchant, kind="review").update(read_at=F("sent_at"))
    return reviews
