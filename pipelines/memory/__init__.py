"""What the wearer tells, asks and wants forgotten beyond a session: from words to decisions, and to answers.

    facts        a sentence as whom it is about, what of them, and the value     facts.py, english.py
    telling      what the wearer tells to be remembered                         telling.py, asked_to_keep.py
    passing      a fact stated in passing                                       passing.py, cleaning.py, turned_round.py
    offering     whether it is offered to be remembered                         offering.py, loose.py, chatter.py
    sentences    what the wearer's words ask of memory                          sentences.py, other_words.py
    whole        of memory itself: all of a time or of somebody, and before    whole.py, earlier.py, riddance.py,
                                                                                held_words.py
    topical      the same by what is asked for; which kind answers at all       topical.py, asked_for.py
    fitting      which memory answers a question, or none                       fitting.py, open_questions.py
    likely       which does though it was told in other words                   likely.py
    purposes     what words are for that no rule knows                          purposes.py
    sensitive    what is nobody's business, and what that means                 sensitive.py
    dates        moments and spans of days, by arithmetic                       dates.py
    wording      what is said                                                   wording.py
    prompt       what goes along with a question to a model                     prompt.py
    mind         what "that" is just now; whether there is a memory             mind.py
    errand       one thing told, asked or forgotten                             errand.py, forgetting.py
    along        what goes along with a question that a model may be asked      along.py
    reminders    what is due, or missed, in a later session                     reminders.py, reminder_store.py,
                                                                                reminder_orders.py, reminder_words.py
    reminded     what the wearer was reminded of                                reminded.py
    places       when it is looked about, and what is kept of it                places.py
    keeping      what of a picture may be kept                                  keeping.py
    seen         what is said of it                                             seen.py

Pure: the database is reached by `Memorise`, `Recall` and `Forget` alone, and what comes of them is a happening.
"""
