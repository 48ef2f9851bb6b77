"""Debian's nginx with its RTMP module, ffmpeg as OBS, and our server between them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from livestream.media import film
from livestream.media.encoder import find_ffmpeg
from livestream.media.providers import provider_named
from livestream.models import Replay, Room
from livestream.rules.room import RoomState
from livestream.selectors.picture import picture_of
from livestream.services.room import ban_room, end_room
from livestream.services.stream_key import issue_stream_key
from tests.races.shopper import Shopper
from tests.servers import Server, database_url, running, session_of, until

MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
TOKEN = "a-token-between-the-two-of-us"
KICKED_WITHIN = 6  # seconds
pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        not (shutil.which("nginx") and MODULE.exists()), reason="nginx-rtmp is not installed"
    ),
]
CONF = """
load_module {module};
user root;
worker_processes 1;
error_log {folder}/error.log info;
pid {folder}/nginx.pid;
daemon off;
events {{ worker_connections 64; }}
rtmp {{ server {{
  listen 127.0.0.1:{rtmp}; chunk_size 4096; notify_method post; drop_idle_publisher 10s;
  application live {{
    live on; allow play 127.0.0.1; deny play all;
    on_publish {hook}; on_update {hook}; on_publish_done {hook}; on_record_done {hook};
    notify_update_timeout 2s; notify_update_strict on;
    hls on; hls_path {folder}/hls; hls_fragment 1s; hls_playlist_length 12s;
    record all; record_path {folder}/takes; record_unique on;
    push rtmp://127.0.0.1:{rtmp}/whole; push_reconnect 1s;
  }}
  application whole {{
    live on; allow publish 127.0.0.1; deny publish all; deny play all;
    hls on; hls_path {folder}/hls/whole; hls_fragment 6s; hls_playlist_length 24h;
    hls_continuous on;
  }} }} }}
http {{
  access_log off; client_body_temp_path {folder}/tmp; proxy_temp_path {folder}/proxied;
  proxy_cache_path {folder}/seen keys_zone=seen:1m;
  server {{ listen 127.0.0.1:{http};
    location ~ "^/hls/(?:whole/)?(?<stream>[a-z0-9]+)[.-]" {{
      auth_request /seen; root {folder}; add_header Access-Control-Allow-Origin *;
    }}
    location = /seen {{
      internal; proxy_pass {app}/hooks/seen/$stream/; proxy_pass_request_body off;
      proxy_set_header Content-Length ""; proxy_cache seen; proxy_cache_key $stream;
      proxy_cache_valid 204 403 404 3s; proxy_cache_lock on;
      proxy_cache_use_stale error timeout updating http_500 http_502 http_503;
    }}
    location /control {{ rtmp_control all; }}
    location /stat {{ rtmp_stat all; }}
  }} }}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Nginx:
    rtmp: str
    http: str
    folder: Path


@contextmanager
def nginx(folder: Path, rtmp: int, http: int, hook: str) -> Iterator[Nginx]:
    for name in ("hls/whole", "takes", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    conf = folder / "nginx.conf"
    place = hook.partition("/hooks/")[0]
    words = {"folder": folder, "rtmp": rtmp, "http": http, "hook": hook, "app": place}
    conf.write_text(CONF.format(module=MODULE, **words))
    process = subprocess.Popen(["nginx", "-e", f"{folder}/start.log", "-c", str(conf)])
    try:
        until(lambda: answers(http), 20)
        yield Nginx(f"rtmp://127.0.0.1:{rtmp}/live", f"http://127.0.0.1:{http}", folder)
    finally:
        process.terminate()
        process.wait(10)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def place(alone, transactional_db, settings, tmp_path) -> Iterator[tuple[Server, Nginx]]:
    rtmp, http = free_port(), free_port()
    words = {
        "LIVE_PROVIDER": "nginx_rtmp",
        "LIVE_RTMP_URL": f"rtmp://127.0.0.1:{rtmp}/live",
        "LIVE_HLS_URL": f"http://127.0.0.1:{http}/hls",
        "LIVE_REWIND_URL": f"http://127.0.0.1:{http}/hls/whole",
        "LIVE_API_URL": f"http://127.0.0.1:{http}",
        "LIVE_HOOK_TOKEN": TOKEN,
        "LIVE_RECORDINGS": str(tmp_path / "nginx" / "takes"),
    }
    for name, value in words.items():
        setattr(settings, name, value)
    with running(tmp_path / "server", database_url(), **words) as server:
        settings.LIVE_ROOT = server.folder / "live"
        hook = f"http://127.0.0.1:{server.port}/hooks/nginx_rtmp/{TOKEN}/"
        with nginx(tmp_path / "nginx", rtmp, http, hook) as media:
            yield server, media


class App:
    """ffmpeg in the place of OBS."""

    def __init__(self, url: str, seconds: float = 60) -> None:
        self.process = subprocess.Popen(
            [
                *(find_ffmpeg(), "-loglevel", "error", "-nostdin", "-re"),
                *("-f", "lavfi", "-i", "testsrc2=s=180x320:r=24"),
                *("-f", "lavfi", "-i", "sine=r=48000", "-t", str(seconds)),
                *("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "24"),
                *("-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", url),
            ],
            stderr=subprocess.DEVNULL,
        )

    @property
    def sends(self) -> bool:
        return self.process.poll() is None

    def refused(self) -> bool:
        """It gives up by itself."""
        try:
            return self.process.wait(10) != 0
        except subprocess.TimeoutExpired:
            return False

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def app(url: str, seconds: float = 60) -> Iterator[App]:
    one = App(url, seconds)
    try:
        yield one
    finally:
        one.stop()


def address(grant) -> str:
    return f"{grant.server}/{grant.key}"


def now(room: Room) -> Room:
    room.refresh_from_db()
    return room


def playlist(room: Room, kind: str = "hls") -> str:
    try:
        with urllib.request.urlopen(picture_of(now(room))[kind], timeout=5) as answer:
            return answer.read().decode()
    except (OSError, ValueError):  # not there yet
        return ""


def test_an_app_shows_the_room_is_interrupted_and_comes_back(place, live, tmp_path):
    grant = issue_stream_key(room=live, by=live.host)
    with app(address(grant)) as obs:
        until(lambda: now(live).provider == "nginx_rtmp", 20)
        until(lambda: playlist(live).count("#EXTINF") >= 2, 20)
        seen = subprocess.run(
            [find_ffmpeg(), "-i", picture_of(live)["hls"], "-frames:v", "5", "-f", "null", "-"],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert seen.returncode == 0, seen.stderr[-400:]
        with app(address(grant)) as second:  # with the same key, stolen
            assert second.refused()
        time.sleep(3)
        assert obs.sends
        assert now(live).state == RoomState.LIVE
    until(lambda: now(live).state == RoomState.INTERRUPTED, 10)
    with app(address(grant)):
        until(lambda: now(live).state == RoomState.LIVE, 15)
    log = (tmp_path / "server" / "server.log").read_text()
    assert grant.key.partition("key=")[2] not in log


def test_an_app_whose_line_was_cut_is_back_within_ten_seconds(place, live):  # P21
    grant = issue_stream_key(room=live, by=live.host)
    with app(address(grant)) as obs:
        until(lambda: playlist(live).count("#EXTINF") >= 2, 20)
        os.kill(obs.process.pid, signal.SIGSTOP)  # nothing comes, and its line stays open
        cut = time.monotonic()
        while time.monotonic() < cut + 20:
            with app(address(grant)) as again:
                time.sleep(2)  # OBS tries every two seconds
                if again.sends:
                    took = time.monotonic() - cut
                    sessions = live.publications.order_by("epoch").values_list("session", flat=True)
                    old, new = sessions
                    assert old != new
                    until(lambda: now(live).state == RoomState.LIVE, 5)
                    time.sleep(3)
                    assert again.sends
                    assert live.publications.get(ended_at=None).session == new
                    assert live.stream_keys.filter(revoked_at=None).exists()
                    print(f"back after {took:.1f} s")
                    assert took <= 10
                    return
        pytest.fail("it never came back")


@pytest.mark.parametrize("how", ["wrong", "expired", "revoked", "foreign"])
def test_nobody_else_gets_in(place, live, how):
    grant = issue_stream_key(room=live, by=live.host)
    url = address(grant)
    if how == "wrong":
        url += "x"
    elif how == "expired":
        live.stream_keys.update(expires_at=timezone.now())
    elif how == "revoked":
        live.stream_keys.update(revoked_at=timezone.now())
    else:
        url = url.replace(live.stream_keys.first().name, "s0123456789abcdef0123")
    with app(url, 6) as obs:
        assert obs.refused()
    assert not live.publications.exists()
    assert now(live).state == RoomState.LIVE


@pytest.mark.parametrize("verb", [end_room, ban_room])
def test_whoever_sends_is_sent_away_with_the_end(place, live, verb):
    grant = issue_stream_key(room=live, by=live.host)
    with app(address(grant)) as obs:
        until(lambda: live.publications.exists(), 20)
        first = live.publications.get().started_at.timestamp() * 1000
        until(lambda: playlist(live).count("#EXTINF") >= 4, 30)
        began = time.monotonic()
        verb(room=now(live))
        until(lambda: not obs.sends, KICKED_WITHIN + 4)
        took = time.monotonic() - began
        print(f"sent away after {took:.1f} s")
        assert took <= KICKED_WITHIN
    with app(address(grant), 4) as again:
        assert again.refused()
    if verb is end_room:
        until(lambda: Replay.objects.filter(room=live, state="ready").exists(), 60)
        replay = Replay.objects.get(room=live)
        assert replay.is_film
        assert replay.duration_ms > 3000
        ((shown, offset),) = replay.runs  # what it shows began when the app did, not with the show
        assert (abs(shown - first) < 2500, offset) == (True, 0)


def test_the_whole_show_can_be_rewound_also_after_a_cut(place, live, tmp_path):
    grant = issue_stream_key(room=live, by=live.host)
    with app(address(grant)):
        until(lambda: playlist(live, "rewind").count("#EXTINF") >= 3, 60)
        first = playlist(live).partition("#EXT-X-MEDIA-SEQUENCE:")[2].split()[0]
        assert int(first) > 0  # the list of those who watch now has let go of the beginning
    until(lambda: now(live).state == RoomState.INTERRUPTED, 10)
    before = playlist(live, "rewind")
    with app(address(grant)):
        until(lambda: playlist(live, "rewind").count("#EXTINF") > before.count("#EXTINF") + 1, 60)
        whole = playlist(live, "rewind")
        assert "#EXT-X-MEDIA-SEQUENCE:0" in whole
        assert whole.count("#EXT-X-DISC") == before.count("#EXT-X-DISC") + 1
        kept = [line for line in before.splitlines() if line.endswith(".ts")]
        assert [line for line in whole.splitlines() if line.endswith(".ts")][: len(kept)] == kept
        source = tmp_path / "nginx" / "hls" / "whole" / kept[0]
        assert film.take_ms(source) > 4000
        assert provider_named("nginx_rtmp").status(live.stream_keys.get().name, "").live


def test_a_banned_show_is_out_of_reach_in_nginx_as_well(place, live):
    grant = issue_stream_key(room=live, by=live.host)
    with app(address(grant)):
        until(lambda: playlist(live, "rewind").count("#EXTINF") >= 1, 60)
        urls = {kind: picture_of(now(live))[kind] for kind in ("hls", "rewind")}
        whole = playlist(live, "rewind").splitlines()
        piece = next(line for line in whole if line.endswith(".ts"))
        urls["piece"] = urls["rewind"].rpartition("/")[0] + "/" + piece
        assert {kind: status(url) for kind, url in urls.items()} == dict.fromkeys(urls, 200)
        ban_room(room=now(live))
        time.sleep(4)  # what nginx holds of our word
        assert {kind: status(url) for kind, url in urls.items()} == dict.fromkeys(urls, 403)


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code


def test_a_shopper_goes_back_to_the_start_and_to_live_again(place, live):
    server, _media = place
    grant = issue_stream_key(room=live, by=live.host)
    with app(address(grant), 90):
        until(lambda: playlist(live, "rewind").count("#EXTINF") >= 4, 60)
        url = f"{server.url}/live/{live.public_id}/"
        seen = subprocess.run(
            [sys.executable, "-c", REWIND, url], capture_output=True, text=True, timeout=120
        )
    if seen.returncode == NO_BROWSER:
        pytest.skip("There is no Chromium here.")
    assert seen.returncode == 0, seen.stderr[-900:]
    print(seen.stdout)


def test_a_shopper_sees_the_picture_of_the_app(place, live):
    server, _media = place
    grant = issue_stream_key(room=live, by=live.host)
    with app(address(grant)):
        until(lambda: playlist(live).count("#EXTINF") >= 4, 30)
        url = f"{server.url}/live/{live.public_id}/"
        seconds = subprocess.run(
            [sys.executable, "-c", WATCH, url], capture_output=True, text=True, timeout=120
        )
    if seconds.returncode == NO_BROWSER:
        pytest.skip("There is no Chromium here.")
    assert seconds.returncode == 0, seconds.stderr[-600:]
    assert float(seconds.stdout) > 2


def test_a_pause_hides_what_the_app_goes_on_sending(place, live, as_bob):
    server, _media = place
    clerk = Shopper(server, {settings.SESSION_COOKIE_NAME: session_of(as_bob)})
    console = reverse("livestream:console_move", args=[live.merchant.slug, live.public_id])
    grant = issue_stream_key(room=live, by=live.host)
    with app(address(grant), 120):
        until(lambda: playlist(live, "rewind").count("#EXTINF") >= 1, 60)
        url = f"{server.url}/live/{live.public_id}/"
        words = [sys.executable, "-c", REST, url]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as shopper:
            for verb in ("pause", "resume"):
                if shopper.stdout.readline() != "next\n":
                    break
                assert clerk.post(console, {"do": verb}).status < 400
            said = shopper.communicate(timeout=60)[0]
    if shopper.returncode == NO_BROWSER:
        pytest.skip("There is no Chromium here.")
    assert shopper.returncode == 0
    assert "plays again" in said


NO_BROWSER = 7
REST = """
import os, sys
from pathlib import Path
from playwright.sync_api import Error, expect, sync_playwright
chromium, shots = Path("/usr/bin/chromium"), os.environ.get("SHOTS", "")
with sync_playwright() as playwright:
    try:
        browser = playwright.chromium.launch(
            executable_path=str(chromium) if chromium.exists() else None, args=["--no-sandbox"])
    except Error:
        sys.exit(7)
    page = browser.new_page(viewport={"width": 390, "height": 844})
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(sys.argv[1])
    moved = "second => document.querySelector('video').currentTime > second + 2"
    plays = lambda: page.wait_for_function(
        moved, arg=page.evaluate("document.querySelector('video').currentTime"), timeout=30000)
    def rests():
        page.wait_for_timeout(1500)
        asked.clear()
        page.wait_for_timeout(3000)
        media = [one for one in asked if one.endswith((".ts", ".m3u8"))]
        assert not media, media
        assert page.evaluate("document.querySelector('video').paused")
        page.click(".lr-modes summary")
        expect(page.locator("[name=picture][value=none]")).to_be_visible()
        expect(page.locator("[data-rewind]")).to_be_hidden()
        page.keyboard.press("Escape")
    plays()
    page.click(".lr-modes summary")
    page.click("[data-rewind]")  # who looks back is brought back as well
    expect(page.locator("[data-behind]")).to_be_visible()
    page.focus("[data-say-open]")
    print("next", flush=True)
    expect(page.locator(".lr-slate")).to_be_visible(timeout=10000)
    expect(page.locator("[data-behind]")).to_be_hidden()
    expect(page.locator("[data-say-open]")).to_be_focused()
    rests()
    page.reload()
    expect(page.locator(".lr-slate")).to_be_visible()
    rests()
    if shots:
        page.screenshot(path=f"{shots}/rtmp-paused.png")
    print("next", flush=True)
    expect(page.locator(".lr-slate")).to_be_hidden(timeout=10000)
    plays()
    expect(page.locator("[data-rewind]")).not_to_have_attribute("hidden", "")
    print("plays again")
    browser.close()
"""
REWIND = """
import os, sys
from pathlib import Path
from playwright.sync_api import Error, expect, sync_playwright
chromium, shots = Path("/usr/bin/chromium"), os.environ.get("SHOTS", "")
with sync_playwright() as playwright:
    try:
        browser = playwright.chromium.launch(
            executable_path=str(chromium) if chromium.exists() else None, args=["--no-sandbox"])
    except Error:
        sys.exit(7)
    page = browser.new_page(viewport={"width": 390, "height": 844})
    asked = []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 2)[-2:]))
    page.goto(sys.argv[1])
    second = "document.querySelector('video').currentTime"
    def until(wanted):
        for _ in range(300):
            if wanted():
                return
            page.wait_for_timeout(100)
        raise AssertionError(page.evaluate(second))
    until(lambda: page.evaluate("document.querySelector('video').videoWidth") > 0)
    assert not [one for one in asked if one[0] == "whole"], asked
    page.click(".lr-modes summary")
    expect(page.locator("[name=picture][value=sound]")).to_be_hidden()  # nobody cuts it out there
    page.click("[data-rewind]")
    until(lambda: [name for folder, name in asked if folder == "whole" and name.endswith(".ts")])
    until(lambda: 1 < page.evaluate(second) < 5)
    first = [name for folder, name in asked if folder == "whole" and name.endswith(".ts")][0]
    assert first.endswith("-0.ts"), first
    end = page.evaluate("document.querySelector('video').seekable.end(0)")
    assert end > 20, end
    if shots:
        page.screenshot(path=f"{shots}/rtmp-rewound.png")
    page.click("[data-back-live]")
    expect(page.locator("[data-behind]")).to_be_hidden()
    page.wait_for_timeout(3000)
    asked.clear()
    page.wait_for_timeout(4000)
    assert asked and not [one for one in asked if one[0] == "whole"], asked
    began = page.evaluate(second)
    page.wait_for_timeout(3000)
    assert page.evaluate(second) > began + 1
    print("rewound", first, end)
    browser.close()
"""
# In a process of its own: Playwright's loop and Django's rows do not go together.
WATCH = """
import sys, time
from pathlib import Path
from playwright.sync_api import Error, sync_playwright
chromium = Path("/usr/bin/chromium")
with sync_playwright() as playwright:
    try:
        browser = playwright.chromium.launch(
            executable_path=str(chromium) if chromium.exists() else None, args=["--no-sandbox"])
    except Error:
        sys.exit(7)
    page = browser.new_page()
    page.goto(sys.argv[1])
    video = "document.querySelector('video')"
    began = None
    for _ in range(300):
        page.wait_for_timeout(200)
        second = page.evaluate(f"{video}.videoWidth && {video}.currentTime")
        if began is None and second:
            began = second
        if began is not None and second > began + 2.1:
            break
    print(second - (began or second))
    browser.close()
"""
