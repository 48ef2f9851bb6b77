"""Debian's Janus, a browser that publishes by WHIP, and our server between them."""

from __future__ import annotations

import json
import os
import shutil
import signal
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
from django.utils import timezone

from livestream.media.encoder import find_ffmpeg
from livestream.media.providers import provider_named
from livestream.models import Replay, Room
from livestream.rules.room import RoomState
from livestream.selectors.picture import picture_of
from livestream.services.room import ban_room, end_room
from livestream.services.stream_key import issue_stream_key, revoke_stream_keys
from tests.livestream.media.test_in_browsers import encoders
from tests.livestream.media.test_nginx_rtmp import answers, free_port
from tests.servers import Server, database_url, running, session_of, until

LIBRARY = next(Path("/usr/lib").glob("*/janus"), Path("/usr/lib/janus"))
SECRET = "between-the-two-of-us"
KICKED_WITHIN = 4  # seconds
NO_BROWSER = 7
pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        not (shutil.which("janus") and LIBRARY.exists()), reason="Janus is not installed"
    ),
]
OFFER = b"v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=ice-ufrag:x\r\na=fingerprint:y\r\n"
CONF = {
    "janus.jcfg": """
general: {{ configs_folder = "{folder}"  plugins_folder = "{library}/plugins"
  transports_folder = "{library}/transports"  events_folder = "{folder}/none"
  loggers_folder = "{folder}/none"  debug_level = 4  api_secret = "{secret}" }}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
""",
    "janus.transport.websockets.jcfg": """
general: {{ ws = true  ws_ip = "127.0.0.1"  ws_port = {port}  wss = false }}
admin: {{ admin_ws = false }}
""",
    "janus.plugin.videoroom.jcfg": "general: {{ string_ids = true }}\n",
}


def others(kind: str, wanted: str) -> str:
    found = (path.name for path in (LIBRARY / kind).glob("*.so"))
    return ",".join(name for name in found if wanted not in name)


@contextmanager
def janus(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    folder.mkdir()
    words = {"folder": folder, "library": LIBRARY, "secret": SECRET, "port": port}
    words |= {"plugins": others("plugins", "videoroom")}
    words |= {"transports": others("transports", "websockets")}
    for name, text in CONF.items():
        (folder / name).write_text(text.format(**words))
    with (folder / "janus.log").open("wb") as log:
        process = subprocess.Popen(["janus", "-F", str(folder)], stdout=log, stderr=log)
    try:
        until(lambda: answers(port), 20)
        yield process
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def media(settings, tmp_path) -> Iterator[subprocess.Popen[bytes]]:
    port = free_port()
    settings.LIVE_API_URL = f"ws://127.0.0.1:{port}"
    with janus(tmp_path / "janus", port) as process:
        yield process


@pytest.fixture
def place(media, alone, transactional_db, settings, tmp_path) -> Iterator[Server]:
    settings.LIVE_PROVIDER, settings.LIVE_API_KEY = "janus", SECRET
    names = ("LIVE_PROVIDER", "LIVE_API_URL", "LIVE_API_KEY")
    words = {name: getattr(settings, name) for name in names}
    with running(tmp_path / "server", database_url(), **words) as server:
        settings.LIVE_ROOT = server.folder / "live"
        settings.SITE_URL = server.url
        yield server


@dataclass
class Camera:
    """A browser that publishes; what it did comes as lines of JSON."""

    process: subprocess.Popen[str]

    def said(self) -> dict:
        line = self.process.stdout.readline()
        if not line and self.process.wait(10) == NO_BROWSER:
            pytest.skip("There is no Chromium here.")
        return json.loads(line)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def camera(server: Server, url: str, key: str, codec: str = "H264") -> Iterator[Camera]:
    process = subprocess.Popen(
        [sys.executable, "-c", PUBLISH, server.url, url, key, codec],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    one = Camera(process)
    try:
        yield one
    finally:
        one.stop()


# In a process of its own: Playwright's loop and Django's rows do not go together.
PUBLISH = """
import json, sys
from pathlib import Path
from playwright.sync_api import Error, sync_playwright
home, url, key, codec = sys.argv[1:]
chromium = Path("/usr/bin/chromium")
say = lambda **words: print(json.dumps(words), flush=True)
with sync_playwright() as playwright:
    try:
        browser = playwright.chromium.launch(
            executable_path=str(chromium) if chromium.exists() else None,
            args=["--no-sandbox", "--use-fake-ui-for-media-stream",
                  "--use-fake-device-for-media-stream"])
    except Error:
        sys.exit(7)
    page = browser.new_page()
    page.goto(home + "/static/js/livestream/rate.js")  # of ours, and the camera is open to it
    began = page.evaluate('''async ([url, key, codec]) => {
        const camera = await navigator.mediaDevices.getUserMedia(
            {video: {width: 360, height: 640, frameRate: 24}, audio: true});
        const peer = window.peer = new RTCPeerConnection();
        for (const track of camera.getTracks()) {
            const sends = peer.addTransceiver(track, {direction: "sendonly", streams: [camera]});
            if (track.kind !== "video") continue;
            const known = RTCRtpSender.getCapabilities("video").codecs;
            sends.setCodecPreferences(known.filter(one => one.mimeType === "video/" + codec));
        }
        await peer.setLocalDescription();
        while (peer.iceGatheringState !== "complete")
            await new Promise(done => peer.onicegatheringstatechange = done);
        const at = performance.now();
        const answer = await fetch(url, {method: "POST", body: peer.localDescription.sdp, headers: {
            "Content-Type": "application/sdp", "Authorization": "Bearer " + key}});
        const text = await answer.text();
        if (answer.ok) await peer.setRemoteDescription({type: "answer", sdp: text});
        return {status: answer.status, text, location: answer.headers.get("location"),
                took: performance.now() - at};
    }''', [url, key, codec])
    say(**began)
    while began["status"] == 201:
        page.wait_for_timeout(100)
        state = page.evaluate("peer.connectionState")
        if state in ("disconnected", "failed", "closed"):
            say(state=state)
            break
    browser.close()
"""


def call(url: str, key: str = "", method: str = "POST", body: bytes = b"", kind: str = "") -> int:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(url, data=body or None, headers=headers, method=method)
    request.add_header("Content-Type", kind or "application/sdp")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as no:
        return no.code


def now(room: Room) -> Room:
    room.refresh_from_db()
    return room


def playlist(server: Server, room: Room) -> str:
    try:
        with urllib.request.urlopen(server.url + picture_of(now(room))["hls"], timeout=5) as answer:
            return answer.read().decode()
    except OSError:  # not there yet
        return ""


def command_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def segments(server: Server, room: Room) -> int:
    return playlist(server, room).count("#EXTINF")


@pytest.mark.parametrize("codec", ["H264", "VP8"])
def test_a_browser_shows_the_room_by_webrtc(place, live, codec):
    grant = issue_stream_key(room=live, by=live.host)
    assert grant.protocol == "whip"
    began = time.monotonic()
    with camera(place, grant.server, grant.key, codec) as phone:
        first = phone.said()
        asked = time.monotonic()
        assert first["status"] == 201, first
        until(lambda: (place.folder / "live" / live.public_id / "seg0.m4s").exists(), 20)
        print(
            f"{codec}: answered in {first['took']:.0f} ms, first segment after "
            f"{time.monotonic() - asked:.1f} s, with the browser's start "
            f"{time.monotonic() - began:.1f} s"
        )
        until(lambda: segments(place, live) >= 3, 20)
        seen = subprocess.run(
            [*(find_ffmpeg(), "-i", place.url + picture_of(live)["hls"]),
             *("-frames:v", "20", "-f", "null", "-")],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert seen.returncode == 0, seen.stderr[-400:]
        assert "h264" in seen.stderr
        assert "aac" in seen.stderr
        assert now(live).provider == "janus"
        assert live.state == RoomState.LIVE
        publication = live.publications.get()
        name, _, publisher = publication.session.partition("/")
        assert provider_named("janus").status(name, publisher).live
        with camera(place, grant.server, grant.key) as second:  # with the same key, stolen
            assert second.said()["status"] == 409
        assert call(place.url + first["location"], grant.key, "DELETE") == 200
        until(lambda: now(live).state == RoomState.INTERRUPTED, 5)
        assert phone.said()["state"]
        assert not provider_named("janus").status(name, publisher).live
    with camera(place, grant.server, grant.key, codec):  # and back by the same key
        until(lambda: now(live).state == RoomState.LIVE, 20)
    log = (place.folder / "server.log").read_text()
    assert grant.key not in log
    assert SECRET not in log


def test_the_page_of_the_key_sends_and_shoppers_see_it(place, live, as_bob):
    page = f"{place.url}/dashboard/{live.merchant.slug}/rooms/{live.public_id}/stream/"
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            SEND,
            page,
            session_of(as_bob),
            f"{place.url}/live/{live.public_id}/",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    phone = Camera(process)
    try:
        assert phone.said()["sends"]
        until(lambda: now(live).provider == "janus", 5)
        shopper = phone.said()
        print(f"seen {shopper['after']:.1f} s after the shopper came")
        assert shopper["seconds"] > 2
        chosen = phone.said()
        assert chosen["sends"] == chosen["wanted"] != chosen["before"], "the line has the other one"
        assert chosen["kept"], "the same line goes on"
        assert phone.said()["flipped"]
        provider_named("janus").end(*live.publications.get().session.split("/"))
        assert phone.said()["back"] < 15
        assert phone.said()["stopped"]
        until(lambda: now(live).state == RoomState.INTERRUPTED, 5)
    finally:
        phone.stop()


SEND = '''
import json, sys, time
from pathlib import Path
from playwright.sync_api import Error, sync_playwright
address, session, shop = sys.argv[1:]
chromium = Path("/usr/bin/chromium")
say = lambda **words: print(json.dumps(words), flush=True)
with sync_playwright() as playwright:
    try:
        browser = playwright.chromium.launch(
            executable_path=str(chromium) if chromium.exists() else None,
            args=["--no-sandbox", "--use-fake-ui-for-media-stream",
                  "--use-fake-device-for-media-stream"])
    except Error:
        sys.exit(7)
    context = browser.new_context(locale="en-GB")
    context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
    page = context.new_page()
    page.add_init_script("""window.peers = [];
        window.RTCPeerConnection = class extends RTCPeerConnection {
            constructor(...words) { super(...words); window.peers.push(this); } };""")
    page.goto(address)
    page.get_by_role("button", name="Make a key").click()
    page.get_by_role("button", name="Send the picture").click()
    page.wait_for_selector('[data-sending="true"]', timeout=20_000)
    say(sends=True)
    other = browser.new_page()
    began = time.monotonic()
    other.goto(shop)
    video = "document.querySelector('video')"
    seen = f"{video}?.videoWidth && {video}.currentTime"
    while not (first := other.evaluate(seen)) and time.monotonic() < began + 20:
        other.wait_for_timeout(50)
    after = time.monotonic() - began
    other.wait_for_timeout(4000)
    say(after=after, seconds=other.evaluate(seen) - first)
    line = """line => line.getSenders().find(({ track }) => track.kind === "audio")
        .track.getSettings().deviceId"""
    peer = page.evaluate_handle("window.peers[0]")
    before, sound = peer.evaluate(line), page.get_by_label("Microphone")
    ids = sound.locator("option").evaluate_all("all => all.map(one => one.value)")
    wanted = next(one for one in ids if one != before)
    sound.select_option(wanted)
    page.wait_for_timeout(1500)
    on_air = page.locator('[data-sending="true"]').count() == 1
    say(before=before, wanted=wanted, sends=peer.evaluate(line),
        kept=on_air and page.evaluate("peers.length") == 1)
    page.get_by_role("button", name="Flip").click()
    page.wait_for_timeout(1000)
    say(flipped=page.locator('[data-sending="true"]').count() == 1)
    page.wait_for_selector('[data-sending="false"]', timeout=20_000)
    lost = time.monotonic()
    page.wait_for_selector('[data-sending="true"]', timeout=30_000)
    say(back=time.monotonic() - lost)
    page.get_by_role("button", name="Stop sending").click()
    page.wait_for_selector('[data-sending="false"]', timeout=5_000)
    page.wait_for_timeout(500)
    say(stopped=page.get_by_role("button", name="Send the picture").is_visible())
    browser.close()
'''


def test_a_browser_that_dies_interrupts_the_room_and_may_come_again(place, live):
    grant = issue_stream_key(room=live, by=live.host)
    with camera(place, grant.server, grant.key) as phone:
        assert phone.said()["status"] == 201
        until(lambda: segments(place, live) >= 2, 20)
    died = time.monotonic()
    until(lambda: now(live).state == RoomState.INTERRUPTED, 12)
    print(f"noticed after {time.monotonic() - died:.1f} s")
    with camera(place, grant.server, grant.key) as again:
        assert again.said()["status"] == 201
        until(lambda: now(live).state == RoomState.LIVE, 20)
        until(lambda: "#EXT-X-DISCONTINUITY" in playlist(place, live), 10)


def test_a_killed_encoder_comes_back_by_itself(place, live):
    grant = issue_stream_key(room=live, by=live.host)
    with camera(place, grant.server, grant.key) as phone:
        assert phone.said()["status"] == 201
        until(lambda: segments(place, live) >= 2, 20)
        listening = [pid for pid in encoders(place.pid) if b"udp,rtp" in command_of(pid)]
        assert len(listening) == 1
        killed = time.monotonic()
        os.kill(listening[0], signal.SIGKILL)
        until(lambda: "#EXT-X-DISCONTINUITY" in playlist(place, live), 15)
        print(f"back after {time.monotonic() - killed:.1f} s")
        assert now(live).state == RoomState.LIVE


def test_a_janus_that_dies_interrupts_the_room(place, live, media):
    grant = issue_stream_key(room=live, by=live.host)
    with camera(place, grant.server, grant.key) as phone:
        assert phone.said()["status"] == 201
        until(lambda: segments(place, live) >= 2, 20)
        media.kill()
        until(lambda: now(live).state == RoomState.INTERRUPTED, 5)
        assert call(grant.server, grant.key, body=OFFER) == 503
        until(lambda: not encoders(place.pid), 5)
        assert playlist(place, live)


def test_with_our_process_the_publisher_goes_as_well(place, live):
    grant = issue_stream_key(room=live, by=live.host)
    with camera(place, grant.server, grant.key) as phone:
        assert phone.said()["status"] == 201
        until(lambda: segments(place, live) >= 2, 20)
        name, _, publisher = live.publications.get().session.partition("/")
        place.process.kill()
        until(lambda: not provider_named("janus").status(name, publisher).live, 5)
        assert phone.said()["state"]


@pytest.mark.parametrize("verb", [end_room, ban_room, revoke_stream_keys])
def test_whoever_sends_is_sent_away(place, live, verb):
    grant = issue_stream_key(room=live, by=live.host)
    with camera(place, grant.server, grant.key) as phone:
        assert phone.said()["status"] == 201
        until(lambda: segments(place, live) >= 4, 30)
        name, _, publisher = live.publications.get().session.partition("/")
        began = time.monotonic()
        verb(room=now(live))
        until(lambda: not provider_named("janus").status(name, publisher).live, KICKED_WITHIN + 4)
        took = time.monotonic() - began
        assert phone.said()["state"]  # a browser notices by the answers that do not come
        print(f"sent away after {took:.1f} s, noticed after {time.monotonic() - began:.1f} s")
        assert took <= KICKED_WITHIN
    assert call(grant.server, grant.key, body=b"v=0") == 403
    if verb is end_room:
        until(lambda: Replay.objects.filter(room=live, state="ready").exists(), 60)
        assert Replay.objects.get(room=live).duration_ms > 3000


@pytest.mark.parametrize("how", ["wrong", "expired", "revoked", "foreign"])
def test_nobody_else_gets_in(place, live, how):
    grant = issue_stream_key(room=live, by=live.host)
    url, key = grant.server, grant.key
    if how == "wrong":
        key += "x"
    elif how == "expired":
        live.stream_keys.update(expires_at=timezone.now())
    elif how == "revoked":
        live.stream_keys.update(revoked_at=timezone.now())
    else:
        url = url.replace(live.stream_keys.first().name, "s0123456789abcdef0123")
    with camera(place, url, key) as phone:
        said = phone.said()
        assert said["status"] == 403
        assert said["text"]
    assert not live.publications.exists()
    assert now(live).state == RoomState.LIVE


def test_what_is_no_offer_is_refused_and_the_room_does_not_notice(place, live):
    grant = issue_stream_key(room=live, by=live.host)
    url, key = grant.server, grant.key
    assert call(url, key, body=b"\xff\x00garbage") == 400
    assert call(url, key, body=OFFER) == 400  # Janus says so
    assert call(url, key, body=b"v" * 2_000_000) == 413
    assert call(url, key, body=b"{}", kind="application/json") == 415
    assert call(url, body=b"v=0") == 401
    assert call(url, key, method="PATCH", body=b"a=candidate") == 405
    assert call(f"{url}{'0' * 32}/", key, method="DELETE") == 404
    assert call(f"{place.url}/whip/nothing/", key, body=b"v=0") == 404
    assert not live.publications.exists()
    assert not live.stream_events.exists()
    assert now(live).state == RoomState.LIVE
