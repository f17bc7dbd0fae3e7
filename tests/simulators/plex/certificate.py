"""The certificate that a Plex server shows: for its plex.direct names only."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
import ssl
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_AUTHORITY = "Authority of this server alone"


@dataclass(frozen=True)
class ServerCertificate:
    """A certificate ready to serve with, and the authority a client is to trust."""

    context: ssl.SSLContext
    authority_pem: str


def make_certificate(certificate_hash: str) -> ServerCertificate:
    """Have an authority that nobody else knows vouch for ``*.<hash>.plex.direct``."""
    domain = f"*.{certificate_hash}.plex.direct"
    authority_key = ec.generate_private_key(ec.SECP256R1())
    identifier = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    authority = (
        _begin(_AUTHORITY, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .add_extension(_MAY_SIGN, True)
        .add_extension(identifier, False)
        .sign(authority_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    certificate = (
        _begin(domain, key)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(domain)]), False)
        .add_extension(issuer, False)
        .sign(authority_key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # The context reads from files only.
    with TemporaryDirectory() as folder:
        chain = Path(folder, "chain.pem")
        chain.touch(mode=0o600)
        chain.write_bytes(
            private + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context.load_cert_chain(chain)
    pem = authority.public_bytes(serialization.Encoding.PEM)
    return ServerCertificate(context, pem.decode())


_MAY_SIGN = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _begin(name: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    """Begin a certificate that the authority is to sign."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_called(name))
        .issuer_name(_called(_AUTHORITY))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=90))
    )


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
