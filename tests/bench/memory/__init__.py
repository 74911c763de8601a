"""Dialogues over several days with the real deciders and the real database, made from templates by seeds.

    day.py        one session at a wall clock, in virtual time; the database stays when it ends
    dialogue.py   a dialogue as data, and how it is judged
    pools.py      names, things, places, numbers
    facts.py      kinds of facts: how they are told, asked and changed
    scripts.py    the categories: extraction, sessions, time, update, abstention, forgetting

The templates are nobody's patterns: no test of the rules uses them, and the rules were not made from them.
"""
