"""A package index on this machine for the tests: real HTTP, invented distributions, faults on order."""

import hashlib
import io
import json
import tarfile
import threading
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def make_wheel(members: dict[str, bytes]) -> bytes:
    """Make a zip file with these members, the same bytes each time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in members.items():
            zipped.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def make_sdist(members: dict[str, bytes], *, links: dict[str, str] | None = None) -> bytes:
    """Make a tar.gz file with these members and symbolic links."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tarred:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tarred.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tarred.addfile(info)
    return buffer.getvalue()


def sha256(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


@dataclass(kw_only=True)
class IndexServer:
    """What the server serves and how it misbehaves.

    `projects` holds each project's files by name. Faults: `ranges` answers Range requests; `break_after`
    cuts the connection of so many requests for files after so many bytes; `status` is answered to so many
    requests for files; `html_for_files` sends a web page; `index_hashes` states hashes in the index;
    `json_answers` answers in JSON where the client takes it; `token` demands Basic credentials.
    """

    projects: dict[str, dict[str, bytes]] = field(default_factory=dict)
    json_answers: bool = True
    index_hashes: bool = True
    ranges: bool = True
    break_after: tuple[int, int] = (0, 0)
    """How many requests, after how many bytes."""
    status: tuple[int, int] = (0, 503)
    """How many requests, with which status."""
    html_for_files: bool = False
    token: str = ""
    url: str = ""
    requests: Counter[str] = field(default_factory=Counter)
    ranges_asked: list[str] = field(default_factory=list)

    @property
    def index(self) -> str:
        """Address of the simple pages."""
        return f"{self.url}/simple"

    def file_requests(self) -> int:
        """Count the requests for distribution files."""
        return sum(count for path, count in self.requests.items() if path.startswith("/files/"))

    def write_folder(self, folder: Path) -> Path:
        """Write the same index as a folder of pages, for `file://`."""
        for project, files in self.projects.items():
            (folder / "simple" / project).mkdir(parents=True)
            (folder / "files").mkdir(exist_ok=True)
            for name, content in files.items():
                (folder / "files" / name).write_bytes(content)
            (folder / "simple" / project / "index.html").write_text(self.page(project, "../../files/"))
        return folder / "simple"

    def page(self, project: str, prefix: str) -> str:
        """Write a project's page in HTML."""
        links = []
        for name, content in self.projects[project].items():
            fragment = f"#sha256={sha256(content)}" if self.index_hashes else ""
            links.append(f'<a href="{prefix}{name}{fragment}">{name}</a><br>')
        return "<!DOCTYPE html><html><body>" + "\n".join(links) + "</body></html>"

    def answer(self, project: str, accept: str) -> tuple[str, bytes]:
        """Return media type and content of a project's page."""
        if not self.json_answers or "application/vnd.pypi.simple.v1+json" not in accept:
            return "text/html; charset=utf-8", self.page(project, "/files/").encode()
        files = [
            {
                "filename": name,
                "url": f"/files/{name}",
                "hashes": {"sha256": sha256(content)} if self.index_hashes else {},
                "size": len(content),
            }
            for name, content in self.projects[project].items()
        ]
        answer = {"meta": {"api-version": "1.1"}, "name": project, "files": files}
        return "application/vnd.pypi.simple.v1+json", json.dumps(answer).encode()


class _Server(ThreadingHTTPServer):
    """A server that knows what it serves."""

    index: IndexServer


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        """Answer a request, or fail as ordered."""
        index = self.server.index
        index.requests[self.path] += 1
        _, kind, name, *_ = [*self.path.split("/"), "", ""]
        if index.token and self.headers.get("Authorization") != f"Basic {index.token}":
            self.reply(401, "text/plain", b"", WWW_Authenticate="Basic")
        elif kind == "simple" and name in index.projects:
            self.reply(200, *index.answer(name, self.headers.get("Accept", "")))
        elif kind == "files":
            self.send_file(index, name)
        else:
            self.reply(404, "text/plain", b"not here")

    def send_file(self, index: IndexServer, name: str) -> None:
        """Answer a request for a distribution file."""
        asked = self.headers.get("Range", "")
        index.ranges_asked.append(asked)
        found = [files[name] for files in index.projects.values() if name in files]
        left, status = index.status
        if left > 0:
            index.status = (left - 1, status)
            self.reply(status, "text/plain", b"not now")
        elif index.html_for_files:
            self.reply(200, "text/html", b"<!DOCTYPE html><html>Please log in</html>")
        elif not found:
            self.reply(404, "text/plain", b"not here")
        elif asked and index.ranges:
            self.send_rest(found[0], int(asked.removeprefix("bytes=").rstrip("-")))
        else:
            self.reply(200, "application/octet-stream", found[0])

    def send_rest(self, content: bytes, start: int) -> None:
        """Answer a request for a range."""
        size = len(content)
        if start >= size:
            self.reply(416, "text/plain", b"", Content_Range=f"bytes */{size}")
        else:
            content_range = f"bytes {start}-{size - 1}/{size}"
            self.reply(206, "application/octet-stream", content[start:], Content_Range=content_range)

    def reply(self, status: int, media_type: str, content: bytes, **headers: str) -> None:
        """Send an answer, cut short where that is ordered."""
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        requests, most = self.server.index.break_after
        if self.path.startswith("/files/") and requests > 0 and len(content) > most:
            self.server.index.break_after = (requests - 1, most)
            content = content[:most]
            self.close_connection = True
        self.wfile.write(content)


def serve(index: IndexServer) -> ThreadingHTTPServer:
    """Start the server in a thread and note its address in `index.url`."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.index = index
    index.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server
