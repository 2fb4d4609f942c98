"""How long the collector's pages take with a house full of rows: ``python -m bench.pages --home DIR``.

Fills a collector of its own (20,000 computers, 50,000 media, 200,000 violations with 1,000,000 sightings, 200,000
envelopes worked off, 300,000 acts in the audit log), then asks for each page as people who see all or part of it.
Processor time is told beside the clock: on a busy computer the clock says more about the others.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

PAGES = (
    "/",
    "/violations/",
    "/violations/?severity=high",
    "/violations/?state=all",
    "/violations/?control=NET-03",
    "/violations/?control=NET-03&sort=last",
    "/violations/?assignee=none",
    "/violations/?department=2",
    "/violations/?sort=last",
    "/violations/?sort=first",
    "/violations/?sort=due",
    "/violations/?sort=last&state=all",
    "/violations/?due=overdue",
    "/violations/?q=BG-00017",
    "/violations/?q=pc-0001",
    "/violations/?q=机密",
    "/violations/?q=人49",
    "/violations/?q=docx",
    "/violations/?q=NET-0",
    "/violations/?q=nothing-has-this-name",
    "/violations/?q=机密★7年+pc-01",
    "{violation}",
    "/computers/",
    "/computers/?q=pc-01",
    "{computer}",
    "/media/",
    "/media/?q=U-01",
    "{medium}",
    "/people/",
    "/departments/",
    "/ledger/check/",
    "/ledger/computers/labels/",
    "/trends/",
    "/waivers/",
    "/incidents/",
    "/campaigns/",
    "/reports/",
    "/rules/",
    "/audit/",
    "/users/",
    "/imports/",
    "/imports/?tab=taken",
    "/health/",
)
PEOPLE = ("officer", "department", "highest", "auditor", "administrator")
"""Who asks: one of the whole house, an officer of a twentieth of its departments, one of all of them, two more."""
ENDINGS = ("docx", "xlsx", "pdf", "txt", "zip", "pptx", "wps", "eml")
STATES = (*["new"] * 5, *["assigned"] * 2, "rectified", "verified", "closed", "closed", "false_alarm", "waived")


def main() -> None:
    """Fill where nothing is there yet, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder of the collector that is made")
    parser.add_argument("--violations", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=9, help="how often each page is asked for")
    parser.add_argument("--only", default="", help="pages whose address holds this")
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
    from server.violations import statistics, sums
    from server.web import packs

    statistics.renew()  # as the fan-out does of itself
    sums.Keeper().renew()
    packs.read_ahead()  # as a process that answers does
    measure([page for page in PAGES if options.only in page], options.rounds)


def fill(violations: int) -> None:
    """Make the house."""
    from django.db import connection, transaction
    from django.utils import timezone

    from server.accounts import departments
    from server.accounts.models import User
    from server.ledger.models import Computer, Medium, Person

    now = timezone.now()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous=OFF")  # what is made here can be made again
    User.objects.create_user("officer", role="officer")
    top = departments.add("总部", by=None)
    below = [departments.add(f"处{number}", parent=top, by=None) for number in range(20)]
    lowest = [departments.add(f"科{number}", parent=each, by=None) for each in below for number in range(10)]
    User.objects.create_user("department", role="department", department=below[3])
    User.objects.create_user("highest", role="department", department=top)
    User.objects.create_user("auditor", role="auditor")
    User.objects.create_user("administrator", role="administrator")
    with transaction.atomic():
        people = [Person(name=f"人{n}", number=str(n), department=lowest[n % 200]) for n in range(5000)]
        Person.objects.bulk_create(people, batch_size=500)
        Computer.objects.bulk_create(
            [
                Computer(
                    id=uuid.uuid4(), name=f"pc-{n:05}", number=f"BG-{n:05}", person=people[n % 5000],
                    computer_class=("internet", "internal", "confidential")[n % 3], department=lowest[n % 200],
                    registered_at=now, enrolled_at=now, last_seen_at=now - timedelta(hours=n % 400),
                    public_key=b"1" * 32,
                )
                for n in range(20_000)
            ],
            batch_size=200,
        )  # fmt: skip
        Medium.objects.bulk_create(
            [
                Medium(
                    number=f"U-{n:05}", key=f"{n:064x}", medium_class=("internal", "confidential")[n % 2],
                    person=people[n % 5000], department=lowest[n % 200], registered_at=now, first_seen_at=now,
                    last_seen_at=now - timedelta(hours=n % 900), vendor="Kingston", model=f"DT{n % 7}",
                )
                for n in range(50_000)
            ],
            batch_size=200,
        )  # fmt: skip
    _sightings(violations, now)
    spooled(violations)
    acts(300_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def spooled(envelopes: int) -> None:
    """Put so many envelopes into the spool that were worked off, a few that are held and a few that cannot be read."""
    from django.db import transaction
    from django.utils import timezone

    from server.intake.models import SpoolEntry
    from server.intake.sql import insert_new
    from server.ledger.models import Computer

    now, computers = timezone.now(), list(Computer.objects.order_by("name").values_list("pk", flat=True))
    odd = {7: SpoolEntry.State.HELD, 9: SpoolEntry.State.BAD}
    done = SpoolEntry.State.DONE
    for part in _parts(range(envelopes)):
        with transaction.atomic(using=SpoolEntry.objects.db):
            insert_new(
                SpoolEntry,
                [
                    {"digest": f"{n:064x}", "agent_id": computers[n % len(computers)], "sequence": n,
                     "previous": "0" * 64, "received_at": now - timedelta(seconds=envelopes - n), "raw": b"",
                     "size": 5000, "road": "network", "state": odd.get(n % 20_000, done).value, "reason": "",
                     "message": ""}
                    for n in part
                ],
            )  # fmt: skip


def acts(number: int) -> None:
    """Put so many acts into the audit log; their chain is not what is measured."""
    from django.db import transaction
    from django.utils import timezone

    from server.accounts.models import User
    from server.audit.models import Entry
    from server.intake.sql import insert_new
    from server.violations.models import Group

    now, officer = timezone.now(), User.objects.get(username="officer").pk
    about = [str(pk) for pk in Group.objects.order_by("pk").values_list("pk", flat=True)[:1000]]
    for part in _parts(range(number)):
        with transaction.atomic():
            insert_new(
                Entry,
                [
                    {"at": now - timedelta(minutes=number - n), "actor": officer, "action": "violation.assign",
                     "object_type": "violations.group", "object_id": about[n % len(about)] if about else "",
                     "detail": {}, "previous": "0" * 64, "hash": f"{n:064x}"}
                    for n in part
                ],
            )  # fmt: skip


def _sightings(violations: int, now: datetime) -> None:
    from django.db import transaction

    from server.intake.sql import insert_new
    from server.ledger.models import Computer, Medium
    from server.violations.models import Group, Occurrence

    dice = random.Random(7)
    computers = list(Computer.objects.order_by("name").values_list("pk", flat=True))
    media = list(Medium.objects.order_by("number").values_list("pk", flat=True))
    ids = [uuid.uuid4() for _ in range(violations)]
    for part in _parts(range(violations)):
        with transaction.atomic():
            insert_new(Group, [_group(ids[n], n, computers, media, now, dice) for n in part])
    for part in _parts(range(5 * violations)):
        seen: list[dict[str, Any]] = [
            {"id": uuid.uuid4(), "group": ids[n % violations], "computer": computers[n % len(computers)],
             "seen_at": now, "received_at": now, "session_id": None, "evidence": {}, "sealed_place": ""}
            for n in part
        ]  # fmt: skip
        with transaction.atomic():
            insert_new(Occurrence, seen)


def _group(
    id_: uuid.UUID, n: int, computers: Sequence[Any], media: Sequence[Any], now: datetime, dice: random.Random
) -> dict[str, Any]:
    return {
        "id": id_, "fingerprint": f"{n:064x}", "control": ("MEDIA-05", "NET-03", "NPC-01", "CPC-09")[n % 4],
        "severity": ("critical", "high", "medium", "low")[n % 4], "severity_rank": n % 4, "family": "state",
        "level": "机密", "state": dice.choice(STATES), "state_at": now, "computer": computers[n % len(computers)],
        "medium": media[n % len(media)] if n % 2 else None, "person": f"人{n % 5000}",
        "marking": f"{('机密', '秘密', '绝密')[n % 3]}★{n % 30 + 1}年", "zone": "header",
        "extension": ENDINGS[n % len(ENDINGS)], "media_type": "", "content_hash": _content(n), "path_hash": "",
        "sealed_place": "s" * 200, "first_seen_at": now - timedelta(minutes=n),
        "opened_at": now - timedelta(minutes=n),
        "last_seen_at": now - timedelta(minutes=dice.randrange(500_000)), "occurrence_count": 5, "assignee": None,
        "verified_at": None, "regressed_at": None, "due_on": (now + timedelta(days=dice.randrange(-5, 60))).date(),
        "waiver": None, "updated_at": now,
    }  # fmt: skip


def _content(n: int) -> str:
    """The hash of a content that two or three violations are about."""
    return sha256(str(n % 90_000).encode()).hexdigest()


def _parts(numbers: range, size: int = 10_000) -> Iterator[range]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]


def measure(pages: Sequence[str], rounds: int) -> None:
    """Ask for each page so often, and print what half and 95 % of the answers took at most."""
    from django.conf import settings
    from django.contrib.auth.signals import user_logged_in
    from django.core.cache import cache
    from django.test import Client

    from server.accounts.models import User

    settings.ALLOWED_HOSTS = ["*"]
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"  # measured are the pages
    user_logged_in.disconnect(dispatch_uid="update_last_login")
    sys.stdout.write(
        f"{'who':10} {'page':34} {'processor ms':>20} {'clock ms':>20}\n{'':45} {'half':>10} {'95 %':>9}\n"
    )
    for name in PEOPLE:
        user = User.objects.get(username=name)
        client, one = Client(), details(user)
        client.force_login(user)
        client.get("/")  # the first page of a process loads what all of them share
        for page in pages:
            spent, took = [], []
            for _ in range(rounds):
                cache.clear()  # measured is the page that nobody has asked for lately
                cpu, clock = time.process_time(), time.perf_counter()
                status = client.get(page.format_map(one)).status_code
                spent.append(1e3 * (time.process_time() - cpu))
                took.append(1e3 * (time.perf_counter() - clock))
            figures = " ".join(f"{_share(times, 0.5):10.0f} {_share(times, 0.95):9.0f}" for times in (spent, took))
            sys.stdout.write(f"{name:10} {page:34} {figures}  {'' if status == 200 else status}\n")
            sys.stdout.flush()


def details(user: Any) -> dict[str, str]:
    """Addresses of one violation, computer and medium that this person may see."""
    from server.violations.scope import visible_to

    group = visible_to(user).filter(medium__isnull=False).select_related("computer")[0]
    return {
        "violation": f"/violations/{group.pk}/",
        "computer": f"/computers/{group.computer_id}/",
        "medium": f"/media/{group.medium_id}/",
    }


def _share(times: Sequence[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


if __name__ == "__main__":
    main()
