"""A network with a delay: forwards one loopback port to another, each request late.

AWS answers after 50 to 150 ms, an emulator on loopback after one; the benchmark shows
both.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from script.servers import LOOPBACK, free_port, listens, wait_until


@contextmanager
def delayed(endpoint: str, seconds: float) -> Iterator[str]:
    """Yield an endpoint that passes on `endpoint`'s answers this many seconds late."""
    if not seconds:
        yield endpoint
        return
    port = free_port()
    target = urlsplit(endpoint).port
    process = multiprocessing.Process(target=serve, args=(port, target, seconds))
    process.start()
    try:
        wait_until(lambda: listens(port), what="The delay was not ready")
        yield f"http://{LOOPBACK}:{port}"
    finally:
        process.terminate()
        process.join()


def serve(port: int, target: int, seconds: float) -> None:
    async def connected(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        far_reader, far_writer = await asyncio.open_connection(LOOPBACK, target)
        await asyncio.gather(
            pass_on(reader, far_writer, seconds), pass_on(far_reader, writer, 0)
        )

    async def main() -> None:
        server = await asyncio.start_server(connected, LOOPBACK, port, backlog=1024)
        await server.serve_forever()

    asyncio.run(main())


async def pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float
) -> None:
    """Forward until either end closes; the delay is once a request, not a packet."""
    try:
        while data := await reader.read(65536):
            await asyncio.sleep(seconds)
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()
