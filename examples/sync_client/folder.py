"""Keeping a folder in step: what changed here goes there, what changed there comes here, and nothing is lost."""

from __future__ import annotations

import json
import re
from hashlib import sha256

from examples.sync_client.session import NotNow

NAME = re.compile(r"[\w][\w .()-]{0,99}")
"""What a file may be called: nothing that leads out of the folder, and no hidden one."""
IN_STEP = ".in-step.json"


class Files:
    """The resource server, asked with the session's access token; it says 401 and why once that is over."""

    def __init__(self, http, address, session):
        self.http, self.address, self.session = http, address, session

    def listed(self):
        """Which files there are, by their digests, and in which version of the whole."""
        return self._ask("GET", "/files").json()

    def wait(self, version, seconds):
        """Return when there is another version, or after so many seconds; a revoke is heard of within one."""
        self._ask("GET", f"/changes?after={version}&wait={seconds}", timeout=seconds + 20)

    def get(self, name):
        return self._ask("GET", f"/files/{name}").content

    def put(self, name, content, before):
        """False when somebody else was first."""
        return self._ask(
            "PUT", f"/files/{name}", content=content, headers={"if-match": f'"{before or ""}"'}
        ).is_success

    def delete(self, name, before):
        return self._ask("DELETE", f"/files/{name}", headers={"if-match": f'"{before}"'}).is_success

    def _ask(self, method, path, headers=None, **more):
        for is_last in (False, True):
            shown = {"authorization": f"Bearer {self.session.token()}"}
            answer = self.http.request(method, self.address + path, headers=(headers or {}) | shown, **more)
            if answer.status_code != 401 or is_last:
                break
            self.session.refused(answer.json().get("reason", "unknown"))
        if answer.status_code not in {200, 204, 404, 412}:
            raise NotNow(f"the files answered {answer.status_code}")
        return answer


def step(folder, files, say):
    """Bring both sides together once; returns the version of the other side that was seen.

    What both sides have had in common is written down for each file: only by that can a change be told from a lack.
    """
    there, here, common = files.listed(), seen_in(folder), _common(folder)
    for name in sorted({*here, *there["files"], *common}):
        mine, theirs, before = here.get(name), there["files"].get(name), common.get(name)
        if mine != theirs and theirs == before:
            now_there = mine if _send(folder, files, name, mine, before, say) else before
        elif mine != theirs:
            if mine not in {None, before}:
                _keep_aside(folder, name, say)
            now_there = theirs
            _fetch(folder, files, name, theirs, say)
        else:
            now_there = mine
        common[name] = now_there
    _remember(folder, {name: digest for name, digest in common.items() if digest})
    return there["version"]


def seen_in(folder):
    """The digest of each file that is kept in step."""
    return {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if NAME.fullmatch(path.name) and path.is_file() and not path.is_symlink()
    }


def _common(folder):
    try:
        return json.loads((folder / IN_STEP).read_text())
    except FileNotFoundError:
        return {}


def _remember(folder, common):
    fresh = folder / f"{IN_STEP}.new"
    fresh.write_text(json.dumps(common))
    fresh.replace(folder / IN_STEP)  # whole, or as it was: the program can be killed at any moment


def _send(folder, files, name, mine, before, say):
    path = folder / name
    if mine is None:
        is_done = files.delete(name, before)
    else:
        content = path.read_bytes() if path.is_file() else b""
        is_done = sha256(content).hexdigest() == mine and files.put(name, content, before)
    say(f"{'deleted there' if mine is None else 'sent'}: {name}" if is_done else f"changed meanwhile: {name}")
    return is_done


def _fetch(folder, files, name, theirs, say):
    if not NAME.fullmatch(name):
        return
    if theirs is None:
        (folder / name).unlink(missing_ok=True)
        say(f"deleted here: {name}")
        return
    fresh = folder / f".{name}.new"
    fresh.write_bytes(files.get(name))
    fresh.replace(folder / name)
    say(f"fetched: {name}")


def _keep_aside(folder, name, say):
    stem, dot, ending = name.rpartition(".")
    aside = f"{stem or name} (from here){dot}{ending if dot else ''}"
    (folder / name).replace(folder / aside)
    say(f"both have changed; the one from here is kept as: {aside}")
