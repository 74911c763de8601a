"""Whether a fact that was told answers a question, though it was told in other words.

    words     what words are, and which mean nearly the same         lexicon.py, english.py, words.npz
    pairs     a question, a fact, and what lies between them         pairs.py
    judge     how likely it is that the fact answers                 judge.py, weights.npz

Small and learned: word vectors, and three nets of some 26,000 numbers trained on wordings of many writers
(`training/memory`, SOURCES.md). It says how likely an answer is; which is spoken, and how, is for `pipelines.memory`.
"""
