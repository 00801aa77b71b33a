"""What of a page is its text, and what stands around it on every page of its site: menus, notices, lists of links.

A page that names its content is believed where that holds most of its words. Of any other, blocks are left out that say what
they are, or that hold little but links. Where that would leave too little, nothing is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from lxml import etree

_ROLES = frozenset(
    ("navigation", "contentinfo", "search", "complementary", "dialog", "alertdialog", "menu", "menubar", "banner")
)
_SAYS = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|gdpr|ccpa|newsletter|subscribe|subscription|breadcrumbs?|side-?bar|nav|navbar|navbox|"
    r"navigation|menu|sub-?menu|toc|social|share|sharing|share-?bar|related|recommend\w*|promo\w*|advert\w*|ads?|sponsor\w*|banner|"
    r"pop-?up|modal|overlay|skip-?links?|pagination|pager|toolbar|widget|masthead|footer|site-?header|printfooter|catlinks|"
    r"mw-jump-link|noprint|edit-?section|mw-editsection|login|signup|sign-?up|paywall|disqus|feedback|trackback)(?:$|[\s_-])",
    re.IGNORECASE,
)
_BLOCKS = frozenset(
    ("div", "section", "ul", "ol", "dl", "table", "aside", "header", "footer", "nav", "form", "p", "tr", "td", "center")
)
_TITLES = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_LINKS_LEAST = 4
_LINKED = 0.7  # of the signs of a block: a menu, a list of other articles
_WORDY = 60  # signs beside a link, on the average: an entry that tells something of what it leads to
_KEEP_LEAST = 0.35  # of the signs of the page
_LEAST = 200  # signs: less is no text that one could have found
_MOST_OF_IT = 0.5


def main(body: Any) -> tuple[Any, frozenset[Any]]:
    """The element to read, and those below it that are left out."""
    sizes = _Sizes(body)
    named = _named(body, sizes)
    around = _around(named, sizes)
    total = sizes.signs[named]
    kept = total - sum(sizes.signs[one] for one in around)
    if kept < _LEAST or kept < _KEEP_LEAST * total:
        around = frozenset(one for one in around if _says_so(one) == "role")
        kept = total - sum(sizes.signs[one] for one in around)
        if kept < _LEAST or kept < _KEEP_LEAST * total:
            return named, frozenset()
    return named, around


class _Sizes:
    """Signs of text and of links below each element, counted once for the whole page."""

    def __init__(self, body: Any) -> None:
        self.signs: Counter[Any] = Counter()
        self.linked: Counter[Any] = Counter()
        self.links: Counter[Any] = Counter()
        for _, element in etree.iterwalk(body, events=("end",)):
            if not isinstance(element.tag, str) or element.tag in {"script", "style", "noscript", "template"}:
                continue
            signs = _count(element.text) + sum(self.signs[child] + _count(child.tail) for child in element)
            self.signs[element] = signs
            is_link = element.tag == "a"
            self.linked[element] = signs if is_link else sum(self.linked[child] for child in element)
            self.links[element] = 1 if is_link else sum(self.links[child] for child in element)


def _count(text: str | None) -> int:
    return sum(map(len, text.split())) if text else 0


def _named(body: Any, sizes: _Sizes) -> Any:
    """The one element that says it is the content and holds most of it, else the body."""
    for path in (".//main", ".//*[@role='main']", ".//article"):
        said = body.findall(path)
        if len(said) == 1 and sizes.signs[said[0]] > _MOST_OF_IT * sizes.signs[body]:
            return said[0]
    return body


def _around(root: Any, sizes: _Sizes) -> frozenset[Any]:
    found: list[Any] = []
    walk = etree.iterwalk(root, events=("start",))
    for _, element in walk:
        if element is not root and isinstance(element.tag, str) and _is_around(element, sizes):
            found.append(element)
            walk.skip_subtree()
    return frozenset(found)


def _is_around(element: Any, sizes: _Sizes) -> bool:
    signs = sizes.signs[element]
    if not signs or element.tag not in _BLOCKS:
        return False
    says = _says_so(element)
    if says == "role":
        return True
    links, linked = sizes.links[element], sizes.linked[element]
    if says == "name":
        # A name alone may mislead: "widget" around an article. What it holds must look like it, too.
        return links * _WORDY * 3 > signs or signs < _LEAST * 3 or linked > _LINKED / 2 * signs
    is_list = links >= _LINKS_LEAST and linked > _LINKED * signs and (signs - linked) < _WORDY * links
    return is_list and element.tag not in {"p", "td", "tr"} and not any(True for _ in _headed(element, sizes))


def _headed(element: Any, sizes: _Sizes) -> Iterator[Any]:
    """Headings within it above words that are no links: then it is a page's table of contents at most in part."""
    if sizes.signs[element] - sizes.linked[element] > _LEAST:
        yield from element.iter(*_TITLES)


def _says_so(element: Any) -> str:
    if element.get("role", "").lower() in _ROLES or element.get("aria-modal") == "true":
        return "role"
    return "name" if _SAYS.search(f"{element.get('class', '')} {element.get('id', '')}") else ""
