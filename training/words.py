"""Words and sentence patterns for everything that is not a phrase of the vocabulary; data only."""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return text.split()


COMMON_NOUNS = _words(
    """
    time day year person way thing world life hand part child eye woman man place work week case point company
    number group problem fact money month book water room mother area father friend power hour game end member
    law car city community name president team minute idea body information back parent face level office health
    art war history party result morning reason research girl guy moment air teacher force education foot boy
    age policy music market chair table window kitchen garden bottle paper phone ticket train bus station street
    corner bridge river mountain road shop store cheese bread butter milk coffee tea sugar salt pepper apple
    orange banana tomato potato chicken fish soup salad plate spoon knife cup glass bowl box bag shirt shoe
    jacket coat hat glove key lamp clock watch radio camera picture song dog cat horse bird sheep cow tree
    flower leaf grass stone sand cloud rain snow wind storm sun moon star doctor nurse captain sailor painter
    writer singer dancer driver pilot soldier farmer baker butcher lawyer judge neighbour uncle aunt brother
    sister cousin nephew husband wife baby hospital school church museum library theatre cinema airport harbour
    village castle palace tower island beach forest desert valley lake weather summer winter autumn spring
    birthday holiday journey letter message number question answer story table label sign menu price platform
    code door colour sentence page chapter paragraph headline address receipt total ingredient bottle packet
    switch button lever handle engine wheel brake battery cable charger printer keyboard screen mouse speaker
    headphone microphone blanket pillow mattress curtain carpet ceiling wall floor roof chimney fence gate
    hammer nail screw ladder bucket brush towel soap shampoo medicine tablet bandage temperature pressure energy
    science physics chemistry biology mathematics language grammar poetry novel thumb finger elbow shoulder knee
    ankle stomach heart brain tooth tongue throat cheek chin eyebrow whistle trumpet guitar violin drum piano
    orchestra concert festival parade football tennis hockey swimming cycling running medal prize trophy
    """
)
VERBS = _words(
    """
    make take give find use ask work seem feel try leave call keep let begin help show hear play run move live
    believe bring happen write sit stand lose pay meet include continue set learn change lead understand watch
    follow create open walk win teach offer remember consider appear buy serve die send build stay fall cut
    reach kill raise pass sell decide return explain hope develop carry break receive agree support hit produce
    eat cover catch draw choose cook wash clean close count cross drink drive drop fill fix fly fold forget grow
    guess hang hide hold hurt jump kick knock laugh lift lock miss mix order pack paint park pick point pour
    press pull push rest ride ring rise roll save search share shout shut sing sleep smell smile spend start
    swim taste throw touch train travel turn visit warm wear wish wonder
    """
)
ADJECTIVES = _words(
    """
    good new first last long great little own other old right big high different small large next early young
    important public bad same able best better sure free true whole human local late hard major strong possible
    real low happy serious ready simple left physical short cold dark warm heavy light clean dirty empty full
    soft loud quiet fast slow rich poor cheap expensive strange funny angry hungry thirsty tired sick healthy
    careful dangerous beautiful ugly bright narrow wide deep shallow round square flat sharp smooth rough wet
    dry sweet bitter sour salty fresh frozen broken wooden plastic golden silver yellow purple green orange
    black white grey brown pink blue red
    """
)
ADVERBS = _words(
    """
    now here there today tomorrow yesterday tonight soon later often never always sometimes quickly slowly
    carefully again away together outside inside upstairs downstairs almost certainly probably maybe perhaps
    usually
    """
)
NAMES = _words(
    """
    anna peter maria thomas sarah michael laura daniel emma robert julia martin sophie andrew helen george alice
    london paris berlin madrid vienna dublin boston chicago canada india japan africa monday tuesday friday
    sunday january april june august october
    """
)
NUMBERS = _words(
    """
    one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty
    hundred thousand half quarter
    """
)
SHORT_SOUNDALIKES = _words(
    """
    top shop step stock stuff stoop stomp store start stick drop weight late white wet waste weigh want went
    what bait gate gain game gone green grain pain a bit against agony lesson yet yeah guess chess less best
    jess nose low snow toe show mow grow nor nine louder than chowder powder ladder lighter later quite quiet
    riot diet fire wire slow sliver silver slower than flower floor master fasten last foster past her fast food
    hello yellow fellow mellow jello okra oak hey you day say hay tank blanket drink wakes walk cup make up
    break up woke go in gone going on so on grow on never ever clever mine mind line nine fine wine sign spine
    lime time next nicest text nets repeat rewind pause play back begin enough done right alright sure yep nope
    nah hi bye goodbye please sorry cancel resume help me open close start up shut up wait a minute hold on hang
    on come on
    """
)

TEMPLATES = (
    "the {a} {n} {v} the {n}",
    "i {v} the {n} {adv}",
    "we {v} a {n} and a {n}",
    "do you {v} {name}",
    "can you {v} the {n}",
    "could you {v} the {a} {n} please",
    "please {v} the {n}",
    "{v} the {n}",
    "{v} me a {n}",
    "{v} it {adv}",
    "where is the {n}",
    "where did {name} {v} the {n}",
    "when does the {n} {v}",
    "why is the {n} so {a}",
    "how do i {v} a {n}",
    "how {a} is the {n}",
    "who {v} the {n}",
    "is the {n} {a}",
    "is there a {n} near the {n}",
    "there are {num} {n} in the {n}",
    "{num} {num} {num}",
    "{num} {n} and {num} {n}",
    "it is {a} and {a}",
    "{name} and {name} {v} {adv}",
    "my {n} is {a}",
    "your {n} was {a} {adv}",
    "this {n} is not {a}",
    "that {n} costs {num} pounds",
    "what {n} do you {v}",
    "what is the {n} of the {n}",
    "what does the {n} {v}",
    "tell {name} to {v} the {n}",
    "tell me the {n}",
    "call {name} {adv}",
    "set a {n} for {num} minutes",
    "turn the {n} off",
    "turn up the {n}",
    "play some {n}",
    "send a {n} to {name}",
    "remind me to {v} the {n}",
    "let us {v} {adv}",
    "if you {v} the {n} it will {v}",
    "they {v} because the {n} was {a}",
    "{name} said that the {n} would {v} {adv}",
    "after the {n} we {v} the {a} {n} near {name}",
    "in {name} the {n} is {a}",
    "{a} {n}",
    "{n}",
    "{v}",
    "{a}",
    "{adv}",
    "{name}",
    "{num}",
    "{n} {n}",
    "{n} {v} {a}",
)
SLOTS = {"n": COMMON_NOUNS, "v": VERBS, "a": ADJECTIVES, "adv": ADVERBS, "name": NAMES, "num": NUMBERS}
FILLERS = _words("please now um so well and then today for me again too quickly anyway my friend right here mister")

# Beginnings, vowels and ends of made-up words.
ONSETS = _words("b bl br ch cl cr d dr f fl fr g gl gr h j k l m n p pl pr r s sh sk sl sm sn sp st t th tr v w y")
VOWELS = _words("a e i o u ee oo ai oa ou ar er or aw")
CODAS = _words("b ck d f g l ll m n nd ng nt p sh sk ss st t th x mp lt ve ke me le te")
