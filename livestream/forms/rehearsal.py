"""What a rehearsal hears from the console's own camera and chat."""

from __future__ import annotations

from django import forms

from livestream.rules.chat import LONGEST
from livestream.rules.rehearsal import Sample


class SampleForm(forms.Form):
    """Five seconds of picture and sound, as the browser measured them."""

    light = forms.FloatField(min_value=0, max_value=255)
    loud = forms.FloatField(min_value=0, max_value=1)
    kbps = forms.FloatField(min_value=0, max_value=1_000_000)
    line = forms.IntegerField(min_value=0, max_value=2, required=False)

    def sample(self) -> Sample:
        line = self.cleaned_data["line"]
        return Sample(**{**self.cleaned_data, "line": 2 if line is None else line})


class BackForm(forms.Form):
    """For how many seconds the picture was away after the line was cut."""

    back = forms.FloatField(min_value=0, max_value=600)


class SayForm(forms.Form):
    text = forms.CharField(max_length=LONGEST)
