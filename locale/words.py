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
KEYWORDS = {"gettext": None, "gettext_lazy": None, "gettext_noop": None, "_": None, "_l": None}
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def said() -> Iterator[tuple[str, str]]:
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


def _extract(path: Path, source: bytes) -> Iterator[tuple[str, str]]:
    for _line, message, _comments, context in extract("python", io.BytesIO(source), KEYWORDS):
        if not isinstance(message, str) or context:
            raise SystemExit(f"{path}: plurals and contexts are not used here: {message}")
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
    old = {m.id: str(m.string) for m in load() if m.id}
    new = Catalog(locale="zh_Hans", fuzzy=False)
    for message in sorted({message for message, _path in said()}):
        flags = {"python-format"} if PLACEHOLDER.search(message) else set()
        new.add(message, string=old.get(message) or _escaped(message, old), flags=flags)
    PO.parent.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, new, omit_header=False, width=96, sort_output=True)
    text = re.sub(r'"(POT-Creation-Date|PO-Revision-Date)[^\n]*\n', "", PO.read_text())
    PO.write_text(text)


def _escaped(message: str, old: dict[object, str]) -> str:
    """`{% translate "50% off" %}` is looked up with doubled percent signs; so is its Chinese."""
    return old.get(message.replace("%%", "%"), "").replace("%", "%%")


def check() -> int:
    """How many things are wrong, each with its line on standard output."""
    known = {m.id: m.string for m in load() if m.id}
    wrong = 0
    for message, path in dict(reversed(list(said()))).items():
        chinese = known.get(message)
        if not chinese:
            print(f"{path}: no Chinese for: {message}")  # noqa: T201
            wrong += 1
        elif sorted(PLACEHOLDER.findall(message)) != sorted(PLACEHOLDER.findall(str(chinese))):
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
