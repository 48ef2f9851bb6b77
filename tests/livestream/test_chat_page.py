"""The chat in a real browser: what a shopper sees, and what happens to what she typed."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from livestream.models import Message
from livestream.services.chat import say
from livestream.services.line import Voice
from tests.servers import Server, guest_session

pytestmark = pytest.mark.slow


class Cable:
    """A network between browser and server that can be pulled out and plugged in again."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._plugged = True
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            if not self._plugged:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._to))
            self._pairs.append((near, far))
            threading.Thread(target=self._carry, args=(near, far), daemon=True).start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        with selectors.DefaultSelector() as ready, near, far:
            ready.register(near, selectors.EVENT_READ, far)
            ready.register(far, selectors.EVENT_READ, near)
            while True:
                for key, _ in ready.select():
                    try:
                        data = key.fileobj.recv(65_536)  # type: ignore[union-attr]
                        key.data.sendall(data)
                    except OSError:
                        return
                    if not data:
                        return

    def pull(self) -> None:
        self._plugged = False
        for pair in self._pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
        self._pairs.clear()

    def plug(self) -> None:
        self._plugged = True

    def close(self) -> None:
        self.pull()
        self._listening.close()


@pytest.fixture(autouse=True)
def _rows_beside_a_loop(monkeypatch):
    """Playwright's sync API keeps an event loop in this thread; nothing of ours runs in it."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture
def browser() -> Iterator[Browser]:
    system = Path("/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(system) if system.exists() else None,
            args=["--no-sandbox", "--no-first-run", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def cable(server: Server) -> Iterator[Cable]:
    cable = Cable(server.port)
    yield cable
    cable.close()


@pytest.fixture
def page(browser: Browser, cable: Cable, live) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="en")
    page = context.new_page()
    page.goto(f"http://localhost:{cable.port}/live/{live.public_id}/")
    expect(page.locator("html[data-started]")).to_be_attached()
    return page


def chat(page: Page):
    return page.locator(".lr-right [data-chat-lines]")


def field(page: Page):
    return page.locator(".lr-right [data-chat-input]")


def introduce(page: Page, name: str = "Lin") -> None:
    page.locator(".lr-right [data-nickname-form] input[name=nickname]").fill(name)
    page.locator(".lr-right [data-nickname-form] button").click()


def test_a_guest_says_her_name_and_then_what_she_typed(page, live):
    field(page).fill("is it this spring's?")
    field(page).press("Enter")
    introduce(page)
    expect(chat(page)).to_contain_text("is it this spring's?")
    expect(field(page)).to_have_value("")
    assert Message.objects.get().author_name == "Lin"


def test_what_is_refused_stays_in_the_field(page, live):
    text = "茶" * 10_000
    field(page).fill(text)
    field(page).press("Enter")
    expect(page.locator(".lr-right [data-chat-error]")).to_contain_text("300")
    assert field(page).input_value() == text
    assert not Message.objects.exists()


def test_the_servers_refusal_stays_beside_the_field_too(page, live):
    field(page).fill("first")
    field(page).press("Enter")
    introduce(page)
    expect(chat(page)).to_contain_text("first")
    for number in range(7):  # faster than anybody reads
        field(page).fill(f"buy {number}")
        field(page).press("Enter")
        page.wait_for_timeout(60)
    expect(page.locator(".lr-right [data-chat-error]")).to_contain_text("fast")
    assert field(page).input_value().startswith("buy")


def test_hostile_text_is_shown_as_text(page, live, server):  # P19
    with server.line(f"/ws/live/{live.public_id}/", guest_session("<b>x</b>")) as eve:
        eve.wait("seat.taken")
        eve.say("<img src=x onerror=document.title='owned'>")
    expect(chat(page)).to_contain_text("<img src=x onerror")
    expect(chat(page)).to_contain_text("<b>x</b>")
    assert page.locator(".lr-right [data-chat-lines] img").count() == 0
    assert page.title() != "owned"


def test_a_cut_network_comes_back_within_three_seconds_and_nothing_is_missing(  # P11
    page, cable, live, server
):
    field(page).fill("before")
    field(page).press("Enter")
    introduce(page)
    expect(chat(page)).to_contain_text("before")

    cable.pull()
    field(page).fill("said while the line was cut")
    field(page).press("Enter")
    expect(page.locator(".lr-right [data-chat-error]")).to_be_visible()
    for number in range(5):
        say(room=live, voice=Voice("Dan"), text=f"missed {number}")
    page.wait_for_timeout(4_000)

    cable.plug()
    began = time.monotonic()
    expect(chat(page)).to_contain_text("missed 4")
    took = time.monotonic() - began
    expect(chat(page)).to_contain_text("said while the line was cut")
    expect(field(page)).to_have_value("")

    texts = [text for text in chat(page).locator("li").all_inner_texts() if text]
    for number in range(5):
        assert sum(f"missed {number}" in text for text in texts) == 1
    assert Message.objects.filter(text="said while the line was cut").count() == 1
    assert took < 3.5, took  # three seconds, and a busy machine's share


def test_likes_are_one_tap_and_the_total_comes_back(page, live, server):
    button = page.locator("[data-module='livestream/likes']").first
    before = page.locator("[data-likes]").first.inner_text()
    assert before in {"0", ""}
    for _ in range(6):
        button.click()
    with server.line(f"/ws/live/{live.public_id}/") as guest:
        if guest.wait("seat.taken")["likes"] != 6:
            guest.wait("likes.counted", total=6)
    expect(page.locator("[data-likes]").first).to_have_text("6")
