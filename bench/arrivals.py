"""How long pages take while reports arrive: ``python -m bench.arrivals --home DIR`` (a home that bench.pages made).

The collector is served as in service, a fleet sends so many signed and sealed reports a second, and a browser of an
officer asks for so many pages a second, one after the other. Told are half and 95 % of the answers by the clock, with
what the collector's own processes spent: on a busy computer the clock says more about the others.
"""

from __future__ import annotations

import argparse
import http.client
import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from bench.pages import PAGES, details, fill

OFFICER = "officer"
"""Who asks for pages: a secrecy officer of the whole house."""
REFUSED = ("/users/",)
"""What such a person may not see."""
PATIENCE = 60.0
"""Seconds a page may take before the next one is asked for."""


def main() -> None:
    """Fill where nothing is there yet, then serve, send and ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder of the collector")
    parser.add_argument("--violations", type=int, default=200_000, help="where the home is still to be filled")
    parser.add_argument("--rate", type=float, default=200.0, help="reports a second")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--findings", type=int, default=20, help="violations in each report")
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--connections", type=int, default=64, help="over which they come: each waits for its receipt")
    parser.add_argument("--pages", type=float, default=5.0, help="pages asked for in a second, as far as they come")
    parser.add_argument("--database-url", default="", help="an empty PostgreSQL database for it, in place of a file")
    options = parser.parse_args()
    os.environ |= {"MIJIAN_HOME": str(options.home.absolute()), "DJANGO_SETTINGS_MODULE": "server.settings"}
    if options.database_url:
        os.environ["MIJIAN_DATABASE_URL"] = options.database_url
    fresh = not (options.home / "keys").exists()
    subprocess.run([sys.executable, "-m", "server", "init"], check=True, stdout=subprocess.DEVNULL)
    import django

    django.setup()
    if fresh:
        fill(options.violations)
    measure(options)


def measure(options: argparse.Namespace) -> None:
    """Serve the home, and tell what pages took meanwhile."""
    from protocol import keys as protocol_keys
    from server import keys
    from server.accounts.models import User
    from server.commands.simulate import free_address, served
    from server.intake import enrolment, tokens
    from server.simulation.fleet import Fleet
    from server.simulation.load import Tally, send
    from server.simulation.processes import cost, resident

    fleet = Fleet(int(time.time()), options.findings, 0.0, 0.0)
    fleet.enrol(
        options.agents,
        lambda raw: enrolment.enrol(raw, remote="127.0.0.1"),
        lambda: tokens.mint("internal")[1],
    )
    wanted = int(options.rate * options.seconds)
    batch = [sent for _ in range(-(-wanted // options.agents)) for sent in fleet.round()][:wanted]
    signing = protocol_keys.public_bytes(keys.collector_keys().signing)
    address, cookie = free_address(), _session()
    one = details(User.objects.get(username=OFFICER))
    tallies: list[Tally] = []
    with served(address) as collector:
        before = cost(collector.pid)

        def load() -> None:
            tallies.append(send(batch, address, options.connections, signing, rate=options.rate))

        sending = threading.Thread(target=load)
        sending.start()
        took: dict[str, list[float]] = defaultdict(list)
        while sending.is_alive():
            for page in (page for page in PAGES if page not in REFUSED):
                took[page].append(_ask(address, cookie, page.format_map(one)))
                time.sleep(max(0.0, 1 / options.pages - took[page][-1]))
        sending.join()
        spent, memory = cost(collector.pid).since(before), resident(collector.pid)
    tally = tallies[0]
    tell(took)
    sys.stdout.write(
        f"{tally.accepted} of {len(batch)} reports accepted, {tally.accepted / tally.seconds:.0f} a second; "
        f"processor: answering {spent.intake:.1f} s, fan-out {spent.fan_out:.1f} s of {tally.seconds:.0f} s; "
        f"{memory / 1e6:.0f} MB\n"
    )


def tell(took: dict[str, list[float]]) -> None:
    """Print half and 95 % of what each page took, and of all."""
    sys.stdout.write(f"{'page':34} {'asked':>6} {'half ms':>8} {'95 % ms':>8}\n")
    every = [each for some in took.values() for each in some]
    for page, times in [*took.items(), ("all", every)]:
        sys.stdout.write(f"{page:34} {len(times):6} {share(times, 0.5):8.0f} {share(times, 0.95):8.0f}\n")


def share(times: Sequence[float], part: float) -> float:
    """What this part of the times stayed below, in milliseconds."""
    return 1e3 * sorted(times)[min(len(times) - 1, int(part * len(times)))]


def _session() -> str:
    """The cookie of an officer who is signed in."""
    from django.conf import settings
    from django.test import Client

    from server.accounts.models import User

    client = Client()
    client.force_login(User.objects.get(username=OFFICER))
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def _ask(address: tuple[str, int], cookie: str, page: str) -> float:
    """Ask for a page; seconds until all of it is there, `PATIENCE` where it does not come.

    Raises `RuntimeError` where it is not what was asked for.
    """
    began = time.perf_counter()
    connection = http.client.HTTPConnection(*address, timeout=PATIENCE)
    try:
        connection.request("GET", quote(page, safe="/?=&+"), headers={"Cookie": cookie})
        answer = connection.getresponse()
        answer.read()
    except TimeoutError:
        return PATIENCE
    finally:
        connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{page} answered {answer.status}")
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
