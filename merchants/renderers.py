"""How a Django form becomes HTML of ours: label above, hint below, the error beside its cause."""

from __future__ import annotations

from django.forms.renderers import TemplatesSetting


class GuitaiFormRenderer(TemplatesSetting):
    """The templates of `templates/forms/`; widgets keep Django's own."""

    form_template_name = "forms/form.html"
    formset_template_name = "forms/formset.html"
    field_template_name = "forms/field.html"
