"""A bare broadcast server of the Python `websockets` library: what fan-out is compared with."""

from __future__ import annotations

import json
import sys
from contextlib import suppress

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed


async def main(port: int) -> None:
    """Everyone hears what anyone says, at once and with nothing in between."""
    connections: set[ServerConnection] = set()

    async def handler(connection: ServerConnection) -> None:
        connections.add(connection)
        await connection.send('{"type":"welcome"}')
        with suppress(ConnectionClosed):
            async for frame in connection:
                text = json.loads(frame)["text"]
                broadcast(connections, json.dumps({"type": "chat.said", "text": text}))
        connections.discard(connection)

    async with serve(handler, "127.0.0.1", port, compression=None) as server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        from uvloop import run
    except ImportError:
        from asyncio import run
    run(main(int(sys.argv[1])))
