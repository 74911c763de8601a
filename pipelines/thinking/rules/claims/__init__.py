"""The claims that are not spoken, a table for each topic, and the line that is spoken instead.

Each table has two halves: claims that are stopped whatever was asked, and wider ones that are stopped where the
question is about the topic ("it's clear", "go ahead", "two").

rule.py      what a table is, and how it is matched
symbols.py   the words that it is matched against
phrases.py   pieces of patterns that the tables share

The tables: road.py, allergens.py, medicine.py, health.py, hazard.py.
"""

from __future__ import annotations

from pipelines.thinking.rules.claims.allergens import ALLERGEN, PRESENT
from pipelines.thinking.rules.claims.hazard import HAZARD
from pipelines.thinking.rules.claims.health import HEALTH
from pipelines.thinking.rules.claims.medicine import DOSE
from pipelines.thinking.rules.claims.road import ROAD
from pipelines.thinking.rules.claims.rule import Rule
from pipelines.thinking.rules.claims.symbols import normal

RULES = (ROAD, ALLERGEN, DOSE, HEALTH, HAZARD)

__all__ = ["ALLERGEN", "DOSE", "PRESENT", "ROAD", "RULES", "Rule", "normal"]
