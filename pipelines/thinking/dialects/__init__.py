"""Wire formats of models, pure: our messages to a request body, the bytes that come back to pieces of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pipelines.thinking.dialects.anthropic import AnthropicDialect
from pipelines.thinking.dialects.chat import ChatDialect
from pipelines.thinking.dialects.gemini import GeminiDialect
from pipelines.thinking.dialects.query import Dialect
from pipelines.thinking.dialects.responses import ResponsesDialect

__all__ = ["DIALECTS"]

# Every wire format by the name that a profile gives it.
DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {dialect.name: dialect for dialect in (ChatDialect(), ResponsesDialect(), AnthropicDialect(), GeminiDialect())}
)
