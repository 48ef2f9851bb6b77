"""What the Chinese looks like. That none is missing is asked by `make check`."""

from __future__ import annotations

import re

from babel.messages.pofile import read_po

from config.settings import BASE_DIR

PO = BASE_DIR / "locale/zh_Hans/LC_MESSAGES/django.po"
# A Latin sign right behind a hanzi or a Chinese closing sign, with Chinese or nothing behind it.
LATIN = re.compile("[\u4e00-\u9fff”）》][,;:!?](?=[\u4e00-\u9fff“《]|$)")


def test_chinese_has_chinese_signs():
    with PO.open("rb") as file:
        said = [message.string for message in read_po(file) if isinstance(message.string, str)]
    assert len(said) > 1000
    assert [text for text in said if LATIN.search(text)] == []
