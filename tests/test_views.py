"""How large pictures are sent: what vendors count, what is worth sending, and that a closer look really is closer."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.events import ImageRule, TextLine, View
from pipelines.seeing.decode import from_jpeg
from pipelines.seeing.encode import jpeg_view
from pipelines.seeing.views import BOX_LEAST_PX, CROP_PX, SIZES, WHOLE, crop, in_pixels, sized, text_region, tokens

CLAUDE = ImageRule("patches", patch_px=28, max_tokens=4784, max_px=2576)
CLAUDE_SMALL = ImageRule("patches", patch_px=28, max_tokens=1568, max_px=1568)
OPENAI = ImageRule("patches", patch_px=32, max_tokens=2500, max_px=2048)
GLIMMER = ImageRule("patches", patch_px=28, max_tokens=4096)
GEMINI = ImageRule("fixed", low=280, medium=560, high=1120)
GEMMA = ImageRule("fixed", medium=256)
UNKNOWN = ImageRule()
RULES = [CLAUDE, CLAUDE_SMALL, OPENAI, GLIMMER, GEMINI, GEMMA, UNKNOWN]

rules = st.sampled_from(RULES)
sides = st.integers(64, 4100)


class TestTokens:
    @pytest.mark.parametrize(
        ("width", "height", "claude", "claude_small", "openai"),
        [
            (432, 768, 448, 448, 336),
            (504, 896, 576, 576, 448),
            (720, 1280, 1196, 1196, 920),
            (3024, 4032, 4740, 1564, 2494),
        ],
    )
    def test_the_vendors_own_worked_examples(
        self, width: int, height: int, claude: int, claude_small: int, openai: int
    ) -> None:
        counted = [tokens(rule, width, height) for rule in (CLAUDE, CLAUDE_SMALL, OPENAI)]
        assert counted == [claude, claude_small, openai]
        assert counted == [tokens(rule, height, width) for rule in (CLAUDE, CLAUDE_SMALL, OPENAI)]

    def test_a_crop_for_reading_costs_what_the_limits_allow_at_most(self) -> None:
        assert tokens(GLIMMER, 2048, 2048) <= 4096
        assert tokens(OPENAI, 2048, 2048) <= 2500
        assert tokens(CLAUDE_SMALL, 2048, 1560) <= 1568

    def test_where_the_price_is_fixed_only_the_purpose_counts(self) -> None:
        assert [tokens(GEMINI, 720, 1280, kind) for kind in SIZES] == [280, 560, 1120]
        assert [tokens(GEMINI, 64, 64, kind) for kind in SIZES] == [280, 560, 1120]
        assert [tokens(GEMMA, 720, 1280, kind) for kind in SIZES] == [256, 256, 256]

    def test_an_unknown_vendor_is_taken_to_count_the_commonest_squares(self) -> None:
        assert tokens(UNKNOWN, 720, 1280) == 1196

    @given(rules, sides, sides)
    def test_no_picture_costs_more_than_the_vendors_limit_or_nothing(self, rule: ImageRule, w: int, h: int) -> None:
        assert 1 <= tokens(rule, w, h) <= (rule.max_tokens or 1 << 30)

    def test_impossible_values_are_named(self) -> None:
        with pytest.raises(ValueError, match="0x720"):
            tokens(CLAUDE, 0, 720)
        with pytest.raises(ValueError, match="'stare'"):
            sized("stare", CLAUDE, 720, 1280)


class TestWholeFrames:
    def test_a_glance_is_small_a_look_is_all_that_glasses_see_and_reading_spares_no_quality(self) -> None:
        assert [sized(kind, UNKNOWN, 720, 1280) for kind in SIZES] == [(768, 75), (1280, 85), (1280, 92)]
        assert [sized(kind, UNKNOWN, 3024, 4032)[0] for kind in SIZES] == [768, 1280, 1280]

    def test_a_frame_is_never_enlarged(self) -> None:
        assert [sized(kind, UNKNOWN, 360, 640)[0] for kind in SIZES] == [640, 640, 640]

    def test_mostly_empty_rows_of_squares_are_not_paid_for(self) -> None:
        px, _ = sized("glance", CLAUDE, 720, 1280)
        assert px == 747  # 420x747: 15 x 27 squares, all but full; 432x768 would need 16 x 28
        assert tokens(CLAUDE, 420, 747) == 405 < 448
        assert sized("look", CLAUDE, 720, 1280)[0] == 1280  # there a smaller picture would save too little

    @given(st.sampled_from(list(SIZES)), rules, sides, sides)
    def test_what_is_sent_fits_the_frame_the_purpose_and_the_vendor(
        self, kind: str, rule: ImageRule, w: int, h: int
    ) -> None:
        px, quality = sized(kind, rule, w, h)
        assert 1 <= px <= min(max(w, h), SIZES[kind].px, rule.max_px or 1 << 30)
        assert quality == SIZES[kind].quality
        sent = (max(1, round(w * px / max(w, h))), max(1, round(h * px / max(w, h))))
        assert tokens(rule, *sent, kind) <= tokens(rule, w, h, kind)
        if not rule.max_tokens:
            assert px >= 0.96 * min(max(w, h), SIZES[kind].px)

    @pytest.mark.parametrize("limit", [64, 100, 256, 300, 777, 1000])
    def test_a_vendor_with_low_limits_gets_all_that_fits_them(self, limit: int) -> None:
        tight = ImageRule("patches", patch_px=28, max_tokens=limit)

        def squares(px: int) -> int:
            return -(-px // 28) * -(-int(px * 720 / 1280 + 0.5) // 28)

        fitting = [px for px in range(28, 1281) if squares(px) <= limit]  # none of these limits lets 1280 through
        assert tokens(tight, 720, 1280) == squares(fitting[-1])
        px, _ = sized("look", tight, 720, 1280)
        assert squares(px) <= limit
        assert px >= 0.97 * fitting[-1]
        assert crop(4, 720, 1280, WHOLE, 1280, tight, "all of it").px == fitting[-1]


def density(view: View) -> float:
    """Pixels along a line of the crop as sent, for each pixel of the frame."""
    return view.px / max(view.box[2], view.box[3])


class TestCrops:
    @given(rules, sides, sides, st.tuples(*[st.integers(-500, 4500)] * 4), st.sampled_from([0, 500, 768, 1280]))
    def test_a_crop_is_three_times_closer_as_far_as_anybody_allows(
        self, rule: ImageRule, w: int, h: int, box: tuple[int, int, int, int], sent_px: int
    ) -> None:
        view = crop(5, w, h, box, sent_px, rule, "crop 1")
        x, y, bw, bh = view.box
        assert x >= 0 and y >= 0 and x + bw <= w and y + bh <= h
        assert bw >= min(BOX_LEAST_PX, w) and bh >= min(BOX_LEAST_PX, h)
        sent = min(sent_px or max(w, h), max(w, h)) / max(w, h)
        shape = (max(1, round(bw * density(view))), max(1, round(bh * density(view))))
        limited = view.px > CROP_PX - 32 or (rule.max_px and view.px >= rule.max_px)
        if rule.max_tokens and rule.patch_px:
            assert -(-shape[0] // rule.patch_px) * -(-shape[1] // rule.patch_px) <= rule.max_tokens
            bigger = [-(-round(s * (view.px + 33) / view.px) // rule.patch_px) for s in shape]
            limited = limited or bigger[0] * bigger[1] > 0.9 * rule.max_tokens
        assert limited or density(view) >= 3 * sent
        assert limited or density(view) >= 1  # and nothing that the camera saw there is thrown away
        assert ("enlarged" in view.name) == (density(view) > 1.05)

    def test_it_is_cut_from_the_original_and_enlarged_only_where_the_camera_has_less(self) -> None:
        from_photo = crop(9, 3024, 4032, (1000, 1000, 900, 1200), 1280, CLAUDE, "crop 2 of frame 9")
        assert from_photo.name == "crop 2 of frame 9"
        assert 1 <= density(from_photo) < 1.05
        from_video = crop(9, 720, 1280, (100, 200, 200, 300), 1280, UNKNOWN, "crop 3 of frame 9")
        assert (from_video.px, from_video.name) == (900, "crop 3 of frame 9, enlarged 3.0 times")
        assert from_video.box == (100, 200, 200, 300)

    def test_squares_that_are_paid_for_show_something(self) -> None:
        view = crop(9, 720, 1280, (100, 200, 150, 60), 768, CLAUDE, "crop")
        assert view.px % 28 == 0
        wanted, got = (100, 200, 150, 60), view.box
        assert got[0] == wanted[0] and got[1] <= wanted[1] and got[1] + got[3] >= wanted[1] + wanted[3]
        sent = (view.px, round(got[3] * density(view)))
        assert tokens(CLAUDE, *sent) == tokens(CLAUDE, view.px, round(60 * density(view)))
        assert sent[1] % 28 in {0, *range(25, 28)}  # to the pixel of the frame, which is three here

    def test_a_vague_finger_still_shows_something(self) -> None:
        assert crop(9, 720, 1280, (300, 400, 0, 0), 768, UNKNOWN, "crop").box == (276, 376, 48, 48)
        assert crop(9, 720, 1280, (9000, 9000, 5, 5), 768, UNKNOWN, "crop").box == (672, 1232, 48, 48)
        assert crop(9, 720, 1280, (-50, -50, 100, 100), 768, UNKNOWN, "crop").box == (0, 0, 50, 50)
        assert crop(9, 720, 1280, WHOLE, 768, UNKNOWN, "all of it").box == (0, 0, 720, 1280)

    def test_models_point_in_thousandths(self) -> None:
        assert in_pixels((0, 0, 1000, 1000), 720, 1280) == (0, 0, 720, 1280)
        assert in_pixels((500, 250, 100, 100), 720, 1280) == (360, 320, 72, 128)
        with pytest.raises(ValueError, match="thousandths"):
            in_pixels((1, 2, 3), 720, 1280)
        with pytest.raises(ValueError, match="thousandths"):
            in_pixels((0, 0, float("nan"), 10), 720, 1280)

    def test_nothing_has_no_part(self) -> None:
        with pytest.raises(ValueError, match="frame 9 of 0x0"):
            crop(9, 0, 0, WHOLE, 768, UNKNOWN, "crop")


class TestTextRegion:
    def test_the_region_holds_every_line_that_can_be_trusted_and_no_ghosts(self) -> None:
        lines = (
            TextLine("Ingredients: sugar", 0.98, (200, 300, 180, 20)),
            TextLine("cocoa butter, milk", 0.97, (210, 330, 160, 20)),
            TextLine("~·|-", 0.99, (0, 0, 700, 20)),
            TextLine("7 A.T0", 0.4, (600, 1200, 80, 20)),
        )
        assert text_region(lines, 720, 1280, margin=0.0) == (200, 300, 180, 50)
        assert text_region(lines, 720, 1280) == (162, 262, 256, 126)

    def test_the_margin_ends_at_the_frame(self) -> None:
        lines = (TextLine("PLATFORM SEVEN", 0.99, (0, 1260, 720, 20)),)
        assert text_region(lines, 720, 1280, margin=0.1) == (0, 1132, 720, 148)

    def test_without_text_it_is_the_whole_frame(self) -> None:
        assert text_region((), 720, 1280) == WHOLE
        assert text_region((TextLine("mumble", 0.2, (5, 5, 50, 20)),), 720, 1280) == WHOLE


def ink_height(data: bytes) -> int:
    """How many rows of a JPEG file hold something dark."""
    picture = from_jpeg(data)
    assert picture is not None
    rows = np.flatnonzero(picture.min(axis=(1, 2)) < 128)
    return int(rows[-1] - rows[0] + 1)


class TestAsJpeg:
    def label(self) -> np.ndarray:
        """A 720p frame with one word, its capitals 12 px high."""
        frame = np.full((1280, 720, 3), 235, np.uint8)
        cv2.putText(frame, "EXPIRY", (300, 640), cv2.FONT_HERSHEY_SIMPLEX, 0.56, (10, 10, 10), 2, cv2.LINE_AA)
        return frame

    @pytest.mark.parametrize("kind", list(SIZES))
    @pytest.mark.parametrize("rule", RULES)
    def test_small_print_is_three_times_as_high_in_the_crop(self, kind: str, rule: ImageRule) -> None:
        frame = self.label()
        original = ink_height(jpeg_view(frame, View(4)))
        assert 11 <= original <= 14
        px, quality = sized(kind, rule, 720, 1280)
        sent = ink_height(jpeg_view(frame, View(4, px=px, quality=quality)))
        view = crop(4, 720, 1280, (290, 615, 100, 35), px, rule, "crop 1 of frame 4")
        closer = ink_height(jpeg_view(frame, view))
        assert closer >= 3 * sent - 2  # a row of soft edge on either side
        assert closer >= 3 * original * px / 1280 - 2

    def test_the_file_is_as_large_as_the_view_says(self) -> None:
        frame = self.label()

        def shape(view: View) -> tuple[int, ...]:
            picture = from_jpeg(jpeg_view(frame, view))
            assert picture is not None
            return picture.shape[:2]

        assert shape(View(4)) == (1280, 720)
        assert shape(View(4, px=640)) == (640, 360)
        assert shape(View(4, px=5000)) == (1280, 720)  # a whole frame is never enlarged
        assert shape(View(4, (100, 100, 200, 50), px=800)) == (200, 800)
        assert shape(View(4, (100, 100, 200, 50), px=100)) == (25, 100)
        assert shape(View(4, (100, 100, 200, 50))) == (50, 200)
        assert shape(View(4, (-100, 1200, 200, 500))) == (80, 100)

    def test_the_crop_shows_that_part_and_no_other(self) -> None:
        frame = np.zeros((400, 400, 3), np.uint8)
        frame[100:200, 300:400] = (0, 0, 250)
        picture = from_jpeg(jpeg_view(frame, View(4, (300, 100, 100, 100), px=300, quality=95)))
        assert picture is not None
        assert picture[..., 2].min() > 200
        assert picture[..., 0].max() < 60

    @pytest.mark.parametrize("box", [(720, 0, 10, 10), (0, 0, 0, 10), (-50, 0, 50, 50)])
    def test_a_view_of_nothing_is_named(self, box: tuple[int, int, int, int]) -> None:
        with pytest.raises(ValueError, match="shows nothing of frame 4, 720x1280"):
            jpeg_view(self.label(), View(4, box))
        with pytest.raises(ValueError, match="quality=0"):
            jpeg_view(self.label(), View(4, px=10, quality=0))
