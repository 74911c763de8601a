"""The turn itself, from sound and light to speech: pure deciders, and engines behind one door.

No socket, no clock, no thread lives here. A *decider* is plain synchronous code: an event in, a list of decisions
out. An *engine* (recogniser, reader, voice) does slow work on data it is given and knows no session.
"""

import os

# onnxruntime 1.31 for Linux writes an id of this machine into its cache when it is imported, and sends what it is used
# for to its maker, unless it finds this. Nothing leaves silently.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
