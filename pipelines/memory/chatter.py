"""Small talk: the words it is made of, and how much of a sentence is none. Who remarks on the weather, the queue or how
they feel says little that could be asked for later, however long the sentence is."""

from __future__ import annotations

import re
from typing import Final

from pipelines.memory.english import EMPTY
from pipelines.memory.facts import stem

_WORDS: Final = """
absolutely actually again ah air all alright always amazing announcement another anything anyway aren't awake away
awful back bad barbecue be beautiful been bench better big birds bit bless blimey blind blue boiling boring bother
bouncing boy brave breath bring bus buses busy cars chair change child children chilly clear clever cloud clouds
cloudy coat coffee cold come coming cooler could couldn't crazy crowd cup cute dark darn day days dear definitely
didn't doesn't dog dogs doing don't done door driving dry dumb ears easy else end enough even ever every everybody
everyone everything exhausted eyes far fast feel feeling feels feet fella few film finally fine first flat floor fog
for forever freezing fresh friday full fun funny gas getting go god goes going gone good goodness gorgeous got grand
great grumble guess guests guy had half hand hang happened happy hard hardly has haven't head hear heaven heavy hello
help here hers him his holiday home honest honestly hope horrible hot hour how hungry hurry hurts i'm idea in
interesting isn't it's jelly joke just kids kind know lady last late later laugh laughing leave legs less let lift
light like line listen little long longer look looking looks lot loud lovely low luck make makes man many marvellous
matter maybe me mean meeting mind minute missing moment monday mondays mood more morning most move moving much muddy
murder music must myself na need neither never next nice night no nobody noise not nothing notice now odd off oh okay
old on once one onion only other out over packed pain people perfect perhaps phew place play playing please poor
pretty probably quick quiet quite rain raining rains rather ready real really relaxing relief rest right road rotten
rubbish sad salt sat sausage scream season second see seems shame shattered short should show shut sick sight silly
sit sky sleep slow small smell smelled smells smelly snow so some somebody someone something sometimes somewhere soon
sorry sort sound sounds spring stairs stand standing stay still stop street stuff stupid such summer sun sunny sunset
sunshine sure swear take takes talk talking tea telly thanks that there they thing things think thinking this though
thought throbbing time times tired today tonight too town traffic train trees turbulent turn typical ugh usual view
wait waiting walk walking wall walls want warm waste watch water way weather weekend weird well wet what whatever
whole wind window windy winter wish woman won't wonder wonderful work working world worse worst would wow wrong yeah
year years yes yet young
"""
CHATTER: Final = frozenset(stem(word) for word in _WORDS.split())


def specific(text: str) -> int:
    """How many different words of it could be asked for later."""
    words = re.findall(r"[\w-]+(?:'t)?", re.sub(r"'(?!t\b)\w+", "", text.lower().replace("’", "'")))
    return len({stem(word) for word in words if word not in EMPTY and len(word) > 1} - CHATTER)
