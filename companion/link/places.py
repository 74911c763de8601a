"""Who is at which place: sessions by name, whose they are, and named places for devices that know only an address."""

from __future__ import annotations

import asyncio
import secrets

from companion.link.errors import Refused
from companion.link.settings import LinkSettings
from companion.link.tokens import ASKED_BY, OWNERS
from companion.link.wearer import NewSession, Wearer

RETRY_AFTER_S = 5


class Places:
    """Of one server. One device's session is nobody else's: what is asked for is held against `ASKED_BY`."""

    def __init__(self, settings: LinkSettings, new_session: NewSession, strict: bool) -> None:
        """`strict`: each device has a token of its own, and only so many sessions."""
        self._settings, self._new_session, self._strict = settings, new_session, strict
        self._sessions: dict[str, Wearer] = {}
        self._named: dict[tuple[str, str], str] = {}  # places by whose they are and name, to the session that is there
        self._holders: dict[str, str] = {}  # of each session: whose token began it; "" = our own code did
        self._stopping = False

    def __len__(self) -> int:
        """Those whose device is connected, and those that wait for theirs to come back."""
        return len(self._sessions)

    async def stop(self, reason: str) -> None:
        """Say goodbye to all; nobody comes any more."""
        self._stopping = True
        await asyncio.gather(*(wearer.close(reason) for wearer in self._sessions.values()))

    def place(self, resume: object = None) -> Wearer:
        """The place of a device that comes: in its earlier session, or a new one. Raises `Refused` if there is none."""
        if self._stopping:
            raise Refused(503, "stopping", "the companion is stopping", "start it again", retry_after_s=RETRY_AFTER_S)
        return self.known(resume) or self._another()

    def at(self, name: str) -> Wearer:
        """The wearer at this named place: for devices that know an address and no session's name. Whoever comes to a
        name goes on with the session that is there. Raises `Refused` if there is no room for a new one."""
        key = (ASKED_BY.get() or "", name)
        wearer = self._sessions.get(self._named.get(key, ""))
        if wearer is None or wearer.over:
            wearer = self.place()
            self._named[key] = wearer.session
        return wearer

    def listened(self, name: object) -> Wearer | None:
        """The session that one wants to listen to, by its name or its place's; an own place counts before one of the
        companion's own streams. None if it names none. Raises `Refused` if nobody is there."""
        own = (ASKED_BY.get() or "", str(name))
        return self.known(self._named.get(own if own in self._named else ("", str(name)), name))

    def known(self, name: object) -> Wearer | None:
        """The session that a device wants to go on with; None if it names none. Raises `Refused` if it is over."""
        if name is None or name == "":
            return None
        wearer = self._sessions.get(name) if isinstance(name, str) else None
        if wearer is None or wearer.over or not self._is_own(wearer.session):
            raise Refused(
                404,
                "no_such_session",
                f"there is no session {str(name)[:40]!r} any more",
                f"it ended, or its device was away for more than {self._settings.resume_within_s:g} s "
                "(server.resume_within_s): offer without the field resume for a new one; "
                "to listen, wait until somebody is there",
            )
        return wearer

    def _is_own(self, name: str) -> bool:
        """Whether who asks has begun this session; our own code may know them all. What the companion itself let in (a
        stream by RTMP, one that is fetched) is its owner's: of who has the token of its settings."""
        asked, holder = ASKED_BY.get(), self._holders[name]
        return asked in (None, holder) or (not holder and asked in OWNERS)

    def _another(self) -> Wearer:
        """A new session's place. Raises `Refused` if there is none."""
        if len(self._sessions) >= self._settings.max_sessions:
            raise Refused(
                503,
                "too_many_sessions",
                f"{len(self._sessions)} devices are here or expected back, and {self._settings.max_sessions} may be",
                "close one (another tab?), try again, or raise max_sessions in the settings",
                retry_after_s=RETRY_AFTER_S,
            )
        holder, own = ASKED_BY.get() or "", self._settings.max_sessions_of_one
        if holder and self._strict and list(self._holders.values()).count(holder) >= own:
            raise Refused(
                503,
                "too_many_sessions",
                f"this device has {own} sessions already",
                "close one (another tab?), or try again",
                retry_after_s=RETRY_AFTER_S,
            )
        name = secrets.token_urlsafe(9)
        self._holders[name] = holder
        wearer = self._sessions[name] = Wearer(name, self._settings, self._new_session, self._gone)
        return wearer

    @property
    def holders(self) -> set[str]:
        """Whose sessions there are, as `Tokens.holder` names them."""
        return set(self._holders.values())

    async def dismiss(self, holder: str, reason: str) -> None:
        """End this device's sessions."""
        own = [wearer for name, wearer in self._sessions.items() if self._holders[name] == holder]
        await asyncio.gather(*(wearer.close(reason) for wearer in own))

    def _gone(self, name: str) -> None:
        self._sessions.pop(name, None)
        self._named = {place: session for place, session in self._named.items() if session != name}
        self._holders.pop(name, None)
