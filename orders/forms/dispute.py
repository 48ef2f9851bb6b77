"""What an admin decides."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.models import Dispute
from orders.models.dispute import VERDICT_LABELS


class DecisionForm(forms.ModelForm):
    """Both are asked for: buyer and shop read why."""

    verdict = forms.ChoiceField(
        label=_("Decision"), choices=VERDICT_LABELS.items, widget=forms.RadioSelect
    )

    class Meta:
        model = Dispute
        fields = ("verdict", "reason")
        widgets = {"reason": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if "reason" in self.fields:  # not where it is only read
            self.fields["reason"].required = True
