"""A moving test picture with the time of day in it, as a browser's recorder would send it.

Pillow draws only the strip with the clock; ffmpeg moves the backdrop and encodes, so that the whole
costs a small part of one processor. Pillow's own font is used: the machine may have none.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from PIL import Image, ImageDraw, ImageFont

from livestream.media.encoder import FRAGMENTS, find_ffmpeg
from livestream.media.packager import Packager
from livestream.media.reel import Reel

MIME = "video/x-matroska;codecs=avc1,opus"
RATE = 20  # frames a second
SIZE = (540, 960)
MARGIN = 24  # pixels that the backdrop may wander
STRIP = (300, 72)
SLICE = 0.2  # seconds of media in one chunk, as from a browser
READ = 64 * 1024


class Testcard:
    """One session of the test camera. Iterate `chunks()`; leaving it ends the child."""

    __test__ = False  # pytest takes the name for a test's

    def __init__(self, backdrop: Path | None, words: str = "TEST PICTURE") -> None:
        self.backdrop = backdrop
        self.words = words
        self.clock_font = ImageFont.load_default(40)
        self.word_font = ImageFont.load_default(14)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Matroska from its header on, in real time, until the consumer leaves."""
        with tempfile.TemporaryDirectory(prefix="guitai-") as folder:
            still = Path(folder) / "backdrop.png"
            self._backdrop().save(still)
            child = await asyncio.create_subprocess_exec(
                *_command(still),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            painter = asyncio.create_task(self._paint(child))
            try:
                film = cast(asyncio.StreamReader, child.stdout)
                while data := await film.read(READ):
                    yield data
            finally:
                painter.cancel()
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                await child.wait()

    def record(self, folder: Path, *, seconds: int, began: datetime) -> None:
        """Film a whole show into its directory, faster than it would have been: the demo's replay.

        Leaves a reel as a publisher of epoch 1 does; `services.replay.make_replay` ends it.
        """
        reel = Reel.claim(folder, 1)
        packager = Packager(reel, clock=lambda: began.timestamp())
        with tempfile.TemporaryDirectory(prefix="guitai-") as drafts:
            still, film = Path(drafts) / "backdrop.png", Path(drafts) / "show.mp4"
            self._backdrop().save(still)
            frames = (
                self._strip(began + timedelta(seconds=number / RATE), number)
                for number in range(seconds * RATE)
            )
            child = subprocess.Popen(_command(still, film), stdin=subprocess.PIPE)
            child.communicate(b"".join(frames))
            packager.feed(film.read_bytes())
        reel.close()

    async def _paint(self, child: asyncio.subprocess.Process) -> None:
        """Write the strip RATE times a second; what was late is made up for."""
        pipe = cast(asyncio.StreamWriter, child.stdin)
        began = time.monotonic()
        number = 0
        with contextlib.suppress(ConnectionError):
            while True:
                pipe.write(self._strip(datetime.now(), number))
                await pipe.drain()
                number += 1
                await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))

    def _backdrop(self) -> Image.Image:
        size = (SIZE[0] + 2 * MARGIN, SIZE[1] + 2 * MARGIN)
        if self.backdrop is None:
            return Image.linear_gradient("L").resize(size).convert("RGB")
        picture = Image.open(self.backdrop).convert("RGB")
        scale = max(size[0] / picture.width, size[1] / picture.height)
        return picture.resize((round(picture.width * scale), round(picture.height * scale)))

    def _strip(self, now: datetime, number: int) -> bytes:
        image = Image.new("RGB", STRIP, (33, 29, 26))
        draw = ImageDraw.Draw(image)
        text = f"{now:%H:%M:%S}.{now.microsecond // 100_000}"
        draw.text((14, 6), text, font=self.clock_font, fill=(255, 248, 235))
        draw.text((236, 24), self.words.split()[0], font=self.word_font, fill=(214, 176, 120))
        done = (number % RATE) / RATE  # a bar that fills once a second shows every lost frame
        draw.rectangle((14, 58, 14 + int(272 * done), 63), fill=(200, 68, 44))
        return image.tobytes()


def _command(still: Path, film: Path | None = None) -> list[str]:
    """Live Matroska on stdout in real time; or the whole of `film` as the packager wants it."""
    width, height = SIZE
    wander = (
        # Converted once and repeated: a whole frame per tick would be most of the cost.
        f"[0:v]format=yuv420p,loop=-1:1,setpts=N/{RATE}/TB,fps={RATE},crop={width}:{height}:x='(iw-{width})/2+{MARGIN}*sin(t/3)'"
        f":y='(ih-{height})/2+{MARGIN}*sin(t/4.7)'[back];"
        f"[back][1:v]overlay=(W-w)/2:{height // 8}:shortest=1,format=yuv420p[v]"
    )
    return [
        *(find_ffmpeg(), "-hide_banner", "-loglevel", "error", "-nostdin"),
        *("-i", str(still)),
        *("-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", f"{STRIP[0]}x{STRIP[1]}"),
        *("-framerate", f"{RATE}", "-probesize", "32", "-i", "pipe:0"),
        *(() if film else ("-re",)),
        *("-f", "lavfi", "-i", "sine=frequency=220:sample_rate=48000"),
        *("-filter_complex", wander, "-map", "[v]", "-map", "2:a", "-af", "volume=0.02"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-bf", "0"),
        *("-g", f"{RATE}", "-keyint_min", f"{RATE}", "-sc_threshold", "0", "-threads", "1"),
        *("-b:v", "700k", "-maxrate", "900k", "-bufsize", "900k"),
        *(_film(film) if film else _LIVE),
    ]


_LIVE = [
    *("-c:a", "libopus", "-b:a", "32k", "-cluster_time_limit", f"{int(SLICE * 1000)}"),
    *("-flush_packets", "1", "-f", "matroska", "pipe:1"),
]


def _film(path: Path) -> list[str]:
    return ["-c:a", "aac", "-b:a", "48k", "-ac", "1", "-shortest", *FRAGMENTS, str(path)]
