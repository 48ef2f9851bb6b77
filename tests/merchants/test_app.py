"""On a phone's first screen: the manifest, the icons, and the page for when the network is gone."""

from __future__ import annotations

import io
import json
import urllib.request
from contextlib import ExitStack

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from PIL import Image

from tests.journeys.browser import chromium, phone
from tests.servers import database_url, running, until

READY = """async () => Boolean(navigator.serviceWorker.controller)
    && (await (await caches.open("offline")).keys()).length > 3"""


@pytest.fixture
def guest() -> Client:
    return Client(headers={"Accept-Language": "en"})


def test_the_shop_is_an_app_with_its_own_name(shop, guest):
    page = guest.get(f"/s/{shop.slug}/").content.decode()
    address = f"/s/{shop.slug}/app.webmanifest"
    assert f'<link rel="manifest" href="{address}">' in page
    answer = guest.get(address)
    facts = json.loads(answer.content)
    assert answer["Content-Type"] == "application/manifest+json"
    assert facts["name"] == shop.name
    assert facts["start_url"] == f"/s/{shop.slug}/"
    assert facts["display"] == "standalone"
    assert guest.get(facts["start_url"]).status_code == 200


def test_the_room_is_installed_as_its_shop(live, guest):
    page = guest.get(f"/live/{live.public_id}/").content.decode()
    assert f'href="/s/{live.merchant.slug}/app.webmanifest"' in page


def test_the_dashboard_is_installed_as_guitai(shop, as_alice):
    page = as_alice.get(f"/dashboard/{shop.slug}/").content.decode()
    assert '<link rel="manifest" href="/app.webmanifest">' in page
    assert json.loads(as_alice.get("/app.webmanifest").content)["start_url"] == "/"


def test_no_shop_no_app(guest, db):
    assert guest.get("/s/nobody/app.webmanifest").status_code == 404


def test_every_icon_is_there_and_as_large_as_it_says(guest, db):
    icons = json.loads(guest.get("/app.webmanifest").content)["icons"]
    assert {"192x192", "512x512"} <= {one["sizes"] for one in icons}
    assert any(one.get("purpose") == "maskable" for one in icons)
    for one in icons:
        path = finders.find(one["src"].removeprefix("/static/"))
        assert path, one
        if one["type"] == "image/png":
            width, height = Image.open(path).size
            assert one["sizes"] == f"{width}x{height}"


def test_the_page_without_a_network_speaks_the_language_of_the_others(db):
    assert (
        "The network is gone"
        in Client(headers={"Accept-Language": "en"}).get("/offline/").content.decode()
    )
    assert (
        "你写的都在"
        in Client(headers={"Accept-Language": "zh-CN"}).get("/offline/").content.decode()
    )


@pytest.mark.slow
def test_without_a_network_a_page_says_so_and_what_was_typed_is_still_there(
    alone, live, transactional_db, tmp_path
):
    with chromium() as browser, ExitStack() as network:
        server = network.enter_context(running(tmp_path, database_url()))
        page = phone(browser, server.url).new_page()
        page.goto(f"/live/{live.public_id}/say/")
        until(lambda: page.evaluate(READY), 30)
        page.locator("[name=text]").fill("两罐一起买")
        network.close()
        page.locator("a.crumb").click()
        page.get_by_role("heading", name="网断了，你写的都在").wait_for()
        assert page.locator(".er__art").is_visible()
        colour = page.evaluate("getComputedStyle(document.querySelector('.btn--primary')).color")
        assert colour == "rgb(255, 255, 255)"  # its stylesheets are there as well
        network.enter_context(running(tmp_path, database_url(), port=server.port))
        page.get_by_role("link", name="再试一次").click()
        page.locator("main[data-room]").wait_for()
        page.go_back()
        assert page.locator("[name=text]").input_value() == "两罐一起买"


@pytest.mark.slow
def test_the_worker_may_watch_over_every_page(server):
    with urllib.request.urlopen(f"{server.url}/static/js/worker.js") as answer:
        assert answer.headers["Service-Worker-Allowed"] == "/"
        assert b"addEventListener" in io.BytesIO(answer.read()).read()
