"""Pages and files over HTTP and from disk, so that they arrive whole or not at all.

A download is streamed to a `.part` file beside its target, goes on from there after a break where the
server allows it, and takes its final name when its hash is right. Proxy, certificates, netrc and the
credentials written in an index's address are honoured as pip honours them. What is to be downloaded, and
from where, is not known here (`package_index`, `fetch`).
"""

import hashlib
import netrc
import os
import shutil
import ssl
import sys
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import httpx
from tqdm import tqdm

from cosmopolis.errors import SourceUnavailableError

ATTEMPTS = 3
"""How often a server that fails for a moment is asked; the count begins anew when a download has grown."""

BACKOFF_S = 0.5
"""Pause after the first failure, in seconds; it doubles with each."""

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 60.0
"""Silence of a server after which it has failed; pip's own `timeout` is taken where it is longer."""

GROWN_BYTES = 1 << 20
"""A download that grew by this much before it broke is making headway."""

PAGE_BYTES_MAX = 64 << 20
"""An index's answer longer than this is refused."""

FILE_BYTES_MAX = 4 << 30
"""A download of unknown length longer than this is refused."""

_TOO_MANY_REQUESTS = 429
_RANGE_REFUSED = 416
_CERTIFICATE_SETTINGS = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How the network is reached: pip's settings of the same names, empty where none is made."""

    cert: str = ""
    client_cert: str = ""
    proxy: str = ""
    trusted_hosts: tuple[str, ...] = ()
    timeout_s: float = 0.0
    credentials: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """User and password by host (with its port where one is given)."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """An open client, and the hosts that could not be reached, so that each is waited for once."""

    client: httpx.Client
    progress: bool = False
    unreachable: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Page:
    """An answer held in memory: its bytes, media type and final address."""

    content: bytes
    media_type: str
    url: str


class _TransientError(Exception):
    """A failure that may be over in a moment."""


class _Credentials(httpx.Auth):
    """Basic credentials by host: those written in the settings' addresses, else those of the netrc file.

    httpx drops the header on a redirect to another host.
    """

    def __init__(self, by_host: Mapping[str, tuple[str, str]]) -> None:
        self._by_host = by_host
        self._netrc = _read_netrc()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header where credentials are known."""
        known = self._by_host.get(request.url.netloc.decode("ascii"))
        if request.url.username:
            known = (request.url.username, request.url.password)
        if (
            known is None
            and self._netrc is not None
            and (entry := self._netrc.authenticators(request.url.host))
        ):
            known = (entry[0] or "", entry[2] or "")
        if known is not None:
            yield from httpx.BasicAuth(*known).auth_flow(request)
        else:
            yield request


def _read_netrc() -> netrc.netrc | None:
    named = os.environ.get("NETRC")
    for path in [Path(named)] if named else [Path("~/.netrc").expanduser(), Path("~/_netrc").expanduser()]:
        try:
            return netrc.netrc(path)
        except (OSError, netrc.NetrcParseError, UnicodeDecodeError):
            continue
    return None


def split_credentials(url: str) -> tuple[str, tuple[str, tuple[str, str]] | None]:
    """Take user and password out of an address, so that no message can show them.

    Examples
    --------
    >>> split_credentials("https://ann:pa%24s@index.example/simple")
    ('https://index.example/simple', ('index.example', ('ann', 'pa$s')))
    """
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    name, _, password = user.partition(":")
    return parts._replace(netloc=host).geturl(), (host, (unquote(name), unquote(password)))


def open_session(connection: Connection, *, progress: bool = False) -> Session:
    """Open a client that honours the environment's proxy and the named certificates.

    Raises
    ------
    SourceUnavailableError
        If the proxy or the certificates as they are set cannot be used.
    """
    timeout = httpx.Timeout(max(READ_TIMEOUT_S, connection.timeout_s), connect=CONNECT_TIMEOUT_S)
    proxy = connection.proxy or None
    try:
        client = httpx.Client(
            verify=_certificates(connection),
            proxy=proxy,
            mounts={
                f"all://{host.partition(':')[0]}": httpx.HTTPTransport(verify=False, proxy=proxy)
                for host in connection.trusted_hosts
            },
            timeout=timeout,
            follow_redirects=True,
            headers={"User-Agent": f"cosmopolis/{version('cosmopolis')}"},
            auth=_Credentials(connection.credentials),
        )
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise SourceUnavailableError(f"the proxy that is set cannot be used: {error}") from error
    return Session(client=client, progress=progress)


def _certificates(connection: Connection) -> ssl.SSLContext:
    """Trust the authorities that are named, pip's `cert` first; where none is, the system's and certifi's."""
    named = [("cert of pip", connection.cert)]
    named += [(key, os.environ.get(key, "")) for key in _CERTIFICATE_SETTINGS]
    try:
        for _, place in named:
            if place and Path(place).is_dir():
                context = ssl.create_default_context(capath=place)
                break
            if place:
                context = ssl.create_default_context(cafile=place)
                break
        else:
            context = httpx.create_ssl_context(trust_env=False)
            context.load_default_certs()
        if connection.client_cert:
            context.load_cert_chain(connection.client_cert)
    except OSError as error:  # also ssl.SSLError
        told = ", ".join(f"{key}={place}" for key, place in named if place) or connection.client_cert
        raise SourceUnavailableError(
            f"the certificates that are set cannot be read ({told}): {error}"
        ) from error
    return context


def local_path(url: str) -> Path | None:
    """Return the path behind a `file://` address, `None` for any other.

    Examples
    --------
    >>> local_path("https://example.org/ports.csv") is None
    True
    """
    parts = urlsplit(url)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None


def hash_of(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_page(session: Session, url: str, *, accept: str) -> Page:
    """Read an index's page, from disk or over HTTP, with a few attempts.

    Raises
    ------
    SourceUnavailableError
        If it cannot be had; the message is the reason alone, without the address.
    """
    path = local_path(url)
    if path is not None:
        path = path / "index.html" if path.is_dir() else path
        try:
            return Page(content=path.read_bytes(), media_type="text/html", url=path.resolve().as_uri())
        except OSError as error:
            raise SourceUnavailableError(_reason(error)) from error

    def ask() -> Page:
        with session.client.stream("GET", url, headers={"Accept": accept}) as response:
            _check_status(response)
            content = b""
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > PAGE_BYTES_MAX:
                    raise SourceUnavailableError(f"the answer is longer than {PAGE_BYTES_MAX} bytes")
            media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            return Page(content=content, media_type=media_type, url=str(response.url))

    tries = 0
    while True:
        _check_reachable(session, url)
        try:
            return ask()
        except (_TransientError, httpx.HTTPError, httpx.InvalidURL) as error:
            tries += 1
            _pause_or_raise(session, url, error, tries)


def download(session: Session, url: str, target: Path, *, sha256: str = "", size: int = 0) -> None:
    """Download a file to `target`, which appears when it is whole and its hash right.

    Parameters
    ----------
    url
        `https://`, `http://` or `file://`.
    target
        The file to write; its folder exists. Nobody else may write it at the same time.
    sha256
        The expected hash; without it only the length that the server states is checked.
    size
        The expected length in bytes; more is never read.

    Raises
    ------
    SourceUnavailableError
        If it cannot be had; the message is the reason alone, without the address. Bytes that may be of
        use to a later attempt stay in the `.part` file, bytes that are known to be wrong do not.
    """
    part = target.with_name(target.name + ".part")
    path = local_path(url)
    if path is not None:
        try:
            shutil.copyfile(path, part)
        except OSError as error:
            raise SourceUnavailableError(_reason(error)) from error
    tries, from_zero = 0, path is not None
    while True:
        before = part.stat().st_size if part.exists() else 0
        resumed = before > 0
        if path is None:
            _check_reachable(session, url)
            try:
                resumed = _stream(session, url, part, size_max=size or FILE_BYTES_MAX)
            except SourceUnavailableError:
                if part.exists() and part.stat().st_size == 0:
                    part.unlink()
                raise
            except (_TransientError, httpx.HTTPError, httpx.InvalidURL) as error:
                grown = part.exists() and part.stat().st_size - before >= GROWN_BYTES
                tries = 1 if grown else tries + 1
                _pause_or_raise(session, url, error, tries)
                continue
        wrong = _what_is_wrong(part, sha256=sha256, size=size)
        if not wrong:
            part.replace(target)
            return
        part.unlink()
        if from_zero or not resumed:
            raise SourceUnavailableError(wrong)
        from_zero = True


def _what_is_wrong(path: Path, *, sha256: str, size: int) -> str:
    """Say what is wrong with a file's length or hash, empty where both are as expected or not known."""
    got = path.stat().st_size
    if size and got != size:
        return f"it is {got} bytes long, expected {size}"
    if sha256 and (digest := hash_of(path)) != sha256:
        return f"its hash is wrong: sha256 {digest}, expected {sha256}"
    return ""


def _stream(session: Session, url: str, part: Path, *, size_max: int) -> bool:
    """Append to `part` what it lacks, or write it anew; return whether earlier bytes were kept."""
    have = part.stat().st_size if part.exists() else 0
    headers = {
        "Accept": "*/*",
        "Accept-Encoding": "identity",
    }  # so that ranges and hashes are of the file itself
    if have:
        headers["Range"] = f"bytes={have}-"
    with session.client.stream("GET", url, headers=headers) as response:
        content_range = response.headers.get("content-range", "")
        if have and response.status_code == _RANGE_REFUSED:
            if content_range == f"bytes */{have}":  # all of it is here
                return True
            part.unlink()
            raise _TransientError("the server has fewer bytes than were downloaded before")
        _check_status(response)
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        if resumed and not content_range.startswith(f"bytes {have}-"):
            part.unlink(missing_ok=True)
            raise _TransientError(f"the server answered with {content_range!r}, asked for bytes {have} on")
        kept = have if resumed else 0
        length = response.headers.get("content-length", "")
        with (
            part.open("ab" if resumed else "wb") as written,
            tqdm(
                desc=Path(unquote(urlsplit(url).path)).name,
                total=kept + int(length) if length.isdecimal() else None,
                initial=kept,
                unit="B",
                unit_scale=True,
                disable=None if session.progress else True,
                file=sys.stderr,
                leave=False,
            ) as bar,
        ):
            at = kept
            for chunk in response.iter_raw():
                if at == 0:
                    _refuse_web_page(response, chunk, part)
                at += len(chunk)
                if at > size_max:
                    written.truncate(0)
                    raise SourceUnavailableError(f"it is longer than the expected {size_max} bytes")
                written.write(chunk)
                bar.update(len(chunk))
    return resumed


def _refuse_web_page(response: httpx.Response, start: bytes, part: Path) -> None:
    """Refuse a page of HTML in place of a file: a proxy's login or error page sent as a success."""
    wanted = part.name.removesuffix(".part").lower()
    if not wanted.endswith((".html", ".htm", ".xml", ".svg")) and start.lstrip()[:14].lower().startswith(
        (b"<!doctype html", b"<html")
    ):
        raise SourceUnavailableError(
            f"{response.url.host} answered with a web page (HTML, status {response.status_code}) instead of "
            "the file; a proxy or a login stands between: set HTTPS_PROXY, or PIP_INDEX_URL to another index"
        )


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status in {
        _TOO_MANY_REQUESTS,
        httpx.codes.REQUEST_TIMEOUT,
    }:
        raise _TransientError(f"{response.url.host} answered {status} {response.reason_phrase}".strip())
    if status not in {httpx.codes.OK, httpx.codes.PARTIAL_CONTENT}:
        hint = {401: "; credentials are missing or wrong (netrc, or in the index's address)"}.get(status, "")
        raise SourceUnavailableError(f"{response.url.host} answered {status} {response.reason_phrase}{hint}")


def _host(url: str) -> str:
    """Return an address's host and port without credentials."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _check_reachable(session: Session, url: str) -> None:
    host = _host(url)
    if host in session.unreachable:
        raise SourceUnavailableError(session.unreachable[host])


def _pause_or_raise(session: Session, url: str, error: Exception, tries: int) -> None:
    """Wait for the next attempt, or give up and say why."""
    host = _host(url)
    untrusted = "CERTIFICATE_VERIFY_FAILED" in str(error)
    if (
        tries < ATTEMPTS
        and not untrusted
        and not isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol)
    ):
        time.sleep(BACKOFF_S * 2 ** (tries - 1))
        return
    reason = str(error) or type(error).__name__
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
        reason = f"{host} cannot be reached: {reason}"
        if untrusted:
            reason += "; set PIP_CERT or SSL_CERT_FILE to your institute's certificates"
        session.unreachable[host] = reason
    elif not isinstance(error, _TransientError):
        reason = f"{host} broke off: {reason}"
    raise SourceUnavailableError(reason) from error


def _reason(error: OSError) -> str:
    return f"{error.strerror or error}: {error.filename}" if error.filename else str(error)
