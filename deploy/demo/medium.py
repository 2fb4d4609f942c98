"""The demo's removable medium: an ext4 image on a loop device where root may, else a folder declared as a medium."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from pathlib import Path

from documents import Document, write

IMAGE_BYTES = 32 * 1024 * 1024


def _run(*command: str) -> str:
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "PATH": path})
    return done.stdout.strip()


class LoopMedium:
    """An ext4 image that is mounted like a stick. Needs root and loop devices."""

    kind = "an ext4 image on a loop device"
    bus = "loop"

    def __init__(self, folder: Path) -> None:
        self.label = f"DEMO-{secrets.token_hex(4)}"
        self.image = folder / "stick.img"
        self.mountpoint = folder / "stick"
        self._device = ""

    def prepare(self, documents: list[Document]) -> None:
        """Make the image with the documents in it, not mounted. Raises `subprocess.CalledProcessError`."""
        with self.image.open("wb") as image:
            image.truncate(IMAGE_BYTES)
        _run("mkfs.ext4", "-q", "-L", self.label, str(self.image))
        self.mountpoint.mkdir()
        self.insert()
        write(self.mountpoint, documents)
        self.remove()

    def insert(self) -> None:
        """Mount it: what happens when a stick is plugged in."""
        self._device = _run("losetup", "--find", "--show", str(self.image))
        try:
            _run("mount", "-o", "nosuid,nodev,noexec", self._device, str(self.mountpoint))
        except subprocess.CalledProcessError:
            self.remove()
            raise

    def remove(self) -> None:
        """Unmount and detach; does nothing where it is not inserted."""
        if os.path.ismount(self.mountpoint):
            _run("umount", str(self.mountpoint))
        if self._device:
            _run("losetup", "--detach", self._device)
            self._device = ""


class FolderMedium:
    """A plain folder that the demo's settings declare as a medium: for people who are not root."""

    kind = "a plain folder that the demo's settings declare as a medium (a real mount needs root)"
    bus = "declared"

    def __init__(self, folder: Path) -> None:
        self._out = folder / "stick-not-inserted"
        self.mountpoint = folder / "stick"
        self.label = self.mountpoint.name

    def prepare(self, documents: list[Document]) -> None:
        """Make the folder with the documents under another name."""
        self._out.mkdir()
        write(self._out, documents)

    def insert(self) -> None:
        """Let the folder appear where the settings declare it."""
        self._out.rename(self.mountpoint)

    def remove(self) -> None:
        """Take it away again; does nothing where it is not inserted."""
        if self.mountpoint.exists():
            shutil.move(self.mountpoint, self._out)


def make_medium(folder: Path, documents: list[Document]) -> LoopMedium | FolderMedium:
    """The most real medium this machine allows, prepared and not yet inserted."""
    if os.geteuid() == 0:
        medium = LoopMedium(folder)
        try:
            medium.prepare(documents)
        except (subprocess.CalledProcessError, OSError) as error:
            print(f"no loop mount here ({error}); using a folder instead")
            medium.remove()
            shutil.rmtree(medium.mountpoint, ignore_errors=True)
        else:
            return medium
    folder_medium = FolderMedium(folder)
    folder_medium.prepare(documents)
    return folder_medium
