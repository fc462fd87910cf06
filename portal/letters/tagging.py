"""What WeasyPrint 70 leaves undone in a tagged PDF, done on the finished objects before they are written.

- The language of each part that is not in the document's language (PDF/UA-1, 7.2): a voice reads Dutch as Dutch.
- Page numbers are marked as decoration (7.1), not as text that belongs nowhere.
- A list holds list items only (7.2): groups inside a `dl` are dissolved.

Objects are those of pydyf: a reference is bytes like b"12 0 R"; the text of a page is marked content with a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

Spoken = list[tuple[Any, dict[int, str]]]  # of each page: its stream, and the language of each marked content
IN_A_LIST = ("/L", "/LI", "/Caption")


def listen(document: Any) -> Spoken:
    """Notes, while each page is painted, in which language each piece of text is."""
    spoken: Spoken = []
    for page in document.pages:
        page.paint = partial(_paint, page.paint, spoken)
    return spoken


def _paint(paint: Any, spoken: Spoken, stream: Any, scale: float = 1) -> None:
    paint(stream, scale)
    spoken.append((stream, {mark["mcid"]: box.style["lang"] or "" for box, mark in stream._tags.items()}))


def finish(pdf: Any, lang: str, spoken: Spoken) -> None:
    """Completes the tags of a document in `lang`."""
    tree = _Tree(pdf, spoken)
    root = tree.at(tree.at(pdf.catalog["StructTreeRoot"])["K"][0])
    _tidy_lists(tree, root)
    _name_languages(tree, root, lang)
    _set_decoration_apart(tree, root)


class _Tree:
    """The structure elements of a PDF and the pages they stand on."""

    def __init__(self, pdf: Any, spoken: Spoken) -> None:
        self.pdf = pdf
        self.spoken = spoken
        self.pages = {reference: number for number, reference in enumerate(pdf.page_references)}

    def at(self, reference: Any) -> Any:
        return self.pdf.objects[int(bytes(reference).split()[0])]

    def kids(self, element: Any) -> Iterator[Any]:
        """The elements right below; neither text nor annotations."""
        for kid in element["K"]:
            if not isinstance(kid, int) and self.at(kid)["Type"] == "/StructElem":
                yield self.at(kid)

    def marks(self, element: Any) -> Iterator[tuple[int, int]]:
        """Page and number of the marked contents right below."""
        for kid in element["K"]:
            if isinstance(kid, int):
                yield self.pages[element["Pg"]], kid

    def all_marks(self, element: Any) -> Iterator[tuple[int, int]]:
        yield from self.marks(element)
        for kid in self.kids(element):
            yield from self.all_marks(kid)


def _tidy_lists(tree: _Tree, element: Any) -> None:
    if element["S"] == "/L":
        kept: list[Any] = []
        for kid in tree.kids(element):
            if kid["S"] in IN_A_LIST:
                kept.append(kid)
                continue
            for grandchild in tree.kids(kid):
                grandchild["P"] = element.reference
                kept.append(grandchild)
        element["K"][:] = [kid.reference for kid in kept]
    for kid in tree.kids(element):
        _tidy_lists(tree, kid)


def _name_languages(tree: _Tree, element: Any, lang: str) -> None:
    """Names the language of the largest parts that are wholly in one other than the document's."""
    import pydyf

    found = {tree.spoken[page][1][mark] or lang for page, mark in tree.all_marks(element)}
    if len(found) == 1:
        if (only := found.pop()) != lang:
            element["Lang"] = pydyf.String(only)
        return
    for kid in tree.kids(element):
        _name_languages(tree, kid, lang)


def _set_decoration_apart(tree: _Tree, root: Any) -> None:
    told = set(tree.all_marks(root))
    parents_of = tree.at(tree.at(tree.pdf.catalog["StructTreeRoot"])["ParentTree"])["Nums"]  # page, array, page, …
    for page, (stream, marks) in enumerate(tree.spoken):
        for mark in marks:
            if (page, mark) not in told:
                parents_of[2 * page + 1][mark] = "null"
                _decorate(stream.stream, mark)


def _decorate(operators: list[Any], mark: int) -> None:
    """Turns "/P <</MCID 3>> BDC" into "/Artifact BMC"."""
    for place, properties in enumerate(operators):
        if isinstance(properties, dict) and properties.get("MCID") == mark:
            operators[place - 1 : place + 2] = [b"/Artifact", b"BMC"]
            return
