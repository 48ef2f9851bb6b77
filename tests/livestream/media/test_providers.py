"""Each media server by its contract: what it asks and tells, and what we answer and ask it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from livestream.errors import NoOtherApp, NotShowing
from livestream.media.encoder import find_ffmpeg
from livestream.media.providers import provider_named, tencent
from livestream.media.providers.base import Ask
from livestream.models import Room, StreamEvent
from livestream.rules.room import RoomState
from livestream.selectors.replay import place_of
from livestream.services.publication import media_arrived, open_publication
from livestream.services.replay import finish_replays, make_films
from livestream.services.room import ban_room, end_room, pause_room, start_room
from livestream.services.stream_event import hear
from livestream.services.stream_key import issue_stream_key, revoke_stream_keys
from livestream.services.stream_sweep import tend_streams
from livestream.services.take import Kept, keep_late_takes, keep_take, takes_of, waits_for_takes
from merchants.models import User
from tests.livestream.media.conftest import SECONDS

pytestmark = pytest.mark.django_db
PAYLOADS = Path(__file__).parent / "payloads"
TOKEN = "hook-token-of-these-tests"
CALLBACK = "callback-key"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


class Engine:
    """A media server's control address that really answers, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bytes, dict[str, str]]] = []
        self.answer: Any = {}
        self.status = 200
        engine = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                headers = {name.lower(): value for name, value in self.headers.items()}
                engine.asked.append((self.command, self.path, body, headers))
                said = engine.answer
                said = said(self.command, self.path) if callable(said) else said
                data = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(engine.status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_DELETE = _serve

            def log_message(self, *args: object) -> None:
                return None

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, method: str, part: str) -> list[str]:
        return [path for how, path, _b, _h in self.asked if how == method and part in path]


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.server.shutdown()
    engine.server.server_close()


@pytest.fixture
def use(settings, engine):
    def use(name: str) -> Any:
        settings.LIVE_PROVIDER = name
        settings.LIVE_RTMP_URL = "rtmp://push.example/live"
        settings.LIVE_HLS_URL = "https://play.example/live"
        settings.LIVE_API_URL = engine.url
        settings.LIVE_HOOK_TOKEN = TOKEN
        settings.LIVE_HOOK_KEY = CALLBACK
        settings.LIVE_PUSH_KEY = "push-key"
        settings.LIVE_API_ID, settings.LIVE_API_KEY = "id", "api-key"
        return provider_named(name)

    return use


def payload(name: str, grant: SimpleNamespace, **more: Any) -> dict[str, Any]:
    text = (PAYLOADS / f"{name}.json").read_text()
    said = json.loads(text.replace("<name>", grant.name).replace("<secret>", grant.secret))
    return said | more


def key_of(room: Room) -> SimpleNamespace:
    """A fresh key, as its app would send it."""
    grant = issue_stream_key(room=room, by=room.host)
    name, _, query = grant.key.partition("?key=")
    row = room.stream_keys.first()
    return SimpleNamespace(name=row.name, secret=query or grant.key, grant=grant, row=row, _=name)


@pytest.fixture
def post(client):
    def post(provider: str, said: dict[str, Any], kind: str = JSON, token: str = TOKEN) -> Any:
        body = urlencode(said) if kind == FORM else json.dumps(said)
        return client.post(f"/hooks/{provider}/{token}/", body, content_type=kind)

    return post


def tencent_news(
    grant: SimpleNamespace, what: str = "push", good_for: int = 600, **more: Any
) -> dict[str, Any]:
    until = int(time.time()) + good_for
    sign = hashlib.md5(f"{CALLBACK}{until}".encode()).hexdigest()
    return payload(f"tencent_{what}", grant, t=until, sign=sign) | more


def current(room: Room) -> Room:
    room.refresh_from_db()
    return room


def sweep(later: float = 0) -> int:
    return tend_streams(timezone.now() + timedelta(seconds=later))


# --- keys -------------------------------------------------------------------------------------


def test_a_key_is_long_is_kept_as_a_hash_and_is_another_each_time(live, use):
    use("srs")
    first, second = key_of(live), key_of(live)
    assert len(first.secret) >= 32
    assert first.secret != second.secret
    assert ":" not in first.secret
    stored = [str(value) for row in live.stream_keys.values() for value in row.values()]
    assert not [value for value in stored if first.secret in value]
    first.row.refresh_from_db()
    assert live.stream_keys.filter(revoked_at=None).count() == 1, "the older one has ended"


def test_without_a_media_server_there_is_no_key(live):
    with pytest.raises(NoOtherApp):
        issue_stream_key(room=live, by=live.host)


def test_a_colleague_who_does_not_show_gets_no_key(live, use, shop, alice):
    use("srs")
    Room.objects.filter(pk=live.pk).update(host=shop.staff.get(user=alice))
    with pytest.raises(NotShowing):
        issue_stream_key(room=current(live), by=shop.staff.get(user__email="bob@example.com"))


def test_the_page_shows_a_key_once(live, use, as_bob, shop):
    use("srs")
    url = f"/dashboard/{shop.slug}/rooms/{live.public_id}/stream/"
    made = as_bob.post(url, {"do": "issue"})
    secret = made.context["grant"].key
    assert secret in made.content.decode()
    assert made["Cache-Control"] == "no-store"
    assert secret.partition("=")[2] not in as_bob.get(url).content.decode()
    as_bob.post(url, {"do": "revoke"})
    assert not live.stream_keys.filter(revoked_at=None).exists()


# --- SRS --------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["rtmp", "whip"])
def test_srs_lets_in_who_has_the_key(live, use, post, way):
    use("srs")
    answer = post("srs", payload(f"srs_publish_{way}", key_of(live)))
    assert (answer.status_code, answer.json()) == (200, {"code": 0})
    assert current(live).provider == "srs"


def wrong(grant, live):
    grant.secret = "wrong"


def expired(grant, live):
    live.stream_keys.update(expires_at=timezone.now())


def revoked(grant, live):
    live.stream_keys.update(revoked_at=timezone.now())


def ended(grant, live):
    end_room(room=live)


def foreign(grant, live):
    """The name of another room's stream, with our own secret."""
    other = Room(merchant=live.merchant, host=live.host, title="another room")
    other.starts_at = other.started_at = timezone.now()
    other.state = "live"
    other.save()
    grant.name = key_of(other).name


@pytest.mark.parametrize("spoil", [wrong, expired, revoked, ended, foreign])
def test_srs_is_told_no(live, use, post, spoil):
    use("srs")
    grant = key_of(live)
    spoil(grant, live)
    answer = post("srs", payload("srs_publish_rtmp", grant))
    assert answer.status_code == 403
    assert answer.json()["code"] != 0
    assert current(live).provider == "embedded"
    assert not live.publications.exists()


def test_a_stop_interrupts_and_the_same_stop_again_changes_nothing(live, use, post):
    use("srs")
    grant = key_of(live)
    post("srs", payload("srs_publish_rtmp", grant))
    for _ in range(3):
        assert post("srs", payload("srs_unpublish", grant)).json() == {"code": 0}
    assert current(live).state == RoomState.INTERRUPTED
    assert StreamEvent.objects.filter(kind="stopped").count() == 1


def test_the_stream_that_comes_back_resumes_the_show(live, use, post, engine):
    use("srs")
    grant = key_of(live)
    post("srs", payload("srs_publish_rtmp", grant))
    post("srs", payload("srs_unpublish", grant))
    assert post("srs", payload("srs_publish_rtmp", grant, client_id="again")).status_code == 200
    engine.answer = {"code": 0, "client": {"id": "again", "publish": True}}
    sweep()
    assert current(live).state == RoomState.LIVE


def test_a_second_publisher_is_refused_and_her_stop_changes_nothing(live, use, post):
    use("srs")
    grant = key_of(live)
    post("srs", payload("srs_publish_rtmp", grant))
    assert post("srs", payload("srs_publish_rtmp", grant, client_id="loser")).status_code == 403
    post("srs", payload("srs_unpublish", grant, client_id="loser"))
    assert current(live).state == RoomState.LIVE
    assert live.publications.get(ended_at=None).session == f"{grant.name}/k3x9d0p1"


def test_an_app_does_not_push_the_camera_away_that_is_showing(live, use, post):
    use("srs")
    grant = key_of(live)
    media_arrived(open_publication(room=live, publisher=uuid4(), by=live.host))
    assert post("srs", payload("srs_publish_rtmp", grant)).status_code == 403


@pytest.mark.parametrize("verb", [end_room, ban_room])
def test_the_end_of_the_room_sends_the_publisher_away_once(live, use, post, engine, verb):
    use("srs")
    grant = key_of(live)
    post("srs", payload("srs_publish_rtmp", grant))
    verb(room=current(live))
    assert not live.stream_keys.filter(revoked_at=None).exists()
    assert [sweep(), sweep(), sweep()] == [1, 0, 0]
    assert engine.of("DELETE", "") == ["/api/v1/clients/k3x9d0p1"]


def test_a_camera_that_takes_over_sends_the_app_away(live, use, post, engine):
    use("srs")
    grant = key_of(live)
    post("srs", payload("srs_publish_rtmp", grant))
    open_publication(room=current(live), publisher=uuid4(), by=live.host, takeover=True)
    engine.answer = {"code": 0, "client": {"publish": True}}
    sweep()
    assert engine.of("DELETE", "")
    assert current(live).provider == "embedded"
    assert live.state == RoomState.LIVE
    assert post("srs", payload("srs_publish_rtmp", grant, client_id="b")).status_code == 403


def test_a_server_that_is_down_is_asked_again(live, use, post, engine):
    use("srs")
    grant = key_of(live)
    post("srs", payload("srs_publish_rtmp", grant))
    end_room(room=current(live))
    engine.status = 500
    assert sweep() == 0
    engine.status = 200
    assert sweep() == 1


def test_a_server_that_is_down_does_not_stop_the_show(live, use, post, engine):
    use("srs")
    post("srs", payload("srs_publish_rtmp", key_of(live)))
    engine.server.shutdown()
    engine.server.server_close()
    sweep(later=20)
    assert current(live).state == RoomState.LIVE


def test_news_that_were_lost_are_found_by_asking(live, use, post, engine):
    use("srs")
    post("srs", payload("srs_publish_rtmp", key_of(live)))
    engine.answer = {"code": 0}  # it knows no such client any more
    for later in (21, 24, 27, 30):
        sweep(later)
    assert current(live).state == RoomState.INTERRUPTED


@pytest.mark.parametrize("fault", ["one answer", "a slow start", "a server between"])
def test_an_answer_that_is_wrong_once_loses_nobody(live, use, post, engine, fault):
    use("srs")
    post("srs", payload("srs_publish_rtmp", key_of(live)))
    seen, missing = {"code": 0, "client": {"publish": True}}, {"code": 0}
    engine.answer = missing if fault == "a slow start" else seen
    for later in (2, 4, 12):
        sweep(later)
    engine.answer = missing
    sweep(30 if fault != "a slow start" else 15)
    if fault == "a server between":
        engine.status = 500
        sweep(32)
        engine.status = 200
        sweep(60)
    engine.answer = seen
    sweep(61)
    assert current(live).state == RoomState.LIVE
    assert not engine.of("DELETE", "")
    assert not live.stream_events.exclude(kind="started").exists()


def lose(engine: Engine) -> None:
    engine.answer = {"code": 0}
    for later in (21, 24, 27, 30):
        sweep(later)


def test_whoever_is_lost_is_sent_away_and_may_come_again(live, use, post, engine):
    use("srs")
    grant = key_of(live)
    post("srs", payload("srs_publish_rtmp", grant))
    lose(engine)
    assert engine.of("DELETE", "") == ["/api/v1/clients/k3x9d0p1"]
    assert current(live).state == RoomState.INTERRUPTED
    assert live.stream_keys.filter(revoked_at=None).exists()
    assert post("srs", payload("srs_publish_rtmp", grant, client_id="b")).json() == {"code": 0}
    assert live.publications.get(ended_at=None).session == f"{grant.name}/b"


@pytest.mark.parametrize("place", ["free", "taken"])
def test_whoever_is_seen_again_after_all_is_shown_or_sent_away(live, use, post, engine, place):
    use("srs")
    grant = key_of(live)
    post("srs", payload("srs_publish_rtmp", grant))
    lose(engine)
    if place == "taken":
        media_arrived(open_publication(room=current(live), publisher=uuid4(), by=live.host))
    engine.asked.clear()
    engine.answer = {"code": 0, "client": {"publish": True}}
    sweep(32)
    if place == "taken":
        assert engine.of("DELETE", "") == ["/api/v1/clients/k3x9d0p1"]
        assert current(live).provider == "embedded"
    else:
        assert live.publications.get(ended_at=None).session == f"{grant.name}/k3x9d0p1"
        assert current(live).state == RoomState.LIVE


def test_bytes_that_do_not_grow_are_no_picture(live, use, post, engine):
    use("mediamtx")
    grant = key_of(live)
    post("mediamtx", payload("mediamtx_publish", grant))
    engine.answer = payload("mediamtx_path", grant)
    sweep()
    silent(live, 9)
    sweep()
    assert current(live).media_at < timezone.now() - timedelta(seconds=8)
    engine.answer = payload("mediamtx_path", grant) | {"inboundBytes": 9999}
    sweep()
    assert current(live).media_at > timezone.now() - timedelta(seconds=8)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"action": "on_publish"}', b"\xff" * 99, b"[" * 60_000]
)
def test_nonsense_is_refused_and_changes_nothing(live, use, client, body):
    use("srs")
    url = f"/hooks/srs/{TOKEN}/"
    assert client.post(url, body, content_type=JSON).status_code == 400
    assert current(live).state == RoomState.LIVE


def test_a_recording_is_taken_from_the_named_folder_only(live, use, post, settings, tmp_path):
    use("srs")
    settings.LIVE_RECORDINGS = str(tmp_path / "takes")
    (tmp_path / "takes").mkdir()
    grant = key_of(live)
    name = f"{grant.name}.1420254068776.mp4"
    (tmp_path / "takes" / name).write_bytes(b"x" * 4000)
    (tmp_path / "secret.mp4").write_bytes(b"y" * 4000)
    assert keep_take(room=live, path="../secret.mp4") is Kept.LATER  # not in there
    (tmp_path / "takes" / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    assert keep_take(room=live, path="link.mp4") is Kept.NOTHING
    assert keep_take(room=live, path=f"./objs/nginx/html/live/{name}") is Kept.THERE
    assert [take.read_bytes()[:1] for take in takes_of(live)] == [b"x"]


# --- MediaMTX ---------------------------------------------------------------------------------

SESSION = "0b9f3f0e-6f3a-4c1e-9a5a-2f6d1c7b8a90"


def test_mediamtx_asks_shows_and_kicks(live, use, post, engine):
    use("mediamtx")
    grant = key_of(live)
    assert post("mediamtx", payload("mediamtx_publish", grant)).status_code == 200
    engine.answer = payload("mediamtx_path", grant)
    Room.objects.update(state="interrupted", interrupted_at=timezone.now())
    sweep()
    assert current(live).state == RoomState.LIVE
    end_room(room=current(live))
    assert [sweep(), sweep()] == [1, 0]
    assert engine.of("POST", "kick") == [f"/v3/webrtcsessions/kick/{SESSION}"]


def test_mediamtx_is_told_no_and_viewers_may_watch(live, use, post):
    use("mediamtx")
    grant = key_of(live)
    for said, status in (
        ({"token": "wrong"}, 401),
        ({"path": "other/" + grant.name}, 401),
        ({"action": "api"}, 401),
        ({"action": "read", "token": ""}, 200),
        ({"token": "", "query": f"key={grant.secret}"}, 200),
    ):
        assert post("mediamtx", payload("mediamtx_publish", grant, **said)).status_code == status


def test_a_look_at_the_door_of_mediamtx_begins_nothing(live, use, post):
    use("mediamtx")
    assert post("mediamtx", payload("mediamtx_publish", key_of(live), id=None)).status_code == 200
    assert not live.publications.exists()


def test_mediamtx_kicks_nobody_who_came_later(live, use, post, engine):
    use("mediamtx")
    grant = key_of(live)
    post("mediamtx", payload("mediamtx_publish", grant))
    engine.answer = payload("mediamtx_path", grant) | {"source": {"type": "rtmpConn", "id": "b"}}
    end_room(room=current(live))
    sweep()
    assert not [path for path in engine.of("POST", "kick") if path.endswith("/b")]


# --- Tencent ----------------------------------------------------------------------------------


def test_the_signature_of_an_address_is_that_of_the_documents():
    # cloud.tencent.com/document/product/267/32720 gives key, stream and time
    proof = tencent.signature("e12c46f2612d5106e2034781ab261ca3", "test", 0x5C271099)
    assert proof == ("f85a2ab363fe4deaffef9754d79da6fe", "5C271099")


def test_a_push_begins_and_a_cut_interrupts_each_once(live, use, post):
    use("tencent")
    grant = key_of(live)
    for _ in range(2):
        assert post("tencent", tencent_news(grant)).json() == {"code": 0}
    assert live.publications.count() == 1
    assert current(live).provider == "tencent"
    for _ in range(2):
        post("tencent", tencent_news(grant, event_type=0))
    assert current(live).state == RoomState.INTERRUPTED


def test_news_of_a_beginning_that_is_told_again_after_the_end_begins_nothing(live, use, post):
    use("tencent")
    began = tencent_news(key_of(live))
    post("tencent", began)
    post("tencent", began | {"event_type": 0})
    assert current(live).state == RoomState.INTERRUPTED
    assert post("tencent", began).json() == {"code": 0}  # replayed
    assert current(live).state == RoomState.INTERRUPTED
    assert not live.publications.filter(ended_at=None).exists()


def test_a_cut_that_overtakes_its_push_leaves_no_dead_stream(live, use, post):
    use("tencent")
    grant = key_of(live)
    post("tencent", tencent_news(grant, event_type=0))
    post("tencent", tencent_news(grant))
    assert not live.publications.exists()
    post("tencent", tencent_news(grant, sequence="99"))
    assert live.publications.get().session == f"{grant.name}/99"


@pytest.mark.parametrize(
    "spoil", [{"sign": "0" * 32}, {"t": int(time.time()) - 5}, {"t": int(time.time()) + 9999}]
)
def test_a_bad_signature_is_not_heard(live, use, post, spoil):
    use("tencent")
    assert post("tencent", tencent_news(key_of(live)) | spoil).status_code == 403
    assert not live.publications.exists()


def test_news_that_is_signed_rightly_and_comes_too_late_is_not_heard(live, use, post):
    use("tencent")
    assert post("tencent", tencent_news(key_of(live), good_for=-5)).status_code == 403
    assert not live.publications.exists()


def test_tencent_is_told_to_forbid_the_stream_once(live, use, post, engine):
    use("tencent")
    grant = key_of(live)
    post("tencent", tencent_news(grant))
    engine.answer = {"Response": {"RequestId": "1"}}
    end_room(room=current(live))
    assert [sweep(), sweep()] == [1, 0]
    _how, _path, body, headers = engine.asked[-1]
    assert headers["x-tc-action"] == "ForbidLiveStream"
    assert json.loads(body)["StreamName"] == grant.name
    again = tencent.signed("ForbidLiveStream", body, int(headers["x-tc-timestamp"]))
    assert headers["authorization"] == again["Authorization"]


def test_a_refusal_of_tencents_api_is_tried_again(live, use, post, engine):
    use("tencent")
    post("tencent", tencent_news(key_of(live)))
    engine.answer = {"Response": {"Error": {"Code": "InternalError"}}}
    end_room(room=current(live))
    assert sweep() == 0


def test_a_recording_of_tencent_is_heard_once(live, use, post):
    use("tencent")
    grant = key_of(live)
    for _ in range(2):
        assert post("tencent", tencent_news(grant, "record")).status_code == 200
    assert StreamEvent.objects.get(kind="recorded").event_id == "file:5285890000000000001"
    assert not waits_for_takes(live, timezone.now()), "it is not ours to fetch"


def test_only_where_the_whole_show_is_kept_can_it_be_rewound(use, settings):
    nginx = use("nginx_rtmp")
    assert [source.protocol for source in nginx.playback("s1")] == ["hls"]
    settings.LIVE_REWIND_URL = "https://play.example/whole"
    addresses = {source.protocol: source.url for source in nginx.playback("s1")}
    assert addresses["rewind"] == "https://play.example/whole/s1.m3u8"
    for name in ("mediamtx", "srs", "tencent"):
        assert "rewind" not in {source.protocol for source in use(name).playback("s1")}


def test_who_publishes_is_asked_of_the_application_that_apps_publish_to(use, engine):
    relayed = "<stream><name>s1</name><client><id>9</id><publishing/></client></stream>"
    page = "<rtmp><server><application><name>{}</name><live>{}</live></application></server></rtmp>"
    engine.answer = page.format("whole", relayed).encode()
    assert not use("nginx_rtmp").status("s1", "9").live
    engine.answer = page.format("live", relayed).encode()
    assert use("nginx_rtmp").status("s1", "9").live


def state(word: str) -> Any:
    return lambda _how, _path: {"Response": {"StreamState": word}}


def forbidden(engine: Engine) -> list[str]:
    acts = [(json.loads(b), h) for _m, _p, b, h in engine.asked if b]
    return [b["StreamName"] for b, h in acts if h["x-tc-action"] == "ForbidLiveStream"]


def test_an_app_that_pushed_before_the_show_is_taken_when_it_begins(scheduled, use, post, engine):
    use("tencent")
    grant = key_of(scheduled)
    post("tencent", tencent_news(grant))
    assert not scheduled.publications.exists()
    engine.answer = state("active")
    sweep()
    assert not scheduled.publications.exists()
    start_room(room=current(scheduled))
    sweep()
    assert scheduled.publications.get().session == f"{grant.name}/3310464508206756938"
    assert not forbidden(engine)
    post("tencent", tencent_news(grant, event_type=0))
    assert current(scheduled).state == RoomState.INTERRUPTED


def test_a_push_of_which_no_news_came_is_found_by_its_key(live, use, engine):
    use("tencent")
    grant = key_of(live)
    engine.answer = state("inactive")
    sweep()
    assert not live.publications.exists()
    engine.answer = state("active")
    sweep()
    sweep()
    assert live.publications.get().session.startswith(f"{grant.name}/seen-")


def test_a_second_push_by_the_same_key_is_the_show_at_once_and_nothing_is_forbidden(
    live, use, post, engine
):
    use("tencent")
    grant = key_of(live)
    engine.answer = state("active")
    post("tencent", tencent_news(grant))
    post("tencent", tencent_news(grant, sequence="99"))
    sweep()
    assert live.publications.get(ended_at=None).session == f"{grant.name}/99"
    assert not forbidden(engine)


@pytest.mark.parametrize("how", ["revoked", "another", "ended", "cancelled"])
def test_a_key_that_nobody_used_is_forbidden_as_well_and_once(live, scheduled, use, engine, how):
    use("tencent")
    grant = key_of(live)
    if how == "revoked":
        revoke_stream_keys(room=live)
    elif how == "another":
        key_of(live)
    elif how == "ended":
        end_room(room=current(live))
    else:
        Room.objects.filter(pk=live.pk).update(state="cancelled")
    engine.status = 500
    sweep()
    engine.status, engine.answer, engine.asked[:] = 200, state("inactive"), []
    sweep()
    sweep()
    assert forbidden(engine) == [grant.name]
    assert not live.stream_keys.filter(name=grant.name, revoked_at=None).exists()


# --- nginx-rtmp -------------------------------------------------------------------------------


def nginx(grant, call: str, **more: str) -> dict[str, Any]:
    return json.loads(json.dumps(payload("nginx_rtmp", grant)[call])) | more


@pytest.mark.parametrize("leaves", ["removed", "locked out"])
def test_whoever_leaves_the_shop_streams_no_more(live, use, post, host, leaves):  # P15
    use("nginx_rtmp")
    grant = key_of(live)
    sending = nginx(grant, "publish")
    assert post("nginx_rtmp", sending, FORM).status_code < 300
    if leaves == "removed":
        live.stream_keys.update(by=None)  # what is left of the key when her place is gone
    else:
        User.objects.filter(pk=host.user_id).update(is_active=False)
    assert post("nginx_rtmp", sending | {"clientid": "99"}, FORM).status_code == 403
    assert sweep() == 1
    assert current(live).state == "interrupted"


def test_an_app_that_is_back_keeps_its_key_when_its_dead_self_is_swept(live, use, post):  # P21
    use("nginx_rtmp")
    grant = key_of(live)
    sending = nginx(grant, "publish")
    assert post("nginx_rtmp", sending, FORM).status_code < 300
    live.publications.update(ended_at=timezone.now())  # its server died and told nobody
    Room.objects.filter(pk=live.pk).update(media_at=timezone.now() - timedelta(minutes=1))
    assert post("nginx_rtmp", sending | {"clientid": "77"}, FORM).status_code < 300
    sweep()
    assert live.stream_keys.filter(revoked_at=None).exists()
    assert live.publications.filter(ended_at=None).count() == 1


def test_a_refusal_writes_the_token_to_no_log(live, use, post, caplog):  # P20
    use("nginx_rtmp")
    grant = key_of(live)
    answer = post("nginx_rtmp", nginx(grant, "publish") | {"key": "wrong"}, FORM)
    assert answer.status_code == 403
    assert post("nginx_rtmp", {"key": "x" * 70_000}, FORM).status_code == 413
    assert TOKEN not in caplog.text


def test_nginx_asks_again_and_a_key_that_was_taken_back_ends_it(live, use, post):
    use("nginx_rtmp")
    grant = key_of(live)
    assert post("nginx_rtmp", nginx(grant, "publish"), FORM).status_code == 200
    assert post("nginx_rtmp", nginx(grant, "update"), FORM).status_code == 200
    live.stream_keys.update(revoked_at=timezone.now())
    assert post("nginx_rtmp", nginx(grant, "update"), FORM).status_code == 403


def test_a_dead_redis_cuts_no_picture(live, use, post, settings):  # P13
    settings.CACHES = settings.CACHES | {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    use("nginx_rtmp")
    grant = key_of(live)
    assert post("nginx_rtmp", nginx(grant, "publish"), FORM).status_code == 200
    moving = nginx(grant, "update", timestamp="1000")
    assert post("nginx_rtmp", moving, FORM).status_code == 200


def test_a_paused_show_keeps_its_stream(live, use, post):
    use("nginx_rtmp")
    grant = key_of(live)
    post("nginx_rtmp", nginx(grant, "publish"), FORM)
    pause_room(room=current(live))
    assert post("nginx_rtmp", nginx(grant, "update"), FORM).status_code == 200
    assert current(live).state == RoomState.PAUSED


def test_of_a_banned_show_the_web_server_gives_nothing(live, use, client):
    use("nginx_rtmp")
    url = reverse("hooks:seen", args=[key_of(live).name])
    assert client.get(url).status_code == 204
    ban_room(room=current(live))
    assert client.get(url).status_code == 403


def test_her_console_says_that_the_app_sends_through_the_pause(live, use, post, as_bob):
    use("nginx_rtmp")
    grant = key_of(live)
    post("nginx_rtmp", nginx(grant, "publish"), FORM)
    url = reverse("livestream:stream", args=[live.merchant.slug, live.public_id])
    words = "your app still sends"

    def told() -> bool:
        Room.objects.update(media_at=timezone.now())
        seen = as_bob.get(url, headers={"HX-Request": "true", "Accept-Language": "en"})
        return words in seen.text

    assert not told()
    pause_room(room=current(live))
    assert told()


def test_the_loser_at_nginx_is_done_and_nothing_happens(live, use, post):
    use("nginx_rtmp")
    grant = key_of(live)
    post("nginx_rtmp", nginx(grant, "publish"), FORM)
    assert post("nginx_rtmp", nginx(grant, "publish", clientid="8"), FORM).status_code == 403
    post("nginx_rtmp", nginx(grant, "done", clientid="8"), FORM)
    assert current(live).state == RoomState.LIVE
    post("nginx_rtmp", nginx(grant, "done"), FORM)
    assert current(live).state == RoomState.INTERRUPTED


def test_what_nobody_knows_is_not_news(live, use):
    provider = use("nginx_rtmp")
    body = urlencode({"call": "publish_done", "name": "nobody", "clientid": "1"}).encode()
    assert [hear(provider, one) for one in provider.events(Ask(body=body))] == [False]


def test_numbers_that_begin_again_with_nginx_are_heard_anew(live, use, post):
    use("nginx_rtmp")
    grant = key_of(live)
    for _run in range(2):  # of nginx, which counts from one each time
        assert post("nginx_rtmp", nginx(grant, "publish"), FORM).status_code == 200
        assert post("nginx_rtmp", nginx(grant, "update"), FORM).status_code == 200
        assert current(live).state == RoomState.LIVE
        for _ in range(2):  # told twice
            post("nginx_rtmp", nginx(grant, "done"), FORM)
        assert current(live).state == RoomState.INTERRUPTED


def test_the_dead_self_of_a_number_is_no_reason_to_send_its_heir_away(live, use, post, engine):
    use("nginx_rtmp")
    grant = key_of(live)
    for _run in range(2):  # the first ended with its nginx, and nobody told
        assert post("nginx_rtmp", nginx(grant, "publish"), FORM).status_code == 200
    sweep()
    assert not engine.of("GET", "/control/drop")
    assert live.stream_keys.filter(revoked_at=None).exists()


def silent(room: Room, seconds: float) -> None:
    then = timezone.now() - timedelta(seconds=seconds)
    Room.objects.filter(pk=room.pk).update(media_at=then)
    room.publications.filter(ended_at=None).update(started_at=then)


def said_of(client: Any, room: Room) -> str:
    """What the console says of the app's stream."""
    address = f"/dashboard/tea/rooms/{room.public_id}/stream/"
    return client.get(address, headers={"HX-Request": "true", "Accept-Language": "en"}).text


def test_the_clerk_reads_of_a_takeover_until_another_picture_comes(live, use, post, as_bob):  # P20
    """A thief who has the key, and the line of its owner was gone for a moment."""
    use("nginx_rtmp")
    grant = key_of(live)
    sending = nginx(grant, "publish")
    post("nginx_rtmp", sending, FORM)
    assert "by the same key" not in said_of(as_bob, live)
    silent(live, 6)
    post("nginx_rtmp", sending | {"clientid": "8"}, FORM)
    assert "by the same key took the picture over" in said_of(as_bob, live)
    new = key_of(live)  # she makes a new one: the stolen one opens nothing from now on
    assert post("nginx_rtmp", nginx(grant, "update") | {"clientid": "8"}, FORM).status_code == 403
    assert post("nginx_rtmp", nginx(new, "publish") | {"clientid": "8"}, FORM).status_code == 403
    assert sweep() == 1
    assert post("nginx_rtmp", nginx(new, "publish") | {"clientid": "9"}, FORM).status_code == 200
    assert "by the same key" not in said_of(as_bob, live)


def test_the_clerk_reads_of_a_takeover_when_the_thief_has_begun_again(
    live, use, post, as_bob
):  # P20
    """Nothing is mended by the thief's own line breaking: he is still the one who took it."""
    use("nginx_rtmp")
    sending = nginx(key_of(live), "publish")
    post("nginx_rtmp", sending, FORM)
    silent(live, 6)
    for _again in range(3):
        assert post("nginx_rtmp", sending | {"clientid": "8"}, FORM).status_code == 200
        assert "by the same key took the picture over" in said_of(as_bob, live)
        silent(live, 6)
    assert live.stream_events.filter(kind="takeover").count() == 1


@pytest.mark.parametrize(("seconds", "status"), [(1, 403), (6, 200)])
def test_an_app_takes_the_room_from_its_dead_self(
    live, use, post, engine, as_bob, seconds, status
):  # P21
    use("nginx_rtmp")
    grant = key_of(live)
    sending = nginx(grant, "publish")
    post("nginx_rtmp", sending, FORM)
    silent(live, seconds)
    assert post("nginx_rtmp", sending | {"clientid": "8"}, FORM).status_code == status
    dropped = engine.of("GET", "/control/drop/client")
    assert [path.rpartition("=")[2] for path in dropped] == (["7"] if status == 200 else [])
    assert live.stream_events.filter(kind="takeover").exists() == (status == 200)
    assert ("by the same key took the picture over" in said_of(as_bob, live)) == (status == 200)
    assert live.publications.filter(ended_at=None).count() == 1
    assert sweep() == 0
    assert live.stream_keys.filter(revoked_at=None).exists()


def test_another_key_does_not_take_a_room_that_fell_silent_just_now(live, use, post, host):  # P20
    use("nginx_rtmp")
    media_arrived(open_publication(room=live, publisher=uuid4(), by=live.host))
    grant = key_of(live)
    silent(live, 6)
    assert post("nginx_rtmp", nginx(grant, "publish"), FORM).status_code == 403


def test_questions_about_a_publisher_without_media_do_not_keep_it_alive(live, use, post):  # P21
    use("nginx_rtmp")
    grant = key_of(live)
    post("nginx_rtmp", nginx(grant, "publish"), FORM)
    assert post("nginx_rtmp", nginx(grant, "update"), FORM).status_code == 200
    silent(live, 6)
    assert post("nginx_rtmp", nginx(grant, "update"), FORM).status_code == 200, "as far as before"
    assert current(live).media_at < timezone.now() - timedelta(seconds=5)
    post("nginx_rtmp", nginx(grant, "update", timestamp="5960"), FORM)
    assert current(live).media_at > timezone.now() - timedelta(seconds=5)


# --- recordings that cannot be kept at once ----------------------------------------------------


@pytest.fixture
def takes(settings, tmp_path) -> Path:
    settings.LIVE_ROOT = tmp_path / "live"
    settings.LIVE_RECORDINGS = str(tmp_path / "takes")
    (tmp_path / "takes").mkdir()
    return tmp_path / "takes"


@pytest.mark.parametrize("trouble", ["not there", "cannot be written"])
def test_a_recording_that_cannot_be_kept_at_once_is_tried_again(
    live, use, post, takes, trouble, django_capture_on_commit_callbacks
):
    use("nginx_rtmp")
    grant = key_of(live)
    post("nginx_rtmp", nginx(grant, "publish"), FORM)
    file, folder = takes / f"{grant.name}-1795379099.flv", takes.parent / "live" / live.public_id
    if trouble == "cannot be written":
        file.write_bytes(b"x" * 4000)
        folder.parent.mkdir(exist_ok=True)
        folder.write_text("")  # where the folder has to be
    with django_capture_on_commit_callbacks(execute=True):
        post("nginx_rtmp", nginx(grant, "recorded"), FORM)
    end_room(room=current(live))
    Room.objects.filter(pk=live.pk).update(ended_at=timezone.now() - timedelta(minutes=1))
    finish_replays()
    make_films()
    assert current(live).replay.state == "processing", "it is waited for"
    if trouble == "cannot be written":
        folder.unlink()
    else:
        file.write_bytes(b"x" * 4000)
    keep_late_takes()
    assert [take.stat().st_size for take in takes_of(live)] == [4000]
    assert keep_late_takes() == 0
    assert len(takes_of(live)) == 1, "and never twice"
    assert not waits_for_takes(live, timezone.now())


def test_a_recording_that_never_comes_is_not_waited_for_for_ever(
    live, use, post, takes, django_capture_on_commit_callbacks
):
    use("nginx_rtmp")
    grant = key_of(live)
    post("nginx_rtmp", nginx(grant, "publish"), FORM)
    with django_capture_on_commit_callbacks(execute=True):
        post("nginx_rtmp", nginx(grant, "recorded"), FORM)
    end_room(room=current(live))
    then = timezone.now() - timedelta(minutes=16)
    Room.objects.filter(pk=live.pk).update(ended_at=then)
    StreamEvent.objects.filter(kind="recorded").update(at=then)
    finish_replays()
    assert current(live).replay.state == "failed"


def test_the_film_knows_when_each_of_its_takes_was_recorded(live, takes, recording):
    """Twice five seconds with half a minute between: a card of the second part is at its place."""
    began = timezone.now() - timedelta(minutes=5)
    for number, second in enumerate((15, 50)):
        file = takes / f"show-{number}.mkv"
        file.write_bytes(recording)
        flv = file.with_suffix(".flv")
        command = [find_ffmpeg(), "-loglevel", "error", "-i", str(file), "-c:v", "copy", str(flv)]
        subprocess.run(command, check=True)
        at = began.timestamp() + second
        os.utime(flv, (at, at))
        assert keep_take(room=live, path=flv.name) is Kept.THERE
    end_room(room=live)
    Room.objects.filter(pk=live.pk).update(started_at=began, ended_at=began)
    finish_replays()
    make_films()
    live.refresh_from_db()
    replay = live.replay
    assert replay.is_film
    assert replay.duration_ms == pytest.approx(2 * SECONDS * 1000, abs=300)
    for second, place in ((12, 2), (30, 5), (47, 7)):
        moment = began + timedelta(seconds=second)
        assert place_of(live, replay, moment) == pytest.approx(place * 1000, abs=150), second


# --- where viewers find it --------------------------------------------------------------------


def test_viewers_are_told_where_the_picture_is(live, use, post, client):
    use("srs")
    grant = key_of(live)
    embedded = client.get(f"/live/{live.public_id}/").content.decode()
    assert f'data-hls="/hls/{live.public_id}/live.m3u8"' in embedded
    post("srs", payload("srs_publish_rtmp", grant))
    elsewhere = client.get(f"/live/{live.public_id}/").content.decode()
    assert f'data-hls="https://play.example/live/{grant.name}.m3u8"' in elsewhere
    assert grant.secret not in elsewhere


# --- the console ------------------------------------------------------------------------------


def test_the_console_leaves_the_picture_to_the_app_and_says_how_it_does(
    live, use, post, as_bob, shop, engine
):
    use("srs")
    console = f"/dashboard/{shop.slug}/rooms/{live.public_id}/console/"
    stream = f"/dashboard/{shop.slug}/rooms/{live.public_id}/stream/"

    def health() -> str:
        headers = {"HX-Request": "true", "Accept-Language": "en"}
        return as_bob.get(stream, headers=headers).content.decode()

    assert 'data-live="true"' in as_bob.get(console).content.decode()
    grant = key_of(live)
    page = as_bob.get(console).content.decode()
    assert 'data-camera="wait" data-live="false"' in page
    assert "Nothing comes yet" in health()
    post("srs", payload("srs_publish_rtmp", grant))
    engine.answer = {"code": 0, "client": {"publish": True}}
    sweep()
    assert "the picture arrives" in health()
    Room.objects.update(media_at=timezone.now() - timedelta(seconds=7))
    assert "no picture comes" in health()
    as_bob.post(stream, {"do": "revoke", "then": "console"})
    assert 'data-live="true"' in as_bob.get(console).content.decode()
