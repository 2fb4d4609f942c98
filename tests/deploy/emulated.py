"""A whole computer, emulated: the package is installed in it, sticks are plugged in and out, a real collector is told.

Not part of the suite, for it needs root, QEMU, debootstrap and some minutes: ``make emulated`` builds the package
and starts this. With ``/dev/kvm`` the machine is quick; without, or with ``MIJIAN_ACCELERATOR=tcg``, everything is
computed and takes ten times as long.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SUITE = os.environ.get("MIJIAN_SUITE", "bookworm")
PACKAGES = "python3,libmagic1,systemd-sysv,udev,dbus,linux-image-amd64,cryptsetup-bin,dmsetup,e2fsprogs"
TOOLS = ("qemu-system-x86_64", "debootstrap", "mkfs.ext4", "mkfs.vfat", "mcopy", "cryptsetup")
ACCELERATOR = os.environ.get("MIJIAN_ACCELERATOR") or ("kvm" if os.access("/dev/kvm", os.W_OK) else "tcg")
"""``tcg`` computes everything: also where there is a /dev/kvm that does not work, as in machines within machines."""
SECONDS = 120 if ACCELERATOR == "kvm" else 1200
"""How long something may take in the machine."""
KEY = "not a secret"
"""Opens the container; the machine knows it."""
pytestmark = pytest.mark.timeout(20 * SECONDS)

FILES = {
    # What desktops do, without one: what is plugged in is mounted.
    "etc/udev/rules.d/90-desktop.rules": (
        'ACTION=="add", SUBSYSTEM=="block", ENV{ID_BUS}=="usb", ENV{ID_FS_USAGE}=="filesystem", '
        'RUN+="/usr/bin/systemd-mount --no-block --automount=no --collect $devnode /media/%k"\n'
        'ACTION=="add", SUBSYSTEM=="block", ENV{ID_BUS}=="usb", ENV{ID_FS_TYPE}=="crypto_LUKS", '
        'RUN+="/usr/bin/systemd-run --no-block /bin/sh /etc/unlock $devnode unlocked-%k"\n'
        'ACTION!="remove", SUBSYSTEM=="block", ENV{DM_NAME}=="unlocked-*", ENV{ID_FS_USAGE}=="filesystem", '
        'RUN+="/usr/bin/systemd-mount --no-block --automount=no --collect $devnode /media/%k"\n'
    ),
    "etc/key": KEY,
    # What is in the container is written here: where this script runs, the kernel may have no device mapper.
    "etc/unlock": (
        'cryptsetup open --key-file /etc/key "$1" "$2"\n'
        'blkid "/dev/mapper/$2" || mkfs.ext4 -q -d /etc/inside "/dev/mapper/$2"\n'
    ),
    "etc/systemd/network/wired.network": (
        "[Match]\nName=en* eth*\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\nLinkLocalAddressing=no\n"
    ),
    "etc/systemd/system/enrol.service": (
        "[Unit]\nAfter=systemd-networkd-wait-online.service\nWants=systemd-networkd-wait-online.service\n"
        "[Service]\nType=oneshot\n"
        "ExecStart=/usr/bin/mijian enroll http://10.0.2.2:@PORT@ --token @TOKEN@ --insecure-http\n"
        "ExecStart=/usr/bin/systemctl start --no-block mijian\n"
    ),
    "etc/mijian/mijian.yaml": "language: en\nmedia: {register_in_force: true}\nuplink: {first_retry_seconds: 0.2}\n",
}
"""Written into the machine besides the package. 10.0.2.2 is this computer, as QEMU's own network has it."""


def run(*command: str) -> str:
    """Run a tool of this system."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


@pytest.fixture(scope="session")
def debian(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """A fresh Debian with a kernel; made once and kept (`pytest --cache-clear` lets go of it)."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if os.geteuid() != 0 or missing:
        pytest.skip(f"needs root and {', '.join(missing) or 'nothing else'}")
    kept = Path(pytestconfig.cache.mkdir("debian")) / f"{SUITE}.tar"
    root = tmp_path_factory.mktemp("debian") / "root"
    if not kept.exists():
        run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(root))
        run("tar", "-C", str(root), "--exclude=./var/cache/apt", "-cf", f"{kept}.new", ".")
        Path(f"{kept}.new").rename(kept)
        shutil.rmtree(root)
    root.mkdir()
    run("tar", "-C", str(root), "-xpf", str(kept))
    return root


class Machine:
    """The emulated computer, and what is plugged into it."""

    def __init__(self, tmp: Path, disk: Path, kernel: Path, initrd: Path) -> None:
        self.console = tmp / "console.log"
        self._socket = tmp / "qmp"
        self._command = [
            "qemu-system-x86_64", "-m", "1024", "-smp", "2", "-display", "none", "-nodefaults", "-no-reboot",
            "-machine", f"q35,accel={ACCELERATOR}", "-cpu", "max" if ACCELERATOR == "tcg" else "host",
            "-kernel", str(kernel), "-initrd", str(initrd),
            "-append", "root=/dev/vda rw console=ttyS0 quiet systemd.journald.forward_to_console=1",
            "-drive", f"file={disk},if=virtio,format=raw", "-serial", f"file:{self.console}",
            "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net",
            "-device", "qemu-xhci,id=xhci", "-qmp", f"unix:{self._socket},server,nowait",
        ]  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, until: Callable[[Callable[[], object], float], None]) -> None:
        """Switch it on."""
        self.process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)
        until(self._socket.exists, 60)

    def plug(self, image: Path, name: str) -> None:
        """Put a stick in."""
        file = {"driver": "file", "filename": str(image)}
        self._ask("blockdev-add", {"driver": "raw", "node-name": name, "file": file})
        device = {"driver": "usb-storage", "id": f"dev-{name}", "drive": name, "removable": True}
        self._ask("device_add", device | {"serial": f"0123456789-{name}"})

    def pull(self, name: str) -> None:
        """Pull it out, as it is; its image stays."""
        self._ask("device_del", {"id": f"dev-{name}"}, "DEVICE_DELETED")
        self._ask("blockdev-del", {"node-name": name})

    def _ask(self, command: str, arguments: dict[str, object], event: str = "") -> None:
        """Give an order over QMP, and wait for the event that says it was carried out, where there is one."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(SECONDS)
            line.connect(str(self._socket))
            words = line.makefile("rw", encoding="utf-8")
            words.readline()  # its greeting
            for order in ({"execute": "qmp_capabilities"}, {"execute": command, "arguments": arguments}):
                words.write(json.dumps(order) + "\n")
                words.flush()
                answer: dict[str, Any] = {}
                happened: list[str] = []
                while "return" not in answer:
                    answer = json.loads(words.readline())
                    assert "error" not in answer, (command, answer)
                    happened.append(answer.get("event", ""))
            while event and event not in happened:
                happened.append(json.loads(words.readline()).get("event", ""))

    def switch_off(self) -> None:
        """Switch it off."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)


@pytest.fixture
def machine(tmp_path: Path, debian: Path, house: Any, rules: Path) -> Iterator[Machine]:
    """A computer with the newest package in it; switched on, it enrols itself with the house's collector."""
    built = sorted((REPOSITORY / "dist").glob("mijian_*.deb"), key=lambda one: one.stat().st_mtime)
    if not built:
        pytest.skip("make deb first")
    house.api_key = (house.home / "api-key").read_text("ascii")
    settings = house.home / "collector.yaml"
    settings.write_text(
        settings.read_text("utf-8").replace("\nallowed_hosts: []", "\nallowed_hosts: [10.0.2.2]"), "utf-8"
    )
    house.start_collector()
    token = json.loads(house.server("token", "create", "--class", "internal", "--format", "json"))["token"]
    shutil.copy(built[-1], debian / "tmp/mijian.deb")
    path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
    run("chroot", str(debian), "env", "LC_ALL=C.UTF-8", path, "dpkg", "-i", "/tmp/mijian.deb")
    for name, text in FILES.items():
        (debian / name).write_text(text.replace("@PORT@", str(house.port)).replace("@TOKEN@", token))
    shutil.copytree(rules, debian / "var/lib/mijian/cache")  # to compile them in there takes minutes
    (debian / "etc/inside").mkdir()
    (debian / "etc/inside/密件.txt").write_bytes(marked(2))
    run("systemctl", "--root", str(debian), "enable", "systemd-networkd", "systemd-networkd-wait-online")
    run("systemctl", "--root", str(debian), "add-wants", "multi-user.target", "enrol.service")
    disk = tmp_path / "disk.img"
    run("mkfs.ext4", "-q", "-d", str(debian), str(disk), "3G")
    made = Machine(tmp_path, disk, next((debian / "boot").glob("vmlinuz*")), next((debian / "boot").glob("initrd*")))
    yield made
    made.switch_off()


def stick(tmp: Path, name: str, files: dict[str, bytes]) -> Path:
    """The image of a FAT stick that holds some files."""
    image, place = tmp / f"{name}.img", tmp / name
    with image.open("wb") as file:
        file.truncate(96 * 1024 * 1024)
    run("mkfs.vfat", "-n", name.upper(), str(image))
    place.mkdir()
    for path, data in files.items():
        (place / path).write_bytes(data)
    run("env", "LC_ALL=C.UTF-8", "mcopy", "-s", "-i", str(image), str(place), "::")
    return image


def container(tmp: Path) -> Path:
    """The image of a stick with a LUKS container."""
    image, key = tmp / "locked.img", tmp / "key"
    with image.open("wb") as file:
        file.truncate(48 * 1024 * 1024)
    key.write_text(KEY)
    quickly = (
        "--pbkdf",
        "pbkdf2",
        "--pbkdf-force-iterations",
        "1000",
    )  # what takes a second here takes minutes in there
    run("cryptsetup", "luksFormat", "--batch-mode", *quickly, str(image), str(key))
    return image


def marked(number: int) -> bytes:
    """A document with a marking."""
    return f"机密★{number % 30 + 1}年\n\n关于第 {number} 次会议的通知\n".encode()


class Told:
    """What the collector holds, asked over HTTP."""

    def __init__(self, house: Any) -> None:
        self._house = house

    def _ask(self, path: str) -> Any:
        status, body = self._house.get(f"/api/v1{path}", Authorization=f"Bearer {self._house.api_key}")
        return json.loads(body) if status == 200 else {}

    def up(self) -> bool:
        """Whether the machine's agent has said that it is up."""
        return any(row["seen"]["platform"] for row in self._ask("/ledgers/computers").get("entries", ()))

    def endings(self) -> list[str]:
        """How each session ended, oldest first; empty for one that lasts."""
        return [row["ending"] for row in self._ask("/media-sessions").get("sessions", ())]

    def controls(self) -> set[str]:
        """Controls that were broken."""
        return {row["control"] for row in self._ask("/violations?limit=500").get("violations", ())}


def test_sticks_plugged_into_a_computer_and_pulled_out_of_it_are_told(
    machine: Machine, house: Any, tmp_path: Path
) -> None:
    told = Told(house)
    small = {"通知.txt": marked(1), "平常.txt": "请按时参加会议。\n".encode()}
    large = {f"{number}.txt": marked(number + 100) + b"\n" * 20_000 for number in range(2000)}
    one, other = stick(tmp_path, "one", small), stick(tmp_path, "other", large)
    locked = container(tmp_path)
    machine.start(house.until)
    house.said = machine.console  # what is shown where something does not come about
    house.until(told.up, 3 * SECONDS)
    machine.plug(one, "one")
    house.until(lambda: house.hashes(marked(1)) <= house.violations(), SECONDS)
    assert {"MEDIA-03", "MEDIA-05"} <= told.controls()
    assert told.endings() == [""]
    machine.pull("one")
    house.until(lambda: told.endings() == ["removed"], SECONDS)
    machine.plug(other, "other")
    seen = house.violations().total()
    house.until(lambda: house.violations().total() > seen + 1, SECONDS)
    machine.pull("other")  # in the middle of it
    house.until(lambda: told.endings() == ["removed", "removed"], SECONDS)
    assert house.violations().total() < len(large), "it was pulled too late to show anything"
    machine.plug(one, "one")
    house.until(lambda: told.endings() == ["removed", "removed", ""], SECONDS)
    house.until(lambda: house.violations()[next(iter(house.hashes(marked(1))))] == 2, SECONDS)
    machine.pull("one")
    house.until(lambda: told.endings()[2:] == ["removed"], SECONDS)
    machine.plug(locked, "locked")
    house.until(lambda: house.hashes(marked(2)) <= house.violations(), SECONDS)
    assert told.endings()[3:] == ["unmounted", ""]  # the locked container, and what was in it
    machine.pull("locked")
    house.until(lambda: told.endings()[4:] == ["removed"], SECONDS)
