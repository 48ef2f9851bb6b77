"""The words of our templates: money, icons, state pills, moments, and the map of modules."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, get_currency_symbol
from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, FileInput, RadioSelect
from django.template import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from merchants import pictures
from merchants.forms.contact import as_typed
from merchants.referrer import came_from
from merchants.resent import FIELD
from merchants.rules.money import minor_digits
from merchants.rules.phone import mask_phone

register = template.Library()
register.filter(pictures.photo_url)  # {{ photo.thumb|photo_url }}, whether there is one or not
register.filter(pictures.cover_url)

MINUS = "\N{MINUS SIGN}"
SYMBOLS = {"CNY": "¥"}  # babel says CN¥ in English; a Chinese counter never does


# --- money ------------------------------------------------------------------------------------
def _money(amount: int, currency: str) -> tuple[str, str, str, str]:
    """Sign, symbol, whole part, decimals. `amount` is in minor units."""
    places, symbol = minor_digits(currency), currency_symbol(currency)
    value = Decimal(abs(int(amount))).scaleb(-places)
    text = format_decimal(value, format="#,##0." + "0" * places, locale="en")
    whole, _dot, decimals = text.partition(".")
    return MINUS if int(amount) < 0 else "", symbol, whole, decimals


def _money_html(amount: int, currency: str, *, short: bool, extra: str = "") -> str:
    sign, symbol, whole, decimals = _money(amount, currency)
    if not decimals or (short and not decimals.strip("0")):
        tail = SafeString("")
    else:
        tail = format_html("<small>.{}</small>", decimals)
    return format_html(
        '<span class="money{}">{}<small>{}</small>{}{}</span>', extra, sign, symbol, whole, tail
    )


@register.filter
def currency_symbol(currency: str) -> str:
    """¥ for CNY and JPY: what a script writes before an amount (static/js/money.js)."""
    return SYMBOLS.get(currency) or get_currency_symbol(currency, locale="en")


@register.filter
def currency_digits(currency: str) -> int:
    """Digits after the point; none for yen."""
    return minor_digits(currency)


@register.filter
def money(amount: int | None, currency: str = "CNY") -> str:
    """¥1,286.00 with a small sign and decimals: orders, checkout. `amount` in minor units."""
    return "" if amount is None else _money_html(amount, currency, short=False)


@register.filter
def money_short(amount: int | None, currency: str = "CNY") -> str:
    """The same for cards: a whole amount drops its decimals."""
    return "" if amount is None else _money_html(amount, currency, short=True)


@register.filter
def money_now(amount: int | None, currency: str = "CNY") -> str:
    """A price that is lower right now, in lamp red, as on cards."""
    if amount is None:
        return ""
    return _money_html(amount, currency, short=True, extra=" money--now")


@register.filter
def money_plain(amount: int | None, currency: str = "CNY") -> str:
    """The same as text: titles, mail, labels."""
    if amount is None:
        return ""
    sign, symbol, whole, decimals = _money(amount, currency)
    return f"{sign}{symbol}{whole}" + (f".{decimals}" if decimals else "")


@register.filter
def money_plain_short(amount: int | None, currency: str = "CNY") -> str:
    """As text, a whole amount without decimals."""
    text = money_plain(amount, currency)
    whole, _dot, decimals = text.partition(".")
    return text if decimals.strip("0") else whole


@register.filter
def money_plain_whole(amount: int | None, currency: str = "CNY") -> str:
    """As text, cents left out: labels of charts, where the table has them."""
    return money_plain(amount, currency).partition(".")[0]


@register.filter
def signed(count: int) -> str:
    """A change, with the sign that money has: +3, −3, 0."""
    return f"{'+' if count > 0 else '−' if count < 0 else ''}{abs(count)}"


# --- icons and pills --------------------------------------------------------------------------
@register.simple_tag
def icon(name: str, size: str = "") -> str:
    """One drawing of static/art/icons.svg. Size "s" or "l"; decoration only, so name its button."""
    return format_html(
        '<svg class="i{}" aria-hidden="true"><use href="{}#i-{}"/></svg>',
        f" i--{size}" if size else "",
        static("art/icons.svg"),
        name,
    )


@register.simple_tag
def mark() -> str:
    """The lamp over the counter."""
    return format_html(
        '<svg class="mark" aria-hidden="true"><use href="{}#mark"/></svg>', static("art/icons.svg")
    )


@register.simple_tag(takes_context=True)
def here(context: Context, *names: str) -> str:
    """aria-current for a menu entry when the page's name begins with one of `names`."""
    match = getattr(context.get("request"), "resolver_match", None)
    if match is None or not match.view_name.startswith(names):
        return ""
    return format_html(' aria-current="{}"', "page")


Pill = tuple[str, str, Any]  # icon, tone, word
PILLS: Mapping[str, Mapping[str, Pill]] = {
    "order": {
        "pending_payment": ("ring", "", _l("Unpaid")),
        "paid": ("half", "warn", _l("To ship")),
        "partly_shipped": ("truck", "info", _l("Partly shipped")),
        "shipped": ("truck", "info", _l("Shipped")),
        "ready_for_pickup": ("shop", "info", _l("Ready to collect")),
        "delivered": ("done", "ok", _l("Delivered")),
        "collected": ("done", "ok", _l("Collected")),
        "completed": ("check", "", _l("Completed")),
        "refund_requested": ("warn", "danger", _l("Refund requested")),
        "refunded": ("refund", "", _l("Refunded")),
        "cancelled": ("x", "", _l("Cancelled")),
        "expired": ("x", "", _l("Expired")),
    },
    "refund": {
        "requested": ("warn", "danger", _l("Refund requested")),
        "approved": ("refund", "info", _l("Agreed")),
        "awaiting_return": ("truck", "info", _l("To be sent back")),
        "returned": ("refund", "info", _l("Came back")),
        "refunded": ("refund", "", _l("Refunded")),
        "refused": ("x", "", _l("Not agreed")),
        "withdrawn": ("x", "", _l("Withdrawn")),
    },
    "room": {
        "draft": ("edit", "", _l("Draft")),
        "scheduled": ("clock", "info", _l("Scheduled")),
        "rehearsing": ("eye", "warn", _l("Rehearsal; only you can see")),
        "live": ("", "lamp", _l("Live")),
        "paused": ("pause", "warn", _l("Paused")),
        "interrupted": ("wifi", "danger", _l("Reconnecting")),
        "ended": ("stop", "", _l("Ended")),
        "replay": ("play", "ok", _l("Replay")),
        "expired": ("x", "", _l("Never started")),
        "cancelled": ("x", "", _l("Cancelled")),
        "banned": ("ban", "danger", _l("Banned")),
    },
    "stock": {
        "in": ("done", "ok", _l("On sale")),
        "low": ("warn", "warn", _l("Low stock")),
        "out": ("x", "danger", _l("Sold out")),
        "off": ("eye", "", _l("Not listed")),
    },
    "verification": {
        "draft": ("ring", "", _l("Not submitted")),
        "submitted": ("clock", "info", _l("In review")),
        "incomplete": ("warn", "warn", _l("More needed")),
        "approved": ("shield", "ok", _l("Verified")),
        "rejected": ("x", "danger", _l("Not approved")),
    },
    "coupon": {
        "open": ("ticket", "ok", _l("To be claimed")),
        "later": ("clock", "info", _l("Starts later")),
        "spent": ("check", "", _l("All claimed")),
        "over": ("stop", "", _l("Coupon over")),
    },
}


@register.simple_tag
def pill(kind: str, state: Any, text: Any = "") -> str:
    """A state as icon and word: order, room, stock, verification or coupon.

    `text` replaces the word where a fact says more ("5 left", "ship before 18:00").
    """
    name, tone, word = PILLS[kind].get(str(state), ("ring", "", state))
    said = text or word
    if tone == "lamp":
        return format_html('<span class="lamp">{}</span>', said)
    css = f"pill pill--{tone}" if tone else "pill"
    return format_html('<span class="{}">{}{}</span>', css, icon(name), said)


@register.simple_tag(takes_context=True)
def way_back(context: Context) -> str:
    """The address of the page the person was on, for errors."""
    request = context.get("request")
    return came_from(request) if request is not None else "/"


# --- people -----------------------------------------------------------------------------------
@register.filter
def initial(name: Any) -> str:
    """The letter on an avatar without a picture."""
    text = str(name or "").strip()
    return text[:1].upper() or "?"


@register.filter
def masked_phone(number: Any) -> str:
    """138 **** 2688: enough to recognise, not enough to call."""
    return mask_phone(str(number or ""))


@register.filter
def written_contact(contact: Any) -> str:
    """An e-mail address as it is; a number as a person writes it here."""
    text = str(contact or "")
    return as_typed(text) if text.startswith("+") and "@" not in text else text


# --- time -------------------------------------------------------------------------------------
def _locale() -> str:
    return "zh_Hans_CN" if (get_language() or "").startswith("zh") else "en"


@register.filter
def moment(at: datetime | None) -> str:
    """Thu 26 Mar, 19:30 / 3 月 26 日 周四 19:30."""
    if at is None:
        return ""
    pattern = "M 月 d 日 EEE HH:mm" if _locale().startswith("zh") else "EEE d MMM, HH:mm"
    return format_datetime(timezone.localtime(at), pattern, locale=_locale())


@register.filter
def clock(at: datetime | None) -> str:
    """19:30."""
    return "" if at is None else format_time(timezone.localtime(at), "HH:mm", locale=_locale())


@register.filter
def day(at: date | None) -> str:
    """Thu 26 Mar / 3 月 26 日 周四. A date, or a moment as seen here."""
    if at is None:
        return ""
    pattern = "M 月 d 日 EEE" if _locale().startswith("zh") else "EEE d MMM"
    here = timezone.localtime(at) if isinstance(at, datetime) else at
    return format_date(here, pattern, locale=_locale())


@register.filter
def ago(at: datetime | None) -> str:
    """Relative within the hour, then the clock, then the date."""
    if at is None:
        return ""
    now = timezone.now()
    passed = now - at
    if timedelta() <= passed < timedelta(minutes=1):
        return _("just now")
    if timedelta() <= passed < timedelta(hours=1):
        minutes = int(passed.total_seconds() // 60)
        return _("%(count)s min ago") % {"count": minutes}
    if timezone.localtime(at).date() == timezone.localtime(now).date():
        return clock(at)
    return day(at)


@register.filter
def duration(seconds: float | timedelta | None) -> str:
    """mm:ss, or h:mm:ss from an hour on."""
    if seconds is None:
        return ""
    total = int(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds)
    hours, rest = divmod(max(total, 0), 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


# --- forms ------------------------------------------------------------------------------------
BARE = (CheckboxInput, CheckboxSelectMultiple, RadioSelect, FileInput)


@register.simple_tag
def control(field: BoundField) -> str:
    """The widget in our dress. `data-prefix` and `data-suffix` on a widget become an affix."""
    given = field.field.widget.attrs
    classes = [str(given.get("class", ""))]
    if not isinstance(field.field.widget, BARE):
        classes.append("input")
    if field.widget_type in {"number", "datetime", "date", "time", "tel"}:
        classes.append("num")
    attrs: dict[str, Any] = {"class": " ".join(filter(None, classes))}
    if isinstance(field.field.widget, FileInput):
        attrs |= _file_words(several=field.field.widget.allow_multiple_selected)
    if given.get("placeholder") == field.field.label:
        attrs["placeholder"] = False  # a label said twice is noise; False leaves it out
    return field.as_widget(attrs=attrs)


def _file_words(*, several: bool) -> dict[str, str]:
    """What static/js/file.js says where a browser would speak its own language."""
    return {
        "data-module": "file",
        "data-choose": _("Choose files") if several else _("Choose a file"),
        "data-none": _("None chosen yet"),
        "data-several": _("Files chosen: %s"),
    }


@register.simple_tag
def form_key() -> str:
    """A hidden key, new with every page: the form sent twice makes one thing (merchants.resent)."""
    return format_html(
        '<input type="hidden" name="{}" value="{}" autocomplete="off">',
        FIELD,
        secrets.token_hex(16),
    )


@register.simple_tag
def relabel(field: BoundField, label: str) -> str:
    """Call a field of somebody else's form by our word. Writes nothing."""
    field.label = label
    field.field.widget.attrs.pop("placeholder", None)
    return ""


@register.simple_tag
def digits_only(field: BoundField) -> str:
    """Let a phone bring up its digits for this field. Writes nothing."""
    field.field.widget.attrs["inputmode"] = "numeric"
    return ""


@register.filter
def affix(field: BoundField, side: str) -> str:
    """What stands before ("prefix") or behind ("suffix") the typed value: ¥, 件, min."""
    return str(field.field.widget.attrs.get(f"data-{side}", ""))


@register.filter
def is_check(field: BoundField) -> bool:
    """A single tick box, whose label stands beside it."""
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def is_group(field: BoundField) -> bool:
    """Several boxes or radios under one legend."""
    return isinstance(field.field.widget, CheckboxSelectMultiple | RadioSelect)


# --- modules ----------------------------------------------------------------------------------
BESIDE = {  # bare names of third-party modules
    "hls.js": "vendor/hls.js/hls.light.min.mjs",
    "zxing": "vendor/zxing/index.min.js",  # a script of old: it leaves window.ZXing behind
}


def _modules() -> dict[str, str]:
    """Bare name -> address of every file under static/js, hashed when the storage hashes."""
    names = {}
    for root in finders.find("js", find_all=True):
        for file in sorted(Path(root).rglob("*.js")):
            path = file.relative_to(root).as_posix()
            names["guitai/" + path.removesuffix(".js")] = static("js/" + path)
    return names | {name: static(path) for name, path in BESIDE.items()}


_modules_once = lru_cache(maxsize=1)(_modules)


IMPORTED = re.compile(r'^(?:import|export)\b.*"guitai/([\w/]+)"', re.MULTILINE)


def _with_imports(names: str) -> list[str]:
    """The modules, and what they import in turn: a browser would find out level by level."""
    wanted, found = names.split(), []
    while wanted:
        name = wanted.pop(0)
        file = finders.find(f"js/{name}.js")
        if name in found or file is None:
            continue
        found.append(name)
        wanted += IMPORTED.findall(Path(file).read_text())
    return found


_with_imports_once = lru_cache(maxsize=8)(_with_imports)


@register.simple_tag
def preload(names: str) -> str:
    """Fetch modules while the page is still read, after all that is more pressing."""
    found = _with_imports(names) if settings.DEBUG else _with_imports_once(names)
    rows = ((static(f"js/{name}.js"),) for name in found)
    return format_html_join("\n", '<link rel="modulepreload" fetchpriority="low" href="{}">', rows)


@register.simple_tag(takes_context=True)
def importmap(context: Context) -> str:
    """The import map of our modules. A relative import would miss the hashed names."""
    found = _modules() if settings.DEBUG else _modules_once()
    text = json.dumps({"imports": found}, separators=(",", ":"))
    # Inside a script element nothing is decoded, so the three letters that could end it are
    # written as JSON escapes (as json_script does) and the rest may stand as it is.
    inert = text.replace("<", "\\u003C").replace(">", "\\u003E").replace("&", "\\u0026")
    request = context.get("request")
    return format_html(
        '<script type="importmap" nonce="{}">{}</script>',
        getattr(request, "csp_nonce", ""),
        SafeString(inert),
    )
