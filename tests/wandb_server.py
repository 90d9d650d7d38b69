"""A stand-in for a W&B server on the loopback interface.

It answers the requests that wandb 0.31 and wandb-workspaces 0.4 send, and keeps what it got, so that tests
can say what is sent. Whether W&B itself takes it and how it draws it cannot be seen here.
"""

import gzip
import json
import re
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ENTITY = "lab"
KEY = "a" * 40
MOST_BYTES = 16 * 2**20
LONGEST_SILENCE = 60.0  # seconds


class WandbServer:
    """Serves while it is entered.

    Attributes:
        queries: names and variables of all GraphQL requests, in order.
        rows: history of all runs, a row for each logged step.
        uploads: last content of each uploaded file, by name.
        views: saved workspaces by name.
        problems: requests that it could not answer, with the reason.
        projects: names of the projects that there are; None takes any.
    """

    def __init__(self) -> None:
        self.queries: list[tuple[str, dict[str, Any]]] = []
        self.rows: list[dict[str, Any]] = []
        self.uploads: dict[str, bytes] = {}
        self.views: dict[str, dict[str, str]] = {}
        self.problems: list[str] = []
        self.projects: set[str] | None = None
        self._silent_from: str | None = None
        self._silent, self._closed = threading.Event(), threading.Event()
        self._http = _Http(("127.0.0.1", 0), type("Handler", (_Handler,), {"owner": self}))
        self._http.problems = self.problems
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """What makes W&B talk to this server."""
        return {"WANDB_BASE_URL": self.url, "WANDB_API_KEY": KEY}

    def __enter__(self) -> "WandbServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Take no more connections, and drop those that wait for an answer."""
        self._closed.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def fall_silent(self, *, at: str = "") -> None:
        """Answer nothing any more: from now on, or from the first request whose name is `at`."""
        self._silent_from = at

    def named(self, query: str) -> list[dict[str, Any]]:
        """Variables of all requests of one name."""
        return [variables for name, variables in self.queries if name == query]

    def runs(self) -> dict[str, dict[str, Any]]:
        """What the server knows of each run by its id: the variables of all its upserts together."""
        found: dict[str, dict[str, Any]] = {}
        for variables in self.named("UpsertBucket"):
            given = {name: value for name, value in variables.items() if value is not None}
            found.setdefault(given["name"], {}).update(given)
        return found

    def wait_if_silent(self, name: str) -> bool:
        if self._silent_from is not None and self._silent_from in ("", name):
            self._silent.set()
        if self._silent.is_set():
            self._closed.wait(LONGEST_SILENCE)
        return self._silent.is_set() or self._closed.is_set()

    def answer(self, query: str, given: dict[str, Any]) -> dict[str, Any]:
        """Data of the answer to a GraphQL request.

        Raises:
            KeyError: a request that this server does not know.
        """
        self.queries.append((query, given))
        project = {"id": "project", "name": given.get("project"), "entity": {"id": "entity", "name": ENTITY}}
        if query == "UpsertBucket":
            bucket = {"id": given["name"], "name": given["name"], "displayName": given["displayName"]}
            return {"upsertBucket": {"bucket": bucket | {"project": project}, "inserted": True}}
        if query == "UpsertView2":
            view = {"id": f"id-of-{given['name']}", "name": given["name"]}
            self.views[given["name"]] = given | view
            return {"upsertView": {"view": view, "inserted": True}}
        if query == "View":
            if self.projects is not None and given["name"] not in self.projects:
                return {"project": None}
            saved = [{"node": view} for name, view in self.views.items() if name == given["viewName"]]
            return {"project": {"allViews": {"edges": saved}}}
        if query == "CreateRunFiles":
            files = [{"name": name, "uploadUrl": f"{self.url}/upload/{name}"} for name in given["files"]]
            return {"createRunFiles": {"runID": given["run"], "uploadHeaders": [], "files": files}}
        if query == "CreateArtifactFiles":
            return {"createArtifactFiles": {"files": {"edges": [self._place(one) for one in _files(given)]}}}
        manifest = {"id": "manifest", "file": {"id": "file", "uploadUrl": f"{self.url}/upload/manifest"}}
        viewer = {"id": "viewer", "entity": ENTITY, "username": ENTITY, "email": "", "flags": "{}"}
        viewer |= {"teams": {"edges": []}}
        return {
            "Viewer": {"viewer": viewer},
            "GetDefaultEntity": {"viewer": viewer},
            "RunResumeStatus": {"model": project | {"bucket": None}},
            "ServerFeaturesQuery": {"serverInfo": {"features": []}},
            "OrganizationCoreWeaveOrganizationID": {"entity": None},
            "ArtifactType": {"project": None},
            "CreateArtifact": {"createArtifact": {"artifact": {"id": "artifact", "state": "PENDING"}}},
            "CreateArtifactManifest": {"createArtifactManifest": {"artifactManifest": manifest}},
            "UpdateArtifactManifest": {"updateArtifactManifest": {"artifactManifest": manifest}},
            "CommitArtifact": {"commitArtifact": {"artifact": {"id": "artifact", "digest": ""}}},
        }[query]

    def _place(self, file: dict[str, Any]) -> dict[str, Any]:
        where = {"storagePath": file["name"], "uploadUrl": f"{self.url}/upload/artifact/{file['name']}"}
        return {"node": where | {"uploadHeaders": [], "artifact": {"id": file["artifactID"]}}}


def _files(given: dict[str, Any]) -> list[dict[str, Any]]:
    return given["input"]["artifactFiles"]


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    problems: list[str]

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # wandb drops connections when it ends
            self.problems.append(traceback.format_exc())


class _Handler(BaseHTTPRequestHandler):
    owner: WandbServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Nothing: what was asked is kept."""

    def do_POST(self) -> None:
        body = self._body()
        if self.path == "/graphql":
            request = json.loads(body)
            name = re.search(r"(?:query|mutation)\s+(\w+)", request["query"])[1]
            if not self.owner.wait_if_silent(name):
                self._reply({"data": self.owner.answer(name, request.get("variables") or {})})
        elif not self.owner.wait_if_silent(self.path.rsplit("/", 1)[-1]):
            if self.path.endswith("/file_stream"):
                history = json.loads(body).get("files", {}).get("wandb-history.jsonl", {"content": []})
                self.owner.rows += [json.loads(line) for line in history["content"]]
            self._reply({})

    def do_PUT(self) -> None:
        body = self._body()
        if not self.owner.wait_if_silent("upload"):
            self.owner.uploads[self.path.removeprefix("/upload/")] = body
            self._reply({})

    def _body(self) -> bytes:
        size = int(self.headers.get("Content-Length") or 0)
        if size > MOST_BYTES:
            raise ValueError(f"{self.path}: {size} bytes, expected at most {MOST_BYTES}")
        body = self.rfile.read(size)
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _reply(self, answer: dict[str, Any]) -> None:
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
