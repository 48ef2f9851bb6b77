"""One stretch of a worker's work on an import."""

from __future__ import annotations

import logging
from contextlib import suppress

from django.conf import settings
from django.utils.translation import override

from merchants.rules.importing import ImportState
from merchants.services.import_apply import apply
from merchants.services.import_check import check
from merchants.services.import_undo import undo
from merchants.services.importing import Overtaken, finish, take_lease
from merchants.services.sheet import BadSheet

log = logging.getLogger(__name__)
WORK = {ImportState.CHECKING: check, ImportState.APPLYING: apply, ImportState.UNDOING: undo}


def run(pk: int) -> None:
    """Do what the import waits for, unless another worker is at it."""
    batch = take_lease(pk)
    if batch is None:
        return
    language = (batch.by.language if batch.by else "") or settings.LANGUAGE_CODE
    try:
        with override(language):  # whoever brought the sheet reads what is wrong with it
            WORK[ImportState(batch.state)](batch)
    except Overtaken:
        log.info("import %s goes on in another worker", pk)
    except Exception:  # one broken sheet must not hold up those of other shops
        log.exception("import %s stopped", pk)
        if batch.state == ImportState.CHECKING:
            with override(language), suppress(Overtaken):
                finish(batch, ImportState.FAILED, failure=str(BadSheet.sentence))
