"""What a machine can carry: which model, how large a window, for how many at once, and what to expect of it."""

from __future__ import annotations

import contextlib
import math
import os
import platform
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from inference import memory, registry, shapes
from inference.registry import Model
from inference.shapes import Shape

MEASURED = Path(__file__).with_name("measured.toml")
CPUINFO = Path("/proc/cpuinfo")
# What llama.cpp's loops are written for, the widest first.
INSTRUCTIONS = ("amx_tile", "avx512_vnni", "avx512f", "avx_vnni", "avx2", "avx", "asimddp", "asimd")
BEYOND_THE_WHEEL = ("amx_tile", "avx512_vnni", "avx512f", "avx_vnni")  # which xllamacpp's wheel was not built for
SLOTS = (8, 4, 2, 1)
WINDOWS = (4096, 2048)
SPARE = 0.75  # of the free memory: the rest is for the app beside it and for what is kept of prompts
PROMPT, ANSWER = 600, 120  # tokens of a usual question with its excerpts, and of its answer
CORES_MOST = 8  # beyond which more cores were not measured, and memory is the bound of writing


@dataclass(frozen=True)
class Machine:
    """`cores` that this process may use, bytes of memory that are free, the widest instructions of the processor."""

    cores: int
    free: int
    instructions: str
    processor: str


@dataclass(frozen=True)
class Speed:
    """Tokens a second: read by one prompt, written by one answer, written by eight at once together (0: not measured).

    `where` is the machine it was measured on, and `when`.
    """

    model: str
    cores: int
    instructions: str
    reads: float
    writes: float
    writes_together: float
    where: str
    when: str


@dataclass(frozen=True)
class Advice:
    """`speed` is None where nothing was measured of the model; it is reckoned from other cores unless `is_measured`."""

    model: Model
    quantisation: str
    window: int
    slots: int
    threads: int
    needs: int
    fits: bool
    speed: Speed | None
    is_measured: bool
    others: tuple[tuple[str, int], ...] = field(default=())  # what else was looked at, and the bytes it needs
    beside: tuple[tuple[str, int], ...] = field(default=())  # further models of the worker, and the bytes each needs
    all_fit: bool = True  # at once, with those; else they take turns

    def expected(self) -> dict[str, float]:
        """Seconds and counts of a usual question, which reads PROMPT tokens and writes ANSWER."""
        if self.speed is None:
            return {}
        reading, writing = PROMPT / self.speed.reads, ANSWER / self.speed.writes
        told = {"first_word_s": round(reading, 1), "whole_answer_s": round(reading + writing, 1)}
        if self.speed.writes_together:
            told["answers_a_minute"] = round(60 / (reading + ANSWER / self.speed.writes_together), 1)
        return told

    def settings(self) -> dict[str, str]:
        """As an operator sets them."""
        return {
            "CHANCERY_MODEL": self.model.name,
            "CHANCERY_MODEL_THREADS": str(self.threads),
            "CHANCERY_MODEL_SLOTS": str(self.slots),
            "CHANCERY_MODEL_WINDOW": str(self.window),
        }


def cores(cgroup: Path = memory.CGROUP) -> int:
    """Those that this process may use: in a container fewer than the machine has, by their number or by its quota of time.

    A part of one does not count: its thread would be stopped over and over, and all others would wait for it.
    """
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(min(own, _quota(cgroup))))


def _quota(cgroup: Path) -> float:
    """Processors that a container has the time of, by either version of cgroups; without end where it has no limit."""
    former = (cgroup / "cpu/cpu.cfs_quota_us", cgroup / "cpu/cpu.cfs_period_us")
    for files in ((cgroup / "cpu.max",), former):
        with contextlib.suppress(OSError, ValueError):  # no such file, or no limit, which reads "max" or -1
            quota, period = " ".join(file.read_text(encoding="ascii") for file in files).split()
            if int(quota) > 0:
                return int(quota) / int(period)
    return math.inf


def machine(cpuinfo: Path = CPUINFO) -> Machine:
    name = _fields(cpuinfo).get("model name") or platform.processor() or platform.machine()
    return Machine(cores(), memory.free(), next(iter(instructions(cpuinfo)), ""), name)


def instructions(cpuinfo: Path = CPUINFO) -> list[str]:
    """Those of INSTRUCTIONS that the processor has."""
    fields = _fields(cpuinfo)
    flags = set((fields.get("flags") or fields.get("Features") or "").split())
    return [name for name in INSTRUCTIONS if name in flags]


def _fields(cpuinfo: Path) -> dict[str, str]:
    text = cpuinfo.read_text("utf-8", "replace") if cpuinfo.is_file() else ""
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in text.splitlines())}


def speeds(path: Path = MEASURED) -> list[Speed]:
    return [Speed(**row) for row in tomllib.loads(path.read_text("utf-8")).get("speed", ())]


def advise(on: Machine, models_dir: Path, measured: Sequence[Speed] = (), beside: Sequence[Model] = ()) -> Advice:
    """The first of the catalogue's chat models that fits, with the most slots and the largest window that do.

    `beside` are further models of the same worker: where fewer slots or a smaller window have room for all of
    them at once, it is left to them.
    `measured` on this very machine goes before what is known of others. Where nothing fits, the smallest is named, and
    that it does not.
    """
    shaped = [(model, _shape(model, models_dir)) for model in registry.catalog().values() if model.kind == "chat"]
    room = int(on.free * SPARE)
    choices = [(model, shape, window, slots) for model, shape in shaped for slots in SLOTS for window in WINDOWS]
    further = [(one, _shape(one, models_dir)) for one in beside]
    alone = [one for one in choices if one[1].needs(*one[2:]) <= room]
    best = (alone or choices[-1:])[0]
    own_choices = (one for one in alone if one[0] is best[0])
    together = (one for one in own_choices if one[1].needs(*one[2:]) + _together(further, one[0], *one[2:]) <= room)
    model, shape, window, slots = next(together, best)
    needs = shape.needs(window, slots)
    own = next((one for one in measured if one.model == model.name), None)
    return Advice(
        model=model,
        quantisation=shape.quantisation,
        window=window,
        slots=slots,
        threads=on.cores,
        needs=needs,
        fits=needs <= room,
        speed=own or _reckoned(on, model),
        is_measured=own is not None,
        others=tuple((model.name, shape.needs(WINDOWS[-1], SLOTS[-1])) for model, shape in shaped),
        beside=tuple((one.name, of.needs(window, slots)) for one, of in further if one.name != model.name),
        all_fit=needs + _together(further, model, window, slots) <= room,
    )


def _together(further: Sequence[tuple[Model, Shape]], model: Model, window: int, slots: int) -> int:
    """Bytes of those that are not the model itself, each with the same window and slots."""
    return sum(shape.needs(window, slots) for one, shape in further if one.name != model.name)


def _reckoned(on: Machine, model: Model) -> Speed | None:
    """From the measurement with the nearest number of cores, in proportion to them."""
    known = [one for one in speeds() if one.model == model.name]
    if not known:
        return None
    near = min(known, key=lambda one: (abs(one.cores - on.cores), -one.cores))
    factor = min(on.cores, CORES_MOST) / near.cores
    return replace(
        near,
        cores=on.cores,
        reads=near.reads * factor,
        writes=near.writes * factor,
        writes_together=near.writes_together * factor,
    )


def _shape(model: Model, models_dir: Path) -> Shape:
    """From the file where it is there, and else from what the catalogue says of it."""
    path = model.path or models_dir / model.file
    if path.is_file():
        return shapes.read(path)
    return Shape("", model.quantisation, model.window, model.words, model.a_token, model.size)


def as_json(on: Machine, advice: Advice) -> dict[str, Any]:
    speed = advice.speed
    return {
        "machine": {
            "cores": on.cores,
            "free_bytes": on.free,
            "instructions": on.instructions,
            "processor": on.processor,
        },
        "model": advice.model.name,
        "quantisation": advice.quantisation,
        "window": advice.window,
        "slots": advice.slots,
        "threads": advice.threads,
        "needs_bytes": advice.needs,
        "fits": advice.fits,
        "settings": advice.settings(),
        "expected": advice.expected(),
        "from": {
            "is_measured_here": advice.is_measured,
            "reads": speed.reads if speed else None,
            "writes": speed.writes if speed else None,
            "writes_together": speed.writes_together if speed else None,
            "where": speed.where if speed else "",
            "when": speed.when if speed else "",
        },
        "needs_at_least_bytes": dict(advice.others),
        "beside_bytes": dict(advice.beside),
        "all_fit": advice.all_fit,
    }
