"""Sound and pictures from programs that know nothing of us: camera apps, encoders, network cameras, files.

Two come to us (`whip`, `rtmp`), one is fetched (`pull`). None can play an answer: somebody listens in its stead, or the
answer is captions only.
"""
