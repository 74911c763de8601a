"""English words by what they are in questions and facts: data, and nothing else."""

from __future__ import annotations

from typing import Final

from pipelines.memory.english import KIN as _KIN


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# They say nothing of what is asked for.
EMPTY: Final = _words("""
a an the is are was were be been am being do does did doing done have has had having of to in on at for by with from
and or but so my mine your yours our ours his her hers their theirs its i me you we us he she they them him it this
that these those there here what where who whom whose when which how why will would can could should shall might must
may not no s t re ve m ll d please now still again any some just about as if than then too very also really exactly
ever one ones thing things something anything everything stuff got get gets getting into onto out up down off over
like around back need needs needed want wants wanted know knew remember remind tell told say said ask asked think
guess suppose let go goes going went gone come comes came make made take taken keep kept use used call called put
much many always usually currently supposed meant mean means oh ok okay yeah right well hey yes actually apparently
basically because cause cos since while though anyway etc erm um uh look see seen only other else each every all both
such more most less least lot lots bit kind sort type way own same able bloody
""")
# They name the kind of answer more than what it is about.
SOFT: Final = _words("number name code time date day place spot colour color size kind type order thing exact")
KIN: Final = _KIN | _words("""
mama nan gran granny nana grandad granddad mummy stepson stepdad stepmum stepmother stepfather hubby fiance fiancee
twin twins godson goddaughter grandson granddaughter grandchild grandkids
""")
SAME: Final[dict[str, str]] = {
    word: group.split()[0]
    for group in """
leave left leaving; put putting; lend lent lending borrow borrowed; hide hid hidden; keep kept; buy bought; meet met
eat ate eaten; drive drove driven; see saw seen; sell sold; give gave given; take took taken; pay paid; teach taught
write wrote written; wear wore worn; sleep slept; choose chose chosen; begin began begun; drink drank drunk
break broke broken; speak spoke spoken; find found; lose lost; hang hung; stick stuck; sit sat; stand stood
ring rang rung; run ran; swim swam; grow grew grown; fly flew flown; send sent; spend spent; hold held; hear heard
sing sang sung; ride rode; feed fed; get got; make made; do did done; go went gone; say said; tell told; build built
win won; foot feet; tooth teeth; child children kid kids; wife wives; knife knives; mother mum mom mummy mommy ma
father dad daddy papa; grandma granny gran nana nan grandmother; grandpa grandad granddad grandfather; colour color
grey gray; tv telly television; phone mobile telephone cell cellphone; car auto; bike bicycle; doctor gp doc
couch sofa settee; fridge refrigerator; flat apartment; holiday vacation; photo photograph picture
birthday born birth; password passcode passphrase; job work working works profession occupation
medicine medication meds pill pills tablet tablets; allergic allergy allergies; favourite favorite; umbrella brolly
vet veterinarian; mate friend buddy; husband hubby; rubbish trash garbage; bin bins; boss manager
specs glasses spectacles; wallet purse; backpack rucksack; trousers pants; cost price costs charge fee
live living lives residence
""".replace("\n", ";").split(";")
    if group.split()
    for word in group.split()
}  # fmt: skip
