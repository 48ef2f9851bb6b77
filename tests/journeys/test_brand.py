"""A brand gets its badge, in real browsers: the manager hands in, an admin sends it back by
keyboard, the manager mends it, the admin approves. The papers are seen by nobody else."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from merchants.models import User, Verification
from tests.journeys.browser import Troubles, chromium, desk, phone, sign_in
from tests.journeys.conftest import PASSWORD
from tests.merchants.papers import CODE

pytestmark = pytest.mark.slow
PAGE = "/dashboard/tea/settings/verification/"
PAPER = f"{PAGE}papers/licence/"


def paper(name: str, colour: str = "#fbf6e6") -> dict[str, object]:
    file = BytesIO()
    Image.new("RGB", (2400, 1700), colour).save(file, "JPEG")
    return {"name": name, "mimeType": "image/jpeg", "buffer": file.getvalue()}


@pytest.fixture
def admin(account) -> User:
    user = User.objects.create_superuser("root@example.com", "x", name="Root")
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    return account(user)


@pytest.mark.parametrize("open_", [desk, phone])
def test_a_brand_gets_its_badge(
    server, account, admin, alice, bob, carol, mallory, other_shop, live, longjing, open_
):
    with chromium() as browser:
        manager = open_(browser, server.url).new_page()
        reviewer = desk(browser, server.url).new_page()
        troubles = Troubles(manager, reviewer)
        sign_in(manager, account(carol).email, PASSWORD)
        hand_in(manager)
        reviewer.goto("/accounts/login/?next=/admin/merchants/verification/waiting/")
        reviewer.locator("[name=login]").fill(admin.email)
        reviewer.locator("[name=password]").fill(PASSWORD)
        reviewer.keyboard.press("Enter")
        send_back(reviewer)
        mend(manager)
        approve(reviewer)
        guest = open_(browser, server.url).new_page()
        for path in ("/s/tea/", f"/s/tea/p/{longjing.public_id}/", f"/live/{live.public_id}/"):
            guest.goto(path)
            expect(guest.locator("main").get_by_text("品牌已认证").first).to_be_visible()
        manager.goto(PAGE)
        expect(manager.locator(".pill--ok").first).to_be_visible()
        assert seen(manager) == 200
        assert seen(guest) == 302, "to the page to sign in"
        for who, status in ((bob, 403), (mallory, 404)):
            other = desk(browser, server.url).new_page()
            sign_in(other, account(who).email, PASSWORD)
            assert seen(other) == status
        assert troubles.found == []


def seen(page: Page) -> int:
    return page.request.get(PAPER, max_redirects=0).status


def hand_in(page: Page) -> None:
    page.goto(PAGE)
    page.locator("[name=company]").fill("深圳市腾讯计算机系统有限公司")
    page.locator("[name=licence_number]").fill(CODE[:-1] + "A")  # a slip
    page.locator("[name=brand]").fill("桂芳")
    page.locator("[name=trademark_number]").fill("2107881")
    page.locator("#paper-licence").set_input_files(files=[paper("执照.jpg")])  # type: ignore[list-item]
    page.locator("#paper-trademark").set_input_files(files=[paper("商标.jpg")])  # type: ignore[list-item]
    page.locator("[value=submit]").click()
    expect(page.locator(".field--error")).to_have_count(1)  # the number; no picture is lost
    expect(page.locator("[data-paper=licence] img")).to_be_visible()
    page.locator("[name=licence_number]").fill(CODE)
    page.locator("[value=submit]").click()
    expect(page.locator("[data-dialog-open=take-back]")).to_be_visible()
    assert Verification.objects.get().state == "submitted"


def send_back(page: Page) -> None:
    """By keyboard alone: R to the reason, a ready one by its number, Enter."""
    picture = page.locator(".rq-papers img").first
    expect(picture).to_be_visible()
    size = picture.bounding_box()
    assert size
    assert size["width"] > 500, "large enough to be read"
    assert picture.evaluate("one => one.naturalWidth") >= 1600
    page.keyboard.press("r")
    expect(page.locator("[data-reason]")).to_be_focused()
    page.keyboard.press("1")
    expect(page.locator("[data-reason]")).to_have_value(
        page.locator("[data-ready] span").first.inner_text()
    )
    page.keyboard.press("Enter")
    expect(page.locator(".rq-empty")).to_be_visible()
    assert Verification.objects.get().state == "rejected"


def mend(page: Page) -> None:
    page.goto(PAGE)
    expect(page.locator(".v-words")).to_have_text(Verification.objects.get().reason)
    page.locator("#paper-licence").set_input_files(files=[paper("执照2.jpg", "#ffffff")])  # type: ignore[list-item]
    page.locator("[value=submit]").click()
    expect(page.locator("[data-dialog-open=take-back]")).to_be_visible()


def approve(page: Page) -> None:
    page.goto("/admin/merchants/verification/waiting/")
    page.keyboard.press("a")
    expect(page.locator("[data-approve]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".rq-empty")).to_be_visible()
    assert Verification.objects.get().state == "approved"
