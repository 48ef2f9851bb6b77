"""The papers of a verification, as far as the tests need them."""

from __future__ import annotations

import io

from django.core.files.base import ContentFile
from PIL import Image

from merchants.rules.verification import (
    Claim,
)
from merchants.services.verification import (
    Sheet,
    Words,
)

CODE = "9144030071526726XG"
WORDS = Words("深圳市腾讯计算机系统有限公司", CODE, "桂芳", "2107881", Claim.OWN)


def sheet(colour: str = "#1d6547") -> Sheet:
    file = io.BytesIO()
    Image.new("RGB", (30, 40), colour).save(file, "WEBP")
    return Sheet(ContentFile(file.getvalue(), "a.webp"), "licence.jpg")
