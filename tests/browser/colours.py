"""What is hard to read on a page, as axe-core finds it, with each way in which colours meet judged once.

Most of what axe does for a page is to find out what lies behind each of its texts, and page after page it is the same few
grounds, letters and links. What axe has passed is remembered by all that it judged by: the letters, and whatever is painted
behind them. A text is judged anew where anything of this is different, where something is painted over or under it that it
is not in, where it stands out of what it is in, and wherever axe did not say that it passed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

JUDGE = """async (known) => {
  const judged = new Set(known);
  const GROUND = ["backgroundColor", "backgroundImage", "backgroundClip", "backgroundSize", "backgroundRepeat",
    "backgroundPosition", "opacity", "mixBlendMode", "filter"];
  const LETTERS = ["color", "fontSize", "fontWeight", "textShadow", "webkitTextStroke", "webkitTextFillColor"];
  const LINK = ["fontStyle", "fontFamily", "textTransform", "textDecoration", "borderTop", "borderRight",
    "borderBottom", "borderLeft", "outline", "display"];
  const CONTROLS = "input:not([type=checkbox], [type=radio], [type=range]), select, textarea";
  const of = (one, names) => { const style = getComputedStyle(one); return names.map((name) => style[name]).join("|"); };
  const bare = of(document.head, GROUND);

  // What is painted, and on what each element stands: everything of that which it is in, from itself outwards.
  const boxes = new Map(), grounds = new Map(), painted = [];
  const box = (one) => boxes.get(one) ?? boxes.set(one, one.getBoundingClientRect()).get(one);
  const ground = (one) => {
    if (!one) return "";
    if (!grounds.has(one)) {
      const own = of(one, GROUND);
      const isBare = own === bare;
      if (!isBare && one !== document.body && one !== document.documentElement) painted.push(one);
      grounds.set(one, isBare ? ground(one.parentElement) : `${own}/${ground(one.parentElement)}`);
    }
    return grounds.get(one);
  };
  const isShown = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getClientRects().length;
  const all = [...document.querySelectorAll("*")].filter(isShown);
  all.forEach(ground);
  const isApart = (one) => painted.some((other) => {
    if (one.contains(other)) return false;
    const [a, b] = [box(one), box(other)];
    const overlaps = a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    if (!other.contains(one)) return overlaps;
    return a.left < b.left - 1 || a.right > b.right + 1 || a.top < b.top - 1 || a.bottom > b.bottom + 1;
  });

  const says = (one) => [...one.childNodes].some((part) => part.nodeType === Node.TEXT_NODE && part.data.trim());
  const letters = (one) => `${of(one, LETTERS)} on ${ground(one)}`;
  const isAmongText = (link) => {  // at least wherever axe says that it is
    if (!["inline", "contents", "inline-flex", "inline-grid"].includes(getComputedStyle(link).display)) return null;
    let block = link.parentElement;
    while (block && getComputedStyle(block).display.startsWith("inline")) block = block.parentElement;
    const texts = document.createTreeWalker(block ?? document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      if (texts.currentNode.data.trim() && !texts.currentNode.parentElement.closest("a, button")) return block;
    }
    return null;
  };
  const ways = new Map();
  for (const one of all) {
    if (one.matches("option, :disabled")) continue;  // which axe leaves out
    const found = [];
    if (says(one) || one.matches(CONTROLS)) found.push(["color-contrast", letters(one)]);
    const block = one.matches("a, [role=link]") && isAmongText(one);
    if (block) found.push(["link-in-text-block", `${of(one, LINK)} ${letters(one)} in ${of(block, LINK)} ${letters(block)}`]);
    if (found.length) ways.set(one, isApart(one) ? found.map(([rule]) => [rule, ""]) : found);
  }
  const isKnown = ([rule, way]) => judged.has(`${rule} ${way}`);
  const open = [...ways.keys()].filter((one) => !ways.get(one).every(isKnown));
  if (!open.length) return { violations: [], passed: [] };

  const told = await axe.run({ include: open }, {
    runOnly: ["color-contrast", "link-in-text-block"], resultTypes: ["violations", "passes"], elementRef: true });
  const passed = told.passes.flatMap(({ id, nodes }) => nodes.flatMap(({ element }) =>
    (ways.get(element) ?? []).filter(([rule, way]) => rule === id && way).map(([rule, way]) => `${rule} ${way}`)));
  const violations = told.violations.flatMap((found) => found.nodes.map((node) =>
    [found.id, found.impact, node.target.join(" "), node.failureSummary]));
  return { violations, passed: [...new Set(passed)] };
}"""


@dataclass
class Colours:
    """`known` grows with every page: the ways in which colours meet that axe has passed."""

    known: set[str] = field(default_factory=set)

    def violations(self, page: Any) -> list[tuple[str, str, str, str]]:
        """Of rule, impact, target and why. `page` has axe, and what is on it stays where it is."""
        told = page.evaluate(JUDGE, sorted(self.known))
        self.known.update(told["passed"])
        return [tuple(one) for one in told["violations"]]
