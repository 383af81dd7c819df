"""Apache with mod_auth_openidc as Debian brings both, at a name of its own over TLS."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clients.proxies import found, started
from foreign.servers import Registered
from people import Secured

MODULES = Path("/usr/lib/apache2/modules")
HOST = "apache.test"
LOADED = (
    "mpm_event",
    "authn_core",
    "authz_core",
    "authz_user",
    "dir",
    "headers",
    "mime",
    "socache_shmcb",
    "ssl",
    "auth_openidc",
)
CONFIGURATION = """
ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/apache.pid
ErrorLog /dev/stderr
LogLevel warn auth_openidc:warn
Mutex file:{folder} default
ServerName {host}
Listen 127.0.0.1:{port} https
TypesConfig /dev/null
{modules}
{user}
StartServers 1
<VirtualHost *:{port}>
  DocumentRoot {folder}/pages
  SSLEngine on
  SSLCertificateFile {folder}/own.pem
  {told}
  OIDCOutgoingProxy {proxy}
  OIDCCABundlePath {folder}/trusted.pem
  OIDCRemoteUserClaim sub
  OIDCInfoHook access_token refresh_token id_token userinfo
  OIDCOAuthServerMetadataURL {issuer}/.well-known/openid-configuration
  OIDCOAuthClientID {id}
  OIDCOAuthClientSecret {secret}
  OIDCOAuthTokenIntrospectionInterval -1
  <Location />
    AuthType openid-connect
    Require valid-user
    Header always set Person "expr=%{{REMOTE_USER}}"
  </Location>
  <Location /api>
    AuthType oauth20
    Require valid-user
  </Location>
  <Location /bye>
    Require all granted
  </Location>
</VirtualHost>
"""


def there_is() -> str:
    """The program; a test that needs it is skipped where it or its module is not."""
    program = found("apache2")
    if not (MODULES / "mod_auth_openidc.so").exists():
        pytest.skip("there is no mod_auth_openidc for apache2 on this machine")
    return program


@contextmanager
def apache(
    port: int, issuer: str, known: Registered, secured: Secured, reached: dict[str, str], told: str
) -> Iterator[None]:
    """Apache at that port, with those lines about its sign-in, until the block ends."""
    program = there_is()
    loaded = [f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in LOADED]
    folder = Path(tempfile.mkdtemp(prefix="apache-"))
    try:
        _fill(folder, secured, reached)
        (folder / "apache.conf").write_text(CONFIGURATION.format(
            folder=folder, host=HOST, port=port, issuer=issuer, id=known.id, secret=known.secret, told=told,
            proxy=reached["HTTPS_PROXY"], modules="\n".join(loaded),
            user="User www-data\nGroup www-data" if os.getuid() == 0 else "",
        ))  # fmt: skip
        with started([program, "-f", str(folder / "apache.conf"), "-D", "FOREGROUND"], port):
            yield
    finally:
        shutil.rmtree(folder)


def _fill(folder: Path, secured: Secured, reached: dict[str, str]) -> None:
    folder.chmod(0o755)  # started by root, it runs as somebody else
    for page in ("", "api", "bye"):
        (folder / "pages" / page).mkdir(parents=True, exist_ok=True)
        (folder / "pages" / page / "index.html").write_text("let in")
    shutil.copy(secured.certificate, folder / "own.pem")
    shutil.copy(reached["SSL_CERT_FILE"], folder / "trusted.pem")
