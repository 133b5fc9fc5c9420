"""A network with a delay: forwards one loopback port to another, each answer late.

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
            pass_on(reader, far_writer, 0), pass_on(far_reader, writer, seconds)
        )

    async def main() -> None:
        server = await asyncio.start_server(connected, LOOPBACK, port, backlog=1024)
        await server.serve_forever()

    asyncio.run(main())


async def pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float
) -> None:
    """Forward until either end closes, each packet this many seconds after it came.

    Packets wait side by side: an answer in two packets is as late as one in one.
    """
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    async def write() -> None:
        while True:
            due, data = await waiting.get()
            await asyncio.sleep(due - loop.time())
            if not data:
                return
            writer.write(data)
            await writer.drain()

    async def read() -> None:
        data = b"-"
        while data:
            data = await reader.read(65536)
            waiting.put_nowait((loop.time() + seconds, data))

    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(read())
            both.create_task(write())
    except* ConnectionError:
        pass
    finally:
        writer.close()
