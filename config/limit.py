"""How much a request may carry, judged before anything reads it.

Photos come in their first size; everything else is a form. What is too much is refused by its
Content-Length, or, if it says none, at the byte that is one too many.
"""

from __future__ import annotations

from typing import Any

FORM = 2 * 1024 * 1024
PHOTOS = 200 * 1024 * 1024  # nine photos of 20 MB and their form
SHOTS = 122 * 1024 * 1024  # six, from whoever bought something
MOST = (("/dashboard/", PHOTOS), ("/admin/", PHOTOS), ("/orders/reviews/write/", SHOTS))


async def within(app: Any, scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Run `app` unless the body is larger than its address allows; then answer 413."""
    most = next((most for path, most in MOST if scope["path"].startswith(path)), FORM)
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if not length.isdigit() or int(length) > most:
        await _refuse(send)
        return
    came = 0

    async def counted() -> Any:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        # To Django a client that sends too much looks like one that has gone away.
        return message if came <= most else {"type": "http.disconnect"}

    await app(scope, counted, send)


async def _refuse(send: Any) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"Too large."})
