"""The demo's camera: a moving picture with a clock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from livestream.media.reel import end_reel
from livestream.media.testcard import Testcard
from tests.livestream.media.test_ingest import seconds_of
from tests.servers import ROOT, database_url, until


def test_a_show_can_be_filmed_faster_than_it_was(tmp_path):
    began = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
    Testcard(None).record(tmp_path, seconds=6, began=began)
    segments = end_reel(tmp_path)
    assert sum(s.duration for s in segments) == pytest.approx(6, abs=0.5)
    assert segments[0].at == pytest.approx(began.timestamp(), abs=0.5)
    assert seconds_of(tmp_path / "vod.m3u8") == pytest.approx(6, abs=0.6)


def test_the_demo_camera_works_for_developers_only(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError):
        call_command("demo_camera")


@pytest.mark.slow
def test_the_demo_camera_publishes_and_leaves_when_told(server, live):
    command = [sys.executable, "manage.py", "demo_camera", "--url", server.url]
    command += ["--room", live.public_id]
    env = os.environ | {"DATABASE_URL": database_url(), "DEBUG": "1"}
    camera = subprocess.Popen(command, cwd=ROOT, env=env)
    folder = server.folder / "live" / live.public_id
    try:
        until((folder / "live.m3u8").exists, 30)
        camera.send_signal(signal.SIGTERM)
        assert camera.wait(10) == 0
    finally:
        camera.kill()
    live.refresh_from_db()
    assert live.epoch == 1
