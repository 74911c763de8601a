"""What an answer may know of its surroundings: the scribe it writes with, the options, and the session's memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from pipelines.events import UNKNOWN_DEVICE, Device, ModelInfo, ToolInfo
from pipelines.memory.mind import Mind
from pipelines.memory.reminders import Reminders
from pipelines.photos import Photos
from pipelines.scribe import Deadlines, Scribe
from pipelines.seeing.choice import ChoiceOptions
from pipelines.thinking import failures
from pipelines.thinking.budget import Budget
from pipelines.thinking.chain import Chain
from pipelines.thinking.history import History
from pipelines.thinking.options import Options
from pipelines.thinking.read_aloud import ReadAloud
from pipelines.thinking.tools.alarms import Alarms

UNUSABLE = frozenset({"no picture", "stale", "dark", "covered", "overexposed"})


@dataclass(frozen=True, slots=True)
class World:
    """Shared by reference with everything else in the session. `standing`: the mode that the wearer asked for until
    further notice; `tools`: what models may use now; `wall_clock`: local ISO time at t=0; `missing`: why there is no
    model, a kind of failure; `verbosity`: "short" or "long", if the wearer asked for that; `camera`: there is one;
    `read_aloud`: the text that was read last, and the place in it; `private`: nothing may leave this
    machine; `mind`: what is remembered beyond the session; `device`: what it says that it can do; `photos`: a
    camera that is asked for each picture; `reminders`: those that outlive the session."""

    scribe: Scribe
    options: Options
    choice: ChoiceOptions
    history: History
    chain: Chain
    budget: Budget
    alarms: Alarms
    tools: tuple[ToolInfo, ...]
    standing: str
    closed_vocabulary: bool
    wall_clock: str
    missing: str = ""
    verbosity: str = ""
    camera: bool = False
    read_aloud: ReadAloud = field(default_factory=ReadAloud)
    private: bool = False
    device: Device = UNKNOWN_DEVICE
    photos: Photos = field(default_factory=partial(Photos, Scribe(), Deadlines()))
    mind: Mind = field(default_factory=Mind)
    reminders: Reminders = field(default_factory=partial(Reminders, Scribe(), Alarms()))

    @property
    def model(self) -> str:
        """Name of the model that is asked first; "" = there is none."""
        return self.chain.models[0].name if self.chain.models else ""

    @property
    def askable(self) -> tuple[ModelInfo, ...]:
        """The models that may be asked now; if there is none, that will be told when one is asked."""
        here = tuple(model for model in self.chain.models if model.local)
        return here if self.private and here else self.chain.models

    def failure(self, kind: str) -> str:
        """What the wearer hears of a failure of this kind."""
        return self.budget.spoken(kind) if kind.startswith("budget_") else failures.spoken(kind)
