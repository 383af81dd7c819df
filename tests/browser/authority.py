"""A throw-away authority for names under .test, made anew for every run and trusted by nobody else."""

from __future__ import annotations

import base64
import hashlib
import ssl
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from people import Secured

OURS, FOREIGN, SISTER = "account.test", "evil.test", "sister.account.test"


class Authority:
    """Vouches for the names of the tests."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self._folder = folder

    def vouch_for(self, host: str) -> Secured:
        """A key and a certificate for the name; the authority's own goes along, so that a pin finds it."""
        file = self._folder / f"{host}.pem"
        if not file.exists():
            self._authority.issue_cert(host).private_key_and_cert_chain_pem.write_to_path(file)
            self._authority.cert_pem.write_to_path(file, append=True)
        trusted = ssl.create_default_context()
        self._authority.configure_trust(trusted)
        return Secured(host, file, trusted)

    @property
    def pin(self) -> str:
        """The digest of the authority's public key, as Chromium wants it."""
        key = x509.load_pem_x509_certificate(self._authority.cert_pem.bytes()).public_key()
        known_by = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(hashlib.sha256(known_by).digest()).decode()
