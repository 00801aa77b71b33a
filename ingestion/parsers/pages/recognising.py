"""Text recognition of a page's picture, in a process without threads, network or anything to write to.

RapidOCR with the models in its own package: they read Latin letters with all their marks, Chinese and Japanese. They do not
read Cyrillic, Greek texts, Arabic, Hebrew, Hangul, Thai or Indian scripts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
import pypdfium2
import rapidocr
from PIL import Image

from ingestion import formats
from ingestion.parsers.base import BOUNDS, Box
from ingestion.parsers.pages import paper, pictures
from ingestion.parsers.pages.recognised import Page, Run
from ingestion.parsers.pages.sheet import Sheet

SIDE = 2000  # pixels of the longer side: letters of 8 points on A4 are 19 pixels high
DETECTED_SIDE = (
    1280  # the same where lines are only found: more takes memory by the square, and finds fewer whole lines
)
KEPT = 0.3  # confidence: below it is what a photograph's texture looks like to who looks for letters
TALL = 1.5  # height by width: a line that runs up or down the page
LONG_SIDE = 842.0  # points: a picture does not say how large it is printed
_SIZE, _FOOT = 0.82, 0.28  # of the height of a line's rectangle, which stands around its letters with some room
_BATCH = 2  # lines at once: they take the memory of the longest each
_MODELS = Path(rapidocr.__file__).parent / "models"
Picture = np.ndarray[Any, np.dtype[np.uint8]]


@cache
def engine() -> Any:
    """With every model loaded: later it is too late, behind shut doors. Its own search for models is not used."""
    cv2.setNumThreads(1)
    params = {
        "Global.log_level": "critical",
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        "Det.model_path": str(_MODELS / "PP-OCRv6_det_small.onnx"),
        "Cls.model_path": str(_MODELS / "ch_ppocr_mobile_v2.0_cls_mobile.onnx"),
        "Rec.model_path": str(_MODELS / "PP-OCRv6_rec_small.onnx"),
        "Rec.rec_batch_num": _BATCH,
    }
    made: Any = rapidocr.RapidOCR(params=params)
    made._load_det_model()
    made._load_cls_model()
    made._load_rec_model()
    return made


def pages(content: bytes, media_type: str, numbers: Sequence[int]) -> Iterator[tuple[int, Page]]:
    """Each of the pages as it has been read. Raises ParseFailed."""
    if media_type != formats.PDF:
        album = pictures.opened(content, BOUNDS.pages)
        for number in numbers:
            picture = album.page(number, SIDE)
            yield number, read(picture, LONG_SIDE / max(picture.size))
        return
    document = paper.opened(content)
    for number in numbers:
        try:
            with paper.page(document, number) as page:
                picture = paper.drawn(page, SIDE)
                points = Sheet.of(page).height / picture.height
        except pypdfium2.PdfiumError:
            yield number, Page(is_failed=True)
        else:
            yield number, read(picture, points)


def read(picture: Image.Image, points: float) -> Page:
    """`points` is the size of a pixel."""
    seen: Picture = np.ascontiguousarray(np.asarray(picture.convert("RGB"))[..., ::-1])
    quads = _found(seen)
    turns = 0
    if _are_tall(quads):
        seen, turns = np.ascontiguousarray(np.rot90(seen)), 1
        quads = _found(seen)
    if not len(quads):
        return Page()
    reader = engine()
    upright, is_over = _upright(reader, seen, quads)
    if is_over:
        seen, turns = np.ascontiguousarray(np.rot90(seen, 2)), turns + 2
        quads = _turned_over(quads, seen.shape)
    told = reader.recognize_txt(upright)
    place = _placing(quads, seen.shape, turns, points)
    runs = [
        place(quad, str(text), float(score))
        for quad, text, score in zip(quads, told.txts, told.scores, strict=True)
        if text.strip() and score >= KEPT
    ]
    return Page(tuple(runs))


def _found(seen: Picture) -> Any:
    """Four corners of each line, from the upper left of its writing on, in pixels."""
    height, width = seen.shape[:2]
    scale = min(1.0, DETECTED_SIDE / max(height, width))
    small = cv2.resize(seen, (_whole(width * scale), _whole(height * scale)), interpolation=cv2.INTER_AREA)
    found = engine().text_det(small)
    if found.boxes is None:
        return np.zeros((0, 4, 2), np.float32)
    return (found.boxes * np.array([width / small.shape[1], height / small.shape[0]])).astype(np.float32)


def _whole(side: float) -> int:
    """The detector takes sides of whole steps of 32 pixels."""
    return max(32, round(side / 32) * 32)


def _sides(quad: Any) -> tuple[float, float]:
    return float(np.linalg.norm(quad[1] - quad[0])), float(np.linalg.norm(quad[3] - quad[0]))


def _are_tall(quads: Any) -> bool:
    lengths = [(max(across, down), down >= TALL * across) for across, down in map(_sides, quads)]
    return sum(length for length, is_tall in lengths if is_tall) * 2 > sum(length for length, _ in lengths)


def _upright(reader: Any, seen: Picture, quads: Any) -> tuple[list[Any], bool]:
    """The lines' pictures on their feet, and whether they were not. The page decides: of a single line it is not sure."""
    cut = reader.crop_text_regions(seen, quads)
    _, told = reader.cls_and_rotate(list(cut))
    lengths = [_sides(quad)[0] for quad in quads]
    over = sum(length for length, (label, _) in zip(lengths, told.cls_res, strict=True) if label == "180")
    if over * 2 <= sum(lengths):
        return cut, False
    return [np.ascontiguousarray(np.rot90(line, 2)) for line in cut], True


def _turned_over(quads: Any, shape: tuple[int, ...]) -> Any:
    size = np.array([shape[1], shape[0]], np.float32)
    return (size - quads)[:, [2, 3, 0, 1]]


def _placing(quads: Any, shape: tuple[int, ...], turns: int, points: float) -> Callable[[Any, str, float], Run]:
    """`turns` of 90 degrees to the left have made the picture upright; what is askew is straightened by its lines."""
    height, width = shape[:2]
    angle = _slant(quads)
    cosine, sine = math.cos(-angle), math.sin(-angle)

    def place(quad: Any, text: str, score: float) -> Run:
        middle = (quad - np.array([width / 2, height / 2])) @ np.array([[cosine, sine], [-sine, cosine]])
        straight = middle + np.array([width / 2, height / 2])
        tall = _sides(quad)[1]
        foot = height - float(straight[:, 1].mean()) - tall / 2 + _FOOT * tall
        left, right = float(straight[:, 0].min()), float(straight[:, 0].max())
        box = _shown(quad[:, 0] / width, quad[:, 1] / height, turns)
        return Run(text, score, left * points, right * points, foot * points, _SIZE * tall * points, box)

    return place


def _slant(quads: Any) -> float:
    """Radians by which lines fall to the right; the longer ones know best."""
    lengths = [_sides(quad)[0] for quad in quads]
    long = [quad for quad, length in zip(quads, lengths, strict=True) if length >= max(lengths) / 2]
    angles = [math.atan2(*(quad[1] - quad[0])[::-1].tolist()) for quad in long]
    return median(angles) if angles else 0.0


def _shown(across: Any, down: Any, turns: int) -> Box | None:
    """Back on the page as it is shown."""
    for _ in range(turns % 4):  # a turn to the right for each to the left
        across, down = 1 - down, across
    left, top, right, bottom = (
        min(max(float(side), 0.0), 1.0) for side in (across.min(), down.min(), across.max(), down.max())
    )
    return Box(left, top, right, bottom) if left < right and top < bottom else None
