"""The room page: whole in its first answer, useful without scripts, and light."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.files.base import ContentFile
from django.urls import reverse

from config.storage import SpareStaticFilesStorage, spare
from livestream.services.chat import say
from livestream.services.line import Voice
from livestream.services.shelf import show_item

BUDGET = 60_000  # bytes of CSS and JS gzipped, hls.js apart
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def page(live, longjing, client):
    say(room=live, voice=Voice("Lin"), text="是今年的吗")
    show_item(room=live, item=live.items.get(product=longjing))
    return client.get(reverse("watch:room", args=[live.public_id])).text


def test_card_shelf_and_last_lines_are_in_the_first_answer(page, live, longjing, cup):
    body = re.sub(r"<template.*?</template>", "", page, flags=re.DOTALL)
    item = live.items.get(product=longjing)
    assert reverse("watch:product", args=[live.public_id, item.pk]) in body
    assert longjing.name in body
    assert cup.name in body
    assert "是今年的吗" in body


def test_only_what_is_cheaper_now_is_red_and_says_what_it_cost(live, longjing, client):
    item = live.items.get(product=longjing)
    show_item(room=live, item=item)
    url = reverse("watch:room", args=[live.public_id])

    def seen() -> tuple[bool, bool]:
        page = client.get(url).text
        pin = re.search(r'<span class="money( money--now)?" data-pin-price>', page)
        return bool(pin and pin[1]), bool(re.search(r"data-was>[^<]*168", page))

    assert seen() == (False, False)
    live.items.filter(pk=item.pk).update(live_price=13800)
    assert seen() == (True, True)


def weights(html: str) -> dict[str, int]:
    """What the page names and what that imports, as production compresses it."""
    wanted = {f"css/{name}" for name in re.findall(r'href="/static/css/([^"]+)"', html)}
    wanted |= set(re.findall(r'<script[^>]* src="/static/([^"]+)"', html))
    modules = " ".join(re.findall(r'data-module="([^"]+)"', html)).split()
    wanted |= {f"js/{name}.js" for name in [*modules, "boot"]}
    found: dict[str, int] = {}
    while wanted - found.keys():
        path = (wanted - found.keys()).pop()
        text = Path(str(finders.find(path))).read_text()
        if path.startswith(("css/", "js/")):
            text = spare(path.split("/")[0], text)
        found[path] = len(gzip.compress(text.encode(), 9))
        asked = re.findall(r'(?:from|import)\s*\(?\s*"guitai/([\w/]+)"', text)
        wanted |= {f"js/{name}.js" for name in asked}
    return found


def test_it_is_light(page):
    found = weights(page)
    assert len(found) > 30, "some of it was not seen"
    heaviest = sorted(found.items(), key=lambda one: -one[1])[:8]
    assert sum(found.values()) <= BUDGET, heaviest


def test_no_file_of_ours_hides_code_behind_a_line_that_looks_like_a_comment():
    """`spare` drops lines that begin with two slashes: none may lie inside text of many lines."""
    for file in (ROOT / "static" / "js").rglob("*.js"):
        code = [
            line for line in file.read_text().splitlines() if not line.lstrip().startswith("//")
        ]
        for number, line in enumerate(code):
            assert line.count("`") % 2 == 0, f"{file.name}: {number}: {line}"


def test_what_is_collected_says_nothing_to_its_readers(tmp_path, settings):
    settings.STATIC_ROOT = tmp_path
    storage = SpareStaticFilesStorage(location=tmp_path, base_url="/static/")
    storage._save("css/a.css", ContentFile(b"/* why\n so */\na { color: red; } /* it is */\n"))
    storage._save("js/a.js", ContentFile(b'// why\nexport const a = "//"; // not this\n  // so\n'))
    storage._save("vendor/a.js", ContentFile(b"// licence\n"))
    assert (tmp_path / "css/a.css").read_text() == "a{color:red;}\n"
    assert (tmp_path / "js/a.js").read_text() == 'export const a = "//"; // not this\n'
    assert (tmp_path / "vendor/a.js").read_text() == "// licence\n"
