"""How a shopper watches, in a real browser: rewinding, sound only, no video, a resting picture."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async

from livestream.models import Room
from livestream.services.room import pause_room
from tests.livestream.media.test_in_browsers import (
    ALLOWED,
    FAKE_CAMERA,
    advances,
    chromium,
    comes_true,
    open_console,
    open_room,
    publishing,
    second_of,
)
from tests.servers import session_of

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]
SHOTS = os.environ.get("SHOTS", "")  # a folder: whoever changes these screens looks at them


async def shot(page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


async def test_a_shopper_rewinds_listens_and_does_without(server, live, as_bob):
    session = session_of(as_bob)
    async with chromium(*FAKE_CAMERA, *ALLOWED) as browser:
        clerk = await open_console(browser, server, live, session)
        await publishing(clerk)
        shopper = await open_room(browser, server, live)
        asked: list[str] = []
        shopper.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
        await advances(shopper, 8)

        await shopper.click(".lr-modes summary")
        await shot(shopper, "menu")
        await shopper.click("[data-rewind]")
        await comes_true(lambda: rewound(shopper), 15)
        await advances(shopper)
        await shot(shopper, "rewound")
        seen = await second_of(shopper)
        await shopper.locator("[data-seek]").fill("1")
        assert await second_of(shopper) < seen
        await shopper.click("[data-back-live]")
        await advances(shopper)
        assert await shopper.locator("[data-behind]").is_hidden()

        await shopper.click(".lr-modes summary")
        await shopper.check("[name=picture][value=sound]")
        await comes_true(lambda: asked_for(asked, "sound"), 15)
        await advances(shopper)
        await shot(shopper, "sound")
        assert await shopper.evaluate("() => !document.querySelector('video').muted")
        await shopper.wait_for_selector('.lr-snd[aria-pressed="true"]', timeout=3000)

        await shopper.check("[name=picture][value=none]")
        await shopper.wait_for_timeout(1500)
        asked.clear()
        await shopper.wait_for_timeout(3000)
        assert not [name for name in asked if name.endswith((".m4s", ".m3u8"))]
        await shopper.reload()  # remembered
        await shopper.wait_for_selector('[data-picture="none"]')
        await shopper.wait_for_timeout(2500)
        asked.clear()
        await shopper.wait_for_timeout(2000)
        assert not [name for name in asked if name.endswith((".m4s", ".m3u8"))]
        await shot(shopper, "none")
        await shopper.click(".lr-modes summary")
        await shopper.check("[name=picture][value=video]")
        await advances(shopper)

        await sync_to_async(pause_room)(room=await Room.objects.aget(pk=live.pk))
        await clerk.reload()
        await shopper.reload()
        await shopper.wait_for_selector(".lr-slate:visible")
        await shot(shopper, "paused")
        await clerk.wait_for_timeout(2500)
        assert await clerk.locator('[data-publishing="true"]').count() == 0


async def rewound(page) -> bool:
    return 0 < await second_of(page) < 4


async def asked_for(asked: list[str], start: str) -> bool:
    return any(name.startswith(start) and name.endswith(".m4s") for name in asked)
