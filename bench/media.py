"""Glass to glass: from the clerk's browser through the server into the shopper's.

A real server process on a database of its own; the real console with a camera that films the clock
of the machine; the real room page, whose frames are read back. Beside it, in the same run: the same
stream as plain HLS in hls.js with its own settings, and the same picture encoded anew; then the way
through media servers (`bench.streams`) beside the embedded one.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from bench.report import record

HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")
WARM_UP = 8.0
SAMPLE = 20.0
VISITS = 9
CHROMIUM = [
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
]
PLAIN = """async ([url, hls]) => {
  const { default: Hls } = await import(hls);
  const began = performance.now();
  const video = document.createElement("video");
  video.muted = true;
  document.body.append(video);
  bench.first = null;
  bench.follow(video);
  const player = new Hls();
  player.loadSource(url);
  player.attachMedia(video);
  video.play();
  while (bench.first === null) await new Promise((done) => setTimeout(done, 10));
  return bench.first - began;
}"""


def run(out: Callable[[str], None] = print) -> None:
    """Measure everything and note it; `out` hears what is being done."""
    with sync_playwright() as playwright:
        ages = _embedded(playwright, out)
        _through_servers(playwright, ages, out)


def _embedded(playwright: Playwright, out: Callable[[str], None]) -> list[float]:
    """Its figures; answers the ages of the frames, to be the reference of what follows."""
    with server() as (web, stage, live):
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM)
        publish(browser, stage)
        wait_for(live / "live.m3u8")
        out(f"on air; this machine's load is {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        time.sleep(3)
        first = statistics.median(_first_frame(browser, stage) for _ in range(VISITS))
        ages, web_cpu, encoder_cpu = watch(browser, stage, web.pid)
        out(f"{len(ages)} frames read; now as plain HLS; load {os.getloadavg()[0]:.1f}")
        plain_first, plain_ages = _watch_plain(browser, stage)
        browser.close()
        time.sleep(3)
        resting = _cpu(web.pid, 8)  # what the process costs without any picture
        copied = _encode_cpu(live)
    cpu = encoder_cpu + max(0.0, web_cpu - resting)
    plain = "plain HLS, hls.js as it comes, on an empty page"
    record("media.latency_ms", at(ages, 50), "ms", plain, at(plain_ages, 50))
    record("media.latency_p95_ms", at(ages, 95), "ms", plain, at(plain_ages, 95))
    record("media.first_frame_ms", first, "ms", plain, plain_first)
    anew = "the same picture encoded anew (x264 veryfast), encoder alone"
    record("media.cpu_pct", cpu, "% of a core", anew, copied)
    return ages


def _through_servers(
    playwright: Playwright, embedded: list[float], out: Callable[[str], None]
) -> None:
    from bench import streams

    beside = "the embedded way in the same run"
    for name, measure in (("whip", streams.through_janus), ("rtmp", streams.through_nginx)):
        out(f"now by {name}; load {os.getloadavg()[0]:.1f}")
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM)
        ages = measure(browser, out)
        browser.close()
        if ages:
            record(f"media.{name}_latency_ms", at(ages, 50), "ms", beside, at(embedded, 50))
            record(f"media.{name}_latency_p95_ms", at(ages, 95), "ms", beside, at(embedded, 95))


# --- the server -------------------------------------------------------------------------------


@contextmanager
def server(**words: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str], Path]]:
    """(web process, where the room is, its directory), all of it gone afterwards.

    `words` are settings besides.
    """
    with tempfile.TemporaryDirectory(prefix="guitai-bench-") as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        env = os.environ | {
            "DEBUG": "1",
            "REDIS_URL": "",
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "VAR_DIR": folder,
            "LIVE_ROOT": f"{folder}/live",
            "SITE_URL": f"http://127.0.0.1:{port}",
            **words,
        }
        made = subprocess.run(
            [sys.executable, "-m", "bench.air"], env=env, check=True, capture_output=True, text=True
        )
        stage = json.loads(made.stdout.splitlines()[-1]) | {"url": f"http://127.0.0.1:{port}"}
        web = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(port)),
                *("--log-level", "warning", "--ws-max-size", str(2 * 1024 * 1024)),
                *("--ws-per-message-deflate", "false", "--timeout-graceful-shutdown", "1"),
            ],
            env=env,
        )
        try:
            _wait_until_open(port)
            yield web, stage, Path(folder) / "live" / stage["room"]
        finally:
            web.terminate()
            web.wait(30)


def _wait_until_open(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("The server did not start.")


def wait_for(path: Path, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > until:
            raise TimeoutError(f"{path.name} never came.")
        time.sleep(0.1)


# --- the browsers -----------------------------------------------------------------------------


def chromium() -> str | None:
    system = Path("/usr/bin/chromium")
    return str(system) if system.exists() else None  # else Playwright's own


def clerk(browser: Browser, stage: dict[str, str]) -> Page:
    """Signed in, with a camera that films the clock."""
    context = browser.new_context(base_url=stage["url"], permissions=["camera", "microphone"])
    cookie = {"name": stage["cookie"], "value": stage["session"], "url": stage["url"]}
    context.add_cookies([cookie])
    context.add_init_script(path=HERE / "pages" / "clock_camera.js")
    return context.new_page()


def publish(browser: Browser, stage: dict[str, str]) -> Page:
    page = clerk(browser, stage)
    page.goto(f"/dashboard/{stage['merchant']}/rooms/{stage['room']}/console/")
    page.wait_for_selector('[data-publishing="true"]', state="attached")
    return page


def viewer(browser: Browser, stage: dict[str, str]) -> BrowserContext:
    context = browser.new_context(
        base_url=stage["url"], viewport={"width": 390, "height": 844}, device_scale_factor=1
    )
    context.add_init_script(path=HERE / "pages" / "clock_reader.js")
    return context


def _first_frame(browser: Browser, stage: dict[str, str]) -> float:
    """Milliseconds from the page being there to a picture in it, for somebody new."""
    context = viewer(browser, stage)
    page = context.new_page()
    page.goto(f"/live/{stage['room']}/", wait_until="domcontentloaded")
    until_shown(page)
    there = "performance.getEntriesByType('navigation')[0].domInteractive"
    value = float(page.evaluate(f"bench.first - {there}"))
    context.close()
    return value


def until_shown(page: Page) -> None:
    for _ in range(400):  # asked from outside: the page's CSP forbids Playwright's own waiting
        if page.evaluate("() => bench.first !== null"):
            return
        time.sleep(0.05)
    raise TimeoutError("No picture came.")


def watch(
    browser: Browser, stage: dict[str, str], web: int, seconds: float = SAMPLE
) -> tuple[list[float], float, float]:
    """(ages of the frames, CPU of the web process, CPU of its encoder) with one viewer."""
    context = viewer(browser, stage)
    page = context.new_page()
    page.goto(f"/live/{stage['room']}/")
    time.sleep(WARM_UP)
    page.evaluate("bench.sampling = true")
    before = _own(web), _encoders(web)
    time.sleep(seconds)
    after = _own(web), _encoders(web)
    ages = _ages(page)
    context.close()
    shares = [100 * (b - a) / TICKS / seconds for a, b in zip(before, after, strict=True)]
    return ages, shares[0], shares[1]


def _watch_plain(browser: Browser, stage: dict[str, str]) -> tuple[float, list[float]]:
    """(first frame, ages) of the same stream as plain HLS, hls.js with its own settings."""
    context = viewer(browser, stage)
    page = context.new_page()
    page.goto("/healthz")
    hls = "/static/vendor/hls.js/hls.light.min.mjs"
    first = float(page.evaluate(PLAIN, [f"/hls/{stage['room']}/live.m3u8", hls]))
    time.sleep(WARM_UP)
    page.evaluate("bench.sampling = true")
    time.sleep(SAMPLE / 2)
    ages = _ages(page)
    context.close()
    return first, ages


def _ages(page: Page) -> list[float]:
    ages = page.evaluate("bench.ages")
    right = [float(age) for age in ages if age is not None]
    if len(right) < 100 or len(right) < 0.8 * len(ages):
        raise RuntimeError(f"Only {len(right)} of {len(ages)} frames could be read.")
    return right


def at(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


# --- the processors ---------------------------------------------------------------------------


def _times(pid: int) -> tuple[int, int]:
    """Ticks that a process has used, and those of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own, ended = fields[11:13], fields[13:15]
    return sum(map(int, own)), sum(map(int, ended))


def _own(pid: int) -> int:
    return _times(pid)[0]


def _encoders(pid: int) -> int:
    """Ticks of every child so far, the ended ones too: an encoder may be replaced meanwhile."""
    total = _times(pid)[1]
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text().split():
            with suppress(FileNotFoundError):
                total += _own(int(child))
    return total


def _cpu(pid: int, seconds: float) -> float:
    """Percent of a core that a process itself uses over some seconds."""
    before = _own(pid)
    time.sleep(seconds)
    return 100 * (_own(pid) - before) / TICKS / seconds


def _encode_cpu(live: Path) -> float:
    """Percent of a core that encoding this very picture anew costs, in real time."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("DEBUG", "1")
    from livestream.media.encoder import ENCODE, find_ffmpeg

    segments = sorted(live.glob("seg*.m4s"), key=lambda path: int(path.stem[3:]))[5:25]
    source = (live / "init0.mp4").read_bytes() + b"".join(path.read_bytes() for path in segments)
    before = os.times()
    subprocess.run(
        [
            *(find_ffmpeg(), "-loglevel", "error", "-i", "pipe:0", *ENCODE),
            *("-threads", "1", "-an", "-f", "null", "-"),
        ],
        input=source,
        check=True,
    )
    after = os.times()
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    return 100 * used / len(segments)


if __name__ == "__main__":
    run()
