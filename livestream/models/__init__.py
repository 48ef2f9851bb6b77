"""Rows of the show."""

from livestream.models.chat import Message
from livestream.models.drop import Drop
from livestream.models.publication import Publication, Replay
from livestream.models.reminder import Reminder
from livestream.models.room import Room, ShelfItem, Spotlight
from livestream.models.sale import Sale

__all__ = [
    "Drop",
    "Message",
    "Publication",
    "Reminder",
    "Replay",
    "Room",
    "Sale",
    "ShelfItem",
    "Spotlight",
]
