"""What every form of the house says when something is missing or wrong, in our words.

Django and its guests build fields in many places; the words of all come from the classes changed
here, before the first of them is built (merchants.apps).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core import validators
from django.forms import formsets, models
from django.utils.translation import gettext_lazy as _

from merchants.errors import BadPicture
from merchants.forms.line import LineField

CHOOSE = _("Choose from the list.")
NO_FILE = _("No file came. Choose it again.")

FIELDS: Mapping[Any, Mapping[str, Any]] = {
    forms.Field: {"required": _("Fill this in.")},
    forms.IntegerField: {"invalid": _("Write a whole number, such as 5.")},
    forms.FloatField: {"invalid": _("Write a number, such as 1.5.")},
    forms.DecimalField: {"invalid": _("Write a number, such as 1.5.")},
    forms.DateField: {"invalid": _("Write a day such as 2026-03-26.")},
    forms.TimeField: {"invalid": _("Write a time such as 19:30.")},
    forms.DateTimeField: {"invalid": _("Write day and time such as 2026-03-26 19:30.")},
    forms.ChoiceField: {"invalid_choice": CHOOSE},
    forms.MultipleChoiceField: {"invalid_choice": CHOOSE, "invalid_list": CHOOSE},
    models.ModelChoiceField: {"invalid_choice": CHOOSE},
    models.ModelMultipleChoiceField: dict.fromkeys(
        ("invalid_choice", "invalid_list", "invalid_pk_value"), CHOOSE
    ),
    forms.FileField: {
        "invalid": NO_FILE,
        "missing": NO_FILE,
        "empty": _("This file is empty. Choose another."),
        "max_length": _("The name of this file is too long. Rename it and choose it again."),
        "contradiction": _("Choose a file or clear the box, not both."),
    },
    forms.ImageField: {"invalid_image": BadPicture.sentence},
    forms.UUIDField: {"invalid": CHOOSE},
    formsets.BaseFormSet: {
        "missing_management_form": _("The page came back incomplete. Load it again."),
        "too_many_forms": _("That is too many at once."),
        "too_few_forms": _("At least one is needed."),
    },
}
VALIDATORS: Mapping[Any, Any] = {
    validators.MaxLengthValidator: _(
        "At most %(limit_value)s characters fit here; these are %(show_value)s."
    ),
    validators.MinLengthValidator: _(
        "At least %(limit_value)s characters are needed; these are %(show_value)s."
    ),
    validators.MinValueValidator: _("The least is %(limit_value)s."),
    validators.MaxValueValidator: _("The most is %(limit_value)s."),
    validators.EmailValidator: _("Write an address such as name@example.com."),
    validators.ProhibitNullCharactersValidator: LineField.default_error_messages["plain"],
}


def speak() -> None:
    """Put our sentences in the place of Django's."""
    for cls, sentences in FIELDS.items():
        # A class without words of its own must not change those of its parent.
        own = dict(vars(cls).get("default_error_messages", {}))
        cls.default_error_messages = own | dict(sentences)
    for validator, sentence in VALIDATORS.items():
        validator.message = sentence
