"""Sending one mail through the configured server, at its pinned address."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Collection, Sequence
from email.message import EmailMessage
from typing import Any

from server.outbound.addresses import NotSent, connect
from server.outbound.settings import Smtp
from server.outbound.web import TIMEOUT, context_for


class _Pinned(smtplib.SMTP):
    """SMTP whose connection goes to the address that was looked at."""

    def __init__(self, server: Smtp, allowed: Collection[str], timeout: float) -> None:
        self._server, self._allowed = server, allowed
        super().__init__(server.host, server.port, timeout=timeout)

    def _get_socket(self, host: str, port: int, timeout: Any) -> socket.socket:
        plain = connect(host, port, self._allowed, timeout)
        if self._server.security != "tls":
            return plain
        return context_for(self._server.ca_file).wrap_socket(plain, server_hostname=host)


def send(
    server: Smtp, to: Sequence[str], subject: str, text: str, *, allowed: Collection[str] = (), timeout: float = TIMEOUT
) -> None:
    """Send a mail of plain text. Raises `NotSent`."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = server.sender, ", ".join(to), subject
    message.set_content(text)
    try:
        with _Pinned(server, allowed, timeout) as exchange:
            if server.security == "starttls":
                exchange.starttls(context=context_for(server.ca_file))
            if server.user:
                exchange.login(server.user, server.password)
            exchange.send_message(message)
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(f"the mail server did not take it ({type(error).__name__})") from error
