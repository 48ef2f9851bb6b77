"""The verb of making a poster: a picture to hand on, with the room's address as a QR code.

It is made once for its facts and kept as a file; another price or title is another poster.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from PIL import Image, ImageDraw, ImageFont

from livestream.errors import NoPosterFont
from livestream.rules.poster import SIZE, broken, cover
from merchants.rules.qr import square

USUAL = (  # where systems keep a font with Chinese letters
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "C:/Windows/Fonts/msyh.ttc",
)
KEEP = 7 * 86_400  # seconds a poster that nobody makes anew is kept
PICTURE = (SIZE[0], 1180)
PAPER, INK, FAINT, LAMP = "#FAF8F4", "#211D18", "#6F675C", "#C7391D"
_desk = threading.BoundedSemaphore(1)  # a poster takes a second of processor: one at a time


@dataclass(frozen=True)
class Poster:
    """What is on it. `picture` is the name of a stored file, or empty; `now` is printed in red."""

    shop: str
    title: str
    line: str
    address: str
    invitation: str
    picture: str = ""
    now: str = ""
    lamp: bool = True  # whether `now` is on air, or cheaper: only that is red

    @property
    def key(self) -> str:
        words = json.dumps({**asdict(self), "font": str(font_path())}, sort_keys=True)
        return hashlib.sha256(words.encode()).hexdigest()


def font_path() -> Path | None:
    """The font that is set, or the first that is found; None if none can write Chinese."""
    wanted = (settings.POSTER_FONT,) if settings.POSTER_FONT else USUAL
    return next((Path(path) for path in wanted if _writes_chinese(path)), None)


@lru_cache(maxsize=16)
def _writes_chinese(path: str) -> bool:
    """A font without the letter draws the same box for it as for one that does not exist."""
    try:
        font = ImageFont.truetype(path, 40)
    except OSError:
        return False
    return bytes(font.getmask("柜")) != bytes(font.getmask("\uffff"))


@lru_cache(maxsize=32)
def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    """Of a collection the simplified one: 门 and 骨 look otherwise in Japan."""
    font = ImageFont.truetype(path, size)
    for index in range(1, 10):
        if "SC" in str(font.getname()[0]).split():
            return font
        try:
            font = ImageFont.truetype(path, size, index=index)
        except OSError:
            break
    return ImageFont.truetype(path, size)


def poster(*, facts: Poster) -> bytes:
    """The PNG, 1080 × 1920. Raises NoPosterFont."""
    path = font_path()
    if path is None:
        raise NoPosterFont
    kept = Path(settings.VAR_DIR) / "posters" / f"{facts.key}.png"
    if not kept.exists():
        with _desk:
            if not kept.exists():
                _keep(kept, _paint(facts, path))
    return kept.read_bytes()


def _keep(place: Path, made: bytes) -> None:
    """Whole or not at all; what is old goes."""
    place.parent.mkdir(parents=True, exist_ok=True)
    for old in place.parent.glob("*.png"):
        if time.time() - old.stat().st_mtime > KEEP:
            old.unlink(missing_ok=True)
    with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:
        file.write(made)
    os.replace(file.name, place)


def _paint(facts: Poster, path: Path) -> bytes:
    sheet = Image.new("RGB", SIZE, PAPER)
    _hang(sheet, facts.picture)
    draw = ImageDraw.Draw(sheet)
    side, room = 64, 600  # the words' left edge, and their width beside the code
    y = PICTURE[1] + 52
    y = _write(draw, path, (side, y), facts.shop, 38, FAINT, SIZE[0] - 2 * side, 1)
    y = _write(draw, path, (side, y + 10), facts.title, 66, INK, SIZE[0] - 2 * side, 2, bold=True)
    y += 34
    if facts.now:
        y = (
            _write(
                draw,
                path,
                (side, y),
                facts.now,
                60,
                LAMP if facts.lamp else INK,
                room,
                1,
                bold=True,
            )
            + 8
        )
    y = _write(draw, path, (side, y), facts.line, 40, INK, room, 2)
    _write(draw, path, (side, y + 20), facts.invitation, 36, FAINT, room, 2)
    _stamp(draw, facts.address)
    file = io.BytesIO()
    sheet.save(file, "PNG", compress_level=6)
    return file.getvalue()


def _hang(sheet: Image.Image, name: str) -> None:
    """The picture over the whole width; a counter's green where there is none."""
    if name and default_storage.exists(name):
        with default_storage.open(name) as file, Image.open(file) as picture:
            shown = picture.convert("RGB")
            part = shown.crop(cover(shown.size, PICTURE))
            sheet.paste(part.resize(PICTURE, Image.Resampling.LANCZOS), (0, 0))
        return
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((0, 0, *PICTURE), fill="#1D6547")
    draw.ellipse((455, 330, 625, 500), fill="#F2B84B")
    draw.rounded_rectangle((240, 620, 840, 730), 55, fill="#FFFFFF")


def _stamp(draw: ImageDraw.ImageDraw, address: str) -> None:
    """The code at the lower right, with the white around it that readers need."""
    code = square(address)
    module = 320 // code.size
    width = module * code.size
    left, top = SIZE[0] - 64 - width, SIZE[1] - 72 - width
    draw.rounded_rectangle((left, top, left + width, top + width), 20, fill="#FFFFFF")
    for row, first, end in code.runs:
        box = (left + first * module, top + row * module)
        draw.rectangle((*box, left + end * module - 1, box[1] + module - 1), fill="#17130D")


def _write(
    draw: ImageDraw.ImageDraw,
    path: Path,
    at: tuple[int, int],
    text: str,
    size: int,
    color: str,
    width: int,
    most: int,
    *,
    bold: bool = False,
) -> int:
    """Write the text; answers where the next line may begin."""
    font = _font(path, size)
    x, y = at
    for line in broken(text, width, most, font.getlength) if text else []:
        draw.text((x, y), line, fill=color, font=font, stroke_width=size // 40 if bold else 0)
        y += round(size * 1.38)
    return y
