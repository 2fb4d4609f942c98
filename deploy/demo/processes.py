"""Processes of the demo: start them, show what they say, end them all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

BIN = Path(sys.executable).parent


class Processes:
    """Everything the demo started; `stop` ends it, newest first, and is safe to call twice."""

    def __init__(self, environment: dict[str, str], colour: bool) -> None:
        self._environment = {**os.environ, **environment}
        self._colour = colour
        self._running: list[tuple[str, subprocess.Popen[str]]] = []
        self._lock = threading.Lock()

    def say(self, who: str, line: str, paint: str = "36") -> None:
        """One line on the terminal, led by who says it."""
        lead = f"{who:>11} │ "
        with self._lock:
            print(f"\033[{paint}m{lead}\033[0m{line}" if self._colour else lead + line, flush=True)

    def once(self, *command: str, stdin: str | None = None) -> str:
        """Run one of our commands to its end and give what it printed.

        Raises `SystemExit` with what it said where it failed.
        """
        done = subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            input=stdin,
            capture_output=True,
            text=True,
            env=self._environment,
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def start(self, who: str, *command: str, before: tuple[str, ...] = (), paint: str = "36") -> None:
        """Start one of our commands and show its lines as they come."""
        process = subprocess.Popen(
            [*before, str(BIN / command[0]), *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
            env={**self._environment, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        self._running.append((who, process))

        def show() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                self.say(who, line.rstrip(), paint)

        threading.Thread(target=show, daemon=True).start()

    def check(self) -> None:
        """Raises `SystemExit` where something we started has ended by itself."""
        for who, process in self._running:
            if process.poll() is not None:
                raise SystemExit(f"{who} ended by itself with status {process.returncode}; see its lines above")

    def stop(self, who: str | None = None) -> None:
        """End all, or the one named: SIGTERM first, SIGKILL to its whole group after 15 seconds."""
        for name, process in [entry for entry in reversed(self._running) if who in (None, entry[0])]:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
            self._running.remove((name, process))
