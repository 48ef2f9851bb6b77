"""Reviews, as shoppers and the shop see them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.db.models import Avg, Count, Exists, OuterRef, Q, QuerySet

from merchants.models import Product, Staff
from orders.models import Order, Review, ReviewReport
from orders.models.review import REASON_LABELS
from orders.selectors.order import seen_by

PAGE = 10
TABS: dict[str, Q] = {
    "all": Q(),
    "open": Q(reply="", hidden_for=""),
    "reported": Q(hidden_for="") & Q(Exists(ReviewReport.objects.filter(review=OuterRef("pk")))),
    "hidden": ~Q(hidden_for=""),
}
OF_MANAGERS = {"reported", "hidden"}


@dataclass(frozen=True)
class Score:
    """How many stars on average, of how many reviews, and of how many the words are hidden.

    Hidden ones count: hiding must not make goods better (docs/adr/0022-reviews.md).
    """

    average: float
    count: int
    hidden: int

    @property
    def marks(self) -> range:
        """As many as stars, for a template to draw."""
        return range(round(self.average))


def score_of(product: Product) -> Score:
    """One query, whatever there is."""
    found = Review.objects.filter(product=product).aggregate(
        average=Avg("stars"), count=Count("pk"), hidden=Count("pk", filter=~Q(hidden_for=""))
    )
    return Score(float(found["average"] or 0), found["count"], found["hidden"])


def reviews_of(product: Product, score: Score) -> Paginator[Review]:
    """The newest first; its count is the score's, so that no query asks for it again."""
    rows = Review.objects.filter(product=product).select_related("line__order")
    pages = Paginator(rows.prefetch_related("photos").order_by("-pk"), PAGE)
    pages.count = score.count
    return pages


def reviewed_lines(order: Order) -> set[int]:
    """The lines of an order about which she has written."""
    return set(Review.objects.filter(line__order=order).values_list("line_id", flat=True))


def review_list(staff: Staff, tab: str) -> QuerySet[Review]:
    """The inbox of a shop. `order_seen`: whether she may open the order it came from."""
    orders = seen_by(staff).filter(lines=OuterRef("line"))
    rows = staff.merchant.reviews.filter(TABS[tab]).annotate(order_seen=Exists(orders))
    rows = rows.select_related("line__order", "product")
    return rows.prefetch_related("photos", "steps__by").order_by("-pk")


def with_reports(reviews: Iterable[Review]) -> None:
    """Give each `told`: [(reason, how many readers)], in one query."""
    found = {review.pk: review for review in reviews}
    for review in found.values():
        review.told = []  # type: ignore[attr-defined]
    rows = ReviewReport.objects.filter(review__in=found).order_by("reason")
    for pk, reason, number in rows.values_list("review", "reason").annotate(n=Count("pk")):
        found[pk].told.append((REASON_LABELS[reason], number))  # type: ignore[attr-defined]


def review_tabs(staff: Staff) -> dict[str, int]:
    """{tab: how many}, in one query; a clerk sees two tabs."""
    shown = {name: q for name, q in TABS.items() if staff.is_manager or name not in OF_MANAGERS}
    return staff.merchant.reviews.aggregate(
        **{name: Count("pk", filter=q) for name, q in shown.items()}
    )
