"""The directory: a real slapd with TLS, and directories that answer nonsense."""

from __future__ import annotations

import datetime
import ipaddress
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.test import Client
from django.urls import reverse

from server.accounts import ldap
from server.accounts.models import OutsideAccount, Role, User
from server.home import Ldap

SLAPD = shutil.which("slapd", path="/usr/sbin:/sbin:/usr/local/sbin:/usr/bin")
SCHEMA = Path("/etc/ldap/schema")
PEOPLE = "ou=people,dc=example,dc=cn"
LDIF = f"""dn: dc=example,dc=cn
objectClass: organization
objectClass: dcObject
o: example
dc: example

dn: {PEOPLE}
objectClass: organizationalUnit
ou: people

dn: uid=wangfang,{PEOPLE}
objectClass: inetOrgPerson
uid: wangfang
cn: Wang Fang
sn: Wang
userPassword: 目录口令-1

dn: uid=a\\,b,{PEOPLE}
objectClass: inetOrgPerson
uid: a,b
cn: odd
sn: odd
userPassword: odd
"""


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "directory of this test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(plain)
    return folder / "cert.pem", folder / "key.pem"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Directory:
    """A slapd that runs."""

    plain: int
    secure: int
    ca_file: str

    def settings(self, scheme: str = "ldaps", bind_as: str = f"uid={{name}},{PEOPLE}", **more: Any) -> Ldap:
        port = self.secure if scheme == "ldaps" else self.plain
        return Ldap(url=f"{scheme}://127.0.0.1:{port}", bind_as=bind_as, **{"ca_file": self.ca_file, **more})


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    if SLAPD is None or not SCHEMA.is_dir():
        pytest.skip("slapd is not installed (Debian package slapd)")
    folder = tmp_path_factory.mktemp("slapd")
    cert, key = certificate(folder)
    (folder / "data").mkdir()
    include = "".join(f"include {SCHEMA / name}.schema\n" for name in ("core", "cosine", "inetorgperson"))
    modules = next(iter(Path("/usr/lib").glob("**/ldap/back_mdb.so")), None)
    load = f"modulepath {modules.parent}\nmoduleload back_mdb\n" if modules else ""
    (folder / "slapd.conf").write_text(
        f"{include}{load}pidfile {folder}/pid\nTLSCertificateFile {cert}\nTLSCertificateKeyFile {key}\n"
        f'database mdb\nmaxsize 10485760\nsuffix "dc=example,dc=cn"\ndirectory {folder}/data\n'
        "access to attrs=userPassword by anonymous auth by * none\naccess to * by * none\n"
    )
    conf = str(folder / "slapd.conf")
    subprocess.run([SLAPD, "-T", "add", "-f", conf], input=LDIF, text=True, check=True, capture_output=True)
    plain, secure = free_port(), free_port()
    addresses = f"ldap://127.0.0.1:{plain} ldaps://127.0.0.1:{secure}"
    process = subprocess.Popen([SLAPD, "-d", "0", "-f", conf, "-h", addresses])
    try:
        for port in (plain, secure):
            wait_for(port)
        yield Directory(plain, secure, str(cert))
    finally:
        process.terminate()
        process.wait(60)


def wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            assert time.monotonic() < until, "slapd does not answer"
            time.sleep(0.05)
        else:
            return


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
@pytest.mark.parametrize(
    ("name", "password", "expected"),
    [
        ("wangfang", "目录口令-1", True),
        ("wangfang", "目录口令-2", False),
        ("wangfang", "", False),
        ("nobody", "目录口令-1", False),
        ("a,b", "odd", True),
        (f"wangfang,{PEOPLE}\x00", "目录口令-1", False),
        ("*", "odd", False),
        ("wangfang)(uid=*", "目录口令-1", False),
        ("wangfang+cn=Wang Fang", "目录口令-1", False),
        ("", "目录口令-1", False),
        ("x" * 150, "y" * 1024, False),
    ],
)
def test_a_directory_says_whether_name_and_password_fit(
    slapd: Directory, scheme: str, name: str, password: str, expected: bool
) -> None:
    assert ldap.fits(slapd.settings(scheme), name, password) is expected


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
def test_no_password_goes_to_a_directory_whose_certificate_is_not_trusted(slapd: Directory, scheme: str) -> None:
    with pytest.raises(ldap.DirectoryError, match="certificate verify failed"):
        ldap.fits(slapd.settings(scheme, ca_file=None), "wangfang", "目录口令-1")


def test_a_directory_that_is_not_there_is_an_error_that_tells_no_password() -> None:
    nowhere = Ldap(url=f"ldaps://127.0.0.1:{free_port()}", bind_as="{name}@x")
    with pytest.raises(ldap.DirectoryError) as told:
        ldap.fits(nowhere, "wangfang", "目录口令-1")
    assert "目录口令" not in str(told.value)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"0",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x80",
        b"\x30\x05\x02\x01\x02\x61\x00",
        b"\x30\x0c\x02\x01\x09\x61\x07\x0a\x01\x00\x04\x00\x04\x00",
        b"\x30\x0c\x02\x01\x02\x65\x07\x0a\x01\x00\x04\x00\x04\x00",
        b"\x30\x0c\x02\x01\x02\x61\x07\x0a\x81\xff\x04\x00\x04\x00\x00",
        b"\x31\x0c\x02\x01\x02\x61\x07\x0a\x01\x00\x04\x00\x04\x00",
        b"\x30\x0c\x02\x01\x02\x61\x07\x0a\x01\x33\x04\x00\x04\x00",
        b"HTTP/1.1 200 OK\r\n\r\n" * 50,
    ],
)
def test_nonsense_of_a_directory_never_counts_as_yes(tmp_path: Path, answer: bytes) -> None:
    cert, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak() -> None:
            with context.wrap_socket(listener.accept()[0], server_side=True) as wire:
                wire.recv(4096)
                wire.sendall(answer)

        thread = threading.Thread(target=speak)
        thread.start()
        fake = Ldap(url=f"ldaps://127.0.0.1:{listener.getsockname()[1]}", bind_as="{name}@x", ca_file=str(cert))
        with pytest.raises(ldap.DirectoryError):
            ldap.fits(fake, "wangfang", "x")
        thread.join(60)


def test_a_directory_that_refuses_tls_gets_no_password() -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak() -> None:
            wire = listener.accept()[0]
            with wire:
                heard.append(wire.recv(4096))
                wire.sendall(b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x34\x04\x00\x04\x00")
                heard.append(wire.recv(4096))

        thread = threading.Thread(target=speak)
        thread.start()
        fake = Ldap(url=f"ldap://127.0.0.1:{listener.getsockname()[1]}", bind_as="{name}@x")
        with pytest.raises(ldap.DirectoryError, match="refuses TLS"):
            ldap.fits(fake, "wangfang", "目录口令-1")
        thread.join(60)
    assert "目录口令".encode() not in b"".join(heard)


@pytest.mark.django_db
def test_who_the_directory_knows_signs_in_once_an_administrator_has_tied_the_name(
    slapd: Directory, client: Client, person: Callable[..., User], settings: Any
) -> None:
    settings.MIJIAN_LDAP = slapd.settings()
    door, form = reverse("web:sign-in"), {"username": " WangFang ", "password": "目录口令-1"}
    answer = client.post(door, form)
    assert answer.status_code == 403
    assert "还没有账号" in answer.content.decode()
    account = OutsideAccount.objects.get()
    assert (account.road, account.subject, account.user) == ("ldap", "wangfang", None)
    account.user = person(Role.OFFICER, "fang")
    account.save()
    assert client.post(door, form)["Location"] == reverse("web:start")
    assert client.get(reverse("web:start")).wsgi_request.user == account.user


@pytest.mark.django_db
def test_with_the_directory_down_the_own_accounts_still_open_and_others_are_told(
    client: Client, person: Callable[..., User], settings: Any
) -> None:
    settings.MIJIAN_LDAP = Ldap(url=f"ldaps://127.0.0.1:{free_port()}", bind_as="{name}@x")
    person(Role.IT, "alice")
    door = reverse("web:sign-in")
    assert client.post(door, {"username": "bob", "password": "x"}).status_code == 503
    assert client.post(door, {"username": "alice", "password": "对马海峡-correct-horse"}).status_code == 302
