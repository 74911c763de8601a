"""Tools whose answer needs nothing but their arguments and the moment: time, calculator, unit prices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.thinking.tools import unit_prices
from pipelines.thinking.tools.calculator import CannotCalculate, calculate
from pipelines.thinking.tools.clock import Now, in_words, moment

__all__ = ["NAMES", "Now", "answer"]

NAMES = ("time_now", "calculate", "compare_unit_prices")


def answer(name: str, args: Mapping[str, Any], now: Now) -> tuple[str, str]:
    """What the model is told, and "" or "failed". `args` have passed the tool's schema. Raises KeyError for a name that
    is not in NAMES."""
    if name == "time_now":
        at = moment(now)
        return (in_words(at), "") if at else ("The time is not known: no clock was read at the start.", "failed")
    if name == "calculate":
        expression = args["expression"].strip()
        try:
            return f"{expression} = {calculate(expression)}", ""
        except CannotCalculate as problem:
            return str(problem), "failed"
    if name == "compare_unit_prices":
        return unit_prices.compare(args["items"]), ""
    raise KeyError(name)
