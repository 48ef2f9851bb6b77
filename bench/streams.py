"""The same way through media servers: a browser by WHIP into Janus, an app by RTMP into nginx.

Debian's packages, set up as in their tests. What is not installed is not measured.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from playwright.sync_api import Browser, Page

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DEBUG", "1")
django.setup()

from bench import media  # noqa: E402
from livestream.media.encoder import find_ffmpeg  # noqa: E402
from tests.livestream.media import test_janus, test_nginx_rtmp  # noqa: E402

SAMPLE = 10.0
RATE = 24
TOKEN = "a-token-of-the-bench"


def through_janus(browser: Browser, out: Callable[[str], None]) -> list[float]:
    """Ages of the frames that a shopper sees of one who sends by WHIP; none without Janus."""
    if not (shutil.which("janus") and test_janus.LIBRARY.exists()):
        out("no Janus here")
        return []
    port = test_nginx_rtmp.free_port()
    words = {
        "LIVE_PROVIDER": "janus",
        "LIVE_API_URL": f"ws://127.0.0.1:{port}",
        "LIVE_API_KEY": test_janus.SECRET,
    }
    with (
        tempfile.TemporaryDirectory(prefix="guitai-bench-") as folder,
        test_janus.janus(Path(folder) / "janus", port),
        media.server(**words) as (web, stage, live),
    ):
        page = _with_a_key(browser, stage)
        page.locator("[data-whip-start]").click()
        media.wait_for(live / "live.m3u8")
        ages = media.watch(browser, stage, web.pid, SAMPLE)[0]
        page.context.close()
        return ages


def through_nginx(browser: Browser, out: Callable[[str], None]) -> list[float]:
    """The same of an app that sends by RTMP; none without nginx' module."""
    if not (shutil.which("nginx") and test_nginx_rtmp.MODULE.exists()):
        out("no nginx-rtmp here")
        return []
    rtmp, http = test_nginx_rtmp.free_port(), test_nginx_rtmp.free_port()
    words = {
        "LIVE_PROVIDER": "nginx_rtmp",
        "LIVE_RTMP_URL": f"rtmp://127.0.0.1:{rtmp}/live",
        "LIVE_HLS_URL": f"http://127.0.0.1:{http}/hls",
        "LIVE_API_URL": f"http://127.0.0.1:{http}",
        "LIVE_HOOK_TOKEN": TOKEN,
    }
    with (
        tempfile.TemporaryDirectory(prefix="guitai-bench-") as folder,
        media.server(**words) as (web, stage, _live),
    ):
        hook = f"{stage['url']}/hooks/nginx_rtmp/{TOKEN}/"
        with test_nginx_rtmp.nginx(Path(folder) / "nginx", rtmp, http, hook) as engine:
            page = _with_a_key(browser, stage)
            key = page.input_value("#stream-key")
            page.context.close()
            with _app(f"{engine.rtmp}/{key}"):
                media.wait_for(engine.folder / "hls" / f"{key.partition('?')[0]}.m3u8")
                time.sleep(3)
                return media.watch(browser, stage, web.pid, SAMPLE)[0]


def _with_a_key(browser: Browser, stage: dict[str, str]) -> Page:
    """The clerk's page that shows a new key."""
    page = media.clerk(browser, stage)
    page.goto(f"/dashboard/{stage['merchant']}/rooms/{stage['room']}/stream/")
    page.locator("button[name=do][value=issue]").click()
    page.wait_for_selector("#stream-key")
    return page


@contextmanager
def _app(url: str) -> Iterator[None]:
    """ffmpeg in the place of OBS, filming the clock that `clock_reader.js` reads."""
    process = subprocess.Popen(
        [
            *(find_ffmpeg(), "-loglevel", "error", "-use_wallclock_as_timestamps", "1"),
            *("-f", "rawvideo", "-pix_fmt", "gray", "-s", "8x16", "-r", str(RATE), "-i", "pipe:0"),
            *("-vf", "scale=540:960:flags=neighbor", "-c:v", "libx264", "-preset", "veryfast"),
            *("-tune", "zerolatency", "-g", str(RATE), "-pix_fmt", "yuv420p", "-f", "flv", url),
        ],
        stdin=subprocess.PIPE,
    )
    filming = threading.Thread(target=_film, args=(process,), daemon=True)
    filming.start()
    try:
        yield
    finally:
        process.kill()
        process.wait()
        filming.join(2)


def _film(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    following = time.monotonic()
    while process.poll() is None:
        try:
            process.stdin.write(clock(int(time.time() * 1000) & 0xFFFFFF))
            process.stdin.flush()
        except (OSError, ValueError):  # it has gone
            return
        following += 1 / RATE
        time.sleep(max(0.0, following - time.monotonic()))


def clock(moment: int) -> bytes:
    """One frame of 8 × 16 pixels: 24 bits of the time, 8 of its sum, and grey below."""
    total = ((moment & 255) + (moment >> 8 & 255) + (moment >> 16)) & 255
    bits = moment | total << 24
    return bytes(255 * (bits >> bit & 1) for bit in range(32)) + bytes([120]) * 96
