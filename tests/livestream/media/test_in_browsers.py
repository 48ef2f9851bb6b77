"""The whole way: a clerk's browser with a fake camera, the real server, a shopper's browser."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from playwright.async_api import Browser, Error, Page, async_playwright

from livestream.models import Replay, Room
from livestream.rules.room import RoomState
from livestream.services.room import end_room
from tests.servers import Server, session_of

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]

ALWAYS = ["--no-sandbox", "--no-first-run", "--disable-background-networking"]
FAKE_CAMERA = ["--use-fake-device-for-media-stream"]
ALLOWED = ["--use-fake-ui-for-media-stream"]


# What became of camera and microphone; the page is loaded again right after.
WATCH_THE_CAMERA = """() => {
  const tracks = document.querySelector("[data-camera-preview]").srcObject.getTracks();
  document.addEventListener("publish:over", () => {
    sessionStorage.setItem("camera", tracks.map((track) => track.readyState).join());
  });
}"""


@asynccontextmanager
async def chromium(*more: str) -> AsyncIterator[Browser]:
    system = "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(
                executable_path=system, args=[*ALWAYS, *more]
            )
        except Error:
            pytest.skip("There is no Chromium here.")
        yield browser
        await browser.close()


async def open_console(browser: Browser, server: Server, room: Room, session: str) -> Page:
    context = await browser.new_context(locale="en-GB")
    cookies = [{"name": "sessionid", "value": session, "url": server.url}]
    await context.add_cookies(cookies)  # type: ignore[arg-type]
    page = await context.new_page()
    await page.goto(f"{server.url}/dashboard/tea/rooms/{room.public_id}/console/")
    return page


async def open_room(browser: Browser, server: Server, room: Room) -> Page:
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    page = await context.new_page()
    await page.goto(f"{server.url}/live/{room.public_id}/")
    return page


async def comes_true(ask: Callable[[], Any], seconds: float) -> Any:
    """Ask again until the answer is true."""
    until = asyncio.get_running_loop().time() + seconds
    while not (answer := await ask()):
        assert asyncio.get_running_loop().time() < until, "it did not come true in time"
        await asyncio.sleep(0.1)
    return answer


async def second_of(page: Page) -> float:
    return float(await page.evaluate("() => document.querySelector('video')?.currentTime ?? 0"))


async def advances(page: Page, by: float = 1.5, seconds: float = 20) -> None:
    """The picture goes on from where it is now."""
    began = await second_of(page)

    async def on() -> bool:
        return await second_of(page) > began + by

    await comes_true(on, seconds)


async def publishing(page: Page) -> None:
    await page.wait_for_selector('[data-publishing="true"]', state="attached", timeout=20_000)


def encoders(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in found for child in path.read_text().split()]


async def test_who_closes_the_tab_while_it_films_is_asked_first(server, live, as_bob):
    async with chromium(*FAKE_CAMERA, *ALLOWED) as browser:
        clerk = await open_console(browser, server, live, session_of(as_bob))
        asked: list[str] = []

        async def answer(dialog) -> None:
            asked.append(dialog.type)
            await dialog.dismiss()  # she stays

        clerk.on("dialog", answer)
        await publishing(clerk)
        await clerk.click("[data-camera-mute]")  # a browser asks only whoever has touched the page
        await clerk.close(run_before_unload=True)
        await clerk.wait_for_timeout(1500)
        assert asked == ["beforeunload"]
        assert await clerk.locator('[data-publishing="true"]').count() == 1

        await clerk.keyboard.press("Shift+?")
        await clerk.click("#keys button[value=off]")  # no way out of the page at all
        await clerk.wait_for_selector("#keys button[value=on]:focus")
        assert await clerk.locator('[data-keys="off"]').count() == 1
        assert await clerk.locator('[data-publishing="true"]').count() == 1
        assert asked == ["beforeunload"]
        await clerk.click("#keys [data-dialog-close]")
        async with clerk.expect_navigation():  # the page's own ways on ask nothing
            await clerk.click(".cs-cam [value=pause]")
        await clerk.wait_for_selector(".cs-start--rest")
        assert asked == ["beforeunload"]
        await clerk.click("[data-camera-mute]")
        async with clerk.expect_event("close", timeout=10_000):  # nothing is sent: nothing is asked
            await clerk.close(run_before_unload=True)
        assert asked == ["beforeunload"]


async def test_the_show_goes_on_whatever_happens_and_can_be_watched_again(  # P21
    server, live, as_bob
):
    session = session_of(as_bob)
    async with chromium(*FAKE_CAMERA, *ALLOWED) as browser:
        clerk = await open_console(browser, server, live, session)
        await publishing(clerk)
        shopper = await open_room(browser, server, live)
        await advances(shopper)

        await clerk.reload()
        await publishing(clerk)
        await advances(shopper)

        for pid in encoders(server.pid):
            os.kill(pid, signal.SIGKILL)
        await advances(shopper)

        await clerk.context.set_offline(True)
        await asyncio.sleep(3)
        await clerk.context.set_offline(False)
        await advances(shopper)

        await clerk.evaluate(WATCH_THE_CAMERA)
        await sync_to_async(end_room)(room=await Room.objects.aget(pk=live.pk))
        replay = await comes_true(lambda: Replay.objects.filter(state="ready").afirst(), 30)
        assert replay.duration_ms > 6_000
        again = await open_room(browser, server, live)
        await advances(again)
        await clerk.wait_for_selector("#over a[href*='/live/']")  # the sweep's end is hers too
        assert await clerk.evaluate("() => sessionStorage.getItem('camera')") == "ended,ended"
        assert await clerk.locator("[data-camera-preview], [data-publish]").count() == 0


async def test_a_lost_camera_interrupts_the_room_and_its_return_resumes_it(server, live, as_bob):
    session = session_of(as_bob)

    async def is_(state: RoomState) -> bool:
        return await Room.objects.filter(pk=live.pk, state=state).aexists()

    long_ago = timezone.now() - timedelta(minutes=5)  # past the grace of a camera coming up
    await Room.objects.filter(pk=live.pk).aupdate(started_at=long_ago)
    async with chromium(*FAKE_CAMERA, *ALLOWED) as browser:
        clerk = await open_console(browser, server, live, session)
        await publishing(clerk)
        await clerk.context.close()
        await comes_true(lambda: is_(RoomState.INTERRUPTED), 20)
        await publishing(await open_console(browser, server, live, session))
        await comes_true(lambda: is_(RoomState.LIVE), 10)


@pytest.mark.parametrize(("flags", "code"), [(FAKE_CAMERA, "denied"), ((), "missing")])
async def test_a_camera_that_cannot_be_had_is_explained(server, live, as_bob, flags, code):
    async with chromium(*flags) as browser:
        clerk = await open_console(browser, server, live, session_of(as_bob))
        stage = clerk.locator("[data-publish]")
        await clerk.wait_for_selector("[data-camera-problem]:visible", timeout=20_000)
        sentence = await clerk.locator("[data-camera-sentence]").inner_text()
        assert await stage.get_attribute("data-problem") == code
        assert sentence == await stage.get_attribute(f"data-text-{code}")
        assert await clerk.locator("[data-camera-retry]").is_visible()


async def test_two_devices_do_not_steal_the_room_from_each_other(server, live, as_bob):
    session = session_of(as_bob)
    async with chromium(*FAKE_CAMERA, *ALLOWED) as browser:
        first = await open_console(browser, server, live, session)
        await publishing(first)
        second = await open_console(browser, server, live, session)
        await second.wait_for_selector("[data-publish-takeover]:visible", timeout=20_000)
        assert await first.locator('[data-publishing="true"]').count() == 1
        await second.click("[data-publish-takeover]")
        await publishing(second)
        await first.wait_for_selector("[data-publish-takeover]:visible", timeout=20_000)
        await asyncio.sleep(3)
        assert await second.locator('[data-publishing="true"]').count() == 1, "and it stays so"


async def test_a_rehearsal_shows_the_clerk_and_nobody_else(server, scheduled, as_bob):
    async with chromium(*FAKE_CAMERA, *ALLOWED) as browser:
        clerk = await open_console(browser, server, scheduled, session_of(as_bob))
        shopper = await open_room(browser, server, scheduled)
        await clerk.click("[data-rehearse]")
        await publishing(clerk)
        rehearsed = Room.objects.filter(pk=scheduled.pk, rehearsed_at__isnull=False)
        await comes_true(rehearsed.aexists, 20)
        assert await shopper.locator("video").count() == 0
        await shopper.reload()
        assert await shopper.locator("video").count() == 0
        assert scheduled.title in await shopper.inner_text("main")
        await clerk.click("[data-stop-rehearsal]")
        await clerk.wait_for_selector("[data-start]:visible")
        assert "the picture arrived" in await clerk.inner_text(".cs-start")
