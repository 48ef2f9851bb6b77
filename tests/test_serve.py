"""`make run`: who can come in, and what it shows of what is not there."""

from __future__ import annotations

import os

import pytest

from livestream.management.commands import serve


@pytest.mark.parametrize("path", ["/no-such-page/", "/dashboard/no-such-shop/orders/"])
def test_an_unknown_address_shows_our_page_at_home_too(client, alice, settings, path):
    settings.DEBUG = True
    client.force_login(alice)
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "er__art" in answer.text
    assert "URLconf" not in answer.text


def test_what_breaks_at_home_keeps_its_traceback(client, db, settings, monkeypatch):
    settings.DEBUG = True
    client.raise_request_exception = False
    monkeypatch.setattr("livestream.views.watch.render", None)
    answer = client.get("/", headers={"Accept": "text/html"})
    assert answer.status_code == 500
    assert "Traceback" in answer.text


def test_it_opens_to_the_whole_house_when_asked():
    places = serve.reachable("0.0.0.0", 8123)
    assert places[0] == "http://localhost:8123"
    assert all(place.startswith("http://") and place.endswith(":8123") for place in places)
    assert serve.reachable("127.0.0.1", 8123) == ["http://localhost:8123"]
    assert serve.reachable("192.168.1.7", 80) == ["http://192.168.1.7:80"]


def test_it_names_every_address_as_its_own(monkeypatch, settings):
    settings.DEBUG = True
    monkeypatch.setattr(serve, "_own_addresses", lambda: ["192.168.1.7"])
    monkeypatch.delenv("ALLOWED_HOSTS", raising=False)
    monkeypatch.delenv("SITE_URL", raising=False)
    serve.introduce("0.0.0.0", 8123)
    assert os.environ["ALLOWED_HOSTS"].split(",")[-1] == "192.168.1.7"
    assert os.environ["SITE_URL"] == "http://192.168.1.7:8123"  # a mail is read on the phone
    monkeypatch.delenv("ALLOWED_HOSTS")
    monkeypatch.delenv("SITE_URL")
    serve.introduce("127.0.0.1", 8123)
    assert "ALLOWED_HOSTS" not in os.environ
    assert os.environ["SITE_URL"] == "http://localhost:8123"
    monkeypatch.delenv("SITE_URL")
