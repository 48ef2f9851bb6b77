"""What staff add to an order."""

from __future__ import annotations

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.services.note import MOST_TAGS


class NoteForm(forms.Form):
    text = forms.CharField(
        label=_("A note for colleagues"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class TagsForm(forms.Form):
    """Words with commas between them."""

    tags = forms.CharField(label=_("Tags"), max_length=200, required=False)

    def clean_tags(self) -> list[str]:
        names = [one.strip() for one in re.split(r"[,，、;；]", self.cleaned_data["tags"])]
        names = [one for one in dict.fromkeys(names) if one]
        if len(names) > MOST_TAGS:
            raise forms.ValidationError(_("At most %s tags.") % MOST_TAGS)
        if any(len(one) > 12 for one in names):
            raise forms.ValidationError(_("A tag has at most 12 letters."))
        return names
