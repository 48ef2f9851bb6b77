"""Photos chosen for a product that is not there yet survive a form that comes back."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from PIL import Image

from merchants.models import Photo, Product
from merchants.services.photo import Upload, add_photo, develop_photo
from merchants.services.photo_ahead import KEPT, MOST, forget_ahead, keep_ahead, take_up
from merchants.tasks import develop_photos
from tests.conftest import product_of
from tests.merchants.typed import at, row, typed

NEW = at("product_new")


@pytest.fixture(autouse=True)
def _in_english(as_bob):
    as_bob.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


def jpeg(name: str = "a.jpg", colour: str = "#1d6547") -> SimpleUploadedFile:
    file = io.BytesIO()
    Image.new("RGB", (60, 80), colour).save(file, "JPEG")
    return SimpleUploadedFile(name, file.getvalue(), "image/jpeg")


def wrong(**more) -> dict:
    return typed(row(price="a lot"), **more)


def ahead(page: str) -> list[str]:
    """The photos that the form has kept, as it would send them again."""
    return re.findall(r'name="ahead"[^>]* value="(\d+)"[^>]* checked', page)


def test_photos_survive_a_form_that_comes_back(as_bob, shop):
    files = [jpeg("front.jpg"), jpeg("back.jpg")]
    page = as_bob.post(NEW, wrong(file=files))
    assert page.status_code == 422
    assert "These are kept: you need not choose them again." in page.text
    kept = ahead(page.text)
    assert len(kept) == 2
    assert not Product.objects.exists()
    again = as_bob.post(NEW, wrong(ahead=kept, file=jpeg("third.jpg")))
    assert ahead(again.text)[:2] == kept
    kept = ahead(again.text)
    as_bob.post(NEW, typed(row(), ahead=kept))
    product = Product.objects.get()
    photos = Photo.whole.filter(product=product)
    assert [str(one.pk) for one in photos] == kept
    assert [one.alt for one in photos] == ["Keemun"] * 3


def test_one_photo_is_shown_at_once_and_several_when_they_are_ready(as_bob, shop):
    page = as_bob.post(NEW, wrong(file=jpeg()))
    photo = Photo.objects.get()
    assert photo.thumb.url in page.text
    page = as_bob.post(NEW, wrong(file=[jpeg("1.jpg"), jpeg("2.jpg")])).text
    (one, two) = ahead(page)
    ask = at("photo_ahead", one)
    assert f'hx-get="{ask}"' in page
    assert f'hx-get="{ask}"' in as_bob.get(ask).text
    develop_photos()
    done = as_bob.get(ask).text
    assert "hx-get" not in done
    assert Photo.objects.get(pk=one).thumb.url in done
    assert Photo.objects.get(pk=two).state == "ready"


def test_one_that_is_still_being_prepared_goes_on_with_its_product(as_bob, shop):
    page = as_bob.post(NEW, wrong(file=[jpeg("1.jpg"), jpeg("2.jpg")])).text
    as_bob.post(NEW, typed(row(), ahead=ahead(page)))
    product = Product.objects.get()
    assert not product.photos.exists()
    develop_photos()
    assert product.photos.count() == 2


def test_the_table_of_options_keeps_the_photos(as_bob, shop):
    words = {"option_0_name": "Size", "option_0_values": "S, M", "act": "build"}
    page = as_bob.post(NEW, typed(row(), file=jpeg(), **words))
    assert page.status_code == 200
    assert len(ahead(page.text)) == 1


def test_a_file_that_is_no_picture_is_named_and_the_others_stay(as_bob, shop):
    bad = SimpleUploadedFile("notes.jpg", b"no picture", "image/jpeg")
    page = as_bob.post(NEW, typed(row(), file=[bad, jpeg()]))
    assert page.status_code == 422
    assert "notes.jpg: This file is not a picture we can read." in page.text
    assert len(ahead(page.text)) == 1


def test_what_is_no_picture_after_all_is_said_and_not_taken(as_bob, shop, monkeypatch):
    page = as_bob.post(NEW, wrong(file=[jpeg("1.jpg"), jpeg("2.jpg")])).text
    one, two = ahead(page)
    broken = Photo.whole.get(pk=one)
    Path(broken.original.path).write_bytes(b"torn")
    develop_photo(broken.pk)
    assert "This file is not a picture" in as_bob.get(at("photo_ahead", one)).text
    page = as_bob.post(NEW, wrong(ahead=[one, two])).text
    assert ahead(page) == [two]
    as_bob.post(NEW, typed(row(), ahead=[one, two]))
    assert list(Photo.whole.filter(product__isnull=False).values_list("pk", flat=True)) == [
        int(two)
    ]


def test_what_was_unticked_is_left_out(as_bob, shop):
    page = as_bob.post(NEW, wrong(file=[jpeg("1.jpg"), jpeg("2.jpg")])).text
    _one, two = ahead(page)
    as_bob.post(NEW, typed(row(), ahead=[two]))
    assert [photo.pk for photo in Photo.whole.exclude(product=None)] == [int(two)]


def test_nobody_takes_up_what_another_chose(as_bob, shop, other_shop, mallory):
    """Neither a colleague's nor another shop's, nor a photo that a product has already."""
    alice = shop.staff.get(user__email="alice@example.com").user
    hers = keep_ahead(merchant=shop, by=alice, uploads=[Upload(jpeg().file, 1, "a.jpg")])
    theirs = keep_ahead(merchant=other_shop, by=mallory, uploads=[Upload(jpeg().file, 1, "b.jpg")])
    other = product_of(shop, "Other", 100, 0)
    has = add_photo(product=other, file=jpeg().file, size=1)
    asked = [photo.pk for photo in (*hers, *theirs, has)]
    page = as_bob.post(NEW, wrong(ahead=asked))
    assert ahead(page.text) == []
    as_bob.post(NEW, typed(row(), ahead=[*asked, "x", "-1", "9" * 30]))
    made = Product.objects.get(name="Keemun")
    assert not Photo.whole.filter(product=made).exists()
    assert Photo.whole.get(pk=has.pk).product == other
    assert as_bob.get(at("photo_ahead", theirs[0].pk)).status_code == 404


def test_a_photo_has_one_product_however_often_it_is_sent(as_bob, shop, bob):
    page = as_bob.post(NEW, wrong(file=jpeg())).text
    kept = ahead(page)
    form = typed(row(), ahead=kept, form_key="one")
    as_bob.post(NEW, form)
    as_bob.post(NEW, form)
    as_bob.post(NEW, typed(row(sku="NEW-2"), name="Second", ahead=kept, form_key="two"))
    assert Product.objects.count() == 2
    assert Photo.objects.get().product.name == "Keemun"


def test_no_shopper_and_no_list_sees_them(as_bob, shop):
    as_bob.post(NEW, wrong(file=jpeg()))
    photo = Photo.objects.get()
    for page in (at("product_list"), "/s/tea/", "/"):
        assert photo.thumb.url not in as_bob.get(page).text


def test_what_was_forgotten_is_deleted_with_its_files_after_a_day(as_bob, shop, bob):
    as_bob.post(NEW, wrong(file=jpeg()))
    as_bob.post(NEW, wrong(file=[jpeg("1.jpg"), jpeg("2.jpg")]))
    kept = Photo.objects.get()
    files = [Path(kept.image.path), Path(kept.thumb.path)]
    files += [Path(one.original.path) for one in Photo.whole.filter(state="waiting")]
    product = product_of(shop, "Tea", 100, 0)
    mine = add_photo(product=product, file=jpeg().file, size=1)
    now = timezone.now()
    assert forget_ahead(now + KEPT - timedelta(minutes=5)) == 0
    assert all(file.exists() for file in files)
    assert forget_ahead(now + KEPT + timedelta(minutes=5)) == 3
    assert list(Photo.whole.all()) == [mine]


@pytest.mark.django_db(transaction=True)
def test_their_files_go_once_the_rows_are_gone(as_bob, shop):
    as_bob.post(NEW, wrong(file=jpeg()))
    file = Path(Photo.objects.get().image.path)
    assert file.exists()
    forget_ahead(timezone.now() + 2 * KEPT)
    assert not file.exists()


def test_a_form_that_comes_back_for_ever_fills_no_disk(shop, bob, other_shop, mallory):
    theirs = keep_ahead(merchant=other_shop, by=mallory, uploads=[Upload(jpeg().file, 1, "b.jpg")])
    for _round in range(MOST + 5):
        keep_ahead(merchant=shop, by=bob, uploads=[Upload(jpeg().file, 1, "a.jpg")])
    assert Photo.whole.filter(merchant=shop).count() == MOST
    assert Photo.whole.filter(pk=theirs[0].pk).exists()


def test_goods_keep_their_photos_when_whoever_chose_them_is_gone(shop, bob, longjing):
    (photo,) = keep_ahead(merchant=shop, by=bob, uploads=[Upload(jpeg().file, 1, "a.jpg")])
    take_up(product=longjing, by=bob, photos=[photo.pk])
    bob.delete()
    assert Photo.whole.get(pk=photo.pk).product == longjing


def test_a_colleague_does_not_see_what_was_chosen_for_goods_that_are_not_there(
    shop, bob, alice, as_alice
):
    (photo,) = keep_ahead(merchant=shop, by=bob, uploads=[Upload(jpeg().file, 1, "a.jpg")])
    assert as_alice.get(at("photo_ahead", photo.pk)).status_code == 404


def test_what_is_taken_up_is_swept_no_more(shop, bob, longjing):
    (photo,) = keep_ahead(merchant=shop, by=bob, uploads=[Upload(jpeg().file, 1, "a.jpg")])
    assert take_up(product=longjing, by=bob, photos=[photo.pk]) == 1
    assert take_up(product=longjing, by=bob, photos=[photo.pk]) == 0
    assert forget_ahead(timezone.now() + 2 * KEPT) == 0


def test_a_photo_of_nobody_cannot_be(db):
    with pytest.raises(IntegrityError), transaction.atomic():
        Photo.whole.create()


def test_an_existing_product_keeps_its_own_form_for_photos(as_bob, longjing):
    page = as_bob.post(at("product_edit", longjing.public_id), wrong(file=jpeg()))
    assert 'name="ahead"' not in page.text
    assert not Photo.whole.exists()


def test_a_stranger_keeps_nothing(shop, db):
    assert Client().post(NEW, wrong(file=jpeg())).status_code == 302
    assert not Photo.whole.exists()
