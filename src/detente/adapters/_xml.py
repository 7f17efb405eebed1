"""XML as a plain tree, without entities: nothing in a file expands, and nothing outside it is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from detente.adapters._source import Source
from detente.case.tree import MAX_DEPTH, MAX_ENTRIES
from detente.errors import CaseError, Problem

_DECLARATION = re.compile(r"<\?xml[^>]*\?>")


@dataclass
class Element:
    """An element: its tag, its attributes, those inside it, its own text, and the line it starts on."""

    tag: str
    attributes: dict[str, str]
    line: int
    inside: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str) -> list[Element]:
        """The elements directly inside that have a tag."""
        return [element for element in self.inside if element.tag == tag]

    def first(self, tag: str) -> Element | None:
        """The first of them, or None."""
        return next((element for element in self.inside if element.tag == tag), None)

    def walk(self) -> Iterator[Element]:
        """This element and everything below it, in file order."""
        stack = [self]
        while stack:
            element = stack.pop()
            yield element
            stack.extend(reversed(element.inside))


class _Refused(Exception):
    pass


class _Builder:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.data
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.EntityDeclHandler = self.entity
        self.stack: list[Element] = []
        self.root: Element | None = None
        self.count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.count += 1 + len(attributes)
        if len(self.stack) >= MAX_DEPTH:
            raise _Refused(f"nested more than {MAX_DEPTH} levels deep")
        if self.count > MAX_ENTRIES:
            raise _Refused(f"more than {MAX_ENTRIES:,} elements and attributes")
        element = Element(tag, attributes, self.parser.CurrentLineNumber)
        if self.stack:
            self.stack[-1].inside.append(element)
        else:
            self.root = element
        self.stack.append(element)

    def end(self, _tag: str) -> None:
        self.stack.pop()

    def data(self, text: str) -> None:
        if self.stack and text.strip():
            self.stack[-1].text += text

    def doctype(self, name: str, system: str | None, public: str | None, inside: bool) -> None:
        if system or public or inside:
            raise _Refused("a document type with declarations or an address is not read, for safety")

    def entity(self, name: str, *_: object) -> None:
        raise _Refused("entities are not declared in a file that is read here, for safety")


def parse_text(text: str, name: str) -> Element:
    """The root element of an XML text; a `CaseError` says what is wrong with it, and where."""
    declaration = _DECLARATION.search(text[:2000])
    if declaration is not None:
        text = text[: declaration.start()] + text[declaration.end() :]
    builder = _Builder()
    try:
        builder.parser.Parse(text.lstrip("\ufeff \t\r\n"), True)
    except expat.ExpatError as error:
        what = f"not XML: {expat.errors.messages.get(error.code, 'no known error')}"
        raise CaseError([Problem("", what, line=error.lineno, column=error.offset + 1)], name) from None
    except _Refused as refused:
        line = builder.parser.CurrentLineNumber
        raise CaseError([Problem("", str(refused), line=line, column=1)], name) from None
    except UnicodeEncodeError:
        raise CaseError([Problem("", "the text holds broken characters")], name) from None
    assert builder.root is not None  # expat has seen a whole document
    return builder.root


def parse(source: Source) -> Element:
    """The root element of an XML file, in whatever encoding it is."""
    return parse_text(source.loose_text, source.name)
