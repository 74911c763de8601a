"""Rules for answers that could hurt: emergencies, roads, allergens, medicine, health, food and current.

They hold on our side, whatever a model says: `before` is spoken at once, without asking any model; `instruction` asks
the model nicely; `OutputRules` stands between its words and the voice and lets nothing through that it must not say.
`topics` tells from the question which of them matter.
"""

from __future__ import annotations

from pipelines.thinking.rules.output import OutputRules
from pipelines.thinking.rules.topics import TOPICS, before, instruction, topics

__all__ = ["TOPICS", "OutputRules", "before", "instruction", "topics"]
