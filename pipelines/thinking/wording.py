"""Every sentence the companion says of its own accord, in one place: short, true, speakable.

A wearer has no screen, so each failure has a spoken form here; the cause goes to the log.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.events import Device, TextLine, View
from pipelines.speaking.speakable import speakable
from pipelines.thinking.sheet import figures

FRAME_PROBLEMS = {
    "no picture": "I have no picture. Is the camera on?",
    "no photo": "No photo came. Is the camera on?",
    "stale": "My last picture is too old to trust. Is the camera still on?",
    "dark": "It is too dark for me to see.",
    "covered": "The picture is black or blank. Is something over the camera?",
    "overexposed": "The picture is too bright. Turn away from the light a little.",
    "blurred": "The picture is blurred. Hold still and ask again.",
    "glare": "Light is shining on it. Tilt it a little and ask again.",
}
READ_ALL_THE_SAME = {  # said after what could be read of such a picture
    "blurred": "The picture is blurred, so I may have missed or misread something.",
    "glare": "Light is shining on it, so I may have missed something. Tilt it a little.",
}
NO_TEXT = {
    "read": "I can see, but I find no text that I can read.",
    "price": "I find no price that I can read.",
    "code": "I find no code in the picture.",
}
NOT_UNDERSTOOD = "I did not understand that."
CLOSED_VOCABULARY = "I only know the demo's phrases, and that was not one of them. Ask: what can I say?"
NO_MODEL = "That needs a model, and none is set. I can still read signs, labels, prices and codes."
NOT_YET = "I know those words, but I can't do that yet."
WORK_FAILED = {
    "transcribe": "My hearing stumbled. Please say that again.",
    "look": "I could not look at the picture.",
    "read_text": "My reading stumbled. Please ask again.",
    "read_codes": "My code reader stumbled. Please ask again.",
}
TOO_SLOW = "That takes too long. I gave up on it."
NOTHING_TO_REPEAT = "I have not said anything yet."
RECORDING_STOPPED = "I can no longer record this session."
LOST = "I lost the connection."
LOST_WORDS = "I lost the connection, and your last words."
GOING_ON = "Going on."
HERE_IT_IS = "Here is the answer."
STILL_ON_IT = "I am still on your question."
BACK = "I am back."
AGAIN_PLEASE = "Please say them again."
NO_SOUND = "I hear nothing. Is the microphone on?"
FLOWS = {  # track, and whether it sends
    ("microphone", False): NO_SOUND,
    ("microphone", True): "I hear you again.",
    ("camera", False): "No picture comes from the camera. Is it on?",
    ("camera", True): "I see again.",
}
NARROW_BAND = "The microphone hears only the telephone band."
NARROW_HZ = 8_000
NO_MICROPHONE = "I have no microphone now."
_DIFFERENT = "The microphone has changed."
_SPOKEN_NAME = 40  # letters of a device's name that are said
_OURS = frozenset({"", "webrtc"})  # no names that anybody gave a device
UNSEEN = "(There is a picture, and you cannot see it: say so if it matters.)"
OFFER = "For a longer look, say: think about it."
NOTHING_ASKED = "You have not asked me anything yet that I could think about."
NOT_THINKING = "I am not thinking about anything just now."
MODES = {
    "normal": "I answer as usual from now on.",
    "instant": "I answer quickly from now on.",
    "thinking": "I think about every question from now on. That takes longer and costs more.",
    "contemplating": "I take my time with every question from now on. That takes much longer and costs several times "
    "as much.",
}
STEERED = {  # what is often said twice is not repeated: the wearer's second "louder" would pass for our own echo
    "louder": "Turned up.",
    "quieter": "Turned down.",
    "normal_volume": "Normal volume.",
    "slower": "At an easy pace.",
    "faster": "At a quick pace.",
    "normal_speed": "Normal speed.",
    "short": "Shorter answers from now on.",
    "long": "More detail from now on.",
    "normal_length": "Normal answers from now on.",
    "mute": "Muted. My answers are shown. To hear me, say: speak again.",
    "unmute": "I speak again.",
    "sounds_on": "Sounds are on.",
    "sounds_off": "No more sounds.",
    "go_on": "it goes on",
    "sleep": "Asleep. Say wake up when you need me.",
    "wake_up": "I am awake.",
}
AT_THE_END = {
    "louder": "That is as loud as I get.",
    "quieter": "That is as quiet as I get.",
    "slower": "That is as slow as I get.",
    "faster": "That is as fast as I get.",
}
LENGTHS = {"short": "shorter answers", "long": "more detail", "normal_length": "normal answers"}
NO_MODEL_TO_SHORTEN = "That is for a model's answers, and none is set."
STILL_MUTED = "I am muted. To hear me, say: speak again."
VERBOSITY = {
    "short": "The user asked for shorter answers: one sentence of at most twelve words, unless that would leave out "
    "what matters.",
    "long": "The user asked for more detail: answer in up to six short spoken sentences.",
}
SHOWN = "(shown as text, not spoken) "
READ_OUT = "(read out as printed) "  # a sign's words are not to pass for the companion's own
GUIDE_ENDED = "All right, that was it."
CONTEMPLATING = "I will take my time with that, and tell you when I have it."
ANSWERING = "All right, with what I have."
STILL_CONTEMPLATING = "I am still thinking about your last question. Say stop to drop it."
DROPPED = "All right."
UNSAYABLE = "That answer was only links. They are on the page."
NOTED = "Noted."
NOTES_SPOKEN = 5
NOT_NOTED = "I could not note that."
NO_NOTES = "I can't take notes here."
NOT_ALLOWED = "I did not do it."
_DOING = {
    "asking": "Let me think about that.",
    "asking briefly": "One moment.",
    "looking": "I am looking.",
    "photo": "I am taking a photo.",
    "tool:look_closer": "I am looking closer.",
    "tool:look_again": "I am looking again.",
    "tool:compare_frames": "I am comparing the pictures.",
    "tool:read_text": "I am reading.",
    "tool:scan_code": "I am reading the code.",
    "tool:web_search": "I am searching the web.",
    "tool:run_program": "I am working it out.",
}
PHOTO_CAMERA = "I take a photo when you ask."
WHO = "I am Earshot, your companion. I hear, and I look when you ask."


def prices(lines: Sequence[TextLine]) -> list[str]:
    """Prices with a currency found in the lines, as written."""
    return [price for line in lines for price in figures.prices(line.text)]


def sentence(text: str) -> str:
    """One line of read text as a sentence: ends in a stop, so that the voice pauses there."""
    text = speakable(text, verbatim=True).strip()
    text = text[:1].upper() + text[1:]
    return text if not text or text[-1] in ".!?:" else text + "."


def price_answer(found: Sequence[str]) -> str:
    return f"The price is {speakable(found[0], verbatim=True)}." if len(found) == 1 else prices_part(found)


def prices_part(found: Sequence[str], begun: bool = False, more: bool = False) -> str:
    """Some of the one sentence that tells several prices. `begun`: others were told before; `more`: it will go on."""
    spoken = ", ".join(speakable(price, verbatim=True) for price in found)
    return ("" if begun else "I read the prices ") + spoken + ("," if more else ".")


def ago(seconds: float) -> str:
    """How long ago, as people say it."""
    if seconds < 20:
        return "just now"
    if seconds < 50:
        return "half a minute ago"
    if seconds < 90:
        return "a minute ago"
    if seconds < 3600:
        return f"{round(seconds / 60)} minutes ago"
    hours = round(seconds / 3600)
    return "an hour ago" if hours == 1 else f"{hours} hours ago"


def greeting(hears: bool, sight: str, recording: bool, notes: Sequence[str]) -> str:
    """The companion speaks first: what works, before the wearer has to find out what does not. Short: it is in the way
    of the first question."""
    parts = ["I can hear you." if hears else NO_SOUND, sight]
    if recording:
        parts.append("I am recording.")
    return " ".join([*parts, *notes])


def sight_of(problem: str, lines: int) -> str:
    """What the first look tells, in one short sentence."""
    if problem == "blurred":
        return "I see, but the picture is blurred."
    if problem:
        return FRAME_PROBLEMS.get(problem, FRAME_PROBLEMS["no picture"])
    if lines >= 5:
        return "I see a page, sharp enough."
    return "I see some writing, sharp enough." if lines else "I have a picture, sharp enough."


def notes(told: str) -> str:
    """The wearer's notes as they are spoken, without their times; `told`: a line a note, "time: note"."""
    lines = [line.partition(": ")[2] or line for line in told.splitlines() if line.strip()]
    return " ".join(sentence(line) for line in lines[:NOTES_SPOKEN])


def old_picture(age_ms: int) -> str:
    """Said before what is told from it."""
    return f"My picture is {round(age_ms / 1000)} seconds old."


def narrow(device: Device) -> bool:
    """Whether it hears so little that words are mistaken."""
    return 0 < device.microphone_hz <= NARROW_HZ


def microphone_now(name: str) -> str:
    """The device listens with another one, and says what it is called."""
    words = " ".join(re.sub(r"[^\w\s'-]", " ", name).split())[:_SPOKEN_NAME].strip()
    return f"The microphone is now {words}." if words else _DIFFERENT


def microphone_changed(before: Device, now: Device) -> str:
    """The device, or what it hears, is another; "" if not."""
    if before.name != now.name:
        said = _DIFFERENT if now.name in _OURS else microphone_now(now.name)
        return f"{said} {NARROW_BAND}" if narrow(now) else said
    if before.microphone_hz == now.microphone_hz:
        return ""
    if narrow(now):
        return "The microphone now hears only the telephone band."
    return "The microphone hears more than the telephone band again." if narrow(before) else _DIFFERENT


def doing(what: str) -> str:
    """A true word on what an answer is waiting for; `what` as `Talk.doing` says it."""
    return _DOING.get(what, "I am using a tool for that." if what.startswith("tool:") else "")


def help_text(model: bool, camera: bool, closed: bool) -> str:
    """The most useful things to say, in 12 seconds at most, and none that does not work here. `closed`: the recogniser
    knows its own phrases only."""
    asked = ["what does this sign say", "how much is this"] if camera else []
    if model and closed:
        asked.append("what do you see" if camera else "tell me a story")
    elif camera and not model:
        asked.append("what is this code")
    elif not camera:
        asked.append("what did you send")
    if model and not closed:
        asked.append("anything else")
    parts = [f"Ask: {', '.join(asked[:-1])}, or {asked[-1]}." if len(asked) > 1 else f"Ask: {asked[0]}."]
    if model:
        parts.append("For more, say think about it.")
    if not closed and not (model and camera):  # there it would be too much at once
        parts.append("Set a timer for five minutes.")
    more = "or louder." if closed else "louder, shorter answers, or mute."
    parts.append(f"Say stop, wait, again, slower, {more}")
    return " ".join(parts)


def about(question: str) -> str:
    """Leads over to the answer of a question that was asked a while ago."""
    words = question.strip().rstrip("?.! ").split()
    short = " ".join(words[:9]) + (" …" if len(words) > 9 else "")
    return f"You asked: {short}."


def pictures(views: Sequence[View]) -> str:
    """What the pictures of a message are, for the model."""
    parts = ", ".join(f"{view.name} is {'an enlarged part of it' if any(view.box) else 'whole'}" for view in views)
    return f"The pictures in order: {parts}"


def listed(names: Sequence[str]) -> str:
    """As people say a list: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else list(names))


def unread_too(parts: int) -> str:
    """After what was picked out of a text: so many parts of it may hold more. "" if all was read."""
    return f"And there {'is' if parts == 1 else 'are'} {count(parts, 'part')} that I cannot read." if parts else ""


def count(n: int, what: str) -> str:
    """ "one picture", "two pictures", "14 pictures"."""
    word = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return f"{word[n] if 0 <= n < len(word) else n} {what}{'' if n == 1 else 's'}"


def money(usd: float) -> str:
    """An amount as it is spoken."""
    if usd < 0.005:
        return "less than a cent"
    if usd < 1:
        cents = round(usd * 100)
        return "about one cent" if cents == 1 else f"about {cents} cents"
    return f"about {usd:.2f} dollars"


def host(address: str) -> str:
    """The speakable name of a web address."""
    name = re.sub(r"^[a-z]+://", "", address.strip(), flags=re.IGNORECASE).split("/")[0].split(":")[0]
    return name.removeprefix("www.").replace(".", " dot ")


DEMO_PHRASES_NOTE = "I only know the demo's phrases; companion models pull gets me the rest."
