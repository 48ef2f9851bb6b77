"""A brand verification that waits: the admin's queue is not empty in the demo."""

from __future__ import annotations

import io

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

from merchants.models import Merchant, User
from merchants.rules.verification import Claim, Paper
from merchants.services.verification import (
    Sheet,
    Words,
    keep_papers,
    save_draft,
    submit,
    verification_of,
)

WORDS = Words(
    company="杭州桂芳茶业有限公司",
    licence_number="91330102MA27XK1A0H",
    brand="桂芳",
    trademark_number="12345678",
    claim=Claim.OWN,
)
PAPER, INK, RED, GOLD = "#fbf6e6", "#8d8674", "#c0392b", "#b9924a"


def hand_in(merchant: Merchant, by: User) -> None:
    """What the owner sent yesterday: her words, and two drawn papers."""
    found = verification_of(merchant)
    papers = {
        Paper.LICENCE: Sheet(_drawn(1400, 1000), "营业执照.jpg"),
        Paper.TRADEMARK: Sheet(_drawn(1000, 1400), "商标注册证.jpg"),
    }
    version = keep_papers(verification=found, version=found.version, papers=papers)
    found = save_draft(verification=found, version=version, words=WORDS)
    submit(verification=found, version=found.version, by=by)


def _drawn(width: int, height: int) -> ContentFile[bytes]:
    """A paper without a word on it: frame, lines, a stamp. No font is needed, none is copied."""
    sheet = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(sheet)
    for inset in (30, 44):
        pen.rectangle((inset, inset, width - inset, height - inset), outline=GOLD, width=5)
    pen.rectangle((width * 0.3, height * 0.12, width * 0.7, height * 0.17), fill=INK)
    for line in range(7):
        top = height * (0.28 + line * 0.08)
        pen.rectangle((width * 0.12, top, width * 0.24, top + 14), fill=INK)
        pen.rectangle((width * 0.28, top, width * (0.86 - line % 3 * 0.1), top + 14), fill=INK)
    x, y, r = width * 0.74, height * 0.78, min(width, height) * 0.12
    pen.ellipse((x - r, y - r, x + r, y + r), outline=RED, width=10)
    pen.regular_polygon((x, y, r * 0.4), 5, fill=RED)
    file = io.BytesIO()
    sheet.save(file, "WEBP", quality=80)
    return ContentFile(file.getvalue(), "paper.webp")
