"""What buyer and shop are told of a refund."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import override

from orders.models import Dispute, Refund
from orders.rules.number import spoken
from orders.rules.refund import RefundKind
from orders.selectors.money import money_text
from orders.services.order import Said, tell_customer, tell_staff


def requested(refund: Refund) -> None:
    """The shop has 48 hours to answer, where silence agrees."""
    words = _words(refund)

    def asked() -> Said:
        wish = _("%(name)s wants %(amount)s back: order %(number)s")
        if refund.is_exchange:
            wish = _("%(name)s wants to exchange something: order %(number)s")
        return (
            wish % words,
            _("Answer within 48 hours; after that it is agreed by itself.")
            if refund.answer_by
            else _("The customer waits for your answer."),
        )

    _staff(refund, "refund_requested", asked)


def approved(refund: Refund) -> None:
    """The buyer learns that the money comes, or what she has to do first."""
    with override(refund.order.language):
        words = _words(refund)
        if refund.kind == RefundKind.RETURN:
            body = _(
                "%(shop)s agreed. Send the goods back and enter the tracking number on the page "
                "of your order; then %(amount)s go back to you."
            )
        elif refund.is_exchange:
            words["goods"] = wanted_text(refund)
            body = _(
                "%(shop)s agreed and keeps %(goods)s for you. Send yours back and enter the "
                "tracking number on the page of your order; then it goes out to you."
            )
        else:
            body = _("%(shop)s agreed. %(amount)s go back the way you paid.")
        subject = _("Your exchange is agreed") if refund.is_exchange else _("Your refund is agreed")
        _tell(refund, "refund_approved", subject, body % words)


def agreed_by_silence(refund: Refund) -> None:
    """Nobody in the shop has answered: now they should at least know."""
    words = _words(refund)

    def late() -> Said:
        said = _("Agreed by itself: %(name)s gets %(amount)s back, order %(number)s")
        if refund.is_exchange:
            said = _("Agreed by itself: %(name)s exchanges something, order %(number)s")
        return (
            said % words,
            _("Nobody had answered in time."),
        )

    _staff(refund, "refund_agreed", late)


def refused(refund: Refund) -> None:
    """The reason goes along, in the shop's words."""
    with override(refund.order.language):
        words = _words(refund) | {"answer": refund.answer}
        body = _("%(shop)s did not agree to give %(amount)s back: “%(answer)s”")
        subject = _("Your refund was not agreed")
        if refund.is_exchange:
            body = _("%(shop)s did not agree to the exchange: “%(answer)s”")
            subject = _("Your exchange was not agreed")
        _tell(refund, "refund_refused", subject, body % words)


def sent_back(refund: Refund) -> None:
    """A parcel is on its way to the shop."""
    words = _words(refund) | {
        "carrier": refund.get_carrier_display(),
        "parcel": refund.tracking_number,
    }

    def sent() -> Said:
        then = _(
            "%(carrier)s %(parcel)s. When they are here, confirm it: the money goes back then."
        )
        if refund.is_exchange:
            then = _(
                "%(carrier)s %(parcel)s. When they are here, look at them and confirm it: "
                "then the others are to be packed."
            )
        return _("Goods of order %(number)s come back") % words, then % words

    _staff(refund, "refund_sent", sent)


def refunded(refund: Refund) -> None:
    """The money has left."""
    with override(refund.order.language):
        paid = {"shop": refund.order.merchant.name}
        paid["amount"] = money_text(refund.amount, refund.currency)
        body = _("%(shop)s has paid %(amount)s back the way you paid.") % paid
        _tell(refund, "refunded", _("Your money is on its way back"), body)


def failed(refund: Refund) -> None:
    """The provider would not: staff should know, though it is tried again."""
    words = _words(refund) | {"amount": money_text(refund.amount, refund.currency)}

    def trouble() -> Said:
        return (
            _("%(amount)s could not be paid back yet: order %(number)s") % words,
            _("It is tried again by itself. The payment provider says: %(trouble)s")
            % {"trouble": refund.trouble or "–"},
        )

    _staff(refund, "refund_failed", trouble)


def disputed(dispute: Dispute) -> None:
    """The buyer has asked the platform: the shop may say its side."""
    words = _words(dispute.refund)

    def asked() -> Said:
        return (
            _("%(name)s asked the platform about %(amount)s: order %(number)s") % words,
            _("Say your side on the order's page; the platform decides.") + "\n" + dispute.words,
        )

    _staff(dispute.refund, "refund_disputed", asked)


def decided(dispute: Dispute) -> None:
    """Both sides read what the platform decided, and why."""
    refund, given = dispute.refund, dispute.outcome
    with override(refund.order.language):
        words = _words(refund) | {"reason": dispute.reason}
        if given is None:
            body = _("The platform looked at it: the refusal stands. “%(reason)s”")
        elif given.kind == RefundKind.RETURN:
            body = _(
                "The platform decided for you: “%(reason)s” Send the goods back and enter the "
                "tracking number on the page of your order; then %(amount)s go back to you."
            )
        else:
            body = _(
                "The platform decided for you: “%(reason)s” %(amount)s go back the way you paid."
            )
        _tell(refund, "dispute_decided", _("The platform has decided"), body % words)
    words = _words(refund)

    def told() -> Said:
        subject = (
            _("The platform agreed to %(name)s's refund of %(amount)s: order %(number)s")
            if given
            else _("Your refusal stands: %(name)s, order %(number)s")
        )
        return subject % words, dispute.reason

    _staff(refund, "dispute_decided", told)


def _staff(refund: Refund, kind: str, say: Callable[[], Said]) -> None:
    tell_staff(order=refund.order, kind=kind, about=refund.public_id, say=say, tab="refunds")


def _words(refund: Refund) -> dict[str, str]:
    return {
        # What the goods are worth, also where others go out for them.
        "amount": money_text(refund.amount + refund.credit, refund.currency),
        "number": spoken(refund.order.number),
        "shop": refund.order.merchant.name,
        "name": refund.order.name,
    }


def wanted_text(refund: Refund) -> str:
    """What she wants instead, in one line."""
    found = [piece for piece in refund.pieces.select_related("wanted__product") if piece.wanted]
    return _(", ").join(
        f"{one.wanted} ×{one.quantity}" if one.quantity > 1 else str(one.wanted) for one in found
    )


def _tell(refund: Refund, kind: str, subject: str, body: str) -> None:
    tell_customer(order=refund.order, kind=kind, about=refund.public_id, subject=subject, body=body)
