"""The verbs of a brand verification. The shop runs on, whatever becomes of it.

Every verb that moves it names the `version` it has seen: who comes second is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import override

from merchants.errors import RuleBroken, StaleVersion
from merchants.models import Merchant, User, Verification, VerificationPaper
from merchants.models.verification import VERIFICATION_LABELS
from merchants.rules.audit import Action
from merchants.rules.notification import Channel
from merchants.rules.verification import (
    OPEN,
    WORDS,
    Claim,
    Paper,
    VerificationState,
    before,
    lacking,
    licence_trouble,
    trademark_trouble,
)
from merchants.services.audit import record
from merchants.services.notification import notify, notify_all

_S = VerificationState


class WrongState(RuleBroken):
    """What it is at now allows something else, and who brought it there."""

    code = "wrong_state"

    def __init__(self, found: Verification) -> None:
        facts = {"state": VERIFICATION_LABELS[found.state], "who": found.decided_by}
        decided = found.state in {_S.APPROVED, _S.REJECTED} and found.decided_by
        super().__init__(
            _("%(who)s has already decided: “%(state)s”.") % facts
            if decided
            else _("The verification is at “%(state)s”: this is not possible now.") % facts
        )


class Incomplete(RuleBroken):
    code = "incomplete"
    status = 422
    sentence = _l("Something is still missing. It stands at its place below.")


class NoReason(RuleBroken):
    code = "no_reason"
    status = 422
    sentence = _l("Write what the shop should mend.")


@dataclass(frozen=True)
class Words:
    """What a merchant says about herself and the brand. A draft may say less."""

    company: str = ""
    licence_number: str = ""
    brand: str = ""
    trademark_number: str = ""
    claim: Claim = Claim.OWN


@dataclass(frozen=True)
class Sheet:
    """A picture of a paper, as re-encoded by us."""

    image: ContentFile[bytes]
    file_name: str


def verification_of(merchant: Merchant) -> Verification:
    """The merchant's verification; an empty draft if she has never begun one."""
    return Verification.objects.get_or_create(merchant=merchant)[0]


@transaction.atomic
def save_draft(*, verification: Verification, version: int, words: Words) -> Verification:
    """Keep what was typed, complete or not. Raises WrongState or StaleVersion."""
    return _write(verification, version, OPEN, **asdict(words))


@transaction.atomic
def keep_papers(*, verification: Verification, version: int, papers: Mapping[Paper, Sheet]) -> int:
    """Put pictures in the place of earlier ones. Returns the version to go on with.

    A stale `version` keeps them too, so that no upload is lost, and comes back as it was: whoever
    goes on with it is still told. Raises WrongState once handed in.
    """
    seen = Verification.objects.select_for_update().get(pk=verification.pk)
    changed = Verification.objects.filter(pk=seen.pk, state__in=OPEN).update(
        version=F("version") + 1
    )
    if not changed:
        raise WrongState(seen)
    for paper, sheet in papers.items():
        _forget(seen, paper)
        VerificationPaper.objects.create(
            verification=seen,
            paper=paper.value,
            image=sheet.image,
            file_name=sheet.file_name[-120:],
        )
    return version + 1 if version == seen.version else version


@transaction.atomic
def remove_paper(*, verification: Verification, paper: Paper) -> None:
    """Forget a picture. Raises WrongState once handed in."""
    changed = Verification.objects.filter(pk=verification.pk, state__in=OPEN).update(
        version=F("version") + 1
    )
    if not changed:
        raise WrongState(Verification.objects.get(pk=verification.pk))
    _forget(verification, paper)


@transaction.atomic
def submit(*, verification: Verification, version: int, by: User) -> Verification:
    """Hand it in: an admin finds it in the queue, and nobody changes it meanwhile.

    Raises Incomplete, WrongState or StaleVersion.
    """
    now = timezone.now()
    found = _write(
        verification,
        version,
        before(_S.SUBMITTED),
        state=_S.SUBMITTED.value,
        submitted_at=now,
        submitted_by=by,
    )
    words = {name: getattr(found, name) for name in WORDS}
    papers = set(found.papers.values_list("paper", flat=True))
    number = words["trademark_number"]
    if (
        lacking(Claim(found.claim), words, papers)
        or licence_trouble(words["licence_number"])
        or (number and trademark_trouble(number))
    ):
        raise Incomplete  # the transaction takes the move back
    _record(found, Action.VERIFICATION_SUBMITTED, by, **words, claim=found.claim)
    return found


@transaction.atomic
def withdraw(*, verification: Verification, version: int, by: User) -> Verification:
    """Take it back to change it. An approved one loses its badge until it is approved again.

    Raises WrongState or StaleVersion.
    """
    found = _write(verification, version, before(_S.DRAFT), state=_S.DRAFT.value, reason="")
    _badge(found, None)
    _record(found, Action.VERIFICATION_WITHDRAWN, by)
    return found


@transaction.atomic
def approve(*, verification: Verification, version: int, by: User) -> Verification:
    """The shop wears the badge from now on, and is told. Raises WrongState or StaleVersion."""
    found = _decide(verification, version, _S.APPROVED, by, "")
    _badge(found, found.decided_at)
    _record(found, Action.VERIFICATION_APPROVED, by)
    _tell(found)
    return found


@transaction.atomic
def reject(*, verification: Verification, version: int, by: User, reason: str) -> Verification:
    """The shop is told what to mend; an approved one loses its badge.

    Raises NoReason, WrongState or StaleVersion.
    """
    reason = " ".join(reason.split())[:300]
    if not reason:
        raise NoReason
    found = _decide(verification, version, _S.REJECTED, by, reason)
    _badge(found, None)
    _record(found, Action.VERIFICATION_REJECTED, by, reason=reason)
    _tell(found)
    return found


def _decide(
    verification: Verification, version: int, to: VerificationState, by: User, reason: str
) -> Verification:
    now = timezone.now()
    changes = {"state": to.value, "reason": reason, "decided_at": now, "decided_by": by}
    return _write(verification, version, before(to), **changes)


def _write(
    verification: Verification,
    version: int,
    states: frozenset[VerificationState],
    **changes: Any,
) -> Verification:
    """Change the row if it is as the caller has seen it."""
    moved = Verification.objects.filter(
        pk=verification.pk, version=version, state__in=states
    ).update(version=F("version") + 1, **changes)
    found = Verification.objects.select_related("merchant", "submitted_by", "decided_by").get(
        pk=verification.pk
    )
    if not moved:
        raise StaleVersion if found.state in states else WrongState(found)
    return found


def _badge(found: Verification, at: Any) -> None:
    Merchant.objects.filter(pk=found.merchant_id).update(verified_at=at)


def _record(found: Verification, action: Action, by: User, **details: object) -> None:
    record(merchant=found.merchant, action=action, by=by, about=str(found.merchant), **details)


def _forget(verification: Verification, paper: Paper) -> None:
    for old in VerificationPaper.objects.filter(verification=verification, paper=paper):
        transaction.on_commit(partial(old.image.storage.delete, str(old.image.name)), robust=True)
        old.delete()


def _tell(found: Verification) -> None:
    """A notice to the shop, and a mail to whoever handed it in; a text message if she has none."""
    key = f"verification:{found.pk}:{found.version}"
    path = f"/dashboard/{found.merchant.slug}/settings/verification/"
    say = partial(_answer, found)
    notify_all(merchant=found.merchant, kind="verification", key=key, say=say, path=path)
    by = found.submitted_by
    phone = by.phone if by and by.phone_verified else ""
    if by is None or not (by.email or phone):
        return
    language = by.language or settings.LANGUAGE_CODE
    with override(language):
        subject, body = say()
    notify(
        merchant=found.merchant,
        channel=Channel.EMAIL if by.email else Channel.SMS,
        kind="verification",
        key=key,
        to=by.email or phone or "",
        language=language,
        subject=subject,
        body=body if by.email else subject,
        path=path,
    )


def _answer(found: Verification) -> tuple[str, str]:
    if found.state == _S.APPROVED:
        return (
            _("Your brand is verified"),
            _("Customers see the badge on the shop, its goods and its live rooms."),
        )
    return (
        _("The brand verification needs another look"),
        _("The answer: %(reason)s\nMend it and hand it in again. The shop goes on as before.")
        % {"reason": found.reason},
    )
