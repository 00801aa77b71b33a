"""Walking through a page by its keys, and judging every stop: is it seen that it has the focus?"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

from tests import cast

# What is wrong with where the focus is; None where it is on nothing of the page. The ring of what had it before is gone.
LOOK = """() => {
  const at = document.activeElement;
  if (!at || at === document.body || at === document.documentElement) return null;
  const faults = [];
  const ringOf = (one) => {
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(one);
    return outlineStyle === "none" || parseFloat(outlineWidth) < 1 ? null : outlineColor;
  };
  const rgb = (colour) => {
    const found = colour.match(/[\\d.]+/g).map(Number);
    const scale = colour.startsWith("color(") ? 255 : 1;
    return [...found.slice(0, 3).map((one) => one * scale), found[3] ?? 1];
  };
  const ground = (one) => {
    for (let next = one; next; next = next.parentElement) {
      const colour = rgb(getComputedStyle(next).backgroundColor);
      if (colour[3] === 1) return colour;
    }
    return [255, 255, 255, 1];
  };
  const light = (colour) => {
    const linear = (one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = colour.slice(0, 3).map((one) => linear(one / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  // A box that is drawn by what stands beside it, and a field whose frame stands around it.
  const shown = getComputedStyle(at).opacity === "0" ? at.nextElementSibling : at;
  const frame = at.closest(".ask");
  const colour = ringOf(shown);
  if (colour) {
    if (contrast(rgb(colour), ground(shown.parentElement)) < 3) faults.push(`its ring is hard to see: ${colour}`);
  } else {
    const drawn = frame && getComputedStyle(frame).boxShadow;
    at.blur();
    const isDrawn = frame && getComputedStyle(frame).boxShadow !== drawn;
    at.focus();
    if (!isDrawn) faults.push("nothing shows that it has the focus");
  }
  const last = window.lastStop;
  if (last?.isConnected && last !== shown && ringOf(last)) faults.push("what had the focus before still looks so");
  window.lastStop = shown;

  const box = [...shown.getClientRects()].find((one) => one.width && one.height);
  if (!box) return { faults: [...faults, "it has no place on the page"] };
  const left = Math.max(box.left, 0), right = Math.min(box.right, innerWidth);
  const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
  const part = Math.max(right - left, 0) * Math.max(bottom - top, 0) / (box.width * box.height);
  if (part < 0.5 && box.height < innerHeight) faults.push(`only ${Math.round(part * 100)} % of it is in the window`);
  else {
    const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    const isFree = hit && (shown.contains(hit) || at.contains(hit) || hit.closest("label")?.contains(at));
    if (!isFree) faults.push(`it is covered by ${hit?.outerHTML.slice(0, 120)}`);
  }
  return { faults };
}"""
STOPS_MOST = 90
PATIENCE_S = 60.0  # on a machine that is busy: a test that reaches it has failed


@dataclass(frozen=True)
class Stop:
    role: str
    name: str
    faults: tuple[str, ...]

    def is_called(self, name: str | re.Pattern[str], role: str = "") -> bool:
        if role and role != self.role:
            return False
        return bool(name.search(self.name)) if isinstance(name, re.Pattern) else name == self.name


def tab_to(page: Any, name: str | re.Pattern[str], role: str = "", *, back: bool = False) -> None:
    """Press Tab, or Shift and Tab, until what is called so has the focus. Every stop on the way must be seen."""
    passed: list[Stop | None] = []
    for _ in range(STOPS_MOST):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        stop = at(page)
        passed.append(stop)
        if stop is None:  # beyond the page's end: the browser's own
            assert passed[-2:] != [None, None], f"nothing takes the focus any more, after {passed}"
            continue
        assert not stop.faults, f"{stop.role} “{stop.name}”: {stop.faults}"
        if stop.is_called(name, role):
            return
    raise AssertionError(f"{name} was not reached, but: {[one and one.name for one in passed]}")


def press(page: Any, name: str | re.Pattern[str], role: str = "", *, back: bool = False, key: str = "Enter") -> None:
    tab_to(page, name, role, back=back)
    page.keyboard.press(key)


def write(page: Any, text: str) -> None:
    """Into the field that has the focus, whose old text goes."""
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def fill(page: Any, texts: dict[str, str]) -> None:
    """The fields in the order in which they stand, each by its label."""
    for name, text in texts.items():
        tab_to(page, name)
        write(page, text)


def at(page: Any) -> Stop | None:
    """Where the focus is, by the name and role that Chromium gives to assistive technology."""
    page.wait_for_load_state("load")  # before its styles are there a page has other rings, in other places
    found = page.evaluate(LOOK)
    if found is None:
        return None
    if not hasattr(page, "devtools"):
        page.devtools = page.context.new_cdp_session(page)
    focused = page.devtools.send("Runtime.evaluate", {"expression": "document.activeElement"})["result"]
    asked = {"objectId": focused["objectId"], "fetchRelatives": False}
    (node,) = page.devtools.send("Accessibility.getPartialAXTree", asked)["nodes"]
    role, name = (str(node.get(part, {}).get("value", "")) for part in ("role", "name"))
    return Stop(role, " ".join(name.split()), tuple(found["faults"]))


def expect_at(page: Any, name: str | re.Pattern[str]) -> None:
    """The focus comes to it by itself, and is seen there: it may take as long as an answer of the server takes."""
    end = time.monotonic() + PATIENCE_S
    stop = at(page)
    while not (stop and stop.is_called(name)) and time.monotonic() < end:
        page.wait_for_timeout(50)
        stop = at(page)
    assert stop, f"nothing has the focus, and not {name}"
    assert stop.is_called(name), f"{stop.role} “{stop.name}” has the focus, and not {name}"
    assert not stop.faults, f"{stop.role} “{stop.name}”: {stop.faults}"


def come_in(page: Any, door: str, email: str, password: str = cast.PASSWORD) -> None:
    page.goto(door)
    write(page, email)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")
