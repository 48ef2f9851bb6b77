"""The look of the house: money, pills, modules, forms, and what a template may never hold."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template import engines
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils import timezone, translation

from merchants.context_processors import page, words
from merchants.templatetags import guitai

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.*") if path.is_file())
MODULES = sorted((ROOT / "static" / "js").rglob("*.js"))
STYLES = sorted((ROOT / "static" / "css").rglob("*.css"))


def render(text: str, **context: object) -> str:
    return engines["django"].from_string("{% load guitai %}" + text).render(context)


# --- money ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (128600, "CNY", "¥1,286.00"),
        (5, "CNY", "¥0.05"),
        (0, "CNY", "¥0.00"),
        (-2000, "CNY", "−¥20.00"),
        (1286, "JPY", "¥1,286"),
        (9900, "USD", "$99.00"),
        (123456789012, "CNY", "¥1,234,567,890.12"),
    ],
)
def test_it_writes_money_without_rounding(amount, currency, text):
    assert guitai.money_plain(amount, currency) == text


def test_it_makes_the_sign_and_the_decimals_small():
    assert guitai.money(128600, "CNY") == (
        '<span class="money"><small>¥</small>1,286<small>.00</small></span>'
    )


def test_a_whole_amount_drops_its_decimals_only_on_cards():
    assert guitai.money_short(9800) == '<span class="money"><small>¥</small>98</span>'
    assert ".50" in guitai.money_short(9850)
    assert ".00" in guitai.money(9800)
    assert guitai.money_plain_short(16800) == "¥168"


@pytest.mark.parametrize(("count", "text"), [(3, "+3"), (-40, "−40"), (0, "0")])
def test_a_change_has_the_sign_that_money_has(count, text):
    assert guitai.signed(count) == text


def test_a_price_that_is_not_known_is_not_written():
    assert guitai.money(None) == guitai.money_plain(None) == guitai.money_short(None) == ""


def test_money_in_a_page_is_not_escaped_twice():
    assert render("{{ 100|money:'CNY' }}").startswith('<span class="money">')


# --- pills, people, time ----------------------------------------------------------------------
def test_a_pill_says_its_state_by_icon_and_word():
    with translation.override("en"):
        text = guitai.pill("order", "paid")
    assert "pill--warn" in text
    assert "#i-half" in text
    assert "To ship" in text


def test_only_a_room_on_air_has_the_lamp():
    lamps = [state for state in guitai.PILLS["room"] if "lamp" in guitai.pill("room", state)]
    assert lamps == ["live"]


def test_a_pill_may_say_more_than_its_word_but_never_markup():
    assert "&lt;b&gt;5" in guitai.pill("stock", "low", "<b>5")


def test_every_state_of_lines_and_rooms_has_a_pill():
    from livestream.rules.room import RoomState
    from orders.rules.line import PARTLY_SHIPPED, LineState

    assert {*map(str, LineState), PARTLY_SHIPPED} <= set(guitai.PILLS["order"])
    assert set(map(str, RoomState)) <= set(guitai.PILLS["room"])


def test_every_icon_asked_for_is_drawn():
    sprite = (ROOT / "static/art/icons.svg").read_text()
    drawn = set(re.findall(r'id="i-([\w-]+)"', sprite))
    asked = {name for pills in guitai.PILLS.values() for name, _tone, _word in pills.values()}
    for path in TEMPLATES:
        asked |= set(re.findall(r'{% icon "([\w-]+)"', path.read_text()))
    assert asked - {""} <= drawn


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+8613805712688", "138 **** 2688"),
        ("138 0571 2688", "138 **** 2688"),
        ("12345", "****"),
        ("", ""),
    ],
)
def test_it_masks_a_phone_number(number, masked):
    assert guitai.masked_phone(number) == masked


def test_it_tells_a_moment_the_way_each_language_does():
    at = datetime(2026, 3, 26, 11, 30, tzinfo=UTC)
    with timezone.override("Asia/Shanghai"):
        with translation.override("zh-hans"):
            assert guitai.moment(at) == "3 月 26 日 周四 19:30"
        with translation.override("en"):
            assert guitai.moment(at) == "Thu 26 Mar, 19:30"


def test_it_is_relative_within_the_hour_only():
    with translation.override("en"):
        assert guitai.ago(timezone.now() - timedelta(minutes=3)) == "3 min ago"
        assert guitai.ago(timezone.now() - timedelta(seconds=3)) == "just now"
        assert "ago" not in guitai.ago(timezone.now() - timedelta(hours=2))


# --- modules ----------------------------------------------------------------------------------
def test_the_import_map_lists_every_module_by_its_bare_name():
    request = RequestFactory().get("/")
    request.csp_nonce = "nonce"
    text = guitai.importmap({"request": request})
    assert text.startswith('<script type="importmap" nonce="nonce">')
    names = json.loads(text.partition(">")[2].removesuffix("</script>"))["imports"]
    root = ROOT / "static" / "js"
    expected = {"guitai/" + path.relative_to(root).as_posix()[:-3] for path in MODULES}
    assert expected <= set(names)
    assert "hls.js" in names


IMPORTED = re.compile(r'^import\s+"([^"]+)"|\bfrom\s+"([^"]+)"|\bimport\("([^"]+)"\)', re.M)


def test_modules_import_by_bare_name_so_that_hashed_names_are_found():
    for path in MODULES:
        for name in map("".join, IMPORTED.findall(path.read_text())):
            bare = name.removeprefix("guitai/")
            assert bare != name or name in guitai.BESIDE, f"{path}: {name}"
            assert name in guitai.BESIDE or finders.find(f"js/{bare}.js"), f"{path}: {name}"


def test_every_module_a_template_starts_exists():
    for path in TEMPLATES:
        for names in re.findall(r'data-module="([\w/ -]+)"', path.read_text()):
            for name in names.split():
                assert finders.find(f"js/{name}.js"), f"{path}: {name}"


# --- templates --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name", [path.relative_to(ROOT / "templates").as_posix() for path in TEMPLATES]
)
def test_every_template_parses(name):
    get_template(name)


FORBIDDEN_IN_TEMPLATES = {
    "a style attribute": r"<[a-z][^>]*\sstyle=",
    "an inline handler": r"<[a-z][^>]*\son[a-z]+=",
    "htmx script": r"\shx-on",
    "|safe": r"\|\s*safe\b",
    "safeseq": r"safeseq",
    "javascript:": r"javascript:",
}
FORBIDDEN_IN_MODULES = {
    "markup from strings": r"\binnerHTML\b|\bouterHTML\b|insertAdjacentHTML|document\.write",
    "eval": r"\beval\(|new Function\(",
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_lets_text_run(path):  # P19
    text = path.read_text()
    for what, pattern in FORBIDDEN_IN_TEMPLATES.items():
        assert not re.search(pattern, text), f"{path} holds {what}"
    for script in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in script or "application/json" in script or "nonce=" in script, script


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_no_module_lets_text_run(path):  # P19
    for what, pattern in FORBIDDEN_IN_MODULES.items():
        assert not re.search(pattern, path.read_text()), f"{path} holds {what}"


def test_no_python_of_ours_marks_text_safe():  # P19
    for app in ("merchants", "orders", "livestream", "config"):
        for path in (ROOT / app).rglob("*.py"):
            assert "mark_safe" not in path.read_text(), path


# --- themes -----------------------------------------------------------------------------------
def test_dark_is_chosen_by_the_reader_or_by_the_device_and_both_are_the_same():
    text = (ROOT / "static/css/tokens.css").read_text()
    chosen = re.search(r':root\[data-theme="dark"\] \{(.*?)\}', text, re.S)
    device = re.search(r':root:not\(\[data-theme="light"\]\) \{(.*?)\}', text, re.S)
    assert chosen
    assert device
    assert chosen[1].split() == device[1].split()
    assert "--brand: #2C7E59" in " ".join(chosen[1].split())


def test_components_read_only_tokens_that_exist():
    tokens = set(re.findall(r"(--[\w-]+)\s*:", (ROOT / "static/css/tokens.css").read_text()))
    for path in STYLES:
        text = path.read_text()
        local = set(re.findall(r"(--[\w-]+)\s*:", text))
        used = {name for name, rest in re.findall(r"var\((--[\w-]+)\s*([,)])", text) if rest == ")"}
        assert used <= tokens | local, f"{path}: {used - tokens - local}"


def test_the_theme_is_remembered_by_a_cookie(client, db):
    answer = client.post("/theme/", {"theme": "dark"}, headers={"Accept": "text/html"})
    assert answer.status_code == 302
    assert client.cookies["theme"].value == "dark"
    request = RequestFactory().get("/")
    request.COOKIES["theme"] = "dark"
    assert page(request)["theme"] == "dark"


def test_the_theme_goes_back_to_our_pages_only(client, db):
    for page_before, leads_to in (
        ("http://testserver/s/tea/", "http://testserver/s/tea/"),
        ("https://evil.example/", "/"),
    ):
        answer = client.post(
            "/theme/", {"theme": "light"}, headers={"Accept": "text/html", "Referer": page_before}
        )
        assert answer.headers["Location"] == leads_to


def test_an_unknown_theme_leaves_the_choice_to_the_device():
    request = RequestFactory().get("/")
    request.COOKIES["theme"] = "<script>"
    assert page(request)["theme"] == ""


# --- forms ------------------------------------------------------------------------------------
class Sample(forms.Form):
    price = forms.IntegerField(
        min_value=1, help_text="hint", widget=forms.NumberInput(attrs={"data-prefix": "¥"})
    )
    note = forms.CharField(required=False)
    agreed = forms.BooleanField()


def test_a_field_names_its_error_and_its_hint():
    form = Sample({"price": "x", "agreed": "on"})
    text = str(form)
    assert 'id="id_price_error"' in text
    assert 'id="id_price_helptext"' in text
    assert 'aria-describedby="id_price_helptext id_price_error"' in text
    assert 'aria-invalid="true"' in text
    assert '<div class="affix"><span>¥</span>' in text
    assert "field--error" in text
    assert 'value="x"' in text  # what was typed is never cleared


def test_a_tick_box_has_its_label_beside_it():
    assert re.search(r'<label class="check" for="id_agreed"><input type="checkbox"', str(Sample()))


def test_a_field_for_files_says_what_it_wants_in_the_language_of_the_page():
    class Sheet(forms.Form):
        file = forms.FileField()

    with translation.override("zh-hans"):
        text = render("{% control form.file %}", form=Sheet())
    assert 'data-module="file"' in text
    assert 'data-choose="选文件"' in text
    assert 'data-none="还没选"' in text


def test_three_errors_are_listed_on_top_and_lead_to_their_fields():
    class Three(forms.Form):
        a = forms.CharField()
        b = forms.CharField()
        c = forms.CharField()

    text = str(Three({}))
    assert "data-form-errors" in text
    assert 'href="#id_a"' in text


# --- pages ------------------------------------------------------------------------------------
@pytest.mark.parametrize("code", ["403", "403_csrf", "404", "429", "500", "503"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_an_error_page_needs_no_context(code, language):
    with translation.override(language):
        text = get_template(f"{code}.html").render()
    assert "er__art" in text
    assert "<script" not in text


@pytest.mark.parametrize(
    "path",
    ["/accounts/login/", "/accounts/signup/", "/accounts/login/code/", "/accounts/password/reset/"],
)
def test_the_doors_wear_our_dress(client, db, path):
    text = client.get(path).text
    assert "focus__top" in text
    assert 'class="btn btn--primary' in text
    assert "importmap" in text


def test_one_form_signs_in_with_a_password(client, alice):
    alice.set_password("a long green tea")
    alice.save()
    alice.emailaddress_set.update_or_create(
        email=alice.email, defaults={"verified": True, "primary": True}
    )
    answer = client.post("/accounts/login/", {"login": alice.email, "password": "a long green tea"})
    assert answer.status_code == 302
    assert answer.headers["Location"] == settings.LOGIN_REDIRECT_URL


def test_the_same_form_sends_a_code_without_one(client, alice, mailoutbox):
    alice.emailaddress_set.update_or_create(
        email=alice.email, defaults={"verified": True, "primary": True}
    )
    answer = client.post("/accounts/login/", {"login": alice.email, "password": ""})
    assert answer.headers["Location"] == "/accounts/login/code/confirm/"
    assert "one-time-code" in client.get("/accounts/login/code/confirm/").text
    assert len(mailoutbox) == 1
    assert "!" not in mailoutbox[0].body


def test_the_words_of_the_modules_are_all_there():
    asked = set()
    for path in MODULES:
        asked |= set(re.findall(r'\bword\("([\w-]+)"\)', path.read_text()))
    assert asked <= set(words())
