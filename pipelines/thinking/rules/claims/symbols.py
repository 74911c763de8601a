"""The words that the tables are matched against: plain, with three words that stand for many."""

from __future__ import annotations

import re

from pipelines.thinking.rules.topics import ALLERGENS, plain

# The tables know three words for many: an allergen, a medicine (or a measure of one), an illness.
_MEDICINES = (
    r"(?:tablets?|pills?|capsules?|caplets?|doses?|drops|milligrams?|mg|micrograms?|millilitres?|ml|puffs?|"
    r"teaspoons?|tablespoons?|spoonfuls?|sachets?|lozenges?|suppositor(?:y|ies)|units of|"
    r"injections?|medicines?|medications?|painkillers?|ibuprofen|paracetamol|acetaminophen|tylenol|aspirin|"
    r"antibiotics?|insulin|syrup|antihistamines?|steroids?|statins?|sleeping pills?|"
    r"blood thinners?|warfarin|prescription)"
)
_ILLNESSES = (
    r"(?:(?!diploma|diagnosis|prognosis|hypnosis|osmosis|oklahoma|tacoma|sonoma|academia|nostalgia|sympathy|empathy|"
    r"telepathy|apathy)"
    r"\w{3,}(?:itis|oma|emia|aemia|pathy|osis|algia)|infections?|cancer|melanoma|tumou?rs?|cysts?|fractures?|"
    r"sprains?|diabetes|flu|influenza|covid(?:-19)?|pneumonia|migraines?|shingles|ringworm|scabies|"
    r"measles|chicken ?pox|eczema|psoriasis|rosacea|acne|hives|athlete's foot|fungus|warts?|herpes|lyme|allergic "
    r"reaction|heart attack|stroke|seizure|concussion|hypertension|high blood pressure|low blood "
    r"pressure|asthma|angina|depression|anxiety disorder|dementia|parkinson's|alzheimer's|epilepsy|sepsis|"
    r"appendicitis|disease|syndrome|disorder|ulcers?|hernia|abscess|frostbite|(?:first|second|third)[- ]degree "
    r"burn|heat ?stroke|food poisoning|blood clot|thrombosis|conjunctivitis|pink ?eye|cataracts?|glaucoma|impetigo|"
    r"lice|bed ?bug bites?|insect bite|tick bite|spider bite|skin condition|virus)"
)
_SYMBOLS = tuple(
    (re.compile(rf"\b{words}(?!\w)"), symbol)
    for words, symbol in ((f"(?:{ALLERGENS})", "zallergen"), (_MEDICINES, "zmed"), (_ILLNESSES, "zill"))
)


def normal(text: str) -> str:
    """Plain words, with each allergen, medicine and illness replaced by the tables' word for it."""
    words = plain(text)
    for pattern, symbol in _SYMBOLS:
        words = pattern.sub(symbol, words)
    return words
