"""Sessions: random tokens kept as hashes, with an end, surviving a restart of the web process."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.accounts.core import user_from_json, user_to_json
from appliance.accounts.files import write_private
from appliance.accounts.permission import User

TOKEN_BYTES = 32
MAX_SESSIONS = 256
MAX_PER_USER = 64
DEFAULT_IDLE_S = 3600.0
DEFAULT_ABSOLUTE_S = 7 * 86_400.0
MAX_AGENT = 256
TOUCH_S = 30.0
"""How exactly the last use is known; finer would write the file for every request."""
_VERSION = 1
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Session:
    """One signed-in browser; `id` names it in logs and to other code, the token never does.

    Times are UTC seconds since 1970.  `agent` is what the browser says it is.
    """

    id: str
    user: User
    address: str
    created: float
    used: float
    agent: str = ""
    ended: bool = False


class Sessions:
    """All sessions of the box; in memory, bounded, saved by `save` when `changed`.

    `wall` is UTC seconds.  A session ends after `idle_s` without a request (or an open page, see
    `touch`), after `absolute_s` in any case, and when its account changes.
    """

    def __init__(
        self,
        path: Path,
        *,
        wall: Callable[[], float],
        idle_s: float = DEFAULT_IDLE_S,
        absolute_s: float = DEFAULT_ABSOLUTE_S,
    ) -> None:
        self._path = path
        self._wall = wall
        self.idle_s = idle_s
        self.absolute_s = absolute_s
        self.open_page_counts = True
        """Whether a page that is left open counts as use; if not, the page watches for idleness."""
        self._by_hash: dict[str, Session] = {}
        self._on_end: list[Callable[[Session], None]] = []
        self._on_change: list[Callable[[Session], None]] = []
        self.changed = False
        self.unsaved = False

    @property
    def now_s(self) -> float:
        """Return the time sessions go by, UTC seconds."""
        return self._wall()

    def on_end(self, callback: Callable[[Session], None]) -> None:
        """Call back whenever a session ends, for whatever reason."""
        self._on_end.append(callback)

    def on_change(self, callback: Callable[[Session], None]) -> None:
        """Call back whenever what the person of a session may do has changed."""
        self._on_change.append(callback)

    def create(self, user: User, address: str, agent: str = "") -> tuple[str, Session]:
        """Begin a session; return its token (for the cookie, stored nowhere) and itself."""
        self.sweep()
        self._make_room(user.name)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        now = self._wall()
        session = Session(secrets.token_hex(8), user, address, now, now, _plain(agent))
        self._by_hash[_hash(token)] = session
        self.changed = True
        return token, session

    def find(self, token: str, *, use: bool = True) -> Session | None:
        """Return the session of `token`, noting its `use`; None if it has ended."""
        session = self._by_hash.get(_hash(token))
        if session is None:
            return None
        if self._expired(session):
            self.end(session)
            return None
        if use:
            self._use(session)
        return session

    def touch(self, ids: Iterable[str]) -> None:
        """Note that somebody still looks at pages of these sessions."""
        wanted = set(ids)
        for session in self._by_hash.values():
            if session.id in wanted:
                self._use(session)

    def ends_in_s(self, session: Session) -> float:
        """Return in how many seconds a session is over however much it is used, 0 at least."""
        return max(0.0, session.created + self.absolute_s - self._wall())

    def others_of(self, session: Session) -> int:
        """Return how many more sessions its account has."""
        return sum(
            1
            for other in self._by_hash.values()
            if other is not session and other.user.name == session.user.name
        )

    def end(self, session: Session) -> None:
        """End one session, now."""
        for key, other in list(self._by_hash.items()):
            if other is session:
                del self._by_hash[key]
                session.ended = True
                self.changed = True
                for callback in self._on_end:
                    callback(session)

    def follow(self, users: Mapping[str, User], *, but: Collection[str] = ()) -> None:
        """Take over what `users`, those who may be signed in now, may do.

        Sessions of others end, and those of an older generation; those of the ids `but` go on.
        """
        for session in list(self._by_hash.values()):
            user = users.get(session.user.name)
            if user is None or (
                user.generation != session.user.generation and session.id not in but
            ):
                self.end(session)
            elif user != session.user:
                session.user = user
                self.changed = True
                for callback in self._on_change:
                    callback(session)

    def sweep(self) -> None:
        """End what has expired."""
        for session in list(self._by_hash.values()):
            if self._expired(session):
                self.end(session)

    def by_id(self, wanted: str) -> Session | None:
        """Return the session of an id, None if there is none (any more)."""
        return next((s for s in self._by_hash.values() if s.id == wanted), None)

    def all(self) -> list[Session]:
        """Return the sessions there are, oldest first."""
        return sorted(self._by_hash.values(), key=lambda session: session.created)

    def save(self) -> None:
        """Write the file (blocking).  Raises OSError."""
        self.changed = False
        try:
            write_private(self._path, self._encode())
        except OSError:
            self.changed = True
            raise

    def load(self) -> None:
        """Read the file; what cannot be read is left out: those people sign in again."""
        try:
            document = json.loads(self._path.read_bytes())
            entries = document["sessions"] if document["version"] == _VERSION else []
            for entry in entries[:MAX_SESSIONS]:
                self._by_hash[str(entry["hash"])] = _decode(entry)
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.warning("Sessions cannot be read, people sign in again: %s", error)
        self.sweep()

    def _use(self, session: Session) -> None:
        now = self._wall()
        if abs(now - session.used) >= TOUCH_S:
            session.used = now
            self.changed = True

    def _expired(self, session: Session) -> bool:
        now = self._wall()
        session.created = min(session.created, now)  # a clock set back lets nobody stay for ever
        session.used = min(session.used, now)
        return now - session.used > self.idle_s or now - session.created > self.absolute_s

    def _make_room(self, name: str) -> None:
        own = [session for session in self.all() if session.user.name == name]
        for session in own[: max(0, len(own) - MAX_PER_USER + 1)]:
            self.end(session)
        while len(self._by_hash) >= MAX_SESSIONS:  # of whoever has most: a few cannot oust others
            held = Counter(session.user.name for session in self._by_hash.values())
            self.end(max(self.all(), key=lambda session: held[session.user.name]))

    def _encode(self) -> bytes:
        sessions = [
            {
                "hash": key,
                "id": session.id,
                "user": user_to_json(session.user),
                "address": session.address,
                "created": session.created,
                "used": session.used,
                "agent": session.agent,
            }
            for key, session in list(self._by_hash.items())
        ]
        return json.dumps({"version": _VERSION, "sessions": sessions}).encode()


def csrf_token(token: str) -> str:
    """Return what a page sends with each change: derived, so that nothing more has to be kept."""
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _plain(agent: str) -> str:
    """Return what a browser says it is as text: headers may hold bytes that are none."""
    return agent[:MAX_AGENT].encode("utf-8", "replace").decode()


def _decode(entry: Mapping[str, Any]) -> Session:
    return Session(
        id=str(entry["id"]),
        user=user_from_json(entry["user"]),
        address=str(entry["address"]),
        created=float(entry["created"]),
        used=float(entry["used"]),
        agent=_plain(str(entry.get("agent", ""))),
    )
