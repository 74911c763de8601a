"""A video, or a row of pictures, as a wearer's session: heard, seen, asked about, answered, recorded.

    found.py      what is in the file; tracks.py: its sound and pictures, on one timeline; ahead.py: in a thread;
                  film.py: that as a source
    slides.py     pictures shown one after another, as if they were a silent video; heic.py: those of iPhones
    player.py     plays either into a session; hold.py: which waits while an answer is heard
    skipping.py   the loop that does not sit out the waiting
    questions.py  which question is asked when; telling.py: what a person reads of it

`companion.ask` puts it together.
"""
