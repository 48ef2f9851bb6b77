"""What a camera sees that looks at the barcode of a box."""

from __future__ import annotations

import subprocess
from pathlib import Path

from PIL import Image, ImageDraw

from livestream.media.encoder import find_ffmpeg

# ISO/IEC 15420: the digits of the left half, and by which set of bars the first digit has them.
ODD = ("0001101", "0011001", "0010011", "0111101", "0100011")
ODD += ("0110001", "0101111", "0111011", "0110111", "0001011")
PARITY = ("LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG")
PARITY += ("LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL")
RIGHT = tuple(one.translate(str.maketrans("01", "10")) for one in ODD)
SIDES = {"L": ODD, "G": tuple(one[::-1] for one in RIGHT)}
CARDBOARD = "#c9b79a"


def bars_of(code: str) -> str:
    """An EAN-13 as dark (1) and light (0) modules."""
    first, left, right = int(code[0]), code[1:7], code[7:]
    bars = "".join(SIDES[side][int(n)] for side, n in zip(PARITY[first], left, strict=True))
    return f"101{bars}01010{''.join(RIGHT[int(n)] for n in right)}101"


def film_of(code: str, folder: Path) -> Path:
    """The barcode on a box, held a little askew, as raw video for a browser's fake camera."""
    still = Image.new("RGB", (640, 480), CARDBOARD)
    pen = ImageDraw.Draw(still)
    pen.rectangle((150, 130, 490, 330), fill="white")
    for place, bar in enumerate(bars_of(code)):
        if bar == "1":
            pen.rectangle((178 + 3 * place, 150, 180 + 3 * place, 310), fill="black")
    picture, film = folder / "code.png", folder / "code.y4m"
    still.rotate(3, fillcolor=CARDBOARD).save(picture)
    command = [find_ffmpeg(), "-loglevel", "error", "-loop", "1", "-i", str(picture)]
    subprocess.run([*command, "-t", "1", "-r", "10", "-pix_fmt", "yuv420p", str(film)], check=True)
    return film
