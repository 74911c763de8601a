"""The bench of turn-taking: people who do not exist talk to the real session, on an audio clock.

::

    sentences ── dialogues ──┐ who says what, when they pause          (by a seed)
    voices, rooms ───────────┤ what a microphone gets of it, 16 kHz    (rendered speech, noise, echo)
    recogniser ──────────────┤ the true words of a stretch of sound, with a recogniser's errors and cost
    world ───────────────────┘ the real session, voice activity, echo canceller, playout; virtual time
    parts                      one function for each claim: makes sessions, gives figures
    report                     figures beside bars

Nothing here reads the policy, and the policy has never seen these sentences. `dialogues` holds the pauses of people;
the wearer of a dialogue does not react to being cut off, so whatever a policy does, the sound is the same.
"""
