"""How it is at a moment of a scene: what the eyes are on, what is wrong with the lens, the microphone, the network.

Pictures and sound are made before a scene plays, so somebody has to know beforehand which thing will be seen through
which lens, and said into which microphone: one `Now` walks the scene for them, another goes along as it plays.
"""

from __future__ import annotations

from dataclasses import dataclass

from device_sim.device import Lens, Microphone, Network
from device_sim.scene import Change, Scene
from device_sim.steps import See, Step

NOTHING = See(0, "black", motion="hold")  # what the camera shows until the first `see`


@dataclass(frozen=True)
class Look:
    """What the camera looks at, through which lens, and how often. `single`: each picture stands for itself."""

    see: See
    lens: Lens
    fps: float
    single: bool = False

    @property
    def key(self) -> tuple[object, ...]:
        return self.see.card, self.see.values, self.see.motion, self.lens, self.fps, self.single


class Now:
    def __init__(self, scene: Scene) -> None:
        self._camera = scene.camera
        self.see = NOTHING
        self.lens = scene.device.lens
        self.microphone = scene.microphone or Microphone(off=True)
        self.network: Network = scene.network

    def take(self, step: Step) -> None:
        """After this step it is so. Steps that change nothing here are passed over."""
        if isinstance(step, See):
            self.see = step
        elif isinstance(step, Change):
            if isinstance(step.to, Lens):
                self.lens = step.to
            elif isinstance(step.to, Microphone):
                self.microphone = step.to
            else:
                self.network = step.to

    def look(self, held: bool = False) -> Look:
        """What the camera sees now. `held`: the eyes have been there for a while."""
        camera = self._camera
        assert camera is not None, "there is no camera"
        see = See(self.see.line, self.see.card, self.see.values, "hold") if held else self.see
        if camera.photos:
            return Look(see, self.lens, camera.photo_fps, single=True)
        if camera.fps_with_mic and not self.microphone.off:
            return Look(see, self.lens, camera.fps_with_mic, single=camera.fps_with_mic < 5)
        return Look(see, self.lens, camera.fps)
