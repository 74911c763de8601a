"""What words mean: whether a fact that was told answers a question, though it was told in other words, and what an
utterance is for.

    encoder   a sentence as a vector                                 encoder.py, encoder.onnx, words.txt
    words     what words are, and which mean nearly the same         lexicon.py, english.py, words.npz
    pairs     a question, a fact, and what lies between them         pairs.py
    judge     how likely it is that the fact answers                 judge.py, weights.npz
    purpose   told, asked, to be forgotten, or for nobody to keep    purpose.py, purpose.npz

Small and learned from wordings of many writers (`training/memory`, SOURCES.md). It says how likely something is; what
is done, and how it is said, is for `pipelines.memory`.
"""
