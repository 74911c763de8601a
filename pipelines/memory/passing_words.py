"""English words by what they are for a statement made in passing: data, and nothing else."""

from __future__ import annotations

from typing import Final

from pipelines.memory.english import CODES, KIN


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PREPOSITIONS: Final = _words("""
in on at under underneath beneath behind beside besides by near inside outside above below over between opposite round
around against with upstairs downstairs next across along atop within
""")
PLACED: Final = _words("""
here there home left right off back up down out away
""")
PUTTING: Final = _words("""
left put parked hid stuck stashed dropped chained tucked shoved popped chucked locked moved reparked stored packed
placed laid stowed hung shifted propped leant leaned buried stacked slipped wedged dumped bunged plonked keep
kept park
leave store stash hide hang put lock
""")
LIVING: Final = _words("""
lives live sits sit stays stay hangs hang goes go stands stand lies lie belongs belong sleeps
""")
TIMING: Final = _words("""
opens open closes close shuts shut starts start begins begin ends end finishes finish leaves leave departs arrives
arrive runs run expires comes come gets goes go lands boards turns happens falls meets meet stops wakes feeds
""")
COSTING: Final = _words("""
costs cost charges charge owes owe weighs weigh earns pays pay measures takes needs
""")
TELLING: Final = _words("""
likes like loves love hates hate prefers prefer enjoys adores adore detests collects collect plays play studies study
teaches teach speaks speak drives drive works work wears wear eats eat drinks drink supports owns own uses use takes
take has have had needs need rides keeps breeds sings manages runs feeds waters moved married borrowed lent has've
""")
HOLDING: Final = _words("""
has have got borrowed lent gave holds holding
""")
BEING: Final = _words("is are was were am")
HEALTH: Final = _words("""
allergic vegan vegetarian diabetic coeliac celiac pescatarian halal kosher lactose gluten intolerant deaf blind
epileptic asthmatic pregnant dyslexic colourblind teetotal retired married divorced engaged single widowed
""")
# Things that lie, stand and move in any picture: where they are is told of the picture, not of one's own.
SCENE: Final = _words("""
door doors exit entrance sign signs light lights dog dogs man woman men women guy lady boy girl person people
child bus
buses train tram trams taxi road street pavement wall walls window windows table cup glass plate bottle chair bench
shelf screen button text word words picture image line arrow one ones thing building buildings tree trees
stairs lift elevator
escalator toilet toilets counter queue crossing sky sun moon floor ceiling corner box ball lamp photo camera
menu price
answer question food soup film movie music song traffic weather view end start bird birds car's water menu waiter
""")
# What somebody owns, uses, or has to find again: worth keeping without "my".
POSSESSIONS: Final = _words("""
car van bike bicycle scooter motorbike key keys keyring wallet purse passport ticket tickets umbrella phone glasses
sunglasses bag suitcase backpack rucksack luggage laptop charger headphones earphones torch cash money
documents papers
folder stopcock fusebox boiler meter kit medicine medicines pills tablets inhaler ladder drill tools toolbox
tent spare
spares recycling bins bin lead leash battery batteries remote locker seat room hotel flat apartment gate platform
dentist doctor optician vet physio plumber landlord landlady cleaner boss neighbour neighbor appointment meeting
interview lesson lessons class practice rehearsal exam wedding party flight insurance rent deposit password wifi code
pin combination number order reference booking reservation desk office pushchair buggy pram stroller wheelchair cane
stick crutches hearing aid aids hat scarf gloves coat jacket boots shoes towels charger adapter cable lens lenses
""")
# Of no bare "X is Y" is anything kept if Y is one of these: how it is just now.
PASSING: Final = _words("""
great good nice lovely beautiful fine bad terrible awful rubbish cold hot warm freezing big small heavy
expensive cheap
slow fast amazing dirty wet dry here there over dead gone lost late wrong right ready full empty sore open shut closed
broken tired hungry thirsty happy sad sick busy delayed cancelled boring funny weird strange dark bright loud quiet
blurry clear green red done finished hard easy true false enough crazy mad perfect horrible gorgeous delicious
ok okay cute
stupid silly far close soon coming going killing standing walking talking running wearing looking sleeping crying
""")
PRONOUNS: Final = _words("""
it this that these those there he she they you who what which here i'll we'll someone somebody everyone everybody
nobody no-one nothing everything something anyone it's that's there's here's one both all some
""")
# What begins a request, a question, a hypothesis or a report.
NO_STATEMENT: Final = _words("""
what where who whom whose which when how why what's where's who's when's how's do does did is are was were can could
would will should shall may might must have has had if whether unless although though while because since let let's
tell give read show find describe turn stop start play call send open close look take set make add delete forget
remind remember note write search translate count repeat say speak help please don't do go come wait get bring check
explain compare scan zoom continue imagine suppose maybe perhaps probably hopefully thanks thank sorry excuse hello hi
hey good dear sir madam once yes no never
""")
# What begins an order that is no statement, or points at something.
BIDDING: Final = _words("""
these those a an spell name wake define calculate convert draft sing suggest recommend flip roll pick choose switch
multiply divide subtract work order increase decrease lower raise mute unmute pause resume skip book text message
email google look summarise summarize rephrase rewrite correct solve guess identify recognise recognize whatever
another whichever snap measure navigate guide lead walk turn louder quieter pretend act test fetch hand pass speed
slow zoom focus point tap warn alert watch keep save store finish begin continue cancel snooze schedule put make
recite teach think round estimate outline brainstorm invent compose quiz entertain cheer surprise amuse distract
advise update run sum express state type enter dial phone ping notify post film record crop rotate brighten dim close
lock unlock connect disconnect pair restart reboot charge enable disable activate change adjust reset prove simplify
rank sort classify rate review plan design build create generate produce share print copy paste pull bring buy order
reserve cook bake
""")
# Said of somebody else's words, or of what is not so.
REPORTED: Final = _words("""
said says told tells asked asks wrote writes thinks thought heard read reads wish wished wonder wondered hope hoped
guess would could should might may seems seemed looks looked sounds smells tastes feels
""")
NOW: Final = _words("""
now still just always usually normally actually currently also only really already mostly generally apparently
both all
""")
DETERMINERS: Final = _words("my our the a an that this these those another any")
OWN: Final = _words("my our")
ME: Final = _words("i we")
# Who says one of these asks, bids, supposes, or speaks to somebody.
ASKING: Final = _words("""
what where when which whose whom anything how why should could would might shall please you your you're you'll
you've yours if sir madam maybe perhaps
""")
HINDERED: Final = _words("can't cannot doesn't don't never won't didn't")
STATES: Final = _words("""
called named kept parked hidden stored locked due staying living hanging sitting left meeting flying leaving arriving
seeing booked working chained based born coming buried tucked getting
""")
LIKING: Final = _words("like love hate adore enjoy")
HABITS: Final = _words("""
take drink eat use wear catch sit park need have order get see go work live play drive own sleep swim run
""")
GIVING: Final = _words("lent gave owe borrowed lend promised")
BODY: Final = _words("""
head foot feet leg back arm hand hands knee heart stomach mind life day eyes hair god turn
""")
PEOPLE: Final = KIN | _words("""
lady man woman guy kids granddad grandad gran granny nan nephew landlord landlady roommate flatmate manager
dentist doctor
vet plumber physio therapist lawyer accountant builder gardener cleaner teacher tutor coach
""")
CODED: Final = CODES | _words("number size wifi locker seat room gate platform row ward table desk")
