"""Voice-to-voice beside other frameworks: the same clips, the same stand-in model, the same neutral client, one run.

`places.py` where the client and the others live, `servers.py` who is measured and how it is started, `stand_in.py` the
model, `runs.py` one measurement, `table.py` what comes out.
"""
