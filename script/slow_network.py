"""A network with a delay: forwards a port to another on loopback, each answer late.

AWS answers after 50 to 150 ms, an emulator on loopback after one; the benchmark shows
both. It can list what AWS was asked.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from script.servers import LOOPBACK, free_port, listens, wait_until

ACTION = re.compile(rb"\bAction=(\w+)")


@contextmanager
def delayed(
    endpoint: str, seconds: float, *, address: str = LOOPBACK, log: Path | None = None
) -> Iterator[str]:
    """Yield an endpoint that passes on `endpoint`'s answers this many seconds late; it
    writes the action of each request into the log.
    """
    if not seconds and address == LOOPBACK:
        yield endpoint
        return
    port = free_port()
    target = urlsplit(endpoint).port
    arguments = (address, port, target, seconds, log)
    process = multiprocessing.Process(target=serve, args=arguments)
    process.start()
    try:
        wait_until(lambda: listens(port, address), what="The delay was not ready")
        yield f"http://{address}:{port}"
    finally:
        process.kill()  # it may have inherited who hears SIGTERM
        process.join()


def serve(
    address: str, port: int, target: int, seconds: float, log: Path | None
) -> None:
    def heard(request: bytes) -> None:
        if log and (action := ACTION.search(request)):
            with log.open("a") as actions:
                actions.write(f"{action[1].decode()}\n")

    async def connected(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        far_reader, far_writer = await asyncio.open_connection(LOOPBACK, target)
        await asyncio.gather(
            pass_on(reader, far_writer, 0, heard), pass_on(far_reader, writer, seconds)
        )

    async def main() -> None:
        server = await asyncio.start_server(connected, address, port, backlog=1024)
        await server.serve_forever()

    asyncio.run(main())


async def pass_on(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    seconds: float,
    heard: Callable[[bytes], None] = lambda _: None,
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
            heard(data)
            waiting.put_nowait((loop.time() + seconds, data))

    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(read())
            both.create_task(write())
    except* ConnectionError:
        pass
    finally:
        writer.close()
