"""What models may do beside answering: which tools there are, what is allowed, and those that deciders answer.

built_in.py    the tools that are always there, as models are told of them
toolbox.py     which of them a mode offers
schema.py      a model's arguments, checked against a tool's parameters
policy.py      allow, ask the wearer, or refuse: by permission, by what the turn has seen (taint.py), by arguments
confirm.py     asking the wearer, and the only words that count as a yes
spotlight.py   material from outside, marked as such for a model
pure.py        answers that need nothing from outside: time (clock.py), calculator.py, unit_prices.py
alarms.py      timers and reminders, set by a model or by plain words (alarm_words.py, spoken_time.py)
"""
