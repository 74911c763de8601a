"""What a model writes and nobody wants to hear: reasoning, code, calls, addresses, citations, talk about its own tools.

Each is taken out or named in a word, before the rest is made fit for the ear (`speakable`). `links_of` gives the
addresses that were taken out. Words that are read from a picture never pass here: on a sign they mean what they say.

`opening` and `narrates` tell a reader of a stream, who has only the beginning, that such a stretch may be under way.
"""

from __future__ import annotations

import re

# ---------------------------------------------------------------------------------------------------- reasoning, calls

_TAG_NAMES = (
    r"(?:antml:)?(?:think|thinking|thoughts?|reasoning|analysis|reflection|scratchpad|tool_?calls?|tool_?use|tool_code|"
    r"tool_?results?|tool_?response|tool_?outputs?|function_?calls?|function_?results?|function|invoke)"
)
_TAGGED = re.compile(rf"<({_TAG_NAMES})\b[^<>]*>.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_LEFT_OPEN = re.compile(rf"<{_TAG_NAMES}(?:\s[^<>]*)?\Z", re.IGNORECASE)
_SQUARE_THINK = re.compile(r"(?:\[think\]|◁think▷).*?(?:\[/think\]|◁/think▷|\Z)", re.IGNORECASE | re.DOTALL)
_CLOSES_ONLY = re.compile(rf"</{_TAG_NAMES}\s*>|\[/think\]|◁/think▷", re.IGNORECASE)
_CHANNEL = re.compile(
    r"<\|channel\|>\s*(?:analysis|commentary).*?(?:<\|end\|>|<\|call\|>|(?=<\|channel\|>\s*final)|\Z)", re.DOTALL
)
_SPECIAL = re.compile(r"<\|channel\|>\s*final|<\|[^<>|\n]{1,40}\|>")
_HTML_BREAK = re.compile(r"</?(?:br|p|div|li|ul|ol|tr|table|h[1-6]|hr)\b[^<>]*>", re.IGNORECASE)
_HTML = re.compile(
    r"</?(?:b|i|u|s|a|em|strong|span|img|code|pre|sub|sup|small|td|th|tbody|thead|kbd|del|ins|details|summary|speak|"
    r"break|prosody|emphasis|say-as|phoneme|voice|audio|mark|voice_style)\b[^<>]*>",
    re.IGNORECASE,
)
_FENCE = re.compile(r"(```+|~~~+)([^\n`]*?)(?:\n(.*?)|([^\n]*?))(?:\1|\Z)", re.DOTALL)
_TEXT_FENCES = frozenset({"", "text", "txt", "markdown", "md", "plain", "plaintext"})
_CODE_SIGNS = re.compile(
    r"[{};]\s*$|^\s*(?:def|class|import|from|return|const|let|var|print|if|for|while|function|#include|<\w+|\$|sudo|"
    r"pip|"
    r"SELECT)\b.*[({=:<>]|\w\(.*\)\s*;?\s*$|^\s*[{\[]\s*$|^\s*\"[\w ]+\":|\w+\s*=\s*\S",
    re.MULTILINE,
)
_JSON_START = re.compile(r"\[?\s*\{\s*(?:[\"“'][\w .-]{1,60}[\"”']\s*:|\})|\[\s*\{\s*\Z")
_CALL = re.compile(
    r"(?:\b(?:functions|tools|default_api|mcp)\.)?\b[A-Za-z]\w*_\w+\((?:[^()\n]|\([^()\n]*\))*\)"
    r"|\b(?:functions|tools|default_api)\.\w+(?:\([^()\n]*\))?"
)
_WHOLLY_A_CALL = re.compile(r"\s*[A-Za-z_]\w{2,}(?:\.\w+)*\((?:[^()\n]|\([^()\n]*\))*\);?\s*")
_REACT = re.compile(
    r"^[ \t]*(?:[*_]{1,3})?(?:thought|action input|tool[ _]calls?|tool[ _](?:result|output|input|use)|function[ _]call|"
    r"assistant to=|recipient)(?:[*_]{1,3})?[ \t]*[:=].*$|^[ \t]*action[ \t]*:[ \t]*\w+_\w+.*$",
    re.IGNORECASE | re.MULTILINE,
)


def without_machinery(text: str) -> str:
    """Without reasoning, tool calls, code and markup tags. A stretch whose end is missing counts to the end."""
    if "<" in text or "[" in text or "◁" in text:
        text = _TAGGED.sub(" ", text)
        text = _SQUARE_THINK.sub(" ", text)
        text = _LEFT_OPEN.sub(" ", _CHANNEL.sub(" ", text))
        closers = list(_CLOSES_ONLY.finditer(text))
        if closers:  # the beginning came before this text: all of it was reasoning
            text = text[closers[-1].end() :]
        text = _HTML.sub("", _HTML_BREAK.sub("\n", _SPECIAL.sub(" ", text)))
    if "```" in text or "~~~" in text:
        text = _FENCE.sub(_fenced, text)
    if "{" in text:
        text = _without_json(text)
    if ":" in text or "=" in text:
        text = _REACT.sub("", text)
    if "(" in text or "." in text:
        text = "" if _WHOLLY_A_CALL.fullmatch(text) else _CALL.sub(" ", text)
    return text


def _fenced(match: re.Match[str]) -> str:
    """Words in a fence are words (a label, a poem); code is nothing to hear."""
    inside = match[3] if match[3] is not None else f"{match[2]} {match[4] or ''}"
    kind = match[2].strip().lower() if match[3] is not None else ""
    spoken = kind in _TEXT_FENCES and not _CODE_SIGNS.search(inside)
    return f"\n{inside.strip()}\n" if spoken else "\n"


def _without_json(text: str) -> str:
    """Without objects that look like JSON; a brace without an end takes the rest with it."""
    kept: list[str] = []
    at = 0
    while (found := _JSON_START.search(text, at)) is not None:
        kept.append(text[at : found.start()])
        at = _end_of_json(text, found.start())
    return "".join(kept) + text[at:] if kept or at else text


def _end_of_json(text: str, start: int) -> int:
    depth, quoted, at = 0, False, start
    while at < len(text):
        char = text[at]
        if quoted:
            at += char == "\\"
            quoted = char != '"'
        elif char == '"':
            quoted = True
        elif char in "[{":
            depth += 1
        elif char in "]}":
            depth -= 1
            if depth <= 0:
                return at + 1
        at += 1
    return len(text)


# ------------------------------------------------------------------------------------------------------------ addresses

# Endings that count as an address without "www." or a scheme. A capital after the point is the next sentence.
_ENDINGS = (
    "com|org|net|io|de|uk|eu|fr|nl|es|it|ch|at|info|app|dev|ai|gov|edu|ca|au|jp|ie|se|pl|be|dk|fi|pt|br|mx|kr|nz|cz|"
    "biz|shop|store|online|site|page|link|museum|travel|tv"
)
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]]*)\]\(\s*<?([^)\s>]*)>?(?:\s+[\"'“][^\"'”]*[\"'”])?\s*(?:\)|\Z)")
_REFERENCE_LINK = re.compile(r"(?<!\w)!?\[([^\[\]\n]{2,})\]\[[^\[\]\n]*\]")
_DEFINITION = re.compile(r"^[ \t]*\[[^\]\n]+\]:[ \t]*\S.*$", re.MULTILINE)
URL = re.compile(
    r"<?(?:(?:https?|ftp|wss?|file)://|www\.(?=[\w-]+\.)|\bdata:[\w/+.-]*[;,])[^\s<>)\]\"”]*>?", re.IGNORECASE
)
HOST = re.compile(
    rf"(?<![\w@])((?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.){{1,5}}(?:{_ENDINGS}|{_ENDINGS.upper()}))(?![\w@])"
    rf"(?::\d{{2,5}})?(/[^\s<>)\]\"”]*)?"
)
_TAIL = re.compile(r"[.,;:!?'\"”*_`]*\Z")
_SECOND_LEVEL = frozenset({"co", "com", "org", "gov", "ac", "net", "edu", "or", "ne"})
_NAMED = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]|[a-z]")


def links_of(text: str) -> tuple[str, ...]:
    """The addresses in the text as they stand there, in order, each once: for a page beside the voice."""
    found: list[tuple[int, str]] = [(m.start(2), m[2]) for m in _MARKDOWN_LINK.finditer(text) if _is_address(m[2])]
    covered = [(m.start(), m.end()) for m in _MARKDOWN_LINK.finditer(text)]
    for pattern in (URL, HOST):
        for m in pattern.finditer(text):
            if not any(start <= m.start() < end for start, end in covered):
                found.append((m.start(), m.group().strip("<>")))
                covered.append((m.start(), m.end()))
    links = [_TAIL.sub("", link) for _, link in sorted(found)]
    return tuple(dict.fromkeys(link for link in links if link and not link.lower().startswith("data:")))


def _is_address(target: str) -> bool:
    return URL.match(target) is not None or HOST.match(target) is not None


def without_addresses(text: str) -> str:
    """Links keep their words; an address is named by its site ("the example site") or left out where it only stands
    beside what was said."""
    if "](" in text or "][" in text:
        text = _REFERENCE_LINK.sub(r"\1", _MARKDOWN_LINK.sub(r"\1", text))
    if "]:" in text:
        text = _DEFINITION.sub("", text)
    if "." in text or ":" in text:
        for pattern in (URL, HOST):
            text = re.sub(rf"\(\s*(?:see |via |at )?{_LINK_IN[pattern]}\s*\)", "", text, flags=_FLAGS[pattern])
            text = re.sub(rf"^[ \t]*(?:[-*•][ \t]+)?{_LINK_IN[pattern]}[ \t.]*$", "", text, flags=_FLAGS[pattern])
            text = _AROUND[pattern].sub(_site, text)
    return text


_LINK_IN = {URL: URL.pattern, HOST: HOST.pattern.replace("((?:", "(?:(?:", 1).replace("(/[", "(?:/[")}
_FLAGS = {URL: re.MULTILINE | re.IGNORECASE, HOST: re.MULTILINE}
_AROUND = {
    pattern: re.compile(
        rf"(?P<the>\b[Tt]he\s+)?(?P<address>{_LINK_IN[pattern]})(?P<site>\s+(?:web ?site|web ?page|site|home ?page)"
        rf"\b)?",
        _FLAGS[pattern],
    )
    for pattern in (URL, HOST)
}


def _site(match: re.Match[str]) -> str:
    raw = match["address"].strip("<>")
    if raw.lower().startswith("data:"):
        return " "
    tail = re.search(r"[.,;:!?'\"”]*\Z", raw)
    article = "The " if (match["the"] or "").startswith("T") else "the "
    return f"{article}{site_name(raw)}{tail.group() if tail else ''}"


def site_name(address: str) -> str:
    """ "https://www.example.org/menu?x=1" -> "example site"; "link" for a host that has no name."""
    rest = re.sub(r"^\w+://", "", address.lower())
    host = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2].partition(":")[0].strip(".")
    labels = [label for label in host.removeprefix("www.").split(".") if label]
    if len(labels) < 2 or not labels[-1].isalpha():
        return "link"
    at = -3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL else -2
    name = labels[at]
    if not _NAMED.fullmatch(name) or name.startswith("xn--"):
        return "link"
    return f"{name.replace('-', ' ')} site"


# --------------------------------------------------------------------------------------------- citations, own narration

_CITED = re.compile(r"【[^】\n]{0,80}】?|\[\^[\w-]{1,20}\]|[\ue000-\uf8ff]+(?:cite|turn\w+)*")
_NUMBERED = re.compile(r"\s{0,3}(?:\[\d{1,2}(?:\s?[,–-]\s?\d{1,2})*\])+")
_POINTED_AT = re.compile(r"(?:press|button|key|option|step|number|type|enter|choose|select|dial)\W*\Z", re.IGNORECASE)
_SOURCES = re.compile(
    r"(?:^|(?<=[.!?]\s))[ \t]*(?:[-*•][ \t]+)?[*_]{0,2}(?:sources?|references?|citations?)"
    r"[*_]{0,2}[ \t]*:[*_]{0,2}[^\n]*"
    r"|\(\s*(?:sources?|ref)\s*:[^()\n]*\)",
    re.IGNORECASE | re.MULTILINE,
)

_SURE = (
    r"(?:(?:ok(?:ay)?|sure(?: thing)?|alright|all right|right|great|certainly|of course|hm+|well|first|now|next|"
    r"then|so|"
    r"absolutely|got it|let's see)(?:[,.!…]+|\b)\s*){0,3}"
)
_DOER = (
    r"(?:please )?(?:let me|i(?:['’]ll| will|['’]m going to| am going to|['’]m about to| need to| should| have to|"
    r"['’]d like to| want to)|allow me to|we(?:['’]ll| will| need to))"
)
_HOW = r"(?:(?:just|first|quickly|now|also|try to|try and|go ahead and|have to|need to|please|briefly|really) )*"
_TOOL = r"(?:tools?|function|search|camera|calculator|api|browser|web|internet|plugin|command|query|scanner|[a-z]+_\w+)"
_DOING = (
    r"(?:look|take (?:a|another|one) (?:\w+ ){0,2}(?:look|picture|photo|peek|glance)|zoom|enlarge|crop|search|google|"
    r"check|double[- ]check|verify|examine|inspect|analy[sz]e|investigate|find out|pull up|fetch|query|browse|invoke|"
    r"consult|retrieve|grab|scan|review|gather|"
    rf"(?:use|call|run|try|open|start|execute|switch to) (?:the |my |a |an |our )?(?:[\w-]+ ){{0,3}}{_TOOL}|"
    r"(?:calculate|compute|work (?:it|that|this) out|see (?:what|if|whether)|think (?:about|through)|"
    r"read (?:the|this|that|it|what)))\b"
)
_UNDER_WAY = (
    r"(?:(?:searching|looking (?:closer|again|up|it up|that up|online|into)|zooming|scanning|fetching|browsing|"
    r"querying|"
    r"analy[sz]ing|examining|retrieving|checking (?:the web|online|the internet|the image|the picture|the label|"
    r"that|it))\b|"
    rf"(?:calling|using|running|invoking|executing) (?:the |my |a )?(?:[\w-]+ ){{0,2}}{_TOOL}\b)"
)
_I_AM = r"i(?:['’]m| am) (?:now |currently )?"
_WAITING = (
    r"(?:(?:(?:just )?one|just a|give me (?:a|one)) (?:moment|second|sec|minute)|(?:please )?(?:hold on|bear with me|"
    r"stand by))(?=[,.!…:;–—-]|\s*\Z| please| while)(?: please)?"
)
_DID = (
    r"(?:i(?:['’]ve| have)? (?:just )?(?:opened|visited|fetched|navigated to|browsed|clicked|loaded|called|ran|"
    r"searched|"
    r"queried|invoked|used)|(?:opened|visited|navigated to|clicked|loaded|fetched|searched|queried)"
    r"(?= (?:the|a|an|your|that|this|up|for|on|google)\b| https?:| www\.))"
    rf"(?=[^.!?\n]{{0,80}}\b(?:link|site|website|page|chrome|safari|tab|online|google|{_TOOL})\b)"
)
_BEGINS = re.compile(
    rf"\s*{_SURE}(?:{_DOER} {_HOW}{_DOING}|{_I_AM}{_UNDER_WAY}|(?P<bare>{_UNDER_WAY})|{_WAITING}|{_DID})", re.IGNORECASE
)
_MIGHT_BEGIN = re.compile(
    rf"\s*{_SURE}(?:{_DOER}(?: {_HOW}(?:[\w-]+ ?){{0,4}})?|(?:i(?:['’]m| am)|opened|visited|searched|using|calling|"
    rf"running)"
    r"(?: [\w-]+){0,4})\Z",
    re.IGNORECASE,
)
# What follows narration in the same sentence: words after a colon or dash, or a new clause with a subject of its own.
_CONTENT = re.compile(
    r"[:;–—]\s*|,? and (?:i )?(?:found|saw|see|can see)(?: that)? |,? (?:and )?(?:it|which) (?:says|shows)(?: that)? "
    r"|\s*(?:,\s*and|,|\band)\s+(?=(?:it|this|that|there|here|the \w+|your \w+|you|i see|i can|i found|yes|no)\b)",
    re.IGNORECASE,
)
_OF_TOOLS = re.compile(r"\b(?:the (?:web|internet)|online|tool|function|[a-z]+_\w+)\b|(?:…|\.\.\.)\W*\Z", re.IGNORECASE)
_SENTENCE = re.compile(r"(?:[^.!?…\n]|[.!?…](?=[^\s\"”’)*_\]]))*(?:[.!?…][\"”’)*_\]]*|\n|\Z)")
_STAGE = re.compile(
    r"(?:^|(?<=[.!?…]\s)|(?<=\n))([*_]{1,2})(?:i )?(?:(?:looks?|looking|peers?|peering|zooms?|zooming|leans?|leaning|"
    r"squints?|squinting) (?:at|in|into|closer|again|up|more|on|over|carefully)\b[^*_\n]{0,80}|(?:searches|"
    r"searching|scans|"
    r"scanning|checks|checking|examines|examining|analy[sz]es|analy[sz]ing|thinks|thinking|pauses|nods|smiles)\b"
    r"[^*_\n]{0,80})\1"
    r"|\[(?:looking|zooming|searching|scanning|checking|analy[sz]ing|thinking|using|calling|opening|running|"
    r"fetching|tool)\b"
    r"[^\[\]\n]{0,80}\]"
    r"|\((?:looking|zooming|searching|scanning|checking|thinking|using|calling|opening)\b[^()\n]{0,80}(?:…|\.\.\.)\)",
    re.IGNORECASE,
)


def narrates(text: str) -> bool:
    """The text, perhaps only the beginning of a sentence, may be talk about what the model is doing. To be asked before
    a sentence is cut in the middle."""
    return _BEGINS.match(text) is not None or (len(text) < 60 and _MIGHT_BEGIN.match(text) is not None)


def without_citations(text: str) -> str:
    """Without marks like [1] and lines like "Source: …". A number that is to be pressed stays."""
    if "[" in text or "【" in text or any("\ue000" <= char <= "\uf8ff" for char in text):
        text = _NUMBERED.sub(_cited, _CITED.sub("", text))
    return _SOURCES.sub("", text) if ":" in text else text


def _cited(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - 20) : match.start()]
    if match.group()[0].isspace() and _POINTED_AT.search(before):
        return match.group()
    return ""


def without_narration(text: str) -> str:
    """Without sentences about the model's own doing; what they lead up to ("…: it says EXIT") stays."""
    if "*" in text or "(" in text or "[" in text or "_" in text:
        text = _STAGE.sub(" ", text)
    if _MAY_NARRATE.search(text) is None:
        return text
    return "".join(_kept(sentence.group()) for sentence in _SENTENCE.finditer(text))


_MAY_NARRATE = re.compile(
    r"\b(?:let me|i['’ ]|allow me|we|search|look|zoom|scan|fetch|brows|quer|analy|examin|retriev|check|call|"
    r"us(?:ing|ed)|"
    r"running|invok|execut|one|just|give|hold|bear|stand|open|visited|navigated|clicked|loaded)",
    re.IGNORECASE,
)


def _kept(sentence: str) -> str:
    found = _BEGINS.match(sentence)
    if found is None or sentence.rstrip().endswith("?"):
        return sentence
    content = _CONTENT.search(sentence, found.end())
    if found["bare"] is not None:  # "Scanning the code gives an address" tells something
        told = content is not None and ":" not in content.group()
        if told or (len(sentence.split()) > 5 and _OF_TOOLS.search(sentence) is None):
            return sentence
    if content is None:
        return "\n" if sentence.endswith("\n") else " "
    rest = sentence[content.end() :]
    return rest[:1].upper() + rest[1:] if any(map(str.isalnum, rest)) else " "


# ------------------------------------------------------------------------------------------------ stretches in a stream

_OPENS_TAG = re.compile(rf"(?:<({_TAG_NAMES})|\[(think)\]|◁(think)▷|<\|(channel)\|>)>?\Z", re.IGNORECASE)
_OPENS_OBJECT = re.compile(r"(?:\A|[(=:])\[?\{\Z")


def opening(token: str) -> str:
    """What must come before the stretch that the token begins is over: "```", "</think>", "}" …; "" if it begins none.

    `token`: text without blanks, up to and with the character that may begin it."""
    if token.endswith(("```", "~~~")):
        return token[-3:]
    if token.endswith("{"):
        return "}" if _OPENS_OBJECT.search(token) else ""
    found = _OPENS_TAG.search(token)
    if found is None:
        return ""
    if found[1]:
        return f"</{found[1]}>"
    return "[/think]" if found[2] else "◁/think▷" if found[3] else "<|end|>"
