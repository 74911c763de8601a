"""How much is remembered, for how long, and how it is found again."""

from __future__ import annotations

from dataclasses import dataclass

BUILT_IN = "built-in"
MODEL2VEC = "model2vec:"


@dataclass(frozen=True, slots=True)
class MemorySettings:
    """The section [memory]. Raises ValueError that names the setting, its value and the way out."""

    on: bool = True
    offers: bool = True  # a fact that is told in passing: ask whether to remember it
    places: bool = False  # also what was seen, with a small picture
    retention_days: float = 30.0  # of questions and answers; 0 = until they are forgotten
    prompt_chars: int = 1500  # letters of memory in one question to a model
    embeddings: str = BUILT_IN  # or the base URL of a server of your own, or "model2vec:" and a folder
    embeddings_model: str = ""  # the name that the server knows
    passphrase_env: str = ""  # name of the environment variable with the passphrase; never the passphrase itself

    def __post_init__(self) -> None:
        if self.retention_days < 0:
            raise ValueError(f"memory.retention_days = {self.retention_days}: 0 keeps them, else a number of days")
        if self.prompt_chars < 0:
            raise ValueError(f"memory.prompt_chars = {self.prompt_chars}: 0 or more letters")
        found = self.embeddings
        if found != BUILT_IN and not found.startswith((MODEL2VEC, "http://", "https://")):
            raise ValueError(
                f'memory.embeddings = {found!r}: "{BUILT_IN}", the base URL of a server of your own '
                f'(e.g. "http://localhost:11434/v1"), or "{MODEL2VEC}FOLDER"'
            )
        if found.startswith(("http://", "https://")) and not self.embeddings_model:
            raise ValueError(
                f"memory.embeddings = {found!r}: the server has to be told a model; "
                'set memory.embeddings_model, e.g. "nomic-embed-text"'
            )
