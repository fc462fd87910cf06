"""What a page costs: processor milliseconds of the web processes and the database for one request of it."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.kit.client import Client, ask_again
from benchmarks.kit.served import Served

WARM_UP = 12  # requests: templates, catalogues and statements are put together once a process
WARM_AGAIN = 4


def cost_of(web: Served, client: Client, path: str, requests: int) -> Callable[[], float]:
    """A measurement of one page, in milliseconds a request; the page is asked for until it is warm, and again for a
    moment each time: other pages came by since."""
    for _ in range(WARM_UP):
        answer = client.get(path)
        assert answer.status == 200, f"{path}: {answer.status}"

    def measure() -> float:
        ask_again(client, path, WARM_AGAIN)
        began = web.cpu()
        answered = ask_again(client, path, requests)
        return (web.cpu() - began) * 1000 / answered

    return measure
