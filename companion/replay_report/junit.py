"""A comparison as JUnit XML, for build servers: one test case a turn, and one a budget in a suite of its own.

A turn fails if anything in it differs. A turn in which all that differs is counterfactual is skipped, with the reason:
what the wearer would have said there, nobody knows.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Final

from companion.replay_report.text import said, turn_lines
from recordings.compare import BudgetResult, Comparison, TurnSummary
from recordings.run import turn_name
from recordings.saying import quoted

# What XML 1.0 cannot hold in any form: most control characters, lone surrogates, U+FFFE and U+FFFF. It holds a carriage
# return, but no reader gives it back.
_NO_XML: Final = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")


def junit(comparison: Comparison, name: str) -> str:
    """The report as one XML document. `name`: what was compared, usually the recording's file name."""
    suites = [_turns(comparison, name)]
    budgets = [result for result in comparison.timing if result.limit_ms is not None]
    if budgets:
        suites.append(_budgets(budgets, name))
    root = ET.Element("testsuites", {"name": _clean(name)})
    for counted in ("tests", "failures", "errors", "skipped"):
        root.set(counted, str(sum(int(suite.get(counted, "0")) for suite in suites)))
    root.extend(suites)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _turns(comparison: Comparison, name: str) -> ET.Element:
    suite = ET.Element("testsuite", {"name": _clean(f"{name}: decisions")})
    by_turn = comparison.by_turn()
    for turn in comparison.turns:
        case = ET.SubElement(suite, "testcase", {"classname": _clean(name), "name": _clean(_title(turn)), "time": "0"})
        if turn.counts.total:
            own = by_turn[turn.turn]
            kinds = "+".join(dict.fromkeys(d.cls for d in own if not d.counterfactual))
            failure = ET.SubElement(case, "failure", {"message": said(turn.counts), "type": kinds})
            failure.text = _clean("\n".join(turn_lines(turn, own, verbose=True)))
        elif turn.counterfactual.total:
            ET.SubElement(case, "skipped", {"message": f"counterfactual: {said(turn.counterfactual)}"})
    return _counted(suite)


def _budgets(results: list[BudgetResult], name: str) -> ET.Element:
    suite = ET.Element("testsuite", {"name": _clean(f"{name}: budgets")})
    for result in results:
        title = f"{result.name} {result.statistic}"
        case = ET.SubElement(suite, "testcase", {"classname": _clean(name), "name": _clean(title), "time": "0"})
        if not result.held:
            message = f"{result.new_ms} ms is more than {result.limit_ms:g} ms (old run: {result.old_ms} ms)"
            ET.SubElement(case, "failure", {"message": message, "type": "budget"}).text = message
        elif result.new_ms is None:
            ET.SubElement(case, "skipped", {"message": "no turn of the new run had this wait"})
    return _counted(suite)


def _counted(suite: ET.Element) -> ET.Element:
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", "0")
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    return suite


def _title(turn: TurnSummary) -> str:
    name = f"turn {turn_name(turn.turn)}" if turn.turn else "before the first turn"
    return f"{name} {quoted(turn.asked)}" if turn.asked else name


def _clean(given: str) -> str:
    """Any text as XML can hold it; what it cannot hold is shown by its code."""
    return _NO_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", given)
