"""Who sends what nobody should gets a close code or a sentence, and the room does not notice.

Over real sockets and HTTP of a real server, while a clerk films, shoppers talk and one listens.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone
from websockets.exceptions import ConnectionClosed

from livestream.consumers import publish
from livestream.models import Claim, Draw, Drop, Entry, Message, Room
from livestream.selectors.room import snapshot
from livestream.services.draw import close_draw, open_draw
from livestream.services.drop import open_drop
from livestream.services.entry import enter
from livestream.services.room import make_room, schedule_room, start_room
from merchants.models import Customer, Staff
from orders.models import Order, Voucher
from tests.livestream.media.conftest import MATROSKA, record
from tests.servers import Line, Server, guest_session, session_of, until

pytestmark = pytest.mark.slow
TOO_BIG = {1009, 4413}  # said by the transport, or by us
TWO_MEGABYTES = 2 * 1024 * 1024
DEEP = "[" * 200_000
HOSTILE = [  # P19
    "<script>document.title='x'</script>",
    "<img src=x onerror=alert(1)>",
    "{{ settings.SECRET_KEY }} {% debug %} ${7*7}",
    "'; DROP TABLE livestream_message; --",
    "javascript:alert(1)",
    '","type":"room.moved","state":"ended"}',
    "\u202egnp.exe\u202c 左右",
    "Z\u0335\u0300\u0301\u0302\u0303a\u0334l\u0336g\u0337o",
    "😀" * 150,
    "\ud83d\ude00 \x00 null",
]


@dataclass
class House:
    """A room on air: who films, who listens, and what of it must not change."""

    server: Server
    room: Room
    clerk: str
    camera: Line
    guest: Line
    talker: Line
    film: bytes

    @property
    def path(self) -> str:
        return f"/ws/live/{self.room.public_id}/"

    @property
    def console(self) -> str:
        return f"/dashboard/tea/rooms/{self.room.public_id}/console"

    def rows(self) -> dict[str, Any]:
        """The room as a page would be told it, and who sends its picture."""
        room = Room.objects.select_related("merchant", "host").get(pk=self.room.pk)
        shown = snapshot(room)
        for moving in ("now", "picture"):
            shown.pop(moving, None)
        counts = [model.objects.count() for model in (Order, Voucher, Claim, Entry, Draw, Drop)]
        return json.loads(json.dumps([shown, room.epoch, str(room.publisher), counts], default=str))

    def goes_on(self) -> None:
        """Talk is heard within two seconds, media is taken, and nobody was sent out."""
        key = self.talker.say(words := uuid.uuid4().hex)
        self.talker.wait("chat.accepted", key=key, seconds=4)
        self.guest.wait("chat.said", text=words, seconds=4)
        before = len(self.camera.of("publish.ack"))
        self.camera.send(self.film)
        self.camera.drain(0.3)
        assert len(self.camera.of("publish.ack")) > before
        assert not self.camera.of("publish.restart")
        assert self.guest.code is self.talker.code is self.camera.code is None


@pytest.fixture(scope="module")
def film() -> bytes:
    return record(seconds=2)


@pytest.fixture
def house(server, live, as_bob, film) -> Iterator[House]:
    clerk = session_of(as_bob)
    path = f"/ws/live/{live.public_id}/"
    with ExitStack() as stack:
        camera = stack.enter_context(server.line(f"/ws/publish/{live.public_id}/", clerk))
        camera.send({"type": "publish.hello", "publisher": str(uuid.uuid4()), "mime": MATROSKA})
        camera.wait("publish.open")
        guest = stack.enter_context(server.line(path))
        talker = stack.enter_context(server.line(path, guest_session("Mei")))
        guest.wait("seat.taken")
        talker.wait("seat.taken")
        size = len(film) // 40
        house = House(server, live, clerk, camera, guest, talker, film[:size])
        house.goes_on()
        yield house


@contextmanager
def unnoticed(house: House) -> Iterator[None]:
    """Nothing of the room has changed, nothing was told, and all go on."""
    before, heard = house.rows(), len(house.guest.events)
    yield
    house.goes_on()
    assert house.rows() == before
    told = {event["type"] for event in house.guest.events[heard:]}
    assert told <= {"chat.said", "viewers.counted"}


def thrown_out(line: Line, frame: Any) -> int:
    """The code by which a frame ends its socket."""
    try:
        line.send(frame)
    except ConnectionClosed as closed:  # cut while it was still being sent
        return closed.rcvd.code if closed.rcvd else 1006
    return line.wait_closed(8)


@pytest.mark.parametrize("frame", ["x" * TWO_MEGABYTES, b"\0" * TWO_MEGABYTES, DEEP])
def test_a_huge_frame_into_the_room(house, frame):
    with unnoticed(house), house.server.line(house.path, guest_session("Eve")) as eve:
        eve.wait("seat.taken")
        assert thrown_out(eve, frame) in TOO_BIG


@pytest.mark.parametrize(
    ("frame", "codes"),
    [
        (b"\0" * TWO_MEGABYTES, TOO_BIG | {publish.BAD_FRAME}),  # nobody was introduced
        ("x" * TWO_MEGABYTES, TOO_BIG | {publish.BAD_FRAME}),
        (DEEP, {publish.BAD_FRAME}),
        ('{"type": "publish.hello", "publisher": {}, "mime": []}', {publish.BAD_FRAME}),
    ],
)
def test_nonsense_from_a_second_camera(house, frame, codes):
    with unnoticed(house):
        address = f"/ws/publish/{house.room.public_id}/"
        with house.server.line(address, house.clerk) as second:
            assert thrown_out(second, frame) in codes


@pytest.mark.parametrize(
    "frame",
    [
        "[" * 2000,
        '{"a":' * 500 + "1" + "}" * 500,
        {"type": ["chat.say"], "text": {}, "key": []},
        {"type": "chat.say", "text": "x", "key": "k", "reply_to": {"id": 1}},
        {"type": "play.at", "at": "soon"},
        {"type": "play.at", "at": 1e308},
        {"type": "chat.said", "id": 1, "text": "forged"},
    ],
)
def test_deep_json_and_wrong_types(house, frame):
    with unnoticed(house), house.server.line(house.path, guest_session("Eve")) as eve:
        eve.wait("seat.taken")
        eve.send(frame)
        refusal = eve.wait("error")
        assert refusal["code"] in {"bad_frame", "bad_playhead"}
        assert refusal["text"]
        eve.wait("chat.accepted", key=eve.say("still here"))


def test_two_publishers(house):
    with unnoticed(house):
        address = f"/ws/publish/{house.room.public_id}/"
        with house.server.line(address, house.clerk) as second:
            second.send({"type": "publish.hello", "publisher": str(uuid.uuid4()), "mime": MATROSKA})
            refusal = second.wait("publish.refused")
            assert (refusal["code"], bool(refusal["text"])) == ("taken", True)
            assert second.wait_closed(5) == publish.TAKEN


def test_who_may_not_film(house, mallory, client):
    client.force_login(mallory)
    with unnoticed(house):
        address = f"/ws/publish/{house.room.public_id}/"
        for session, code in (("", publish.SIGN_IN), (session_of(client), publish.NOT_FOUND)):
            with house.server.line(address, session) as line:
                assert line.wait_closed(5) == code


def test_garbage_as_video_costs_the_talk_nothing(house):
    """The clerk's own device goes mad: its picture ends, the room goes on without one."""
    before = house.rows()[0]
    noise = b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 64
    for _ in range(60):
        if house.camera.code is not None:
            break
        try:
            house.camera.send({"type": "publish.recorder", "mime": MATROSKA})
            house.camera.send(noise)
        except ConnectionClosed:
            pass
        house.camera.drain(0.15)
    assert house.camera.wait_closed(10) == publish.BAD_MEDIA
    key = house.talker.say("the picture is gone")
    house.talker.wait("chat.accepted", key=key, seconds=4)
    house.guest.wait("chat.said", text="the picture is gone", seconds=4)
    assert house.rows()[0] == before
    again = house.server.line(f"/ws/publish/{house.room.public_id}/", house.clerk)
    with again as camera:
        camera.send({"type": "publish.hello", "publisher": str(uuid.uuid4()), "mime": MATROSKA})
        camera.wait("publish.open")  # nobody has to wait for what was broken


def test_rooms_and_goods_of_others(house, shop, other_shop, mallory, foreign_product):
    host = Staff.objects.get(merchant=other_shop, user=mallory)
    facts = {"title": "Another show", "starts_at": timezone.now(), "products": [foreign_product]}
    theirs = make_room(merchant=other_shop, host=host, **facts)
    start_room(room=schedule_room(room=theirs))
    item = theirs.items.get()
    with unnoticed(house):
        post: Callable[..., int] = house.server.post
        foreign = f"/dashboard/tea/rooms/{theirs.public_id}/console"
        assert post(f"{foreign}/move/", house.clerk, do="end") == 404
        assert post(f"{house.console}/spotlight/", house.clerk, item=str(item.pk)) == 404
        assert post(f"{house.console}/spotlight/", house.clerk, item="9" * 30) == 422
        said = Message.objects.create(room=theirs, text="theirs", at=timezone.now())
        hide = {"do": "hide", "message": str(said.pk)}
        assert post(f"{house.console}/chat/", house.clerk, **hide) in {404, 422}
        with house.server.line("/ws/live/nowhere/") as line:
            assert line.wait_closed(5) == 4404
    theirs.refresh_from_db()
    said.refresh_from_db()
    assert (theirs.state, said.hidden) == ("live", False)


def test_forged_proofs_and_replayed_claims(house, coupon):
    drop = open_drop(room=house.room, coupon=coupon, minutes=5, fair=True)
    address = f"/live/{house.room.public_id}/drops/{drop.public_id}/claim/"
    dan = guest_session("Dan")
    with unnoticed(house):
        for forged in ("forged", "a:b:c", "WyJ4Il0:1:" + "x" * 400, "\x00"):
            assert house.server.post(address, guest_session(), proof=forged) == 422
    for _ in range(3):
        assert house.server.post(address, dan) == 200
    assert Claim.objects.count() == 1
    house.goes_on()


def test_entries_after_the_closing(house, host):
    terms = {"prize": "茶点", "winners": 1, "minutes": 5, "entry_by": "follow"}
    draw = open_draw(room=house.room, by=host, **terms)
    someone = Customer.objects.create(merchant=house.room.merchant, device=uuid.uuid4())
    enter(draw=draw, customer=someone, name="Mei")
    close_draw(draw=draw)
    draw.refresh_from_db()
    address = f"/live/{house.room.public_id}/draws/{draw.public_id}"
    until(lambda: Draw.objects.get(pk=draw.pk).is_drawn)  # the sweep of the server does it
    house.guest.wait("draw.drawn")
    with unnoticed(house):
        for _ in range(3):
            assert house.server.post(f"{address}/enter/", guest_session("Late")) == 409
    frozen = Draw.objects.get(pk=draw.pk)
    assert (frozen.entries_hash, frozen.entry_count) == (draw.entries_hash, 1)
    assert frozen.entries.get().customer == someone


def test_hostile_talk_is_talk(house):  # P19
    before = house.rows()
    with house.server.line(house.path, guest_session("<b>Eve</b>")) as eve:
        eve.wait("seat.taken")
        for text in HOSTILE[:5]:
            eve.wait("chat.accepted", key=eve.say(text))
            house.guest.wait("chat.said", text=text)
    with house.server.line(house.path, guest_session("{{7*7}}")) as eve:
        for text in HOSTILE[5:]:
            eve.wait("chat.accepted", key=eve.say(text))
    house.goes_on()
    assert house.rows() == before
    said = house.guest.of("chat.said")
    ids = [event["id"] for event in said]
    assert ids == sorted(set(ids))
    assert not house.guest.of("room.moved")
    assert all("\u202e" not in event["text"] and "\x00" not in event["text"] for event in said)
    assert sum(event["name"] in {"<b>Eve</b>", "{{7*7}}"} for event in said) == len(HOSTILE)
