"""The main job, end to end, on this computer: a stick is mounted, scanned, judged, reported and shown.

``make demo`` starts a collector, enrols an agent of class internal, runs it, mounts a medium with a small mixed set
of documents and prints what arrives. A second, confidential computer (a network namespace with a default route,
where root may) is checked for isolation; its report travels as a sealed file. Ctrl-C ends everything.

``--once`` does the same unattended and holds what the collector says against what is on the stick: status 0 when
each marked document arrived exactly once and nothing else did, 1 with what is missing otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from documents import Document, make
from medium import FolderMedium, LoopMedium, make_medium
from processes import Processes
from rich.console import Console
from rich.table import Table

from protocol.keys import keyed_hash

NAMESPACE = f"mijian-demo-{os.getpid()}"
ARRIVE_SECONDS = 60
"""How long the demo waits for what must arrive."""
SETTLE_SECONDS = 3
"""How long it then watches for what must not."""


def free_port() -> int:
    """A TCP port of the loopback address that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Demo:
    """One run of the demo, with everything it has to put away again."""

    def __init__(self, once: bool) -> None:
        self.once = once
        self.folder = Path(tempfile.mkdtemp(prefix="mijian-demo-"))
        self.home = self.folder / "collector"
        self.address = f"http://127.0.0.1:{free_port()}"
        self.password = secrets.token_urlsafe(9)
        self.api_key = ""
        self.processes = Processes({"MIJIAN_HOME": str(self.home), "LC_ALL": "C.UTF-8"}, sys.stdout.isatty())
        self.documents: list[Document] = make()
        self.medium: LoopMedium | FolderMedium | None = None
        self.namespace = False

    def say(self, line: str) -> None:
        """A line of the demo's own."""
        self.processes.say("demo", line, "1")

    # --- the collector -------------------------------------------------------------------------------------------

    def start_collector(self) -> None:
        """Initialise a collector on SQLite with a first account, and wait until it answers."""
        run = self.processes.once
        self.say("making a collector on SQLite and its first account")
        run("mijian-server", "init", "--level", "机密")
        run("mijian-server", "createuser", "demo", "--role", "officer", "--password-stdin", stdin=self.password + "\n")
        self.api_key = json.loads(run("mijian-server", "token", "api", "--user", "demo", "--format", "json"))["api_key"]
        self.processes.start(
            "collector", "mijian-server", "serve", "--bind", self.address.removeprefix("http://"), paint="35"
        )
        until = time.monotonic() + 120
        while time.monotonic() < until:
            self.processes.check()
            try:
                if requests.get(f"{self.address}/healthz", timeout=2).ok:
                    return
            except (requests.ConnectionError, requests.Timeout):  # it is not up yet, or slow to be
                time.sleep(0.1)
        raise SystemExit("the collector did not answer within two minutes")

    # --- the computers -------------------------------------------------------------------------------------------

    def enrol(self, name: str, computer_class: str, settings: dict[str, Any], *level: str) -> list[str]:
        """Mint a one-time token, enrol a computer with it, and give the options its commands need."""
        state = self.folder / name
        path = self.folder / f"{name}.yaml"
        path.write_text(json.dumps({"state_dir": str(state), **settings}), "utf-8")  # JSON is YAML
        token = json.loads(
            self.processes.once(
                "mijian-server",
                "token",
                "create",
                "--class",
                computer_class,
                *level,
                "--note",
                f"demo {name}",
                "--format",
                "json",
            )
        )["token"]
        options = ["--settings", str(path)]
        self.processes.once("mijian", "enroll", self.address, "--token", token, *options)
        self.say(f"enrolled a computer of class {computer_class} with a one-time token")
        return options

    def start_internal(self) -> None:
        """The ordinary office computer, whose agent watches for media."""
        media: dict[str, Any] = {"loop_devices": isinstance(self.medium, LoopMedium)}
        if isinstance(self.medium, FolderMedium):
            media["declared"] = [str(self.medium.mountpoint)]
        options = self.enrol(
            "office", "internal", {"media": media, "uplink": {"first_retry_seconds": 0.2, "last_retry_seconds": 5}}
        )
        self.processes.start("agent", "mijian", "run", *options)
        self.say("waiting until the agent has reported in (the first start compiles the rules)")
        self.until(lambda: bool(self.status(options)["last_receipt"]), "the agent did not report in")

    def status(self, options: list[str]) -> dict[str, Any]:
        """What `mijian status` says of one computer's agent."""
        return dict(json.loads(self.processes.once("mijian", "status", *options, "--format", "json")))

    def until(self, holds: Callable[[], bool], otherwise: str) -> None:
        """Wait until something holds. Raises `SystemExit` where it does not within a minute."""
        end = time.monotonic() + ARRIVE_SECONDS
        while not holds():
            self.processes.check()
            if time.monotonic() > end:
                raise SystemExit(otherwise)
            time.sleep(0.3)

    def isolated(self) -> tuple[str, ...]:
        """Make a network namespace with a default route, as on a computer somebody plugged into a network."""
        if os.geteuid() != 0:
            self.say("not root: the confidential computer is checked on this computer's own network")
            return ()
        commands = (
            ("netns", "add", NAMESPACE),
            ("-n", NAMESPACE, "link", "add", "office0", "type", "veth", "peer", "name", "socket0"),
            ("-n", NAMESPACE, "addr", "add", "198.51.100.7/24", "dev", "office0"),
            ("-n", NAMESPACE, "link", "set", "socket0", "up"),
            ("-n", NAMESPACE, "link", "set", "office0", "up"),
            ("-n", NAMESPACE, "route", "add", "default", "via", "198.51.100.1"),
        )
        try:
            for command in commands:
                subprocess.run(["ip", *command], check=True, capture_output=True)
                self.namespace = True
        except (subprocess.CalledProcessError, OSError) as error:
            self.say(f"no network namespace here ({error}); the host's own network is checked")
            return ()
        return ("ip", "netns", "exec", NAMESPACE)

    def report_confidential(self) -> None:
        """A confidential computer: its agent sees the route; the sealed file is carried to the collector."""
        options = self.enrol("vault", "confidential", {"media": {"watch": False}}, "--level", "机密")
        before = self.isolated()
        self.say("a confidential computer has a default route: its agent must notice without sending a packet")
        self.processes.start("confidential", "mijian", "run", *options, before=before, paint="33")
        self.until(
            lambda: self.status(options)["waiting"]["violation"] > 0,
            "the confidential computer's agent did not notice its default route",
        )
        self.processes.stop("confidential")
        sealed = self.folder / "carried.mijian"
        self.processes.once("mijian", "export", str(sealed), *options)
        self.processes.once("mijian-server", "import", str(sealed))
        self.processes.once("mijian", "import", str(sealed) + ".receipt", *options)
        self.say("its report was carried over as a sealed file, and the signed receipt went back")

    # --- what the collector holds --------------------------------------------------------------------------------

    def held(self) -> list[dict[str, Any]]:
        """Every violation the collector holds, asked over HTTP, but for those of media that are not the demo's.

        Somebody may plug in a stick while the demo runs, or mount an image on a loop device.
        """
        answer = requests.get(
            f"{self.address}/api/v1/violations", headers={"Authorization": f"Bearer {self.api_key}"}, timeout=10
        )
        answer.raise_for_status()
        return [row for row in answer.json()["violations"] if self.is_ours(row["medium"])]

    def is_ours(self, medium: dict[str, Any] | None) -> bool:
        """Whether a violation has to do with no medium, or with the demo's own."""
        ours = self.medium
        return medium is None or ours is None or (medium["bus"], medium["label"]) == (ours.bus, ours.label)

    def hashes(self) -> dict[str, str]:
        """Keyed content hash → name, for each marked document on the stick."""
        import hashlib

        key = (self.home / "keys" / "organisation").read_bytes()
        return {
            keyed_hash(key, hashlib.sha256(d.marked).digest()): d.name for d in self.documents if d.marked is not None
        }

    def wait_for_arrival(self) -> list[str]:
        """Wait for all that must arrive, then a little for what must not. Gives what is wrong, in sentences."""
        wanted = self.hashes()
        until = time.monotonic() + ARRIVE_SECONDS
        while time.monotonic() < until:
            self.processes.check()
            rows = self.held()
            if wanted.keys() <= {row["content_hash"] for row in rows} and any(r["control"] == "NET-03" for r in rows):
                break
            time.sleep(0.3)
        time.sleep(SETTLE_SECONDS)
        return self.wrong(self.held(), wanted)

    def wrong(self, rows: list[dict[str, Any]], wanted: dict[str, str]) -> list[str]:
        """What differs between the stick and the collector."""
        faults = []
        for digest, name in wanted.items():
            seen = [row for row in rows if row["content_hash"] == digest]
            times = sum(row["occurrences"] for row in seen)
            if (len(seen), times) != (1, 1):
                faults.append(f"{name}: {len(seen)} violations, {times} occurrences; exactly one of each was due")
        faults += [
            f"{row['control']} {row['marking']}: nothing on the stick accounts for this violation"
            for row in rows
            if row["control"] != "NET-03" and row["content_hash"] not in wanted
        ]
        isolation = [row for row in rows if row["control"] == "NET-03"]
        if len(isolation) != 1:
            faults.append(f"the confidential computer's network: {len(isolation)} violations; exactly one was due")
        return faults

    def show(self) -> None:
        """The table of violations, as the collector holds them."""
        names = self.hashes()
        table = Table(title="Violations at the collector · 违规", title_justify="left")
        for column in ("severity", "control", "marking", "zone", "document", "computer", "state", "seen"):
            table.add_column(column)
        for row in self.held():
            table.add_row(
                row["severity"],
                row["control"],
                row["marking"] or "—",
                row["zone"] or "—",
                names.get(row["content_hash"], "—"),
                f"{row['computer']['name']} ({row['computer']['class']})",
                row["state"],
                str(row["occurrences"]),
            )
        Console(width=None if sys.stdout.isatty() else 140).print(table)

    # --- the whole -----------------------------------------------------------------------------------------------

    def run(self, picture: Path | None) -> int:
        """Everything in order. Returns the exit status."""
        self.start_collector()
        self.medium = make_medium(self.folder, self.documents)
        self.start_internal()
        self.report_confidential()
        self.say(f"inserting the medium: {self.medium.kind}, with {len(self.documents)} documents")
        for document in self.documents:
            self.say(f"  {'●' if document.marked else '○'} {document.name}: {document.what}")
        self.medium.insert()
        faults = self.wait_for_arrival()
        self.show()
        for fault in faults:
            self.say(f"WRONG: {fault}")
        if picture:
            script = Path(__file__).parents[1] / "screenshot.py"
            subprocess.run(
                [sys.executable, script, f"{self.address}/violations/", "demo", self.password, picture], check=True
            )
        if self.once:
            if not faults:
                self.say("every marked document arrived exactly once, and none of the others did")
            return 1 if faults else 0
        self.say(f"review page: {self.address}/   name: demo   password: {self.password}")
        self.say("Ctrl-C ends everything")
        while True:
            self.processes.check()
            time.sleep(0.5)

    def put_away(self) -> None:
        """Leave nothing running, mounted or lying about."""
        self.processes.stop("agent")
        if self.medium:
            self.medium.remove()
        self.processes.stop()
        if self.namespace:
            subprocess.run(["ip", "netns", "del", NAMESPACE], check=False, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--once", action="store_true", help="unattended: check what arrived, then end")
    parser.add_argument("--picture", type=Path, help="with --once: save a picture of the review page here")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    demo = Demo(options.once)
    try:
        return demo.run(options.picture)
    except KeyboardInterrupt:
        return 0 if not options.once else 130
    finally:
        demo.put_away()


if __name__ == "__main__":
    sys.exit(main())
