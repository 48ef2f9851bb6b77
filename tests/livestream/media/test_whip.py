"""The address to which apps publish by WebRTC, before a Janus that only says what Janus says.

`test_janus.py` has the real one, with a browser.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from websockets.asyncio.server import ServerConnection, serve

from livestream.consumers import relay, whip
from livestream.errors import NoOtherApp
from livestream.media import readiness
from livestream.media.encoder import find_ffmpeg, slots
from livestream.media.ingest import Ingest, Trouble
from livestream.media.providers import provider_named
from livestream.media.providers.base import Ask, Forged, ProviderDown
from livestream.media.reel import read_journal
from livestream.models import Room
from livestream.rules.room import RoomState
from livestream.rules.sdp import Track, is_offer, listening
from livestream.selectors.picture import picture_of
from livestream.services.publication import open_publication
from livestream.services.room import end_room, pause_room
from livestream.services.stream_key import issue_stream_key
from livestream.services.stream_sweep import tend_streams

SECRET = "between-the-two-of-us"
OFFER = b"v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=ice-ufrag:x\r\na=fingerprint:y\r\n"
H264 = {"type": "video", "mindex": 1, "mid": "1", "codec": "h264"}
OPUS = {"type": "audio", "mindex": 0, "mid": "0", "codec": "opus"}


class Engine:
    """Answers as Janus 1.1 does, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.streams = [OPUS, H264]
        self.refuses: dict[str, int] = {}  # by request: the VideoRoom's error
        self.error = 0  # of Janus itself, to an offer
        self.lines: set[ServerConnection] = set()
        self.silent = False

    async def __call__(self, line: ServerConnection) -> None:
        self.lines.add(line)
        async for text in line:
            said = json.loads(text)
            self.asked.append(said)
            if not self.silent:
                for answer in self.answers(said):
                    news = answer["janus"] in {"webrtcup", "media"}
                    number = {} if news else {"transaction": said["transaction"]}
                    await line.send(json.dumps(answer | number))

    def answers(self, said: dict[str, Any]) -> list[dict[str, Any]]:
        if said.get("apisecret") != SECRET:
            return [{"janus": "error", "error": {"code": 403, "reason": "Unauthorized"}}]
        if said["janus"] in {"create", "attach"}:
            return [{"janus": "success", "data": {"id": 7}}]
        if said["janus"] == "keepalive":
            return [{"janus": "ack"}]
        request = said["body"]["request"]
        if code := self.refuses.get(request):
            return [event({"videoroom": "event", "error_code": code}, "success")]
        if request == "joinandconfigure":
            if self.error:
                return [{"janus": "error", "error": {"code": self.error}}]
            joined = event({"videoroom": "joined", "streams": self.streams})
            jsep = {"type": "answer", "sdp": "v=0 answer"}
            return [{"janus": "ack"}, {"janus": "webrtcup"}, joined | {"jsep": jsep}]
        return [event({"videoroom": request, "participants": [{"publisher": True}]}, "success")]

    def of(self, request: str) -> list[dict[str, Any]]:
        bodies = [said.get("body", {}) for said in self.asked]
        return [body for body in bodies if body.get("request") == request]

    async def say(self, **words: Any) -> None:
        for line in self.lines:
            with contextlib.suppress(Exception):
                await line.send(json.dumps(words))


def event(data: dict[str, Any], kind: str = "event") -> dict[str, Any]:
    return {"janus": kind, "plugindata": {"plugin": "janus.plugin.videoroom", "data": data}}


@pytest.fixture
async def engine(settings) -> AsyncIterator[Engine]:
    engine = Engine()
    async with serve(engine, "127.0.0.1", 0, subprotocols=["janus-protocol"]) as server:
        port = server.sockets[0].getsockname()[1]
        settings.LIVE_PROVIDER, settings.LIVE_API_KEY = "janus", SECRET
        settings.LIVE_API_URL = f"ws://127.0.0.1:{port}"
        yield engine
        await relay.close_all()


@pytest.fixture
def room(transactional_db, live) -> Room:
    return live


async def ask(
    path: str,
    key: str = "",
    body: bytes = OFFER,
    method: str = "POST",
    kind: str = "application/sdp",
    **headers: str,
) -> dict[str, Any]:
    """One request, as {"status", "headers", "body"}."""
    words = {"content-type": kind, "content-length": str(len(body)), **headers}
    if key:
        words["authorization"] = f"Bearer {key}"
    coded = [(name.encode(), value.encode()) for name, value in words.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": coded}
    answer: dict[str, Any] = {"body": b""}
    pieces = [body[at : at + 30_000] for at in range(0, len(body), 30_000)] or [b""]

    async def receive() -> dict[str, Any]:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer["status"] = message["status"]
            answer["headers"] = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            answer["body"] += message.get("body", b"")

    await whip.serve(scope, receive, send)
    return answer


@sync_to_async
def key_of(room: Room) -> tuple[str, str]:
    """(path, key) as an app would use them."""
    grant = issue_stream_key(room=room, by=room.host)
    return "/" + grant.server.split("/", 3)[3], grant.key


@sync_to_async
def current(room: Room) -> Room:
    room.refresh_from_db()
    return room


async def comes_true(condition: Callable[[], Any], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


# --- who may ----------------------------------------------------------------------------------


async def test_an_app_is_let_in_and_says_good_bye(engine, room):
    path, key = await key_of(room)
    answer = await ask(path, key)
    assert (answer["status"], answer["body"]) == (201, b"v=0 answer")
    assert answer["headers"]["content-type"] == "application/sdp"
    place = answer["headers"]["location"]
    assert place.startswith(path)

    publisher = place.rstrip("/").rsplit("/", 1)[-1]
    (create,), (forward,) = engine.of("create"), engine.of("rtp_forward")
    assert create["room"] == forward["room"] == forward["publisher_id"] == publisher
    assert create["publishers"] == 1
    assert create["fir_freq"] == 1
    assert forward["host"] == "127.0.0.1"
    assert [(one["mid"], one["pt"]) for one in forward["streams"]] == [("1", 96), ("0", 97)]
    assert all(said["apisecret"] == SECRET for said in engine.asked)
    assert key not in json.dumps(engine.asked), "Janus never learns the key"
    assert (await current(room)).provider == "janus"
    pictures = await sync_to_async(picture_of)(room)
    assert pictures["llhls"] == f"/hls/{room.public_id}/ll.m3u8"

    assert (await ask(place, key, b"", "DELETE"))["status"] == 200
    assert engine.of("destroy")[0]["room"] == publisher
    assert (await current(room)).state == RoomState.INTERRUPTED
    assert not await room.publications.filter(ended_at=None).aexists()
    assert (await ask(place, key, b"", "DELETE"))["status"] == 404
    assert (await ask(path, key))["status"] == 201, "the key is good for coming back"


async def test_a_second_app_is_refused_and_the_first_goes_on(engine, room):
    path, key = await key_of(room)
    await ask(path, key)
    second = await ask(path, key)
    assert second["status"] == 409
    assert len(engine.of("destroy")) == 1
    assert engine.of("destroy")[0]["room"] == engine.of("create")[1]["room"]
    assert (await current(room)).state == RoomState.LIVE
    assert await room.publications.acount() == 1


async def test_an_app_is_back_before_its_dead_self_is_given_up(engine, room):  # P21
    path, key = await key_of(room)
    first = (await ask(path, key))["headers"]["location"].split("/")[3]
    then = timezone.now() - timedelta(seconds=6)
    await room.publications.aupdate(started_at=then)
    await Room.objects.aupdate(media_at=then)
    assert (await ask(path, key))["status"] == 201
    assert await room.publications.filter(ended_at=None).acount() == 1
    assert await room.stream_events.filter(kind="takeover").acount() == 1
    sweep = sync_to_async(tend_streams, thread_sensitive=False)
    assert await sweep(timezone.now()) == 1
    assert [one["room"] for one in engine.of("destroy")] == [first]
    assert await room.stream_keys.filter(revoked_at=None).aexists()
    assert (await current(room)).state == RoomState.LIVE


async def test_a_key_that_opens_nothing_is_refused_before_janus_is_asked(engine, room):
    path, key = await key_of(room)
    assert (await ask(path, key + "x"))["status"] == 403
    assert (await ask("/whip/s0123456789abcdef0123/", key))["status"] == 403
    await room.stream_keys.aupdate(expires_at=timezone.now())
    assert (await ask(path, key))["status"] == 403
    path, key = await key_of(room)
    await sync_to_async(end_room)(room=await current(room))
    assert (await ask(path, key))["status"] == 403
    assert not engine.asked


async def test_without_janus_there_is_no_such_address(engine, room, settings):
    path, key = await key_of(room)
    settings.LIVE_PROVIDER = "embedded"
    assert (await ask(path, key))["status"] == 404
    with pytest.raises(NoOtherApp):
        await key_of(room)


async def test_nobody_calls_back_for_janus(engine, room):
    for asked in (provider_named("janus").events, lambda ask: provider_named("janus").heard()):
        with contextlib.suppress(Forged):
            assert asked(Ask()).status == 200
    with pytest.raises(Forged):
        provider_named("janus").authorise(Ask(), lambda wish: True)


# --- what is no offer -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ({"body": b""}, 400),
        ({"body": b"\xff\x00garbage"}, 400),
        ({"body": b"v=0\r\nm=audio 9 RTP/AVP 0\r\n"}, 400),
        ({"body": b"v" * 2_000_000}, 413),
        ({"body": b"v" * 70_000, "content-length": "9"}, 413),  # it lies
        ({"content-length": "-1"}, 413),
        ({"kind": "application/json"}, 415),
        ({"kind": ""}, 415),
        ({"key": ""}, 401),
        ({"key": "", "authorization": "Basic YTpi"}, 401),
        ({"method": "GET"}, 405),
        ({"method": "PATCH"}, 405),
        ({"method": "DELETE"}, 405),
        ({"method": "OPTIONS"}, 204),
    ],
)
async def test_what_is_no_offer_is_told_so_and_begins_nothing(engine, room, words, status):
    path, key = await key_of(room)
    answer = await ask(path, **{"key": key, **words})
    assert answer["status"] == status
    assert bool(answer["body"]) == (status != 204)
    assert not engine.asked
    assert not await room.publications.aexists()


@pytest.mark.parametrize(
    "path", ["/whip/", "/whip/x/", "/whip/s0123456789abcdef0123x", "/whip/../hls/x", "/whip/%00"]
)
async def test_no_other_path_is_anything(engine, room, path):
    assert (await ask(path, "key"))["status"] == 404


async def test_a_sentence_comes_in_the_language_of_whoever_asks(engine, room):
    path, _key = await key_of(room)
    answer = await ask(path, "wrong", **{"accept-language": "zh-Hans"})
    assert "密钥" in answer["body"].decode()
    assert "key" in (await ask(path, "wrong", **{"accept-language": "en"}))["body"].decode()


@pytest.mark.parametrize("code", [464, 465])
async def test_an_offer_that_janus_cannot_read_leaves_no_trace(engine, room, code):
    path, key = await key_of(room)
    engine.error = code
    assert (await ask(path, key))["status"] == 400
    engine.error, engine.streams = 0, [OPUS]
    assert (await ask(path, key))["status"] == 400, "a sound alone"
    engine.streams = [OPUS, H264 | {"codec": "av1"}]
    assert (await ask(path, key))["status"] == 400
    assert not await room.publications.aexists()
    assert not await room.stream_events.aexists()
    assert (await current(room)).state == RoomState.LIVE


# --- when something breaks --------------------------------------------------------------------


async def test_a_janus_that_does_not_answer_is_said_to_be_away(engine, room, settings):
    path, key = await key_of(room)
    engine.refuses = {"create": 499}
    assert (await ask(path, key))["status"] == 503
    settings.LIVE_API_KEY = "wrong"
    answer = await ask(path, key)
    assert (answer["status"], answer["headers"]["retry-after"]) == (503, "5")
    settings.LIVE_API_URL = "ws://127.0.0.1:9"
    assert (await ask(path, key))["status"] == 503
    settings.LIVE_API_URL = ""
    assert (await ask(path, key))["status"] == 503
    assert not await room.publications.aexists()


async def test_on_a_full_disk_nothing_begins(engine, room, monkeypatch):
    path, key = await key_of(room)
    monkeypatch.setattr(readiness, "SMALLEST_DISK", 1 << 60)
    assert (await ask(path, key))["status"] == 507
    assert not engine.asked
    assert not await room.publications.aexists()


async def test_an_encoder_that_dies_is_followed_by_another(engine, room):
    path, key = await key_of(room)
    answer = await ask(path, key)
    publisher = answer["headers"]["location"].split("/")[3]
    ingest = relay.relay_of(publisher).ingest
    first = ingest.encoder
    first.kill()
    await comes_true(lambda: ingest.encoder not in {None, first})
    second = ingest.encoder
    assert (await ask(answer["headers"]["location"], key, b"", "DELETE"))["status"] == 200
    assert second.child.returncode is not None, "nothing is left of it"


async def test_a_forward_that_fails_ends_what_had_begun(engine, room):
    path, key = await key_of(room)
    engine.refuses = {"rtp_forward": 428}
    assert (await ask(path, key))["status"] == 503
    assert engine.of("destroy")
    assert not await room.publications.filter(ended_at=None).aexists()
    engine.refuses = {}
    assert (await ask(path, key))["status"] == 201


async def test_a_picture_that_must_be_encoded_waits_for_a_free_processor(engine, room, settings):
    path, key = await key_of(room)
    engine.streams = [OPUS, H264 | {"codec": "vp8"}]
    settings.LIVE_TRANSCODES = 0
    assert (await ask(path, key))["status"] == 503
    settings.LIVE_TRANSCODES = 1
    assert (await ask(path, key))["status"] == 201
    assert slots.taken == 1
    await relay.close_all()
    assert slots.taken == 0


@pytest.mark.parametrize("news", [{"janus": "hangup", "reason": "ICE failed"}, None])
async def test_a_publisher_that_goes_or_loses_janus_interrupts_the_room(engine, room, news):
    path, key = await key_of(room)
    await ask(path, key)
    if news:
        await engine.say(**news)
    else:
        for line in list(engine.lines):
            await line.close()
    await comes_true(lambda: not relay._relays)
    assert (await current(room)).state == RoomState.INTERRUPTED
    assert (await ask(path, key))["status"] == 201


async def test_without_a_picture_she_is_sent_away_after_a_while(engine, room, monkeypatch):
    monkeypatch.setattr(relay, "FIRST", 0.4)
    monkeypatch.setattr(relay, "BEAT", 0.1)
    path, key = await key_of(room)
    await ask(path, key)
    await comes_true(lambda: not relay._relays)
    assert engine.of("destroy")
    assert (await current(room)).state == RoomState.INTERRUPTED


async def test_a_silent_session_is_kept(engine, room, monkeypatch):
    monkeypatch.setattr(relay, "BEAT", 0.05)
    monkeypatch.setattr(relay, "KEEP", 0.1)
    await ask(*await key_of(room))
    await comes_true(lambda: [one for one in engine.asked if one["janus"] == "keepalive"])


@pytest.mark.parametrize("how", ["end", "camera"])
async def test_the_sweep_sends_away_whoever_may_not_once(engine, room, how):
    path, key = await key_of(room)
    await ask(path, key)
    if how == "end":
        await sync_to_async(end_room)(room=await current(room))
    else:
        await sync_to_async(open_publication)(room=room, publisher=uuid4(), by=None, takeover=True)
    sweep = sync_to_async(tend_streams, thread_sensitive=False)
    assert [await sweep(timezone.now()) for _ in range(2)] == [1, 0]
    assert engine.of("destroy")[0]["room"] == engine.of("create")[0]["room"]
    assert (await ask(path, key))["status"] == 403


async def test_the_sweep_leaves_a_paused_show_alone(engine, room):
    await ask(*await key_of(room))
    await sync_to_async(pause_room)(room=await current(room))
    sweep = sync_to_async(tend_streams, thread_sensitive=False)
    assert await sweep(timezone.now()) == 0
    assert not engine.of("destroy")


async def test_a_janus_that_is_away_is_asked_again_by_the_sweep(engine, room, settings):
    address = settings.LIVE_API_URL
    await ask(*await key_of(room))
    await sync_to_async(end_room)(room=await current(room))
    sweep = sync_to_async(tend_streams, thread_sensitive=False)
    settings.LIVE_API_URL = "ws://127.0.0.1:9"
    assert await sweep(timezone.now()) == 0
    settings.LIVE_API_URL = address
    engine.refuses = {"destroy": 426}  # no such room any more: as good
    assert await sweep(timezone.now()) == 1


async def test_a_status_is_of_her_own_room(engine, room):
    janus = provider_named("janus")
    seen = await asyncio.to_thread(janus.status, "s1", "p1")
    assert (seen.live, seen.publisher) == (True, "p1")
    assert engine.of("listparticipants")[0]["room"] == "p1"
    engine.refuses = {"listparticipants": 426}
    assert not (await asyncio.to_thread(janus.status, "s1", "p1")).live
    engine.refuses = {"listparticipants": 421}
    with pytest.raises(ProviderDown):
        await asyncio.to_thread(janus.status, "s1", "p1")


@pytest.mark.parametrize("text", ["{", "[]", "[" * 9000, '{"janus": "success"}'])
async def test_an_answer_that_is_none_is_a_janus_that_is_away(room, settings, text):
    async def babble(line: ServerConnection) -> None:
        async for _ in line:
            await line.send(text)
            await line.close()

    async with serve(babble, "127.0.0.1", 0, subprotocols=["janus-protocol"]) as server:
        settings.LIVE_PROVIDER = "janus"
        settings.LIVE_API_URL = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        assert (await ask(*await key_of(room)))["status"] == 503


# --- the packets ------------------------------------------------------------------------------


def test_what_ffmpeg_listens_by_names_each_track_once():
    tracks = [Track("video", "1", "h264", 5000), Track("audio", "0", "opus", 5002)]
    text = listening(tracks)
    assert "m=video 5000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n" in text
    assert "m=audio 5002 RTP/AVP 97\r\na=rtpmap:97 opus/48000/2\r\n" in text
    assert "c=IN IP4 127.0.0.1" in text


def test_an_offer_has_a_picture_and_a_way_in():
    assert is_offer(OFFER.decode())
    for needed in ("m=video", "a=ice-ufrag", "a=fingerprint", "v=0"):
        assert not is_offer(OFFER.decode().replace(needed, "x=y"))


@pytest.mark.parametrize("codec", ["h264", "vp8"])
async def test_packets_become_segments(tmp_path, codec):
    troubles: list[Trouble] = []

    async def trouble(one: Trouble) -> None:
        troubles.append(one)

    streams = [OPUS, H264 | {"codec": codec}]
    video, audio = relay.tracks_of(streams)
    ingest = await Ingest.open(tmp_path, 1, trouble)
    await ingest.begin(f"application/sdp;codecs={codec}", sdp=listening([video, audio]))
    sender = subprocess.Popen(rtp(video, audio), stderr=subprocess.DEVNULL)
    try:
        await comes_true(lambda: len(read_journal(tmp_path)) >= 3, 20)
    finally:
        sender.kill()
        sender.wait()
    began = asyncio.get_running_loop().time()
    await ingest.close()
    assert asyncio.get_running_loop().time() - began < 1.5
    assert not troubles
    segments = read_journal(tmp_path)
    assert all(0.9 <= one.duration <= 1.3 for one in segments[:-1])


def rtp(video: Track, audio: Track) -> list[str]:
    """A sender of packets, as Janus forwards them."""
    coders = {"h264": ["libx264", "-bsf:v", "dump_extra=freq=keyframe"], "vp8": ["libvpx"]}
    return [
        *(find_ffmpeg(), "-loglevel", "error", "-nostdin", "-re"),
        *("-f", "lavfi", "-i", "testsrc2=s=180x320:r=24"),
        *("-f", "lavfi", "-i", "sine=r=48000", "-t", "30"),
        *("-map", "0:v", "-c:v", *coders[video.codec], "-g", "24", "-pix_fmt", "yuv420p"),
        *("-preset", "ultrafast", "-tune", "zerolatency")[: 4 if video.codec == "h264" else 0],
        *("-deadline", "realtime", "-cpu-used", "8")[: 4 if video.codec == "vp8" else 0],
        *("-payload_type", "96", "-f", "rtp", f"rtp://127.0.0.1:{video.port}?pkt_size=1200"),
        *("-map", "1:a", "-c:a", "libopus", "-ac", "2", "-payload_type", "97"),
        *("-f", "rtp", f"rtp://127.0.0.1:{audio.port}?pkt_size=1200"),
    ]
