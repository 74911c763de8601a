"""Things told on the device: which questions are meant, what is said, and what codes hold before they are opened."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.events import Code, Colour, Measured
from pipelines.thinking.rules import OutputRules
from pipelines.thinking.things import (
    NO_TRAFFIC,
    Article,
    Asked,
    Name,
    all_described,
    described,
    said,
    said_article,
    said_lines,
    thing_asked,
)

QUESTIONS = {
    Asked("colour"): (
        "what colour is this", "What color is it?", "what colour's this", "which colour is this shirt",
        "what colours are these", "what is the colour of this", "can you tell me what colour this is",
        "tell me the colour of this thing", "what colour is the thing in my hand", "what colour is my jumper",
        "and what colour is that", "what colour", "what colours do you see", "what colour is this please",
        "do you know what colour this is", "what's its colour", "what colour is the wall",
    ),
    Asked("colour", "red or green"): ("is it red or green", "Is this red or green?", "is the apple red or green"),
    Asked("colour", "blue"): ("is this blue", "is it dark blue", "is my shirt blue", "are these blue", "is that blue?"),
    Asked("colour", "black or blue"): ("are these socks black or dark blue", "is it black or blue"),
    Asked("colour", "grey"): ("is this gray",),
    Asked("light", "lamp"): (
        "is the light on", "are the lights on", "is the light on or off", "is the lamp on", "is the light off",
        "did i leave the light on", "is the ceiling light on", "are the lights still on in this room",
        "is there a light on", "have i switched the light off",
    ),
    Asked("light"): (
        "is it dark in here", "is it dark", "how bright is it", "how dark is it in here", "is it bright here",
        "is there enough light", "is it light or dark", "is it getting dark", "is it dark outside", "is the room dark",
        "is it still light outside",
    ),
    Asked("moving"): (
        "is anything moving", "is something moving", "does anything move", "is there any movement", "did anything move",
        "is anything moving here", "what is moving", "can you tell me if anything is moving", "any movement",
    ),
    Asked("moving", "somebody"): (
        "is anybody moving", "is anyone moving", "is somebody moving around", "is someone walking",
    ),
    Asked("moving", "it"): ("is it moving", "is this still moving", "is that spinning"),
    Asked("text_lines"): (
        "how many lines of text", "how many lines are there", "how many lines of text are on this",
        "how many lines does it have", "how much text is there", "how many lines of text are there on it",
    ),
    Asked("text_lines", "any"): (
        "is there any text", "is there writing on it", "is anything written here", "is there any text in the picture",
        "does it have any writing on it",
    ),
    Asked("unit_price", "kg"): (
        "how much is that per kilo", "how much is this a kilo", "what is it per kg", "what's the price per kilo",
        "price per kilogram", "how much per kilo", "what does it cost per kilo", "how much is a kilo",
        "what is the kilo price",
    ),
    Asked("unit_price", "l"): ("how much is that per litre", "price per liter", "what does this cost a litre"),
    Asked("unit_price", "100 g"): (
        "how much is that per 100 grams", "what's that for a hundred grams", "how much is it per 100 g",
        "how much is this per one hundred grams",
    ),
    Asked("unit_price", "100 ml"): ("how much per 100 ml",),
    Asked("unit_price", "piece"): ("how much is it per piece", "how much are they each", "how much is one bottle"),
    Asked("unit_price"): ("what is the unit price", "unit price"),
    Asked("article"): (
        "what article is this", "which article number is this", "is this in my list", "look this up in my table",
        "what is the article number", "what does my table say", "look up the bar code",
    ),
}  # fmt: skip

NOT_OURS = (
    "what is this product", "what is this tin", "what is this", "what does this sign say", "how much is this",
    "what is this code", "what do you see", "what colour is the bus that is coming", "is anything coming",
    "is the road clear", "what is the colour of the sky on mars", "how much is the fish", "tell me a story",
    "how many people are there", "what colour is grass", "how long is a kilo of string", "is it red wine or white wine",
    "is this safe to eat", "is the milk still good", "what colour is this wire", "is she moving", "only the prices",
    "is the light switch on the left", "is my mole black", "is this rash red", "what is the time", "read this",
    "how many lines of code did you write", "is that Brown the actor", "", "???",
    "how much is a kilo of gold worth today",
)  # fmt: skip

TRAFFIC = (
    "is the light green", "is the light red", "Is the traffic light green?", "is the light green yet",
    "is the pedestrian light red", "what colour is the traffic light", "what colour is the light", "is it green yet",
    "has the light changed", "has it turned green", "is the traffic light on", "is the light still red",
    "what does the traffic light say", "is the light red or green", "do i have green", "is the green man on",
    "is the signal green now", "has the light gone green yet", "which colour is the pedestrian signal",
    "is it still red", "is the light green now please",
)  # fmt: skip


def seen(*colours: tuple[str, float], light: str = "normal", moving: float = -1.0) -> Measured:
    return Measured(0, 0, 0, tuple(Colour(*c) for c in colours), light, moving)


class TestWhatIsAsked:
    @pytest.mark.parametrize(("asked", "text"), [(a, t) for a, texts in QUESTIONS.items() for t in texts])
    def test_a_question_for_the_device(self, asked: Asked, text: str) -> None:
        assert thing_asked(text) == asked

    @pytest.mark.parametrize("text", NOT_OURS)
    def test_what_a_thing_is_and_all_else_is_not_for_the_device(self, text: str) -> None:
        assert thing_asked(text) is None

    @given(st.text(max_size=200))
    def test_no_words_break_it(self, text: str) -> None:
        found = thing_asked(text)
        assert found is None or found.name in get_args(Name)

    def test_a_very_long_utterance_is_no_question(self) -> None:
        assert thing_asked("is it " + "red or " * 5000 + "green") is None
        assert thing_asked("please " * 20_000) is None


class TestSafety:
    @pytest.mark.parametrize("text", TRAFFIC)
    def test_a_traffic_light_is_never_judged(self, text: str) -> None:
        asked = thing_asked(text)
        assert asked is not None
        for colour in ("green", "red"):
            answer = said(asked, seen((colour, 0.9), light="normal", moving=0.0))
            assert answer == NO_TRAFFIC

    def test_a_bare_red_or_green_gets_the_colour_and_the_limit(self) -> None:
        asked = thing_asked("is it red or green")
        assert asked is not None
        assert said(asked, seen(("green", 0.9))) == "It looks green. I can't judge traffic lights."

    def test_nothing_moving_is_not_called_safe(self) -> None:
        answer = said(Asked("moving"), seen(moving=0.0))
        assert "escapes me" in answer and "safe" not in answer and "clear" not in answer

    @pytest.mark.parametrize("asked", [a for a in QUESTIONS if a.name in {"colour", "light", "moving"}])
    @pytest.mark.parametrize("light", ["dark", "dim", "normal", "bright", "coloured", ""])
    @pytest.mark.parametrize("moving", [-1.0, 0.0, 0.05, 0.5])
    def test_whatever_is_measured_no_answer_gives_leave_to_go(self, asked: Asked, light: str, moving: float) -> None:
        for colours in ((), (("green", 1.0),), (("red", 0.5), ("white", 0.3))):
            answer = said(asked, seen(*colours, light=light, moving=moving))
            rules = OutputRules("what is in front of me")
            passed = [*(rules.passed(sentence + ".") for sentence in answer.rstrip(".").split(". ")), rules.closing()]
            assert " ".join(part for part in passed if part) == answer


class TestColours:
    def test_one_colour(self) -> None:
        assert said(Asked("colour"), seen(("dark green", 0.9))) == "It looks dark green."

    def test_several(self) -> None:
        assert said(Asked("colour"), seen(("red", 0.7), ("white", 0.2))) == "It looks mostly red, with some white."
        assert (
            said(Asked("colour"), seen(("red", 0.4), ("white", 0.3), ("blue", 0.2))) == "It looks red, white and blue."
        )

    def test_yes_and_no_only_where_people_would_agree(self) -> None:
        assert said(Asked("colour", "blue"), seen(("navy", 0.9))) == "Yes. It looks navy."
        assert said(Asked("colour", "blue"), seen(("pink", 0.9))) == "No. It looks pink."
        assert said(Asked("colour", "blue"), seen(("turquoise", 0.9))) == "It looks turquoise."
        assert said(Asked("colour", "blue"), seen(("white", 0.4), ("blue", 0.4))) == "It looks white and blue."

    def test_bad_light_is_told(self) -> None:
        assert said(Asked("colour"), seen(("dark green", 0.9), light="dim")) == (
            "It looks dark green. The light is dim, so I am not sure."
        )
        assert said(Asked("colour"), seen(("red", 0.9), light="coloured")) == (
            "It looks red, but everything in the picture has a tint like that, so it may be the light."
        )
        assert "not sure" in said(Asked("colour"), seen(("black", 0.9), light="coloured"))
        assert said(Asked("colour"), seen(light="dark")) == "It is too dark for colours."
        assert said(Asked("colour"), seen()) == "I can't make out a colour."


class TestLightAndMovement:
    def test_a_camera_evens_light_out_and_that_is_said(self) -> None:
        assert said(Asked("light"), seen(light="dim")) == (
            "It looks dim to me. The camera evens light out, so I can't tell more from one picture."
        )
        assert said(Asked("light"), seen(light="dark")) == "It looks dark to me."
        assert said(Asked("light", "lamp"), seen(light="normal")).startswith("I can't tell a lamp from daylight")

    def test_movement_is_told_without_saying_who(self) -> None:
        assert said(Asked("moving"), seen(moving=0.05)) == "Something moves in the picture."
        assert "not who or what" in said(Asked("moving", "somebody"), seen(moving=0.3))
        assert "Hold your head still" in said(Asked("moving"), seen(moving=-1.0))
        assert "too dark" in said(Asked("moving"), seen(light="dark", moving=0.0))

    def test_a_question_that_is_not_measured_is_named(self) -> None:
        with pytest.raises(ValueError, match="unit_price"):
            said(Asked("unit_price", "kg"), seen())


def test_lines_of_text() -> None:
    assert said_lines(Asked("text_lines"), 3) == "I read 3 lines of text."
    assert said_lines(Asked("text_lines", "any"), 1, 2) == "Yes, I read 1 line of text, and 2 more that I can't read."
    assert said_lines(Asked("text_lines"), 0, 1) == "There is some writing, and I can't read it: 1 line."
    assert said_lines(Asked("text_lines"), 0) == "I find no text that I can read."


def test_articles_in_words() -> None:
    pen = Article("4006381333931", "yellow text marker", "in the desk")
    assert said_article(pen, True) == "In your table: yellow text marker. in the desk."
    assert "not in your table" in said_article(None, True)
    assert "no table" in said_article(None, False)


SECRETS = ("hunter2", "JBSWY3DPEHPK3PXP")
KINDS = [
    ("WIFI:S:Cafe;T:WPA;P:hunter2;;",
     "A QR code for the wireless network Cafe, with its password. I have not used it."),
    ("WIFI:T:nopass;S:Free net;;",
     "A QR code for the wireless network Free net, without a password. I have not used it."),
    ("otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example",
     "A QR code with a secret for signing in, for Example:alice. I don't say it. Keep it covered."),
    ("tel:+49 30 1234", "A QR code with a telephone number: plus 4 9 3 0 1 2 3 4. I have not called it."),
    ("SMSTO:12345:WIN", "A QR code that writes a text message to 1 2 3 4 5, with the text: WIN. I have not sent it."),
    ("mailto:anna@example.org?subject=Hello%20you",
     "A QR code that writes a mail to anna at example dot org, about Hello you. I have not sent it."),
    ("geo:52.5163,-13.3777",
     "A QR code with a place on the map: 52.516 degrees north, 13.378 degrees west. I have not opened it."),
    ("BCD\n002\n1\nSCT\n\nRed Cross\nDE89370400440532013000\nEUR12.5\n\n\nThanks",
     "A QR code for a payment of 12 euros 50 to Red Cross, account ending in 3 0 0 0. I have not paid it."),
    ("BEGIN:VCARD\nVERSION:3.0\nFN:Ann Example\nTEL;TYPE=CELL:123\nEND:VCARD",
     "A QR code with a contact: Ann Example, with a telephone number. I have not saved it."),
    ("MECARD:N:Owen,Sean;TEL:123;EMAIL:a@b.cd;;",
     "A QR code with a contact: Sean Owen, with a telephone number and a mail address. I have not saved it."),
    ("BEGIN:VEVENT\nSUMMARY:Concert\nDTSTART:20270314T193000Z\nEND:VEVENT",
     "A QR code with a calendar entry: Concert, on 14 March 2027 at 19:30. I have not saved it."),
    ("javascript:alert(1)", "A QR code that would run something, of the kind javascript. I have not opened it."),
    ("bitcoin:1abc?amount=1", "A QR code for a payment, of the kind bitcoin. I have not paid it."),
    ("hello world", "A QR code with the text: hello world."),
    ("https://example.org/menu", "A QR code with a web address: example dot org slash menu. I have not opened it."),
]  # fmt: skip

TRICKY = [
    ("https://paypal.com@evil.example/login", "it leads to evil dot example"),
    ("https://evil.example\\@paypal.com/", "what counts"),
    ("http://192.168.0.1/admin", "a bare number instead of a name"),
    ("http://3232235777/", "a bare number instead of a name"),
    ("http://[::1]:8080/", "a bare number instead of a name"),
    ("https://xn--pypal-4ve.com/", "letters that can look like others"),
    ("https://pаypal.com/", "letters that can look like others"),
    ("https://login.paypal.com.evil.example/x", "what counts is the end, evil dot example"),
    ("https://example.org:4443/", "the unusual port 4443"),
    ("https://example.org/" + "a" * 300, "320 characters long"),
]


PREFIXES = ("", "WIFI:", "otpauth://totp/", "https://", "BEGIN:VCARD\n", "BCD\n", "mailto:", "geo:", "sms:", "tel:",
            "BEGIN:VEVENT\n", "MECARD:")  # fmt: skip


class TestCodes:
    @pytest.mark.parametrize(("payload", "told"), KINDS)
    def test_each_kind_is_told_and_never_used(self, payload: str, told: str) -> None:
        answer = described(Code("qr", payload))
        assert answer == told
        assert not any(secret.lower() in answer.lower().replace(" ", "") for secret in SECRETS)

    @pytest.mark.parametrize(("payload", "warning"), TRICKY[:1] + TRICKY[2:])
    def test_an_address_that_tricks_is_told_plainly(self, payload: str, warning: str) -> None:
        answer = described(Code("qr", payload))
        assert "Careful" in answer and warning in answer and answer.endswith("I have not opened it.")

    def test_a_backslash_leads_where_a_browser_would_go(self) -> None:
        answer = described(Code("qr", "https://evil.example\\@paypal.com/"))
        assert "leads to paypal" not in answer and answer.endswith("I have not opened it.")

    def test_an_honest_address_is_not_warned_of(self) -> None:
        for address in ("https://www.example.co.uk/a?b=c", "http://menu.example.org", "https://www.bbc.co.uk/news"):
            assert "Careful" not in described(Code("qr", address))

    def test_bar_codes(self) -> None:
        assert described(Code("ean13", "4006381333931")) == "A bar code, EAN number 4 0 0 6 3 8 1 3 3 3 9 3 1."
        assert "ISBN" in described(Code("ean13", "9780735211292"))
        assert "check digit is wrong" in described(Code("ean13", "4006381333932"))
        pen = Article("4006381333931", "yellow text marker", "in the desk")
        assert described(Code("ean13", "4006381333931"), pen) == "In your table: yellow text marker. in the desk."

    def test_several_codes(self) -> None:
        told = all_described((Code("qr", "hi"), Code("ean8", "96385074")))
        assert told == "I see 2 codes. A QR code with the text: hi. A bar code, EAN number 9 6 3 8 5 0 7 4."

    @given(st.text(max_size=400), st.sampled_from(PREFIXES))
    def test_no_payload_breaks_it_or_makes_it_long(self, text: str, prefix: str) -> None:
        assert 0 < len(described(Code("qr", prefix + text))) < 2500

    @given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=16, max_size=32), st.text("abc:/?&%=.", max_size=12))
    def test_a_sign_in_secret_is_never_said(self, secret: str, label: str) -> None:
        for payload in (f"otpauth://totp/{label}?secret={secret}", f"otpauth://{label}secret={secret}"):
            assert secret.lower() not in described(Code("qr", payload)).lower()
