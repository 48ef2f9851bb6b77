"""The verbs against who spoils the chat, and of the lists a shop keeps: words, quick replies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from livestream import broadcast
from livestream.errors import BadAnswer, BadMeasure, BadWord, Banned, Nobody
from livestream.models import BlockedWord, HeldLine, Message, QuickReply, Room, Sanction
from livestream.rules.chat import clean
from livestream.rules.moderation import (
    LONGEST_REPLY,
    MOST_REPLIES,
    MOST_WORDS,
    Measure,
    fold,
    is_word,
    mute_until,
    softer_or_same,
)
from livestream.selectors.moderation import forget_words, in_force, measure_against
from merchants.models import Customer, Merchant, Staff


@transaction.atomic
def sanction(
    *,
    line: Message | HeldLine,
    measure: Measure,
    by: Staff,
    minutes: int | None = None,
    everywhere: bool = False,
    reason: str = "",
) -> Sanction:
    """Mute, ban or shadow ban whoever wrote a line, as a customer and as a device.

    A mute needs `minutes`; the others hold until they are lifted. `everywhere`: in every room of
    the shop, as a ban always does. Who is banned is sent out. Raises Nobody for a line of the shop
    or the system, BadMeasure for a length that is not offered.
    """
    now = timezone.now()
    until = mute_until(minutes or 0, now) if measure is Measure.MUTE else None
    if measure is Measure.MUTE and until is None:
        raise BadMeasure
    if (isinstance(line, Message) and line.staff_id) or not (line.device or line.customer_id):
        raise Nobody
    merchant = line.room.merchant
    room = None if everywhere or measure is Measure.BAN else line.room
    _replace(merchant, room, line, measure, now)
    made = Sanction.objects.create(
        merchant=merchant,
        room=room,
        customer_id=line.customer_id,
        device=line.device,
        name=line.author_name,
        measure=measure.value,
        reason=clean(reason)[:120],
        by=by,
        at=now,
        until=until,
    )
    broadcast.sanctioned(made, line.room)
    return made


def _replace(
    merchant: Merchant,
    room: Room | None,
    line: Message | HeldLine,
    measure: Measure,
    now: datetime,
) -> None:
    """What is not harder ends where this one holds: the newest word holds. One of this room alone
    opens no other room.
    """
    rows = in_force(merchant.pk, now).filter(measure__in=softer_or_same(measure))
    if room is not None:
        rows = rows.filter(room=room)
    who = Q(pk__in=[])
    if line.customer_id is not None:
        who |= Q(customer=line.customer_id)
    if line.device is not None:
        who |= Q(device=line.device)
    rows.filter(who).update(lifted_at=now)


def refuse_banned(*, room: Room, customer: Customer, now: datetime) -> None:
    """Raises Banned if the shop has closed its rooms to her. Part of the caller's transaction."""
    device = customer.device
    if measure_against(room, device=device, customer=customer.pk, now=now) is Measure.BAN:
        raise Banned


@transaction.atomic
def lift_sanction(*, sanction: Sanction) -> None:
    """She may speak, and be read, again."""
    Sanction.objects.filter(pk=sanction.pk, lifted_at=None).update(lifted_at=timezone.now())


@transaction.atomic
def set_words(*, merchant: Merchant | None, words: Sequence[str]) -> None:
    """The list is just these words; without a merchant it is the platform's.

    A line that says one of them waits for approval. Words that fold to the same are one. Raises
    BadWord.
    """
    wanted: dict[str, str] = {}
    for word in words:
        kept = clean(word)
        if not kept:
            continue
        if not is_word(kept):
            raise BadWord
        wanted.setdefault(fold(kept), kept)
    if len(wanted) > MOST_WORDS:
        raise BadWord
    _alone(merchant)
    rows = BlockedWord.objects.filter(merchant=merchant)
    rows.exclude(folded__in=wanted).delete()
    known = set(rows.values_list("folded", flat=True))
    BlockedWord.objects.bulk_create(
        BlockedWord(merchant=merchant, word=word, folded=folded)
        for folded, word in wanted.items()
        if folded not in known
    )
    transaction.on_commit(forget_words)


@transaction.atomic
def block_everywhere(*, word: str) -> BlockedWord:
    """Put a word on the platform's list, where it holds in every shop. Raises BadWord."""
    kept = clean(word)
    everywhere = BlockedWord.objects.filter(merchant=None)
    if not is_word(kept) or everywhere.count() >= MOST_WORDS:
        raise BadWord
    # One row and no list: two admins who add at once both have their word.
    row, _new = everywhere.get_or_create(merchant=None, folded=fold(kept), defaults={"word": kept})
    transaction.on_commit(forget_words)
    return row


@transaction.atomic
def allow_again(*, word: BlockedWord) -> None:
    """Take a word off the list that it is on."""
    BlockedWord.objects.filter(pk=word.pk).delete()
    transaction.on_commit(forget_words)


def _alone(merchant: Merchant | None) -> None:
    """Nobody else writes this shop's lists meanwhile."""
    if merchant is not None:
        Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)


@transaction.atomic
def set_quick_replies(*, merchant: Merchant, texts: Sequence[str]) -> None:
    """The answers that lie ready are just these, in this order. Raises BadAnswer."""
    kept = [text for text in map(clean, texts) if text]
    if len(kept) > MOST_REPLIES or any(len(text) > LONGEST_REPLY for text in kept):
        raise BadAnswer
    _alone(merchant)
    merchant.quick_replies.all().delete()
    QuickReply.objects.bulk_create(
        QuickReply(merchant=merchant, text=text, position=place) for place, text in enumerate(kept)
    )
