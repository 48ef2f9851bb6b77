"""Rows of the show."""

from livestream.models.chat import HeldLine, Message
from livestream.models.claim import Claim
from livestream.models.draw import Draw, Entry, Follow
from livestream.models.drop import Drop
from livestream.models.flash import FlashPurchase, FlashSale
from livestream.models.moderation import BlockedWord, QuickReply, Sanction
from livestream.models.presence import Attendance, Minute
from livestream.models.publication import Publication, Replay, StreamEvent, StreamKey
from livestream.models.question import Question
from livestream.models.rehearsal import Rehearsal
from livestream.models.reminder import Reminder
from livestream.models.room import Room, ShelfItem, Spotlight
from livestream.models.sale import Sale

__all__ = [
    "Attendance",
    "BlockedWord",
    "Claim",
    "Draw",
    "Drop",
    "Entry",
    "FlashPurchase",
    "FlashSale",
    "Follow",
    "HeldLine",
    "Message",
    "Minute",
    "Publication",
    "Question",
    "QuickReply",
    "Rehearsal",
    "Reminder",
    "Replay",
    "Room",
    "Sale",
    "Sanction",
    "ShelfItem",
    "Spotlight",
    "StreamEvent",
    "StreamKey",
]
