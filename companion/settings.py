"""The settings: one TOML file, environment over it, flags over both; errors name place, value and way out.

`earshot.toml` in the current folder, else in the user's configuration folder, else none: every setting has a default
that works. `EARSHOT_TURN__COMPLETE_SILENCE_MS=250` and `--set turn.complete_silence_ms=250` set the same thing.
Most sections are the option dataclasses of the rooms they steer, so a default and its reason stand in one place.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from companion.bridge.settings import BridgeSettings
from companion.clip.settings import ClipSettings
from companion.lan.settings import LanSettings
from companion.local.settings import LocalSettings
from companion.memory.settings import MemorySettings
from companion.push.settings import PushSettings, check_port
from pipelines.director import DirectorOptions
from pipelines.hearing.segmenter import SegmenterOptions
from pipelines.seeing.choice import ChoiceOptions
from pipelines.seeing.regions import Region, SendRules
from pipelines.thinking.options import (
    AttentionOptions,
    BudgetOptions,
    EchoOptions,
    LoadOptions,
    LookOptions,
    MemoryOptions,
    ModeOptions,
    Options,
    PlaceOptions,
    SpeakingOptions,
    ThinkingOptions,
    ToolOptions,
    TurnOptions,
)

FILE_NAME = "earshot.toml"
ENV_PREFIX = "EARSHOT_"
_OWN_VARIABLES = frozenset({"EARSHOT_CONFIG", "EARSHOT_DATA"})


class SettingsError(ValueError):
    """A setting is wrong. The message says where it stands, what it is, and what would be right."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where devices reach the companion."""

    host: str = "127.0.0.1"  # loopback: nobody else's device can ask; anything else: as `companion run --lan`
    port: int = 8484  # 0 = any free port
    token: str = ""  # "" = a new one at each start; printed, needed by every device
    max_sessions: int = 8
    resume_within_s: float = 30.0  # a device that was lost finds its session again; 0 = not over a new connection
    allowed_hosts: tuple[str, ...] = ()  # more names that the page may be opened by; this machine's own always may

    def __post_init__(self) -> None:
        check_port("server.port", self.port)


@dataclass(frozen=True, slots=True)
class HearingSettings:
    """What turns speech into words."""

    # "" = the best that was pulled, else the built-in one; a name ("base.en", "embedded"), or the folder of a
    # CTranslate2 Whisper model.
    model: str = ""
    threads: int = 1  # a second thread buys little on short utterances, and the sound needs a core


@dataclass(frozen=True, slots=True)
class ChoiceSettings:
    """Which frame is taken, as far as it can be set; the weights stand in `pipelines.seeing.choice`."""

    moment: str = "word"  # which frame is meant: by the words; "onset", "end": always that of the utterance
    stale_ms: int = 2000  # older than this before the word: the head has turned, say so instead of answering
    max_age_ms: int = 5000
    moving: float = 8.0  # mean luma difference at which a frame counts half for being in motion
    still: float = 0.3  # motion / contrast of a step that changes nothing: trembling, noise
    turned: float = 0.5  # sum of what is above `still` at which the view is another one; 0: looks do not end
    settle_ms: int = 300  # a word said while the head still turns means what it comes to rest on within this time


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """The models that questions go to. Without `use` and `base_url` there is none, and nothing leaves this machine."""

    use: tuple[str, ...] = ()  # names of profiles (`companion models`), the preferred one first, the others behind it
    profiles: str = ""  # a TOML file with more profiles; "" = models.toml beside the user's settings, if there is one
    allow_training: tuple[str, ...] = ()  # profiles that may be asked though their price is that the vendor learns
    # The keys from here on describe one model without a profile; it is asked before those of `use`.

    name: str = ""  # what it is called aloud and in the ledger; "" = the model's own name
    base_url: str = ""  # e.g. "http://localhost:11434/v1" (Ollama) or a vendor's
    model: str = ""
    key_env: str = ""  # name of the environment variable with the key; never the key itself
    first_text_s: float = 20.0
    between_text_s: float = 8.0
    image_detail: str = "high"
    plain_http: bool = False


@dataclass(frozen=True, slots=True)
class ToolSettings:
    """What models may use beside looking, reading, timers and arithmetic, which they always may."""

    on: bool = True  # False: models get no tools at all
    notes: bool = True
    sandbox: bool = True  # small programs, where the extra companion[sandbox] is installed
    search_url: str = ""  # your own search, e.g. "https://searx.example/search?q={query}&format=json"
    search_key_env: str = ""  # name of the environment variable with its key; never the key itself
    search_key_header: str = "authorization"  # the header that its key goes into
    mcp: dict[str, str] = field(default_factory=dict)  # name -> command line, or http address, of an MCP server
    mcp_permission: dict[str, str] = field(default_factory=dict)  # server or server.tool -> what it may do
    confirm_ms: int = ToolOptions().confirm_ms
    time_limit_ms: int = ToolOptions().time_limit_ms
    search_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordingSettings:
    """Every session is one file that replays."""

    on: bool = True
    folder: str = ""  # "" = the user's data folder
    keep_days: int = 30
    keep_gb: float = 10.0


@dataclass(frozen=True, slots=True)
class PrivacySettings:
    """What never leaves. Raises ValueError for a `blur_text` that is not known."""

    local_only: bool = False  # True: no connection leaves this machine, whatever else is set
    regions: tuple[Region, ...] = ()  # parts of every picture that are covered before it is sent, or keep it back
    blur_text: str = "off"  # "private": text that looks private is blacked out; "all": every text; each costs a reading

    def __post_init__(self) -> None:
        _ = self.rules

    @property
    def rules(self) -> SendRules:
        """What pictures are held against before they are sent."""
        return SendRules(self.regions, self.blur_text)


@dataclass(frozen=True, slots=True)
class CodeSettings:
    """What is known of bar codes."""

    table: str = ""  # your own table of products by EAN, a CSV file; "" = a bar code is told by its number


@dataclass(frozen=True, slots=True)
class Settings:
    """All of it."""

    server: ServerSettings = field(default_factory=ServerSettings)
    lan: LanSettings = field(default_factory=LanSettings)
    hearing: HearingSettings = field(default_factory=HearingSettings)
    segmenter: SegmenterOptions = field(default_factory=SegmenterOptions)
    turn: TurnOptions = field(default_factory=TurnOptions)
    attention: AttentionOptions = field(default_factory=AttentionOptions)
    echo: EchoOptions = field(default_factory=EchoOptions)
    load: LoadOptions = field(default_factory=LoadOptions)
    look: LookOptions = field(default_factory=LookOptions)
    choice: ChoiceSettings = field(default_factory=ChoiceSettings)
    speaking: SpeakingOptions = field(default_factory=SpeakingOptions)
    thinking: ThinkingOptions = field(default_factory=ThinkingOptions)
    modes: ModeOptions = field(default_factory=ModeOptions)
    budget: BudgetOptions = field(default_factory=BudgetOptions)
    tools: ToolSettings = field(default_factory=ToolSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    recording: RecordingSettings = field(default_factory=RecordingSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    codes: CodeSettings = field(default_factory=CodeSettings)
    bridge: BridgeSettings = field(default_factory=BridgeSettings)
    push: PushSettings = field(default_factory=PushSettings)
    clip: ClipSettings = field(default_factory=ClipSettings)
    local: LocalSettings = field(default_factory=LocalSettings)
    memory: MemorySettings = field(default_factory=MemorySettings)

    def director(self) -> DirectorOptions:
        """The part that the deciders need: with it and the happenings, a replay decides alike."""
        t = self.tools
        tools = ToolOptions(t.confirm_ms, t.time_limit_ms, t.search_hosts)
        general = Options(
            self.turn,
            self.look,
            self.speaking,
            self.thinking,
            self.modes,
            self.budget,
            tools,
            self.attention,
            self.echo,
            self.load,
            self.privacy.rules,
            places=PlaceOptions(self.memory.places),
            memory=MemoryOptions(self.memory.prompt_chars),
        )
        choice = ChoiceOptions(**asdict(self.choice))
        return DirectorOptions(general, self.segmenter, choice)

    def plain(self) -> dict[str, Any]:
        """As nested dicts, for the recording. The token and the key of RTMP are no part of it."""
        out = asdict(self)
        out["server"]["token"] = out["push"]["rtmp_key"] = ""
        return out

    @classmethod
    def from_plain(cls, data: Mapping[str, Any], source: str = "the recording") -> Settings:
        """Settings out of nested dicts; unknown keys of a later version are refused, missing ones get defaults."""
        built: Settings = _build(cls, data, source, {})
        return built


def data_folder() -> Path:
    """Where recordings and models are kept: $EARSHOT_DATA, else the platform's place for it."""
    if given := os.environ.get("EARSHOT_DATA"):
        return Path(given).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Earshot"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "earshot"


def recordings_folder(settings: Settings) -> Path:
    given = settings.recording.folder
    return Path(given).expanduser() if given else data_folder() / "recordings"


def load(path: Path | None = None, sets: Iterable[str] = (), env: Mapping[str, str] | None = None) -> Settings:
    """Settings from the file (given, or found), the environment and `section.key=value` strings; later ones win.

    Raises:
        SettingsError: names the file and line, the variable or the flag; the value; what is allowed.
    """
    env = os.environ if env is None else env
    file = path or _find(env)
    data: dict[str, Any] = {}
    where: dict[str, str] = {}
    if file is not None:
        data = _read(file, where)
    for name in sorted(env):
        if name.startswith(ENV_PREFIX) and name not in _OWN_VARIABLES and "__" in name:
            key = name.removeprefix(ENV_PREFIX).lower().replace("__", ".")
            _put(data, where, key, env[name], f"the variable {name}")
    for item in sets:
        key, sep, value = item.partition("=")
        if not sep:
            raise SettingsError(f"--set {item!r}: write it as section.key=value, e.g. turn.complete_silence_ms=250")
        _put(data, where, key.strip(), value.strip(), f"--set {item}")
    built: Settings = _build(Settings, data, str(file) if file else "the settings", where)
    return built


def changed(settings: Settings, sets: Iterable[str], source: str = "the settings") -> Settings:
    """These settings with some `section.key=value` put over them. Raises SettingsError as `load` does."""
    data, where = settings.plain(), dict[str, str]()
    for item in sets:
        key, sep, value = item.partition("=")
        if not sep:
            raise SettingsError(f"--set {item!r}: write it as section.key=value, e.g. turn.complete_silence_ms=250")
        _put(data, where, key.strip(), value.strip(), f"--set {item}")
    built: Settings = _build(Settings, data, source, where)
    return built


def _find(env: Mapping[str, str]) -> Path | None:
    if given := env.get("EARSHOT_CONFIG"):
        return Path(given).expanduser()
    config = Path(env.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "earshot" / FILE_NAME
    return next((p for p in (Path(FILE_NAME), config) if p.is_file()), None)


def _read(file: Path, where: dict[str, str]) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as why:
        raise SettingsError(f"{file}: cannot be read: {why}. Give another with --config FILE") from why
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as why:
        raise SettingsError(f"{file}: this is not TOML: {why}") from why
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(r"\s*\[([\w.\-]+)\]", line):
            section = match[1] + "."
            where[match[1]] = f"{file}, line {number}"
        elif match := re.match(r"\s*([\w\-]+)\s*=", line):
            where[section + match[1]] = f"{file}, line {number}"
    return data


def _put(data: dict[str, Any], where: dict[str, str], key: str, value: str, source: str) -> None:
    *sections, last = key.split(".")
    node = data
    for section in sections:
        node = node.setdefault(section, {})
        if not isinstance(node, dict):
            raise SettingsError(f"{source}: {section!r} is a value, not a section")
    node[last] = _Text(value)
    where[key] = source


class _Text(str):
    """A value from the environment or a flag: text that still has to become its type."""


def _build(cls: type[Any], data: Mapping[str, Any], source: str, where: Mapping[str, str], path: str = "") -> Any:
    hints = get_type_hints(cls)
    known = {f.name for f in fields(cls)}
    values: dict[str, Any] = {}
    for key, raw in data.items():
        full = f"{path}{key}"
        place = where.get(full) or source
        if key not in known:
            raise SettingsError(f"{place}: there is no setting {full!r}; known here: {', '.join(sorted(known))}")
        hint = hints[key]
        if is_dataclass(hint):
            if not isinstance(raw, Mapping):
                raise SettingsError(f"{place}: {full!r} is a section; write [{full}] and its settings below")
            values[key] = _build(hint, raw, source, where, f"{full}.")  # type: ignore[arg-type]
        else:
            values[key] = _convert(hint, raw, full, place)
    try:
        return cls(**values)
    except ValueError as why:
        raise SettingsError(f"{where.get(path.rstrip('.')) or source}: {why}") from why


def _convert(hint: Any, raw: Any, full: str, place: str) -> Any:
    try:
        return _value(hint, raw)
    except (ValueError, TypeError) as why:
        wanted = getattr(hint, "__name__", str(hint))
        raise SettingsError(f"{place}: {full} = {str(raw)!r} is not right: it takes {wanted} ({why})") from why


def _value(hint: Any, raw: Any) -> Any:
    text = isinstance(raw, _Text)
    if hint is bool:
        if isinstance(raw, bool):
            return raw
        if text and raw.lower() in {"true", "yes", "on", "1", "false", "no", "off", "0"}:
            return raw.lower() in {"true", "yes", "on", "1"}
        raise ValueError("true or false")
    if hint in (int, float):
        if isinstance(raw, bool) or (isinstance(raw, str) and not text):
            raise ValueError("a number, without quotes")
        if hint is int and isinstance(raw, float):
            raise ValueError("a whole number")
        return hint(raw)
    if hint is str:
        if not isinstance(raw, str):
            raise ValueError("text in quotes")
        return str(raw)
    if get_origin(hint) is dict:
        return _table(raw)
    if get_origin(hint) is tuple and is_dataclass(get_args(hint)[0]):
        return tuple(_record(get_args(hint)[0], item) for item in _listed(raw))
    if get_origin(hint) is tuple:
        items = raw.split(",") if text else raw
        return tuple(_value(get_args(hint)[0], _Text(i) if text else i) for i in items)
    raise TypeError(f"no setting can have the type {hint!r}")


def _listed(raw: Any) -> list[Any]:
    """A list of tables; from the environment or a flag it is written as in the file."""
    if isinstance(raw, _Text):
        try:
            raw = tomllib.loads(f"list = {raw}")["list"]
        except tomllib.TOMLDecodeError as why:
            raise ValueError(f"write it as in a TOML file: {why}") from why
    if not isinstance(raw, list | tuple):
        raise ValueError("a list of tables in square brackets")
    return list(raw)


def _record(cls: Any, raw: Any) -> Any:
    """One table of a list. Raises ValueError for keys that it has not, and for values that are wrong."""
    hints = get_type_hints(cls)
    if not isinstance(raw, Mapping):
        raise ValueError(f"a list of tables like {{ {next(iter(hints))} = … }}")
    if unknown := [str(key) for key in raw if key not in hints]:
        raise ValueError(f"there is no {unknown[0]!r} in it; known here: {', '.join(hints)}")
    if missing := [f.name for f in fields(cls) if f.default is MISSING and f.name not in raw]:
        raise ValueError(f"{missing[0]!r} is missing in it")
    return cls(**{key: _value(hints[key], value) for key, value in raw.items()})


def _table(raw: Any) -> dict[str, str]:
    if isinstance(raw, _Text):
        pairs = [p.split(":", 1) for p in raw.split(",") if p]
        if any(len(p) != 2 for p in pairs):
            raise ValueError("write it as name:value,name:value")
        return {k.strip(): v.strip() for k, v in pairs}
    if not isinstance(raw, Mapping):
        raise ValueError("a table")
    return {str(k): str(v) for k, v in raw.items()}
