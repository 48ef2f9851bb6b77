"""`make shots`: a picture of every screen, desktop and phone, light and dark, Chinese and English.

    python -m tests.shots [name …]      only screens whose name contains one of these

Serves the demo shop on a free port with data of its own: the machine's shop is not touched.
Pictures go to shots/<name>-<size>-<theme>-<language>.png.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from livestream.media.encoder import find_ffmpeg
from tests.journeys.browser import chromium, desk, phone
from tests.screens import ADMIN, HOST, ROOT, Screen, arrive, demo, screens, sign_in_as, speak

os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
OUT = ROOT / "shots"


def main(wanted: list[str]) -> None:
    OUT.mkdir(exist_ok=True)
    with demo() as (url, folder):
        chosen = [
            screen
            for screen in screens(folder)
            if not wanted or any(word in screen.name for word in wanted)
        ]
        camera = f"--use-file-for-fake-video-capture={_camera(folder)}"
        with chromium(camera) as browser:
            looks = [
                Look(browser, url, size, language)
                for size in ("desktop", "phone")
                for language in ("zh-hans", "en")
            ]
            for screen in chosen:
                for look in looks:
                    look.at(screen)
    print(f"{len(list(OUT.glob('*.png')))} pictures in {OUT.name}/")


def _camera(folder: Path) -> Path:
    """What the clerk's camera sees in the pictures: the drawn scene, as raw video."""
    scene = ROOT / "merchants" / "demo" / "pictures" / "live-tea.webp"
    still, film = folder / "scene.png", folder / "scene.y4m"
    Image.open(scene).convert("RGB").resize((540, 960)).save(still)
    subprocess.run(
        [
            *(find_ffmpeg(), "-loglevel", "error", "-loop", "1", "-i", str(still)),
            *("-t", "1", "-r", "24", "-pix_fmt", "yuv420p", str(film)),
        ],
        check=True,
    )
    return film


class Look:
    """A guest, a shopkeeper and an admin who have one size of screen and one language."""

    def __init__(self, browser: Browser, url: str, size: str, language: str) -> None:
        open_ = desk if size == "desktop" else phone
        self.name = f"{size}-{{theme}}-{language}"
        self.guest, self.staff, self.admin = (open_(browser, url) for _who in range(3))
        sign_in_as(self.staff, HOST)
        sign_in_as(self.admin, ADMIN)
        for context in (self.guest, self.staff, self.admin):
            speak(context, language)

    def at(self, screen: Screen) -> None:
        """Two pictures of it, light and dark."""
        context = self.admin if screen.admin else self.staff if screen.staff else self.guest
        page = context.new_page()
        page.emulate_media(color_scheme="light")
        arrive(page, screen)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.wait_for_timeout(200)  # colours of the admin change slowly
            out = OUT / f"{screen.name}-{self.name.format(theme=theme)}.png"
            page.screenshot(path=out, full_page=screen.full)
        page.close()


if __name__ == "__main__":
    main(sys.argv[1:])
