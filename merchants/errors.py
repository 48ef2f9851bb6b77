"""A rule said no. The sentence is for the person, the code for the program."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _


class RuleBroken(Exception):
    """Nothing was changed. `code` is stable; `status` is the HTTP status that means the same."""

    code = "refused"
    status = 409
    sentence = _("That is not possible right now.")

    def __init__(self, sentence: object = None, **details: object) -> None:
        self.details = details
        super().__init__(str(sentence or self.sentence))


class OutOfStock(RuleBroken):
    code = "out_of_stock"
    sentence = _("Someone was faster: not enough left.")


class BadQuantity(RuleBroken):
    code = "bad_quantity"
    status = 422
    sentence = _("Choose a quantity between 1 and 999.")


class BadPicture(RuleBroken):
    code = "bad_picture"
    status = 422
    sentence = _("This file is not a picture we can read. JPEG, PNG, WebP and HEIC work.")


class StaleVersion(RuleBroken):
    code = "stale"
    sentence = _("Somebody changed this in the meantime. Look at it again, then save.")


class KeyReused(RuleBroken):
    code = "key_reused"
    status = 422
    sentence = _("This request key was already used for a different request.")


class Taken(RuleBroken):
    code = "taken"
    sentence = _("This is already taken.")


class LastOwner(RuleBroken):
    code = "last_owner"
    sentence = _("A shop needs an owner: this is the last one.")


class NoStore(RuleBroken):
    code = "no_store"
    status = 422
    sentence = _("A clerk serves at least one store. Tick one.")


class Nowhere(RuleBroken):
    code = "nowhere"
    status = 422
    sentence = _("You serve no store in which they could lie. Leave this empty.")


class StoreClosed(RuleBroken):
    code = "store_closed"
    sentence = _("%(store)s is closed. Choose another store, or open it again.")


class StoreInUse(RuleBroken):
    """What stands in the way of closing a store; `why` are the sentences, one for each."""

    code = "store_in_use"

    def __init__(self, why: Sequence[str]) -> None:
        super().__init__(" ".join(why))
        self.why = why


class NoLongerThere(RuleBroken):
    code = "no_longer_there"
    sentence = _("This person no longer works here.")


class InvitationClosed(RuleBroken):
    code = "invitation_closed"
    status = 410
    sentence = _("This invitation is no longer open. Ask for a new one.")


class WrongAddress(RuleBroken):
    code = "wrong_address"
    status = 403
    sentence = _(
        "This invitation was sent to another address. Sign in with the address it came to."
    )


class RoleTooHigh(RuleBroken):
    code = "role_too_high"
    status = 403
    sentence = _("You cannot give a higher role than your own.")


class AlreadyStaff(RuleBroken):
    code = "already_staff"
    sentence = _("This person already works here.")


class TooManyInvitations(RuleBroken):
    code = "too_many_invitations"
    status = 429
    sentence = _("That was many invitations for one day. Go on tomorrow.")
