"""Which turns are nobody's business: told from the words asked, and from the text in the picture.

A turn about health or private papers goes to no model whose vendor learns from what it is sent (`chain`). Here only the
words are judged, by two tables each. A false alarm costs a choice of model; a miss costs the wearer a secret. So in
doubt a turn is private, but everyday words that only look alike ("private parking", "tablet computer", "bowling pins")
are not in doubt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipelines.events import TextLine

_HEALTH: Final = (
    r"medicines?|medications?|medicaments?|pills?|prescri(?:bed|ption)s?|dosages?|overdos(?:e|ed)|side effects?",
    r"antibiotics?|antidepressants?|painkillers?|ibuprofen|paracetamol|acetaminophen|aspirin|insulin|inhaler|statins?",
    r"(?:sleeping|another|two|three|\d+ ?mg|milligrams?|take (?:a|one|this|my)|my heart) tablets?",
    r"pregnan(?:t|cy)|miscarriage|abortion|contracepti(?:ve|on)s?|fertility|menopause",
    r"hiv|std|sti|chlamydia|syphilis|herpes|cancer|tumou?rs?|chemotherapy|leuka?emia|dementia|alzheimer's",
    r"diabet(?:es|ic)|asthma|epilep(?:sy|tic)|blood (?:pressure|sugar|test|type|count)|cholesterol|autism|adhd",
    r"therap(?:y|ist)s?|psychiatrist|psychologist|psychotherapy|depression|suicid(?:e|al)|self-harm|panic attacks?",
    r"(?:i am|i'm|i feel|feeling|she's|he's|so) (?:depressed|suicidal|sick|ill|feverish|dizzy|nauseous)",
    r"i(?:'m| am) (?:\w+ )?allergic|my allerg(?:y|ies)|anaphyla(?:xis|ctic)",
    r"my (?:doctor|gp|gyna?ecologist|dentist|nurse|period|rash|lump|mole|wound|fever|headaches?|bleeding|weight)",
    r"my (?:symptoms?|diagnosis|illness|disease|condition|surgery|x-ray|mri|ecg|bowels?|heart rate)",
    r"(?:diagnosed|infected) with|(?:lab|test|biopsy|scan) results?",
    r"medical (?:records?|reports?|letter|history|condition)",
    r"mental health|health insurance|disab(?:led|ility) (?:card|pass|benefits?)|(?:is|looks?) (?:it|this) infected",
)
# Machines have these as well.
_HEALTH_UNLESS_MACHINE: Final = (r"symptoms?|diagnos(?:is|es|ed)|treatments?|virus(?:es)?|infect(?:ion|ed)s?|doses?",)
_MACHINE: Final = (
    r"cars?|engines?|motors?|batter(?:y|ies)|boilers?|computers?|laptops?|phones?|printers?|routers?|brakes?",
    r"machines?|software|windows|website|pumps?|bikes?|fridges?|wood|lawn|water treatment|heating|coffee|paint",
)

_PRIVATE: Final = (
    r"(?:bank|account|card|credit card) (?:statements?|balance|numbers?|details)|iban|sort code|account numbers?",
    r"my (?:credit|debit|bank|id|identity|insurance) cards?|cvv|cvc|security code|my (?:bank|account|savings|debts?)",
    r"pin (?:code|number)|(?:my|card|bank|sim|phone|door|enter (?:the|your)|type (?:the|your)) pin",
    r"passwords?|passcodes?|passphrases?|pass code|recovery (?:codes?|phrase)|seed phrase|one-time code|my login",
    r"(?:passport|licen[cs]e|social security|national insurance|tax|id|insurance) numbers?|my (?:passport|visa|id)",
    r"my (?:salary|wages?|pay ?slips?|tax(?:es)?|tax return|income|diary|journal|will|lawyer|divorce|date of birth)",
    r"pay ?slip|tax return|date of birth|my (?:home )?address|my (?:phone|mobile) number",
    r"(?:this|it|that|this one|everything here)(?: is|'s) (?:strictly |very )?(?:private|confidential|secret)",
    r"keep (?:this|it|that) (?:private|confidential|secret|to yourself|between us)|in private|in confidence|privately",
    r"(?:private|confidential) (?:question|matter|letter|message|conversation|thing|photos?|papers?|documents?)",
    r"between (?:you and me|us|ourselves)|confidentially|strictly confidential|private mode",
    r"(?:don't|do not|never) (?:share|show|send|pass on|forward|upload|publish)(?: \w+)? (?:this|that|it|them|anyone)",
    r"(?:don't|do not) tell (?:anyone|anybody|my \w+)",
)

# In a picture, the words of others: papers say what they are.
_HEALTH_PAPER: Final = (
    r"prescription|dosage|patient(?: name| no| id|:)|diagnosis|diagnosed|pharmac(?:y|ist) label|medical report",
    r"\d+ ?(?:mg|µg|mcg|ml) (?:film-coated |coated )?(?:tablets?|capsules?|pills?|injection)",
    r"(?:tablets?|capsules?) \d+ ?mg",
    r"take (?:one|two|\d+) (?:tablets?|capsules?|pills?)|active ingredient|pregnancy test|blood (?:test|count|group)",
    r"insulin|antibiotic|hiv|oncology|psychiatr(?:y|ic)|laboratory results?|ha?emoglobin",
)
_PRIVATE_PAPER: Final = (
    r"iban|account (?:no|number|statement|balance)|bank statement|statement of account|sort code|cvv|cvc",
    r"passport|identity card|driving licen[cs]e|social security|national insurance|date of birth|tax return|pay ?slip",
    r"password|passcode|pin code|your pin|recovery (?:code|phrase|key)|confidential|valid thru|expires end",
    r"[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){3,7}(?: ?[a-z0-9]{1,4})?",  # an IBAN, whatever stands before it
    r"\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}",  # a payment card
)


def _any(rules: Sequence[str]) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(rules) + r")(?!\w)")


_SAID: Final = (("health", _any(_HEALTH)), ("private", _any(_PRIVATE)))
_SEEN: Final = (("health", _any(_HEALTH_PAPER)), ("private", _any(_PRIVATE_PAPER)))
_EITHER: Final = _any(_HEALTH_UNLESS_MACHINE)
_ABOUT_MACHINES: Final = _any(_MACHINE)
_BARE_PIN: Final = re.compile(r"\b(?:PIN|AIDS)\b(?!S)")  # in capitals only: pins hold maps, and aids help
_SKY: Final = re.compile(r"\btropic of cancer\b|\bcancer (?:is a |the )?(?:zodiac|horoscope|star sign|constellation)\b")


def private_reason(text: str, lines: Sequence[TextLine] = ()) -> str:
    """Why this turn is nobody's business: "health", "private", or "". `text`: what the wearer said; `lines`: what was
    read in the picture that goes with it."""
    said = _plain(text)
    for reason, rules in _SAID:
        if rules.search(said):
            return reason
    if _EITHER.search(said) and not _ABOUT_MACHINES.search(said):
        return "health"
    if found := _BARE_PIN.search(text):
        return "private" if found.group() == "PIN" else "health"
    seen = _plain("\n".join(line.text for line in lines))
    return next((reason for reason, rules in _SEEN if rules.search(seen)), "")


def _plain(text: str) -> str:
    return _SKY.sub(" ", " ".join(text.replace("’", "'").lower().split()))
