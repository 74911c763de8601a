"""What the simulated device says of itself, the same on both wires: on the bridge in its hello, over WebRTC beside its
offer. docs/bridge.md has the fields."""

from __future__ import annotations

from device_sim.device import Camera
from device_sim.marks import Message
from device_sim.scene import Scene

RESTS_FOR = {"never": False, "playing": "speaker", "photo": "camera", "playing_or_photo": True}


def described(scene: Scene) -> Message:
    """Without codecs, its speaker, and whether that is heard by its microphone."""
    said: Message = {"name": "simulated glasses", "inputs": ["tap", "press", "release"]}
    camera, microphone = scene.camera, scene.microphone
    if camera is not None:
        asked = camera.photo_on == "asked"
        fps = {} if asked else {"fps": _usual_fps(camera, microphone is not None)}
        idle = {"idle_fps": camera.idle_fps} if camera.idle_fps else {}
        said["camera"] = {"width": camera.width, "height": camera.height, "photo_only": asked, **fps, **idle}
        if asked:
            said["photo_delay_ms"] = camera.delay_ms
    if microphone is not None:
        said["microphone"] = {"rate": microphone.rate_hz}
        said["half_duplex"] = RESTS_FOR[microphone.deaf_while]
    return said


def _usual_fps(camera: Camera, microphone: bool) -> float:
    """Of a camera that gives pictures without being asked: the fewest a second that are to be expected of it."""
    if camera.photos:
        return camera.photo_fps
    return camera.fps_with_mic if camera.fps_with_mic and microphone else camera.fps
