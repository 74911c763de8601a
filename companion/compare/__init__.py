"""The questions of a recording, asked to several models: answers, time, tokens and cost side by side.

The choice of a vendor is the wearer's, on what they themselves have asked. Each model is really asked, with the
recorded words and pictures, in a replay of the recorded session from the state before each turn.
"""
