"""The words of Guitai: gathered from code and templates, kept in `zh_Hans/LC_MESSAGES/django.po`.

    python locale/words.py update    add what is newly said, drop what no longer is
    python locale/words.py check     fail on a msgid without its Chinese or with other placeholders

English is the msgid, so only Chinese has a file. Nothing but Babel is needed: templates go through
Django's own `templatize`, which turns them into something that Babel's Python extractor reads.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
ONE = ("gettext", "gettext_lazy", "gettext_noop", "_", "_l", "_g")
KEYWORDS = {**dict.fromkeys(ONE), "ngettext": (1, 2), "ngettext_lazy": (1, 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)s")
Message = str | tuple[str, str]  # the latter for one and for more, of which Chinese has one word


def said() -> Iterator[tuple[Message, str]]:
    """(msgid, file) of everything that a person may read."""
    import django
    from django.conf import settings

    settings.configure(INSTALLED_APPS=[])
    django.setup()
    from django.utils.translation.template import templatize

    for app in ("config", "merchants", "orders", "livestream"):
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield from _extract(path, path.read_bytes())
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in {".html", ".txt"}:
            # Only the calls matter; the indentation of HTML would confuse Python's tokenizer.
            lines = templatize(path.read_text()).splitlines()
            yield from _extract(path, "\n".join(line.lstrip() for line in lines).encode())


def _extract(path: Path, source: bytes) -> Iterator[tuple[Message, str]]:
    for _line, message, _comments, context in extract("python", io.BytesIO(source), KEYWORDS):
        if context:
            raise SystemExit(f"{path}: contexts are not used here: {message}")
        if message:
            yield message, str(path.relative_to(ROOT))


def load() -> Catalog:
    """The Chinese catalogue as it is."""
    if not PO.exists():
        return Catalog(locale="zh_Hans")
    with PO.open("rb") as file:
        return read_po(file, locale="zh_Hans")


def update() -> None:
    """Write the catalogue anew: what is said now, with the Chinese that is known."""
    old = {key_of(m.id): chinese_of(m.string) for m in load() if m.id}
    new = Catalog(locale="zh_Hans", fuzzy=False)
    everything = {key_of(message): message for message, _path in sorted(said(), key=str)}
    for key, message in sorted(everything.items()):
        flags = {"python-format"} if PLACEHOLDER.search(key) else set()
        chinese = old.get(key) or _escaped(key, old)
        new.add(message, string=chinese if message == key else (chinese,), flags=flags)
    PO.parent.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, new, omit_header=False, width=96, sort_output=True)
    text = re.sub(r'"(POT-Creation-Date|PO-Revision-Date)[^\n]*\n', "", PO.read_text())
    PO.write_text(text)


def key_of(message: object) -> str:
    """By what a message is looked up: what is said of one."""
    return str(message[0] if isinstance(message, list | tuple) else message)


def chinese_of(string: object) -> str:
    return str((string or [""])[0] if isinstance(string, list | tuple) else string)


def _escaped(message: str, old: dict[str, str]) -> str:
    """`{% translate "50% off" %}` is looked up with doubled percent signs; so is its Chinese."""
    return old.get(message.replace("%%", "%"), "").replace("%", "%%")


def check() -> int:
    """How many things are wrong, each with its line on standard output."""
    known = {key_of(m.id): chinese_of(m.string) for m in load() if m.id}
    wrong = 0
    for message, path in dict(reversed(list(said()))).items():
        chinese, full = known.get(key_of(message)), message
        if not isinstance(full, str):
            full = full[1]
        if not chinese:
            print(f"{path}: no Chinese for: {message}")  # noqa: T201
            wrong += 1
        elif sorted(PLACEHOLDER.findall(full)) != sorted(PLACEHOLDER.findall(chinese)):
            print(f"{path}: other placeholders in: {message}")  # noqa: T201
            wrong += 1
    return wrong


if __name__ == "__main__":
    if sys.argv[1:] == ["update"]:
        update()
    elif sys.argv[1:] == ["check"]:
        sys.exit(1 if check() else 0)
    else:
        sys.exit(__doc__)
