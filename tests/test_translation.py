"""What the sentences look like. That none is missing in Chinese is asked by `make check`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from babel.messages.pofile import read_po
from django.utils.translation import gettext, ngettext, override

from config.settings import BASE_DIR

PO = BASE_DIR / "locale/zh_Hans/LC_MESSAGES/django.po"
# A Latin sign right behind a hanzi or a Chinese closing sign, with Chinese or nothing behind it.
LATIN = re.compile("[\u4e00-\u9fff”）》][,;:!?](?=[\u4e00-\u9fff“《]|$)")
# A number that may be one, and soon behind it a word that one thing is not called by.
COUNTED = re.compile(
    r"%\((?!limit_value|show_value|most|values|variants|letters|right|has|amount|number|email"
    r"|goods|name|shop|merchant|store|host|who|company|code|sku|at|date|time)\w+\)s"
    r"(?: (?!is\b|was\b|has\b)\w+)?? "
    r"(?!(?:is|was|has|this|its|goods|less|days\?)\b)(?:\w+[^s\W]s|people)\b"
)


def messages() -> Iterator[tuple[str | tuple[str, ...], list[str]]]:
    """(msgid, each word for it in Chinese)."""
    with PO.open("rb") as file:
        for one in read_po(file):
            if one.id:
                string = one.string
                yield one.id, [string] if isinstance(string, str) else list(string)


def test_the_admin_keeps_its_own_words():
    """A word of ours that Django's admin says too would be said there as well."""
    with override("zh-hans"):
        assert [gettext(word) for word in ("Add", "Change", "No")] == ["增加", "修改", "否"]


def test_chinese_has_chinese_signs():
    said = [text for _id, texts in messages() for text in texts]
    assert len(said) > 1000
    assert [text for text in said if LATIN.search(text)] == []


def test_what_is_counted_has_a_word_for_one():
    plain = {one for one, _texts in messages() if isinstance(one, str)}
    wrong = {one for one in plain if COUNTED.search(one)}
    assert [one for one in wrong if not _said_of_one_apart(one, plain)] == []


def _said_of_one_apart(sentence: str, plain: set[str]) -> bool:
    """Modules fill in numbers; beside `good for %s days` the page gives them `good for 1 day`."""
    once = re.sub(r"%+\(\w+\)s", "1", sentence)
    return any(other != once and once.startswith(other) for other in plain)


@pytest.mark.parametrize(
    ("sentence", "wrong"),
    [
        *(("%(count)s products changed", True), ("%(left)s copies can go", True)),
        *(("about %(count)s new pieces", True), ("%(count)s people asked", True)),
        *(("%(count)s left", False), ("%(count)s in all", False)),
        *(("%(shop)s goes live", False), ("At most %(most)s characters.", False)),
    ],
)
def test_it_knows_what_is_counted(sentence, wrong):
    assert bool(COUNTED.search(sentence)) is wrong


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [
        *(("en", 1, "1 product changed"), ("en", 2, "2 products changed")),
        *(("zh-hans", 1, "已修改 1 件商品"), ("zh-hans", 2, "已修改 2 件商品")),
    ],
)
def test_one_is_called_one(language, count, said):
    with override(language):
        text = ngettext("%(count)s product changed", "%(count)s products changed", count)
        assert text % {"count": count} == said
