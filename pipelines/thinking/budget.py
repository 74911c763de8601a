"""What models may cost: so many tokens and dollars a turn and a day, counted as providers report them.

Before a question is sent: `refusal` says whether it still fits, `cap` how long its answer may be, and `reserve` sets
that much aside, so that three questions under way at once cannot spend the same rest three times. When it has ended,
`release` gives the reservation back, and `spend` books what the provider reported; nothing else is ever booked. Each
turn has its own account, so one that thinks on in the background does not spend what the next one may.

Dollars are counted where a price is known. Where it is not, only the limits in tokens hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from pipelines.events import ImageRule, Message, ModelDone, ModelInfo, Spent, ToolInfo, View
from pipelines.seeing.views import tokens
from pipelines.thinking.dialects.query import pictures_of
from pipelines.thinking.options import BudgetOptions

LEAST_ANSWER_TOKENS: Final = 256  # less room is not worth asking with: two sentences and some thought
CHARS_PER_TOKEN: Final = 4  # of English prose, in most vocabularies
MESSAGE_TOKENS: Final = 4  # role and marks around each message
UNKNOWN_PX: Final = 1280  # of a picture that is sent as it is
KEPT_TURNS: Final = 32  # accounts: a turn in the background may wait for a tool while others come and go


@dataclass(slots=True)
class _Account:
    """One turn. `reserved`: tokens and dollars of its requests under way, by request."""

    tokens: int = 0
    usd: float = 0.0
    reserved: dict[int, tuple[int, float]] = field(default_factory=dict)


class Budget:
    """The accounts of one session. `day`: the local date, ISO; `tokens`, `usd`: spent on it before."""

    def __init__(self, options: BudgetOptions, day: str = "", tokens: int = 0, usd: float = 0.0) -> None:
        self._options = options
        self._day, self._tokens, self._usd = day, tokens, usd
        self._turns: dict[int, _Account] = {}
        self._to_warn = False

    # ---------------------------------------------------------------------------------------------------- before asking

    def refusal(self, turn: int, info: ModelInfo, estimated_tokens: int) -> str:
        """ "" if this model may be asked with about so many tokens, else the limit that forbids it: "budget_turn" or
        "budget_day"."""
        least = max(LEAST_ANSWER_TOKENS, info.min_output_tokens)
        if self._room_in_turn(turn, info, estimated_tokens) < least:
            return "budget_turn"
        return "budget_day" if self._room_in_day(info, estimated_tokens) < least else ""

    def cap(self, turn: int, info: ModelInfo, estimated_tokens: int, wanted_tokens: int) -> int:
        """How many tokens the answer may have: what is wanted, at least what this model needs to say anything, at most
        what the limits leave beside the question's own tokens."""
        room = min(self._room_in_turn(turn, info, estimated_tokens), self._room_in_day(info, estimated_tokens))
        return max(0, min(max(wanted_tokens, info.min_output_tokens), room))

    def reserve(self, turn: int, request: int, tokens: int, info: ModelInfo, output_tokens: int) -> None:
        """Set aside what this request may use: `tokens` in all, of which `output_tokens` are its cap."""
        usd = cost_usd(info, tokens - output_tokens, output_tokens, 0)
        self._account(turn).reserved[request] = (tokens, usd)

    # ------------------------------------------------------------------------------------------------ when it has ended

    def release(self, request: int) -> None:
        """The request ended, however it did: nothing is set aside for it any more."""
        for account in self._turns.values():
            account.reserved.pop(request, None)

    def spend(self, turn: int, info: ModelInfo, used: ModelDone) -> float:
        """The provider reports what a request of this turn used. Returns its price in dollars."""
        usd = cost_usd(info, used.input_tokens, used.output_tokens, used.cached_tokens)
        tokens = used.input_tokens + used.output_tokens
        account = self._account(turn)
        account.tokens += tokens
        account.usd += usd
        before = self._share()
        self._tokens += tokens
        self._usd += usd
        if before < self._options.warn_share <= self._share():
            self._to_warn = True
        return usd

    def _account(self, turn: int) -> _Account:
        """The turn's account; when one is opened, the oldest with nothing under way are closed."""
        if turn not in self._turns:
            idle = [number for number, account in self._turns.items() if not account.reserved]
            for number in idle[: max(0, len(self._turns) - KEPT_TURNS + 1)]:
                del self._turns[number]
            self._turns[turn] = _Account()
        return self._turns[turn]

    def on_day(self, day: str) -> None:
        """It is this local date ("" = not known). A new day begins with nothing spent."""
        if day > self._day:
            self._day, self._tokens, self._usd, self._to_warn = day, 0, 0.0, False

    def on_spent(self, event: Spent) -> None:
        """The companion's sum over all its sessions. It may lag behind what was booked here, and takes nothing back."""
        if event.day > self._day:
            self._day, self._tokens, self._usd, self._to_warn = event.day, event.tokens, event.usd, False
        elif event.day == self._day:
            self._tokens, self._usd = max(self._tokens, event.tokens), max(self._usd, event.usd)

    def spent_in(self, turn: int) -> tuple[int, float]:
        """Tokens and dollars of a turn that is not closed yet."""
        account = self._turns.get(turn, _Account())
        return account.tokens, account.usd

    # ----------------------------------------------------------------------------------------------------- in a session

    def state(self) -> tuple[str, int, float]:
        """Day, tokens and dollars, for `resume`."""
        return self._day, self._tokens, self._usd

    def resume(self, day: str, tokens: int, usd: float) -> None:
        """Stand where that was written: at rest, with nothing under way."""
        self._day, self._tokens, self._usd = day, tokens, usd
        self._turns = {}
        self._to_warn = False

    # --------------------------------------------------------------------------------------------------------- in words

    def warning(self) -> str:
        """Said once a day, when this session takes the day's spending past the share to warn at; "" otherwise."""
        if not self._to_warn:
            return ""
        self._to_warn = False
        percent = number_words(round(self._options.warn_share * 100))
        return f"I have used {percent} percent of today's {self._day_limit()} for models."

    def spoken(self, kind: str) -> str:
        """The sentence for a refusal: why nothing was asked, with the limit as people say it."""
        options = self._options
        if kind == "budget_day":
            return f"I have used today's {self._day_limit()} for models."
        limits = [dollars(options.turn_usd)] if options.turn_usd > 0 else []
        limits += [f"{number_words(options.turn_tokens)} tokens"] if options.turn_tokens > 0 else []
        return f"That would take more than the {' or '.join(limits)} for one question."

    def _day_limit(self) -> str:
        """The limit of the day that is nearer."""
        options = self._options
        by_money = options.day_usd > 0 and self._usd / options.day_usd >= self._share() - 1e-9
        return dollars(options.day_usd) if by_money else f"{number_words(options.day_tokens)} tokens"

    # ------------------------------------------------------------------------------------------------------------- room

    def _share(self) -> float:
        """How much of the day's money or tokens is spent, whichever is more."""
        options = self._options
        of_usd = self._usd / options.day_usd if options.day_usd > 0 else 0.0
        return max(of_usd, self._tokens / options.day_tokens if options.day_tokens > 0 else 0.0)

    def _room_in_turn(self, turn: int, info: ModelInfo, estimated_tokens: int) -> int:
        account = self._turns.get(turn, _Account())
        tokens, usd = _with_reserved(account.tokens, account.usd, (account,))
        options = self._options
        return _room(info, estimated_tokens, options.turn_tokens, tokens, options.turn_usd, usd)

    def _room_in_day(self, info: ModelInfo, estimated_tokens: int) -> int:
        tokens, usd = _with_reserved(self._tokens, self._usd, tuple(self._turns.values()))
        options = self._options
        return _room(info, estimated_tokens, options.day_tokens, tokens, options.day_usd, usd)


_PLENTY: Final = 1 << 40


def _with_reserved(tokens: int, usd: float, accounts: Sequence[_Account]) -> tuple[int, float]:
    held = [amount for account in accounts for amount in account.reserved.values()]
    return tokens + sum(t for t, _ in held), usd + sum(d for _, d in held)


def _room(info: ModelInfo, estimated: int, limit_tokens: int, tokens: int, limit_usd: float, usd: float) -> int:
    """How many output tokens two limits leave beside an input of about `estimated` tokens."""
    room = limit_tokens - tokens - estimated if limit_tokens > 0 else _PLENTY
    if limit_usd > 0:
        left_usd = limit_usd - usd - cost_usd(info, estimated, 0, 0)
        if info.output_usd > 0:
            room = min(room, int(left_usd * 1e6 / info.output_usd))
        elif info.input_usd > 0 and left_usd < 0:
            room = 0
    return room


def cost_usd(info: ModelInfo, input_tokens: int, output_tokens: int, cached_tokens: int) -> float:
    """The price of one request; 0 for what has no known price. Cached input costs what is said of it, or like other
    input if nothing is."""
    cached = min(cached_tokens, input_tokens)
    cached_usd = info.cached_usd if info.cached_usd >= 0 else info.input_usd
    prices = ((input_tokens - cached, info.input_usd), (cached, cached_usd), (output_tokens, info.output_usd))
    return sum(count * usd for count, usd in prices if usd > 0) / 1e6


def estimate(
    messages: Sequence[Message], tools: Sequence[ToolInfo] = (), rule: ImageRule | None = None, image_px: int = 0
) -> int:
    """About how many tokens a query costs before anything is answered. `rule`: how the vendor counts pictures;
    `image_px`: longest side of those that are attached by `frame_id`."""
    parts = [m.text + m.carry + m.call_id + m.name for m in messages]
    parts += [c.name + c.arguments + c.carry for m in messages for c in m.calls]
    parts += [t.name + t.description + t.parameters for t in tools]
    pictures = [view for m in messages for view in pictures_of(m, image_px, 0)]
    words = sum(text_tokens(part) for part in parts) + MESSAGE_TOKENS * len(messages)
    return words + sum(_picture_tokens(rule or ImageRule(), view) for view in pictures)


def _picture_tokens(rule: ImageRule, view: View) -> int:
    """The shape of a crop is known. That of a frame is not: it is taken to be 4 to 3, fuller than most cameras'."""
    width, height = view.box[2:] if any(view.box) else (4, 3)
    px, longest = view.px or UNKNOWN_PX, max(width, height)
    return tokens(rule, max(1, width * px // longest), max(1, height * px // longest))


def text_tokens(text: str) -> int:
    """About how many tokens a text has: four letters each, but one for each letter that is not ASCII."""
    wide = sum(not char.isascii() for char in text)
    return -(-(len(text) - wide) // CHARS_PER_TOKEN) + wide


# ------------------------------------------------------------------------------------------------------ numbers, spoken

# fmt: off
_SMALL: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)
# fmt: on
_TENS: Final = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_GROUPS: Final = ((1_000_000_000, "billion"), (1_000_000, "million"), (1000, "thousand"), (100, "hundred"))


def number_words(number: int) -> str:
    """A whole number as it is said: 60000 is "sixty thousand"."""
    if number < 0:
        return f"minus {number_words(-number)}"
    for size, name in _GROUPS:
        if number >= size:
            rest = number % size
            return f"{number_words(number // size)} {name}{f' {number_words(rest)}' if rest else ''}"
    if number < 20:
        return _SMALL[number]
    return _TENS[number // 10] + (f"-{_SMALL[number % 10]}" if number % 10 else "")


def dollars(usd: float) -> str:
    """An amount as it is said, to the cent: "five dollars", "fifty cents", "two dollars fifty"."""
    whole, cents = divmod(round(usd * 100), 100)
    if not whole:
        return f"{number_words(cents)} cent{'' if cents == 1 else 's'}"
    said = f"{number_words(whole)} dollar{'' if whole == 1 else 's'}"
    return f"{said} {number_words(cents)}" if cents else said
