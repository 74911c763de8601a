"""While a replay runs, an undeclared source of non-determinism stops it, with the place named.

    with declared_only():
        loop.run_until_complete(session)

Every source in `companion.guard_sources` (clocks, dice, sockets, threads, processes) is replaced by a stand-in, in its
own module and wherever another module outside the standard library took it by name (`from time import monotonic`). A
stand-in lets other threads, and callers on the allow-list, have the real thing; for the guarded thread it raises
`Undeclared`. Should somebody swallow that, the end of the `with` raises it again: the first one is the cause of all
that came after. Nothing is replaced once no replay runs any more, whatever happened.

Replaying costs nothing by this but two passes over the modules' names: no event goes through the guard.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import FrameType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from companion.guard_sources import ALLOWED, Source, calendar, guarded_sources

_get_ident = threading.get_ident
_OURS = ("companion", "pipelines", "recordings")


class Undeclared(RuntimeError):  # noqa: N818 - reads as what it says: an undeclared source
    """Something asked for a value that another run would not get again. `file`, `line`, `function`: where in code that
    is not the standard library's; `via`: the standard module that asked on its behalf, or ""."""

    def __init__(self, source: Source, file: str, line: int, function: str, via: str = "") -> None:
        self.called, self.file, self.line, self.function, self.via = source.called, file, line, function, via
        by = f" (by way of {via})" if via else ""
        super().__init__(
            f"{source.called}(){by} was called in {file}, line {line}, in {function}: a replay cannot give the same "
            f"value again, so it stopped. {source.way_out}"
        )


class Guard:
    """The guard of one thread. `first`: what was caught first, None if nothing was."""

    def __init__(self) -> None:
        self.first: Undeclared | None = None
        self._depth = 0
        self._declared = 0

    @contextmanager
    def declared(self, reason: str) -> Iterator[None]:
        """What the replay itself does on purpose, e.g. start an engine whose result it orders itself."""
        if not reason:
            raise ValueError("say why this may ask what a replay may not: guard.declared('…')")
        self._declared += 1
        try:
            yield
        finally:
            self._declared -= 1

    def _catch(self, source: Source, frame: FrameType) -> None:
        if self._declared:
            return
        found = _offence(source, frame)
        if found is not None:
            self.first = self.first or found
            raise found


@contextmanager
def declared_only() -> Iterator[Guard]:
    """Guard this thread until the end of the block. Within a block of the same thread it is the same guard."""
    me = _get_ident()
    with _LOCK:
        guard = _GUARDS.setdefault(me, Guard())
        guard._depth += 1
        if not _PATCHES.on:
            _PATCHES.put()
    failed: BaseException | None = None
    try:
        yield guard
    except BaseException as why:
        failed = why
        raise
    finally:
        with _LOCK:
            guard._depth -= 1
            ended = not guard._depth
            if ended:
                del _GUARDS[me]
            if not _GUARDS:
                _PATCHES.take_away()
        # Swallowed on its way, or the reason why something else failed: either way it comes first.
        if ended and guard.first is not None and failed is not guard.first:
            raise guard.first from None


@contextmanager
def declared(reason: str) -> Iterator[None]:
    """As `Guard.declared` of this thread's guard; nothing if the thread is not guarded."""
    guard = _GUARDS.get(_get_ident())
    if guard is None:
        yield
        return
    with guard.declared(reason):
        yield


# ------------------------------------------------------------------------------------------------------ who asked it


def _offence(source: Source, frame: FrameType | None) -> Undeclared | None:
    """What to raise for this call, None if it is allowed. Only ever runs for a guarded thread."""
    while frame is not None and _below(_module(frame), source.own):
        frame = frame.f_back
    if frame is None:
        return None
    asked = _module(frame)
    if any(_below(asked, (row.module,)) and source.called.startswith(row.called) for row in ALLOWED):
        return None
    place: FrameType | None = frame
    while place is not None and place.f_back is not None and _is_standard(_module(place)):
        place = place.f_back
    if place is None or _is_an_import(frame):
        return None
    code = place.f_code
    via = asked if place is not frame else ""
    return Undeclared(source, code.co_filename, place.f_lineno, code.co_qualname, via)


def _is_an_import(frame: FrameType | None) -> bool:
    """A library of others that is loaded now asks once in the life of a process, and no event depends on it."""
    while frame is not None and not _below(_module(frame), _OURS):
        if frame.f_code.co_name == "<module>" and frame.f_back is not None and _is_importer(frame.f_back):
            return True
        frame = frame.f_back
    return False


def _is_importer(frame: FrameType) -> bool:
    return _module(frame).startswith(("importlib", "_frozen_importlib"))


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _below(module: str, roots: tuple[str, ...]) -> bool:
    return any(module == root or module.startswith(f"{root}.") for root in roots)


def _is_standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names


# --------------------------------------------------------------------------------------------------------- stand-ins


def _check(source: Source, frame: FrameType) -> None:
    guard = _GUARDS.get(_get_ident())
    if guard is not None:
        guard._catch(source, frame)


def _stand_in(source: Source, real: Callable[..., Any]) -> Callable[..., Any]:
    harmless = source.harmless

    @wraps(real, updated=())
    def asked(*args: Any, **kwargs: Any) -> Any:
        guard = _GUARDS.get(_get_ident())
        if guard is not None and not (harmless is not None and harmless(args, kwargs)):
            guard._catch(source, sys._getframe(1))
        return real(*args, **kwargs)

    return asked


class _Patches:
    """Every stand-in and every place where it stands. For one thread at a time (`_LOCK`)."""

    def __init__(self) -> None:
        self.on = False
        self._made: list[tuple[Source, Any, Any, bool]] = []  # source, real, stand-in, whether its holder had it itself
        self._by_id: dict[int, tuple[Any, Any]] = {}  # id of the real thing or the stand-in -> (real, stand-in)
        self._names: WeakKeyDictionary[ModuleType, list[str]] = WeakKeyDictionary()  # where modules hold one

    def put(self) -> None:
        if not self._made:
            self._make()
        self.on = True
        for source, _, stand_in, _ in self._made:
            setattr(source.holder, source.name, stand_in)
        self._swap(to_stand_in=True)

    def take_away(self) -> None:
        if not self.on:
            return
        self._swap(to_stand_in=False)
        for source, real, _, own in reversed(self._made):
            if own:
                setattr(source.holder, source.name, real)
            else:
                delattr(source.holder, source.name)
        self.on = False

    def _make(self) -> None:
        stand_ins = [(s, _stand_in(s, getattr(s.holder, s.name))) for s in guarded_sources()]
        dates: list[tuple[Source, Any]] = list(calendar(lambda source: _check(source, sys._getframe(2))))
        for source, stand_in in [*stand_ins, *dates]:
            real = getattr(source.holder, source.name)
            self._made.append((source, real, stand_in, source.name in vars(source.holder)))
            if source.shared:
                self._by_id[id(real)] = self._by_id[id(stand_in)] = (real, stand_in)

    def _swap(self, to_stand_in: bool) -> None:
        """Replace what modules outside the standard library hold by name; modules loaded meanwhile are found too."""
        for name, module in list(sys.modules.items()):
            if not isinstance(module, ModuleType) or not type(module).__weakrefoffset__ or _is_standard(name):
                continue  # what has no weak references is made by native code and holds none of Python's names
            held = vars(module)
            names = self._names.get(module)
            if names is None:
                names = self._names[module] = [key for key, value in list(held.items()) if id(value) in self._by_id]
            for key in names:
                pair = self._by_id.get(id(held.get(key)))
                if pair is not None:
                    held[key] = pair[1] if to_stand_in else pair[0]


_LOCK = threading.RLock()
_GUARDS: dict[int, Guard] = {}  # by thread
_PATCHES = _Patches()
