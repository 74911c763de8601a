"""A device, as data: its camera, microphone, loudspeaker and network, and what can be wrong with each of them.

A `Camera` stays as it is; `Lens`, `Microphone` and `Network` may change in the middle of a scene (`camera:`,
`microphone:` and `network:` steps). All of it is read here, from a scene's `device:` and from profiles alike;
docs/scenes.md is the manual.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from device_sim.open_speaker import OpenSpeaker
from device_sim.yamlnode import Place

SPEECH_DBFS = -21.0  # about how loud the bundled phrases are: what a noise distance in dB is counted from
NOISES = ("room", "bus", "voices", "wind")
PHOTO_ON = ("never", "speech", "tap", "asked")
CODECS = ("h264", "jpeg")
DEAF_WHILE = ("never", "playing", "photo", "playing_or_photo")
UDP = ("open", "blocked")
USUAL = "usual"  # as a step: back to what the device is like by itself


@dataclass(frozen=True)
class Camera:
    """The format of the pictures, and when there are any."""

    width: int = 1280
    height: int = 720
    fps: int = 15
    kbps: int = 1000  # what a phone hop gives a pair of glasses
    codec: str = "h264"  # what comes over the glasses' radio; "jpeg" is squeezed by `jpeg_quality` before it goes on
    jpeg_quality: int = 80
    idle_fps: float = 0.0  # it says that so few are enough while nobody needs more; 0 = it does not change
    fps_with_mic: float = 0.0  # the rate while the headset's microphone is open; 0 = the same
    photo_every_s: float = 0.0  # single photos, this far apart; 0 = a stream
    photo_on: str = "never"  # … and one at once: when the wearer begins to speak, taps, or the companion asks for one
    delay_ms: int = 0  # each picture arrives so long after it was taken

    @property
    def photos(self) -> bool:
        return bool(self.photo_every_s) or self.photo_on != "never"

    @property
    def photo_fps(self) -> float:
        """Of photos that nobody asked for."""
        return 1 / (self.photo_every_s or 600.0)


@dataclass(frozen=True)
class Lens:
    """What the camera makes of what is in front of it. Pixels are those of a picture 1280 wide."""

    shake: float = 0.0  # pixels, a tremor many times a second
    blur: float = 0.0  # pixels of sideways smear: walking, turning
    defocus: float = 0.0  # pixels, standard deviation
    light: float = 1.0  # times as much: 0.1 is dark and the sensor is noisy, 3 is overexposed
    glare: float = 0.0  # 0 to 1: a lamp that shines on it
    turned: float = 0.0  # degrees, clockwise
    finger: float = 0.0  # share of the picture
    drop: float = 0.0  # share of the frames that never come
    duplicate: float = 0.0  # share of the frames that are the one before once more
    off: bool = False  # no frame at all


@dataclass(frozen=True)
class Microphone:
    noise: str = "room"
    noise_dbfs: float = -50.0  # the room noise that the bundled phrases were rendered with
    radio_dbfs: float | None = None  # somebody else talks every now and then, this loud; None = nobody
    rate_hz: int = 16_000  # 8000: a telephone's band and its coding
    gain_db: float = 0.0  # in front of the converter: too much of it clips
    off: bool = False
    opens_after_ms: int = 0  # a headset's radio link takes so long when it is switched on again
    deaf_while: str = "never"


@dataclass(frozen=True)
class Network:
    """What happens to media packets on their way. Nothing, unless a scene says so."""

    loss: float = 0.0  # share of ours that never arrives
    duplicate: float = 0.0  # share that arrives twice
    jitter_ms: float = 0.0  # each packet is late by 0 to so much: above 20 ms sound arrives out of order
    delay_ms: float = 0.0  # every packet, either way, is late by so much
    down_loss: float = 0.0  # share of the answer's packets that never arrive
    udp: str = "open"  # "blocked": the offer is answered, and no media ever comes through


@dataclass(frozen=True)
class Device:
    """None: it has none of it."""

    camera: Camera | None = field(default_factory=Camera)
    lens: Lens = Lens()
    microphone: Microphone | None = field(default_factory=Microphone)
    network: Network = Network()
    open_speaker: OpenSpeaker | None = None  # None: in the ear
    profile: str = ""


def described(part: Lens | Microphone | Network) -> str:
    """In words, only what is not as it should be."""
    usual = type(part)()
    odd = [f"{f.name} {getattr(part, f.name)}" for f in fields(part) if getattr(part, f.name) != getattr(usual, f.name)]
    return f"{type(part).__name__.lower()}: {', '.join(odd) or 'as it should be'}"


# ------------------------------------------------------------------------------------------------------------- reading

Limits = tuple[float, float] | tuple[str, ...]  # numbers from … to, or words

CAMERA: Mapping[str, Limits] = {
    "width": (160, 2048),
    "height": (120, 2048),
    "fps": (1, 30),
    "kbps": (100, 8000),
    "codec": CODECS,
    "jpeg_quality": (1, 100),
    "idle_fps": (0.1, 30),
    "fps_with_mic": (0.02, 30),
    "photo_every_s": (0.5, 600),
    "photo_on": PHOTO_ON,
    "delay_ms": (0, 20_000),
}
LENS: Mapping[str, Limits] = {
    "shake": (0, 60),
    "blur": (0, 200),
    "defocus": (0, 40),
    "light": (0, 8),
    "glare": (0, 1),
    "turned": (-360, 360),
    "finger": (0, 1),
    "drop": (0, 0.9),
    "duplicate": (0, 0.9),
    "off": ("true", "false"),
}
MICROPHONE: Mapping[str, Limits] = {
    "noise": NOISES,
    "noise_dbfs": (-96, -6),
    "snr_db": (-10, 60),
    "radio_dbfs": (-96, -10),
    "rate_hz": (8000, 16_000),
    "gain_db": (-40, 60),
    "off": ("true", "false"),
    "opens_after_ms": (0, 10_000),
    "deaf_while": DEAF_WHILE,
}
NETWORK: Mapping[str, Limits] = {
    "loss": (0, 0.9),
    "duplicate": (0, 0.9),
    "jitter_ms": (0, 2000),
    "delay_ms": (0, 5000),
    "down_loss": (0, 0.9),
    "udp": UDP,
}
OPEN_SPEAKER: Mapping[str, Limits] = {"delay_ms": (20, 1000), "level_db": (-60, 6), "room_ms": (0, 1000)}
PARTS = ("camera", "microphone", "network", "open_speaker")
OF_THE_PLACE = ("noise", "noise_dbfs", "snr_db", "radio_dbfs")  # where the wearer is, whatever they wear

T = TypeVar("T", Camera, Lens, Microphone, Network, OpenSpeaker)


def read_device(place: Place, base: Device, only_the_place: bool = False) -> Device:
    """`base` with what stands there. `only_the_place`: of the scene's device just what is where the wearer is, because
    another device was asked for."""
    keys = place.fields((*PARTS, "profile", "about"))
    microphone = base.microphone
    if "microphone" in keys and not (only_the_place and _is_none(keys["microphone"])):
        microphone = _microphone(keys["microphone"], base.microphone or Microphone(), only_the_place)
    network = changed(keys["network"], base.network, NETWORK) if "network" in keys else base.network
    if only_the_place:
        return replace(base, microphone=microphone if base.microphone else None, network=network)
    camera, lens, speaker = base.camera, base.lens, base.open_speaker
    if "camera" in keys:
        camera, lens = _camera(keys["camera"], base)
    if "open_speaker" in keys:
        found = keys["open_speaker"]
        speaker = None if _is_none(found) else changed(found, speaker or OpenSpeaker(), OPEN_SPEAKER)
    if camera is None and microphone is None:
        raise place.error("neither camera nor microphone", "leave the device at least one of them")
    return Device(camera, lens, microphone, network, speaker, base.profile)


def changed(place: Place, base: T, limits: Mapping[str, Limits]) -> T:
    """`base` with the keys that stand there; "usual" changes nothing."""
    if place.kind() != "map":
        place.one_of([USUAL])
        return base
    return replace(base, **_values(place.fields(limits), base, limits))


def read_lens(place: Place, device: Device) -> Lens:
    """What a `camera:` step makes of the lens: what it does not name is as the device has it."""
    if place.kind() != "map" and place.one_of([USUAL, "off"]) == "off":
        return replace(device.lens, off=True)
    return changed(place, device.lens, LENS)


def read_microphone(place: Place, device: Device) -> Microphone:
    """What a `microphone:` step makes of it: what it does not name is as the device has it."""
    base = device.microphone or Microphone()
    if place.kind() != "map" and place.one_of([USUAL, "off"]) == "off":
        return replace(base, off=True)
    return _microphone(place, base, False) or base


def read_network(place: Place, device: Device) -> Network:
    return changed(place, device.network, NETWORK)


def _camera(place: Place, base: Device) -> tuple[Camera | None, Lens]:
    if _is_none(place):
        return None, base.lens
    keys = place.fields((*CAMERA, *LENS))
    was = base.camera or Camera()
    camera = replace(was, **_values({k: v for k, v in keys.items() if k in CAMERA}, was, CAMERA))
    lens = replace(base.lens, **_values({k: v for k, v in keys.items() if k in LENS}, base.lens, LENS))
    for name in ("width", "height"):
        if getattr(camera, name) % 2:
            raise keys[name].error(f"{getattr(camera, name)} is odd", "H.264 needs even sizes")
    return camera, lens


def _microphone(place: Place, base: Microphone, only_the_place: bool) -> Microphone | None:
    if place.kind() != "map":
        return None if place.one_of(["none", USUAL]) == "none" else base
    keys = place.fields(MICROPHONE)
    if only_the_place:
        keys = {name: key for name, key in keys.items() if name in OF_THE_PLACE}
    distance = keys.pop("snr_db", None)
    values = _values(keys, base, MICROPHONE)
    if distance is not None:
        if "noise_dbfs" in values:
            raise distance.error("both a level and a distance of the noise", "give `noise_dbfs` or `snr_db`")
        values["noise_dbfs"] = SPEECH_DBFS - distance.number(-10, 60)
    if values.get("rate_hz", 16_000) not in (8000, 16_000):
        raise keys["rate_hz"].error(f"{values['rate_hz']} is no rate of a headset", "write 8000 or 16000")
    return replace(base, **values)


def _values(keys: Mapping[str, Place], base: object, limits: Mapping[str, Limits]) -> dict[str, Any]:
    """Each key as its field is: a number within limits, one of some words, true or false."""
    kinds = {f.name: type(getattr(base, f.name)) for f in fields(base)}  # type: ignore[arg-type]
    out: dict[str, Any] = {}
    for name, place in keys.items():
        limit = limits[name]
        if isinstance(limit[0], str):
            out[name] = place.flag() if kinds[name] is bool else place.one_of(str(word) for word in limit)
        else:
            number = place.number(float(limit[0]), float(limit[1]))
            out[name] = int(number) if kinds[name] is int else number
    return out


def _is_none(place: Place) -> bool:
    return place.kind() != "map" and place.one_of(["none"]) == "none"
