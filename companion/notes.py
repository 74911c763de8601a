"""What a person should know when the companion starts, in a few lines."""

from __future__ import annotations

from companion.app import App
from companion.lan.command import colours_wanted
from companion.settings import recordings_folder


def start_notes(app: App) -> list[str]:
    """The lines, for an app that has started."""
    assert app.engines is not None
    settings, hearing, models = app.settings, app.engines.transcriber, app.profiles
    notes = ["Open it in a browser here, or give it to a device. Ctrl-C ends."]
    if app.front is not None:
        notes = [*app.front.invite(colours_wanted()), "Ctrl-C ends."]
    if hearing.closed_vocabulary:
        notes.append(
            f"hearing: the {hearing.name} model; it knows only the demo's phrases. "
            "For everything else: companion models pull base.en"
        )
    else:
        notes.append(f"hearing: {hearing.name}")
    if models:
        first, *others = [f"{model.name} at {model.host}" for model in models]
        notes.append(f"model: {first}" + (f"; if it fails: {', '.join(others)}" if others else ""))
        if app.tools is not None and (infos := app.tools.infos()):
            notes.append(f"tools: {', '.join(tool.name for tool in infos)}")
    else:
        notes.append(
            "model: none is set, so nothing leaves this machine; signs, labels, prices and codes are read here"
        )
    if app.rtmp is not None:
        notes.append(f"RTMP: {app.rtmp.url}")
    if app.pull is not None:
        notes.append(f"from: {app.pull.shown}")
    notes.append(f"voices: {', '.join(app.engines.voices)}")
    if settings.recording.on:
        notes.append(f"recording: on, into {recordings_folder(settings)} (`companion run --no-recording` turns it off)")
    else:
        notes.append("recording: off")
    return notes
