"""A mail server for tests: STARTTLS on one port, implicit TLS on another, AUTH before any mail.

Usage: smtp.py SETTINGS.json.  Every mail becomes a JSON file in the folder `messages`, written
under another name first, so that a reader never sees half of one.
"""

import email
import email.policy
import json
import os
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Keeper:
    """Keeps what arrives; some addresses are refused, so that refusals can be tested."""

    def __init__(self, folder):
        self.folder = folder
        # After a restart the mails kept so far stay, and are not written over.
        self.count = len(os.listdir(folder))
        self.lock = threading.Lock()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nosuchuser"):
            return "550 5.1.1 no such user here"
        if address.startswith("tempfail"):
            return "450 4.2.1 mailbox busy, try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        record = {
            "envelope_from": envelope.mail_from,
            "envelope_to": envelope.rcpt_tos,
            "user": getattr(session, "lab_user", None),
            "is_encrypted": session.ssl is not None
            or server.transport.get_extra_info("ssl_object") is not None,
            "headers": [[name, str(value)] for name, value in message.items()],
            "subject": str(message["subject"] or ""),
            "text": body(message, "plain"),
            "html": body(message, "html"),
            "raw": envelope.content.decode("utf-8", "replace"),
        }
        with self.lock:
            self.count += 1
            name = os.path.join(self.folder, f"{self.count:06}.json")
        with open(name + ".part", "w", encoding="utf-8") as file:
            json.dump(record, file)
        os.rename(name + ".part", name)
        return "250 2.0.0 kept"


def body(message, kind):
    part = message.get_body(preferencelist=(kind,))
    return part.get_content() if part is not None else None


def authenticator(user, password):
    def check(server, session, envelope, mechanism, data):
        good = (
            isinstance(data, LoginPassword)
            and data.login == user.encode()
            and data.password == password.encode()
        )
        if good:
            session.lab_user = user
        # `handled` would leave a wrong password without an answer.
        return AuthResult(success=good, handled=False)

    return check


class ImplicitTls(Controller):
    """The connection is encrypted before the first word, so AUTH need not ask for STARTTLS."""

    def factory(self):
        return SMTP(self.handler, **self.SMTP_kwargs)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        wanted = json.load(file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(wanted["certificate"], wanted["key"])
    keeper = Keeper(wanted["messages"])
    check = authenticator(wanted["user"], wanted["password"])
    login = {"authenticator": check, "auth_required": wanted["requires_login"]}
    has_starttls = wanted["offers_starttls"]
    plain = Controller(
        keeper,
        hostname="127.0.0.1",
        port=wanted["port"],
        tls_context=context if has_starttls else None,
        require_starttls=has_starttls,
        auth_require_tls=has_starttls,
        **login,
    )
    encrypted = ImplicitTls(
        keeper,
        hostname="127.0.0.1",
        port=wanted["tls_port"],
        ssl_context=context,
        auth_require_tls=False,
        **login,
    )
    plain.start()
    encrypted.start()
    print("ready", flush=True)
    threading.Event().wait()


main()
