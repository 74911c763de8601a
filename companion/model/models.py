"""The models of one session: a client for each of its profiles, the preferred one first."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from companion.model.client import ClientOptions, ModelClient, key_of
from companion.model.profile import ModelProfile
from companion.net import Net, Observer
from pipelines.events import ModelInfo


class Models:
    """The models of one session, the preferred one first. They share the door and the recording."""

    def __init__(
        self,
        net: Net,
        profiles: Sequence[ModelProfile],
        observer: Observer | None = None,
        environ: Mapping[str, str] = os.environ,
        options: ClientOptions | None = None,
    ) -> None:
        self.profiles = tuple(profiles)
        self._environ = environ
        self._clients = {
            p.name: ModelClient(net, p, observer, options or ClientOptions(), environ) for p in self.profiles
        }

    def __bool__(self) -> bool:
        return bool(self.profiles)

    def infos(self) -> tuple[ModelInfo, ...]:
        """What the deciders are told of them."""
        return tuple(profile.info() for profile in self.profiles)

    def get(self, name: str = "") -> ModelClient | None:
        """The client of one model; "" = the first. None if there is no such model."""
        return self._clients.get(name) if name else next(iter(self._clients.values()), None)

    def keys(self) -> tuple[str, ...]:
        """Every key that these models are asked with: what no recording may hold."""
        keys = (key_of(profile, self._environ) for profile in self.profiles)
        return tuple(dict.fromkeys(key for key in keys if key))
