"""Health, headers, and that production refuses to start on nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

import pytest


@dataclass
class Usage:
    free: int


def test_health(client, db):
    assert client.get("/healthz").json() == {"ok": True}
    assert client.get("/readyz").json()["database"] is True


def test_readiness_tells_of_ffmpeg_and_of_the_disk_without_closing_the_shop(
    client, db, monkeypatch, tmp_path
):
    assert client.get("/readyz").json() == dict.fromkeys(
        ("ok", "database", "cache", "ffmpeg", "disk"), True
    )
    gone = str(tmp_path / "no-such-program")
    monkeypatch.setattr("livestream.media.readiness.find_ffmpeg", lambda: gone)
    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage(free=1024))
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() | {"ffmpeg": False, "disk": False, "ok": True} == answer.json()


def test_every_page_carries_its_headers(client, live):  # P29
    for url in ("/", f"/live/{live.public_id}/", "/accounts/login/", "/no-such-page/"):
        response = client.get(url)
        policy = response["Content-Security-Policy"]
        assert "unsafe-inline" not in policy
        assert "unsafe-eval" not in policy
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["X-Frame-Options"] == "DENY"
        assert response["Referrer-Policy"] == "strict-origin-when-cross-origin"
        assert response["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "camera=()" in response["Permissions-Policy"]


def test_only_the_console_may_ask_for_the_camera(as_bob, live):
    console = as_bob.get(f"/dashboard/tea/rooms/{live.public_id}/console/")
    assert console.status_code == 200
    assert "camera=(self)" in console["Permissions-Policy"]
    assert "camera=()" in as_bob.get("/dashboard/tea/orders/")["Permissions-Policy"]


def test_production_refuses_to_start_on_an_empty_environment():
    env = {"PATH": os.environ["PATH"]}
    started = subprocess.run(
        [sys.executable, "manage.py", "check"], env=env, capture_output=True, text=True
    )
    assert started.returncode != 0
    assert "SECRET_KEY" in started.stderr


@pytest.mark.parametrize(("language", "word"), [("zh-hans", "正在播"), ("en", "live")])
def test_the_language_is_the_readers(client, db, language, word):
    client.post("/i18n/setlang/", {"language": language})
    assert word in client.get("/").text
