"""The verbs of a dispute: the buyer asks the platform, the shop has its say, an admin decides."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from merchants.models import User
from orders.errors import DisputeOver, NothingSaid, WrongState
from orders.models import Dispute, Refund
from orders.rules.dispute import MOST_TEXT, Verdict, in_time
from orders.rules.refund import RefundState
from orders.selectors.dispute import refused_at
from orders.services import refund_news as news
from orders.services.refund import grant_refund
from orders.services.refund_row import locked
from orders.signals import refund_moved


@transaction.atomic
def open_dispute(*, refund: Refund, words: str) -> Dispute:
    """The buyer does not accept a refusal. Once for each, within 14 days of it.

    Raises NothingSaid, WrongState.
    """
    said = words.strip()[:MOST_TEXT]
    if not said:
        raise NothingSaid
    refund = locked(refund)
    now = timezone.now()
    if refund.state != RefundState.REFUSED:
        raise WrongState(_("The shop has not refused this: there is nothing to decide."))
    if refund.is_for_nothing:
        raise WrongState(_("It cost nothing, and the platform gives money alone. Ask the shop."))
    if not in_time(refused_at(refund), now):
        raise WrongState(_("It was refused more than 14 days ago. Ask the shop itself."))
    try:
        with transaction.atomic():
            dispute = Dispute.objects.create(
                merchant=refund.merchant, refund=refund, words=said, opened_at=now
            )
    except IntegrityError as twice:
        raise WrongState(_("The platform has been asked about this already.")) from twice
    news.disputed(dispute)
    refund_moved.state(order=refund.order)
    return dispute


@transaction.atomic
def answer_dispute(*, dispute: Dispute, words: str, by: User) -> None:
    """The shop's side of it, once. Raises NothingSaid, DisputeOver."""
    said = words.strip()[:MOST_TEXT]
    if not said:
        raise NothingSaid
    open_ = Dispute.objects.filter(pk=dispute.pk, decided_at=None, answered_at=None)
    if not open_.update(answer=said, answered_by=by, answered_at=timezone.now()):
        raise DisputeOver
    dispute.refresh_from_db()
    refund_moved.state(order=dispute.refund.order)


@transaction.atomic
def decide_dispute(*, dispute: Dispute, verdict: Verdict, reason: str, by: User) -> Dispute:
    """An admin decides, once, and says why: both sides read it.

    What is given is a refund as it was asked for, agreed from the start. Raises NothingSaid,
    DisputeOver, or NothingToRefund if the pieces were given back meanwhile.
    """
    said = reason.strip()[:MOST_TEXT]
    if not said:
        raise NothingSaid
    refund = locked(dispute.refund)  # payment and order first, as whoever else moves a refund
    open_ = Dispute.objects.filter(pk=dispute.pk, decided_at=None)
    facts = {"verdict": verdict.value, "reason": said, "decided_by": by}
    if not open_.update(**facts, decided_at=timezone.now()):
        raise DisputeOver
    if verdict == Verdict.GIVEN:
        outcome = grant_refund(refused=refund, by=by, words=said)
        Dispute.objects.filter(pk=dispute.pk).update(outcome=outcome)
    dispute.refresh_from_db()
    news.decided(dispute)
    refund_moved.state(order=refund.order)
    return dispute
