"""TLS before a server that speaks none: certificates made for the moment, and a listener that passes on what was in it."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def self_made(folder: Path, *, host: str = "127.0.0.1", days: int = 1) -> Path:
    """A file with a key and the certificate that it signed itself, for an address or a name; `days` below 0: it is over."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    is_address = host.replace(".", "").isdigit()
    whose = x509.IPAddress(ip_address(host)) if is_address else x509.DNSName(host)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([whose]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / f"{host}{days}.pem"
    file.write_bytes(plain + made.public_bytes(serialization.Encoding.PEM))
    return file


@dataclass
class Relay:
    """A listener with TLS: where it listens, and what clients said through it."""

    port: int = 0
    said: bytearray = field(default_factory=bytearray)


@asynccontextmanager
async def relay(certificate: Path, port: int) -> AsyncIterator[Relay]:
    """Take connections with TLS and pass what is in them on to a port of this machine."""
    made, links = Relay(), set[asyncio.StreamWriter]()

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: bytearray | None) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if seen is not None:
                    seen.extend(data)
                writer.write(data)
                await writer.drain()
        writer.close()

    async def taken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        links.update((writer, back))
        await asyncio.gather(copy(reader, back, made.said), copy(there, writer, None))

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(taken, "127.0.0.1", 0, ssl=context)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for link in links:
            link.close()
