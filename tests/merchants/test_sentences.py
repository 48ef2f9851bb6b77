"""What a form says when something is missing or wrong is ours, in both languages."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms import FileField, IntegerField, ModelChoiceField, ModelMultipleChoiceField
from django.urls import reverse
from django.utils.translation import override

from merchants.forms import sentences
from merchants.models import Store
from merchants.rules.search import phone_digits

RAW = (
    "This field is required",
    "Select a valid choice",
    "Enter a ",
    "Ensure this",
    "必填项",
    "确保",
)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    "words",
    [
        {"name": ""},
        {"name": "x", "amount": "x", "issued": "0", "per_customer": "101", "days": "a"},
        {"name": "x" * 31, "amount": "1", "issued": "1.5", "per_customer": "", "days": "367"},
    ],
)
def test_a_coupon_form_speaks_like_us(as_bob, shop, language, words):
    url = reverse("orders:coupon_new", args=[shop.slug])
    page = as_bob.post(url, words, headers={"Accept-Language": language})
    assert page.status_code == 422
    assert page.text.count('class="error"') >= 4
    assert not [raw for raw in RAW if raw in page.text]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    "url", ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]
)
def test_the_entrance_speaks_like_us(client, db, language, url):
    for words in ({"email": ""}, {"email": "x", "login": "x", "contact": "x"}):
        page = client.post(url, words, headers={"Accept-Language": language})
        assert 'class="error"' in page.text
        assert not [raw for raw in RAW if raw in page.text]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (IntegerField(), "a"),
        (ModelChoiceField(Store.objects.none()), "7"),
        (ModelMultipleChoiceField(Store.objects.none()), ["7"]),
        (ModelMultipleChoiceField(Store.objects.none()), ["x"]),
        (FileField(), SimpleUploadedFile("a.jpg", b"")),
    ],
)
def test_every_kind_of_field_speaks_like_us(db, field, value):
    for language in ("en", "zh-hans"):
        with override(language), pytest.raises(ValidationError) as refusal:
            field.clean(value)
        with override(language):
            said = " ".join(refusal.value.messages)
        assert not [raw for raw in RAW if raw in said], said
        assert any(said == str(one) for one in _ours(language)), said


def _ours(language):
    with override(language):
        return [str(one) for words in sentences.FIELDS.values() for one in words.values()]


# --- what a person may open is what she is shown ------------------------------------------------


def test_a_clerk_is_not_shown_what_she_may_not_open(as_bob, as_alice, shop):
    home = reverse("livestream:home", args=[shop.slug])
    settings = reverse("merchants:settings", args=[shop.slug])
    for name, page in (("settings", home), ("staff_list", settings), ("store_list", settings)):
        link = f'href="{reverse(f"merchants:{name}", args=[shop.slug])}"'
        assert link not in as_bob.get(home).text
        assert link in as_alice.get(page).text


# --- a phone number as people write it ----------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("13800002688", "13800002688"),
        ("138 0000 2688", "13800002688"),
        ("138-0000-2688", "13800002688"),
        ("+86 138 0000 2688", "8613800002688"),
        ("１３８ ００００", "1380000"),
        ("26 88", "2688"),
        ("12", ""),
        ("龙井 250", ""),
        ("", ""),
    ],
)
def test_digits_of_a_phone(typed, digits):
    assert phone_digits(typed) == digits


@pytest.mark.parametrize("typed", ["138 0000 2688", "138-0000-2688", "+86 138 0000 2688", "26 88"])
def test_an_order_is_found_by_a_phone_however_it_is_typed(as_bob, shop, paid, typed):
    url = reverse("orders:order_list", args=[shop.slug])
    assert paid.number in as_bob.get(url, {"q": typed}).text
    assert paid.number not in as_bob.get(url, {"q": "139 0000"}).text
