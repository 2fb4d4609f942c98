"""The user that workers of root become is nobody's."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys

import pytest

from agent.scanning.confining import user


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start processes of other users")
def test_root_becomes_a_user_that_nobody_is() -> None:
    program = (
        "import os; from agent.scanning.confining import user; user.become_nobody();"
        "print(*os.getresuid(), *os.getresgid(), os.getgroups())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    numbers = {int(one) for one in done.stdout.split("[")[0].split()}
    assert len(numbers) == 1
    assert numbers.pop() in user.DYNAMIC
    assert done.stdout.endswith("[]\n")


def test_a_user_that_was_made_for_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    made = pwd.struct_passwd(("mijian-scan", "x", 1234, 1235, "", "/", "/usr/sbin/nologin"))
    monkeypatch.setattr(pwd, "getpwnam", lambda name: {"mijian-scan": made}[name])
    assert user._known() == (1234, 1235)


def test_users_that_have_a_name_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user, "DYNAMIC", range(1))
    with pytest.raises(OSError, match="no unused user"):
        user._unused()
