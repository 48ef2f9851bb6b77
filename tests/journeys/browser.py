"""Real browsers for the journeys: a fake camera, a clerk's desk and a shopper's phone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

SYSTEM = Path("/usr/bin/chromium")  # Debian's; else Playwright's own
FLAGS = [
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """A browser; skips the test, and says why, where none is to be had."""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=SYSTEM if SYSTEM.exists() else None, args=[*FLAGS, *more]
            )
        except Error as trouble:
            pytest.skip(f"no Chromium here: {str(trouble).splitlines()[0]}")
        try:
            yield browser
        finally:
            browser.close()


def desk(browser: Browser, url: str, **more: object) -> BrowserContext:
    """A clerk's laptop, which may use the camera."""
    context = browser.new_context(base_url=url, viewport=DESK, locale="zh-CN", **more)
    context.grant_permissions(["camera", "microphone"], origin=url)
    return context


def phone(browser: Browser, url: str, **more: object) -> BrowserContext:
    """A shopper's phone."""
    return browser.new_context(
        base_url=url, viewport=PHONE, has_touch=True, is_mobile=True, locale="zh-CN", **more
    )


class Troubles:
    """What a page complained of: scripts that broke, policies violated, answers of 5xx."""

    def __init__(self, *pages: Page) -> None:
        self.found: list[str] = []
        for page in pages:
            self.watch(page)

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.found.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self._console(page, message.type, message.text))
        page.on("response", lambda answer: self._answer(answer.status, answer.url))

    def _console(self, page: Page, kind: str, text: str) -> None:
        if kind == "error" and ("Content Security Policy" in text or "Uncaught" in text):
            self.found.append(f"{page.url}: {text}")

    def _answer(self, status: int, url: str) -> None:
        if status >= 500:
            self.found.append(f"{status} {url}")


def sign_in(page: Page, email: str, password: str) -> None:
    """By e-mail and password, as on the sign-in page."""
    page.goto("/accounts/login/")
    page.locator("[name=login]").fill(email)
    page.locator("[name=password]").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard/**")


def playing(page: Page, selector: str = "video") -> float:
    """How far a video is, in seconds."""
    return float(page.eval_on_selector(selector, "video => video.currentTime"))


def width(page: Page, selector: str = "video") -> int:
    """How wide its picture is; 0 while there is none."""
    return int(page.eval_on_selector(selector, "video => video.videoWidth"))
