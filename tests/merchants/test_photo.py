"""Photos of goods: any phone's, one at once and several by a worker, hostile ones refused (P16)."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from PIL import Image

from merchants.errors import BadPicture
from merchants.models import Photo
from merchants.rules.picture import MOST_BYTES
from merchants.services import photo as photos
from merchants.services.photo import (
    LEASE,
    MOST_ATTEMPTS,
    Upload,
    add_photo,
    describe_photo,
    develop,
    develop_photo,
    due,
    leave_photos,
    move_photo,
    remove_photo,
)
from merchants.tasks import develop_photos
from tests.merchants.typed import at

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _in_english(as_bob):
    as_bob.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


def encoded(picture: Image.Image, kind: str = "JPEG", **more: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **more)
    return file.getvalue()


def upload(body: bytes, name: str = "a.jpg") -> Upload:
    return Upload(io.BytesIO(body), len(body), name)


def plain(width: int = 60, height: int = 80, colour: str = "#1d6547") -> bytes:
    return encoded(Image.new("RGB", (width, height), colour))


def opened(content) -> Image.Image:
    content.seek(0)
    picture = Image.open(content)
    picture.load()
    return picture


# --- developing -------------------------------------------------------------------------------
def test_it_comes_in_the_sizes_of_the_pages():
    made = develop(file=io.BytesIO(plain(3000, 4000)), size=1)
    assert [opened(one).size for one in (made.image, made.card, made.thumb)] == [
        (1200, 1600),
        (480, 640),
        (320, 320),
    ]
    assert {opened(one).format for one in (made.image, made.card, made.thumb)} == {"WEBP"}


def marked() -> Image.Image:
    """Red in the corner at the top left, and nowhere else."""
    picture = Image.new("RGB", (400, 200), "white")
    picture.paste("red", (0, 0, 100, 50))
    return picture


BACK = {  # how a camera lays the pixels so that the EXIF orientation brings them upright
    1: lambda p: p,
    2: lambda p: p.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    3: lambda p: p.transpose(Image.Transpose.ROTATE_180),
    4: lambda p: p.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    5: lambda p: p.transpose(Image.Transpose.TRANSPOSE),
    6: lambda p: p.transpose(Image.Transpose.ROTATE_90),
    7: lambda p: p.transpose(Image.Transpose.TRANSVERSE),
    8: lambda p: p.transpose(Image.Transpose.ROTATE_270),
}


@pytest.mark.parametrize("orientation", BACK)
@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG", "HEIF"])
def test_it_stands_upright_however_the_phone_was_held(orientation, kind):
    exif = Image.Exif()
    exif[0x0112] = orientation
    held = BACK[orientation](marked())
    held.info["exif"] = exif.tobytes()  # from here a HEIC gets its turn, as phones write it
    body = encoded(held, kind, **({} if kind == "HEIF" else {"exif": exif}))
    picture = opened(develop(file=io.BytesIO(body), size=len(body)).image)
    assert picture.size == (400, 200)
    red, white = picture.getpixel((20, 10)), picture.getpixel((380, 190))
    assert red[0] > 200
    assert red[1] < 80
    assert min(white[:3]) > 200


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_nothing_of_the_phone_stays_in_it(kind):
    exif = Image.Exif()
    exif[0x010F] = "Secret Maker"
    exif.get_ifd(0x8825)[1] = "N"
    body = encoded(Image.new("RGB", (300, 300), "#888888"), kind, exif=exif)
    assert b"Secret Maker" in body
    made = develop(file=io.BytesIO(body), size=len(body))
    for one in (made.image, made.card, made.thumb):
        one.seek(0)
        assert b"Secret" not in one.read()
        assert not opened(one).getexif()


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1", "I;16"])
def test_it_takes_every_kind_of_colour(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    source = Image.new("I;16", (50, 40), 30000) if mode == "I;16" else marked().convert(mode)
    body = encoded(source, kind)
    assert opened(develop(file=io.BytesIO(body), size=len(body)).image).format == "WEBP"


def test_the_largest_file_works_and_one_byte_more_does_not():
    body = plain() + b"\0" * (MOST_BYTES - len(plain()))
    assert develop(file=io.BytesIO(body), size=len(body)).image.size
    with pytest.raises(BadPicture, match="20 MB"):
        upload(body + b"\0").check()


PEAK = """
import io, resource, sys
from PIL import Image
import django; django.setup()
from merchants.services.photo import develop
file = open(sys.argv[1], "rb")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
made = develop(file=file, size=1)
assert Image.open(made.image).size == (1600, 1200)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "most"), [("JPEG", 120), ("HEIF", 650), ("PNG", 450)])
def test_a_photo_of_48_megapixels_stays_within_bounds(tmp_path, kind, most):
    """Decoded in full it is 144 MB; a JPEG never is."""
    path = tmp_path / "large"
    path.write_bytes(encoded(Image.new("RGB", (8000, 6000), "#1d6547"), kind))
    run = subprocess.run(
        [sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout.split()[-1]) < most


# --- hostile files ----------------------------------------------------------------------------
def png(width: int, height: int) -> bytes:
    """A PNG that is one pixel and says that it is many."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = zlib.crc32(kind + body).to_bytes(4, "big")
        return len(body).to_bytes(4, "big") + kind + body + check

    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    pixels = zlib.compress(b"\0" * 4)
    head = chunk(b"IHDR", size + b"\x08\x02\0\0\0")
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


HOSTILE = {
    "a bomb of pixels": (png(60_000, 60_000), "more than 50 megapixels"),
    "51 megapixels": (png(7150, 7150), "51 megapixels"),
    "an SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "not a picture"),
    "a page": (b"<html><script>alert(1)</script>", "not a picture"),
    "a PDF": (b"%PDF-1.7", "PDF"),
    "a GIF": (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "not a picture"),
    "a TIFF": (encoded(Image.new("RGB", (9, 9)), "TIFF"), "not a picture"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
    "nothing": (b"", "not a picture"),
    "a program": (b"MZ\x90\x00" + b"\0" * 100, "not a picture"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_by_its_header_with_a_sentence(what):  # P16
    body, says = HOSTILE[what]
    for act in (upload(body).check, lambda: develop(file=io.BytesIO(body), size=len(body))):
        with override("en"), pytest.raises(BadPicture) as refusal:
            act()
        assert re.search(says, str(refusal.value))


def test_a_header_is_read_without_decoding(monkeypatch):
    def decode(*_args):
        raise AssertionError("decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decode)
    upload(plain(4000, 3000)).check()


# --- several at once --------------------------------------------------------------------------
@pytest.fixture
def waiting(longjing) -> list[Photo]:
    return leave_photos(product=longjing, uploads=[upload(plain(), f"{n}.jpg") for n in range(3)])


def stored(settings) -> set[Path]:
    return {path for path in Path(settings.VAR_DIR).rglob("*") if path.is_file()}


def test_shoppers_see_a_photo_once_it_is_developed(
    waiting, longjing, client, django_capture_on_commit_callbacks, settings
):
    page = reverse("shop:product", args=["tea", longjing.public_id])
    assert not longjing.photos.exists()
    assert "no-photo" in client.get(page).text
    originals = stored(settings)
    with django_capture_on_commit_callbacks(execute=True):
        develop_photos()
    assert [one.position for one in longjing.photos.all()] == [0, 1, 2]
    assert {(one.width, one.height) for one in longjing.photos.all()} == {(60, 80)}
    assert longjing.photos.first().card.name in client.get(page).text
    assert not originals & stored(settings), "originals are gone"
    assert len(stored(settings)) == 9
    assert due(timezone.now()) == []


def test_an_original_is_served_to_nobody(waiting, as_alice, settings):
    name = str(waiting[0].original.name)
    assert Path(settings.MEDIA_ROOT) not in Path(waiting[0].original.path).parents
    for guess in (name, f"../private/{name}"):
        assert as_alice.get(f"{settings.MEDIA_URL}{guess}").status_code in {400, 404}


def test_a_photo_that_ends_every_worker_is_given_up(waiting):
    first = due(timezone.now())[0]
    Photo.whole.filter(pk=first).update(attempts=MOST_ATTEMPTS)
    develop_photo(first)
    assert Photo.whole.get(pk=first).state == "refused"
    assert first not in due(timezone.now())


def test_a_photo_is_one_workers_until_its_lease_runs_out(waiting):
    first = waiting[0].pk
    Photo.whole.filter(pk=first).update(leased_until=timezone.now() + LEASE)
    assert first not in due(timezone.now())
    assert not develop_photo(first)
    killed = timezone.now() - timedelta(seconds=1)
    Photo.whole.filter(pk=first).update(leased_until=killed)
    assert first in due(timezone.now())
    assert develop_photo(first)
    assert not develop_photo(first), "done once"


def test_a_slow_worker_does_not_overwrite_a_fast_one(waiting, monkeypatch, settings):
    first = waiting[0].pk
    real = photos.develop

    def slow(**file):
        monkeypatch.setattr(photos, "develop", real)
        Photo.whole.filter(pk=first).update(leased_until=timezone.now() - timedelta(seconds=1))
        assert develop_photo(first), "another one came and finished"
        return real(file=io.BytesIO(plain(colour="#ff0000")), size=1)

    monkeypatch.setattr(photos, "develop", slow)
    assert not develop_photo(first)
    kept = Photo.objects.get(pk=first)
    assert {kept.image.name, kept.card.name, kept.thumb.name} == {
        path.relative_to(settings.MEDIA_ROOT).as_posix()
        for path in Path(settings.MEDIA_ROOT).rglob("*.webp")
    }


def test_one_that_was_removed_meanwhile_leaves_nothing(
    waiting, monkeypatch, settings, django_capture_on_commit_callbacks
):
    real = photos.develop

    def slow(**file):
        made = real(**file)
        remove_photo(photo=Photo.whole.get(pk=waiting[0].pk))
        return made

    monkeypatch.setattr(photos, "develop", slow)
    with django_capture_on_commit_callbacks(execute=True):
        assert not develop_photo(waiting[0].pk)
    assert not list(Path(settings.MEDIA_ROOT).rglob("*.webp"))
    assert not Path(waiting[0].original.path).exists()


def test_one_that_cannot_be_decoded_says_so_and_can_be_dismissed(as_bob, longjing, settings):
    broken = plain(900, 900)[:700]
    upload(broken).check()  # its header is fine
    (one,) = leave_photos(product=longjing, uploads=[upload(broken, "IMG_7.jpg")])
    develop_photos()
    page = as_bob.get(at("product_edit", longjing.public_id)).text
    assert "IMG_7.jpg: This file is not a picture we can read." in page
    assert not longjing.photos.exists()
    as_bob.post(at("photo_remove", longjing.public_id, one.pk))
    assert not Photo.whole.exists()


# --- the page ---------------------------------------------------------------------------------
def sent(*bodies: bytes) -> dict[str, list[SimpleUploadedFile]]:
    files = [SimpleUploadedFile(f"{n}.jpg", body, "image/jpeg") for n, body in enumerate(bodies)]
    return {"file": files}


def test_the_page_tells_how_far_it_is_and_stops_asking(as_bob, longjing):
    url = at("photo_add", longjing.public_id)
    answer = as_bob.post(url, sent(plain(), plain(), plain()), headers=HTMX)
    assert "0 of 3 ready" in answer.text
    asked = re.search(r'hx-get="([^"]+)"', answer.text)[1].replace("&amp;", "&")
    develop_photo(due(timezone.now())[0])
    answer = as_bob.get(asked, headers=HTMX)
    assert "1 of 3 ready" in answer.text
    assert answer.text.count('hx-swap-oob="true"') == 1
    asked = re.search(r'hx-get="([^"]+)"', answer.text)[1].replace("&amp;", "&")
    develop_photos()
    answer = as_bob.get(asked, headers=HTMX)
    assert answer.text.count('hx-swap-oob="true"') == 2
    assert "hx-get" not in re.search(r'<div class="p-developing".*?</div>', answer.text, re.S)[0]
    assert 'hx-trigger="load' not in as_bob.get(at("product_edit", longjing.public_id)).text


def test_it_survives_a_reload(as_bob, longjing, waiting):
    page = as_bob.get(at("product_edit", longjing.public_id)).text
    assert "0 of 3 ready" in page
    assert "hx-get" in page
    assert as_bob.get(at("photo_add", longjing.public_id)).status_code == 302


def test_the_tenth_at_once_is_named_and_not_lost_in_silence(as_bob, longjing):
    answer = as_bob.post(at("photo_add", longjing.public_id), sent(*[plain()] * 10), headers=HTMX)
    assert answer.status_code == 422
    assert "Choose these again: 9.jpg" in answer.text
    assert Photo.whole.count() == 9


def test_sent_twice_they_come_in_once(as_bob, longjing):
    url = at("photo_add", longjing.public_id)
    for _ in range(2):
        as_bob.post(url, sent(plain(), plain()) | {"form_key": "k"})
    assert Photo.whole.count() == 2


@pytest.fixture
def three(longjing) -> list[Photo]:
    return [
        add_photo(product=longjing, file=io.BytesIO(plain()), size=1, alt=word)
        for word in ("a", "b", "c")
    ]


def order(product) -> str:
    return "".join(one.alt for one in product.photos.all())


@pytest.mark.parametrize(
    ("which", "to", "then"),
    [(2, 0, "cab"), (0, 2, "bca"), (0, 1, "bac"), (1, 99, "acb"), (1, 1, "abc"), (1, -1, "bac")],
)
def test_a_photo_moves_to_its_place(three, longjing, which, to, then):
    move_photo(photo=three[which], to=to)
    assert order(longjing) == then
    assert [one.position for one in longjing.photos.all()] == [0, 1, 2]


def test_it_is_moved_and_described_from_the_page(as_bob, three, longjing):
    last = three[2]
    as_bob.post(at("photo_move", longjing.public_id, last.pk), {"to": "0"})
    assert order(longjing) == "cab"
    for bad in ("", "x", "-1", "１", "9" * 30, "9" * 5000):
        as_bob.post(at("photo_move", longjing.public_id, last.pk), {"to": bad})
    answer = as_bob.post(
        at("photo_alt", longjing.public_id, last.pk), {"alt": "开汤 <b>"}, headers=HTMX
    )
    assert "开汤 &lt;b&gt;" in answer.text
    long = as_bob.post(
        at("photo_alt", longjing.public_id, last.pk), {"alt": "x" * 121}, headers=HTMX
    )
    assert long.status_code == 422
    assert Photo.objects.get(pk=last.pk).alt == "开汤 <b>"


def test_the_first_photo_is_the_one_on_the_shelf(three, longjing, client):
    move_photo(photo=three[1], to=0)
    describe_photo(photo=three[1], alt="罐子")
    assert three[1].thumb.name in client.get(reverse("shop:front", args=["tea"])).text
    assert (
        'alt="罐子"' in client.get(reverse("shop:product", args=["tea", longjing.public_id])).text
    )


def test_a_photo_of_another_product_is_out_of_reach(as_bob, three, cup, longjing):
    for name in ("photo_move", "photo_alt", "photo_remove"):
        assert as_bob.post(at(name, cup.public_id, three[0].pk), {"to": "0"}).status_code == 404
    assert longjing.photos.count() == 3
