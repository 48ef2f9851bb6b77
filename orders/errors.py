"""What orders refuse, and why."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from merchants.errors import OutOfStock, RuleBroken


class BadBasket(RuleBroken):
    code = "bad_basket"
    status = 422
    sentence = _("Choose at least one thing that is on sale here.")


class NotSentThere(RuleBroken):
    code = "not_sent_there"
    status = 422
    sentence = _("This shop does not send there. Choose another address, or collect it.")


class DearerThere(RuleBroken):
    code = "dearer_there"
    status = 422
    sentence = _("A parcel there costs more. Cancel the order and place it again, or ask the shop.")


class RegionTwice(RuleBroken):
    code = "region_twice"
    status = 422
    sentence = _("Another rule names one of these regions already.")


class CartFull(RuleBroken):
    code = "cart_full"
    status = 422
    sentence = _("The cart is full. Order what is in it, or take something out.")


class NotAtStore(OutOfStock):
    code = "not_at_store"
    sentence = _("This shop does not have all of it. Choose another one, or have it sent.")


class WrongState(RuleBroken):
    code = "wrong_state"
    sentence = _("This order has moved on. Look at it again.")


class NothingToRefund(RuleBroken):
    code = "nothing_to_refund"
    status = 422
    sentence = _("Choose what the money is wanted back for.")


class DearerInstead(RuleBroken):
    code = "dearer_instead"
    status = 422
    sentence = _("That one costs more. Send the goods back for the money and buy it anew.")


class NotExchanged(RuleBroken):
    code = "not_exchanged"
    status = 422
    sentence = _("Choose which one you want instead, of the same product.")


class RefundTooLarge(RuleBroken):
    code = "refund_too_large"
    status = 422
    sentence = _("That is more than was paid for it.")


class RefundMoved(RuleBroken):
    code = "refund_moved"
    sentence = _("Somebody has answered this refund meanwhile. Look at it again.")


class PriceMoved(RuleBroken):
    code = "price_moved"
    sentence = _("The price has changed since you looked. Please look again before you pay.")


class TooManyOpen(RuleBroken):
    code = "too_many_open"
    status = 429
    sentence = _("Several orders wait for your payment already. Pay or cancel one of them first.")


class CouponGone(RuleBroken):
    code = "coupon_gone"
    sentence = _("The last coupon is gone.")


class CouponClosed(RuleBroken):
    code = "coupon_closed"
    sentence = _("This coupon cannot be claimed now.")


class CouponHeld(RuleBroken):
    code = "coupon_held"
    sentence = _("You have claimed this coupon already.")


class CodeUnknown(RuleBroken):
    code = "code_unknown"
    status = 422
    sentence = _("This code is not good, or no longer. Look at it again.")


class CouponUnfit(RuleBroken):
    code = "coupon_unfit"
    sentence = _("This coupon does not fit this order.")


class GiftGone(CouponUnfit):
    code = "gift_gone"
    sentence = _("The gift is out of stock. You can order without it; the coupon stays.")


class NotSoldOut(RuleBroken):
    code = "not_sold_out"
    sentence = _("It is there again: buy it now.")


class TooManyWait(RuleBroken):
    code = "too_many_wait"
    status = 429
    sentence = _("No more can wait just now. Look again later.")


class OfferOver(RuleBroken):
    code = "offer_over"
    sentence = _("It is no longer held for you. You can wait once more.")


class SavesNothing(RuleBroken):
    code = "saves_nothing"
    status = 422
    sentence = _("The coupon takes nothing off that sum. Look at what it is good for.")


class NotArrived(RuleBroken):
    code = "not_arrived"
    sentence = _("A review is for goods that have arrived and were not all sent back.")


class AlreadyReviewed(RuleBroken):
    code = "already_reviewed"
    sentence = _("You have written about this already.")


class TooEarly(RuleBroken):
    code = "too_early"
    sentence = _("Use it for a day first, then tell how it turned out.")


class TooManyPhotos(RuleBroken):
    code = "too_many_photos"
    status = 422
    sentence = _("At most 6 photos.")


class NothingSaid(RuleBroken):
    code = "nothing_said"
    status = 422
    sentence = _("Write something first.")


class NotYourReview(RuleBroken):
    code = "not_your_review"
    status = 403
    sentence = _("Only the device it was ordered with can write about it.")


class UndoneTooLate(RuleBroken):
    code = "undone_too_late"
    sentence = _("That was taken too long ago. A manager can undo it.")


class DisputeOver(RuleBroken):
    code = "dispute_over"
    sentence = _("That has been answered or decided already.")


class NotTogether(RuleBroken):
    """Not in a crowd's transaction; whoever hears this buys it in one of its own."""

    code = "not_together"
    sentence = _("That did not go through. Press the button once more.")


class CannotPay(RuleBroken):
    code = "cannot_pay"
    sentence = _("This shop cannot take payments yet. Nothing was ordered.")


class MoneyUnderWay(RuleBroken):
    code = "money_under_way"
    sentence = _("Money is still on its way there. Try again when it has come or gone back.")


class BadTracking(RuleBroken):
    code = "bad_tracking"
    status = 422
    sentence = _("A tracking number has 6 to 32 letters, digits or hyphens.")


class BadCallback(RuleBroken):
    code = "bad_callback"
    status = 400
    sentence = _("This payment message is not genuine.")
