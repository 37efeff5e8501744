"""A mail server that misbehaves on request: aiosmtpd with a switch.

Orders come as JSON lines on standard input: {"mode": NAME, "seconds": N}; each is answered by a line on standard output.
The order {"mode": "disconnect"} closes every open connection and changes nothing else. Every message that was taken in
whole goes as a JSON line into the file given by --record, whether or not its sender was told so. The end of standard input
ends the program.
"""

import argparse
import asyncio
import base64
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, syntax


class Switch:
    mode = "accept"
    seconds = 0.0
    greylisted = set()
    connections = set()
    opened = 0


class Peer(SMTP):
    def connection_made(self, transport):
        Switch.connections.add(transport)
        Switch.opened += 1
        super().connection_made(transport)

    def connection_lost(self, error):
        Switch.connections.discard(self.transport)
        super().connection_lost(error)

    @syntax("DATA")
    async def smtp_DATA(self, arg):
        if Switch.mode == "drop_at_data":
            self.transport.abort()
            return
        if Switch.mode == "drop_in_data":
            await self.push("354 go on")
            await self._reader.readexactly(64)
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class Handler:
    def __init__(self, record):
        self.record = record

    async def handle_MAIL(self, server, session, envelope, address, options):
        if Switch.mode == "closing":
            await server.push("421 4.3.2 shutting down")
            server.transport.close()
            return "421 4.3.2 shutting down"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 sender ok"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if Switch.mode == "refuse":
            return f"550 5.1.1 <{address}>: no such mailbox"
        if Switch.mode == "greylist" and address not in Switch.greylisted:
            Switch.greylisted.add(address)
            return f"451 4.7.1 <{address}>: greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 recipient ok"

    async def handle_DATA(self, server, session, envelope):
        if Switch.mode == "refuse_message":
            return "554 5.7.1 message refused by policy"
        if Switch.mode == "closing_after_data":
            return "421 4.3.2 shutting down"
        line = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": session.ssl is not None,
            "user": session.auth_data.login.decode() if session.auth_data else None,
            "connection": Switch.opened,
            "content": base64.b64encode(envelope.original_content).decode(),
        }
        self.record.write(json.dumps(line) + "\n")
        self.record.flush()
        if Switch.mode == "drop_after_data":
            server.transport.abort()
        if Switch.mode == "slow":
            await asyncio.sleep(Switch.seconds)
        return "250 2.0.0 queued as 4XyZ17"


def authenticate(server, session, envelope, mechanism, data):
    right = data.login == b"countersign" and data.password == b"correct horse"
    return AuthResult(success=right, handled=False, auth_data=data)


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--record", required=True)
    options.add_argument("--certificate")
    options.add_argument("--key")
    options.add_argument("--sign-in", action="store_true")
    options = options.parse_args()

    tls = None
    if options.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options.certificate, options.key)
    handler = Handler(open(options.record, "a", encoding="utf-8"))

    def peer():
        return Peer(
            handler,
            hostname="peer.example",
            tls_context=tls,
            require_starttls=tls is not None,
            authenticator=authenticate if options.sign_in else None,
            auth_required=options.sign_in,
            auth_require_tls=True,
            enable_SMTPUTF8=False,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(peer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)

    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        order = json.loads(line)
        if order["mode"] == "disconnect":
            for transport in list(Switch.connections):
                transport.abort()
        else:
            Switch.mode = order["mode"]
            Switch.seconds = order.get("seconds", 0.0)
        print("done", flush=True)


asyncio.run(main())
