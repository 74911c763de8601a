"""What a turn has seen that its wearer did not say: text in front of the camera, a tool's output, the web, memory.

Any of it may hold words that were written for the model, so a tainted turn asks before anything leaves or changes.
"""

from __future__ import annotations

from pipelines.events import Message, Remembered


class Taint:
    """`sources`, in the order in which they came: "camera", "tool:NAME", "web", "memory"; false while there are none.
    It only grows."""

    def __init__(self, *sources: str) -> None:
        self.sources: tuple[str, ...] = ()
        self.add(*sources)

    def __bool__(self) -> bool:
        return bool(self.sources)

    def add(self, *sources: str) -> None:
        self.sources = tuple(dict.fromkeys((*self.sources, *sources)))

    def add_messages(self, messages: tuple[Message, ...]) -> None:
        """What the messages of a query hold: pictures and tools' answers. Text is not looked into."""
        for message in messages:
            if message.frame_id > 0 or message.views:
                self.add("camera")
            if message.role == "tool":
                self.add(of_tool(message.name))

    def add_turn(self, turn: Remembered) -> None:
        """What an earlier turn brings along, whose words are in the query again."""
        if turn.views or turn.lines or turn.codes or turn.caption:
            self.add("camera")
        if turn.sources or turn.links:
            self.add("web")


def of_tool(name: str) -> str:
    """The source that a tool's output is."""
    return "web" if name == "web_search" else f"tool:{name}"
