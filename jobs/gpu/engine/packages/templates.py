"""What each template puts into its package: files of each photo, and a board of all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Final, NamedTuple

import numpy as np

from jobs.gpu.engine.arrays import Rgb
from jobs.gpu.engine.errors import NothingToChange
from jobs.gpu.engine.messages import Edit
from jobs.gpu.engine.packages import texts
from jobs.gpu.engine.packages.boards import (
    PANE,
    Cell,
    ContactSheet,
    before_after,
    choices_board,
    encode_board,
    encode_photo,
    share_card,
    strip,
)
from jobs.gpu.engine.packages.palette import colour_of, palette, value_name
from jobs.gpu.engine.packages.product import BACKGROUND, Product, around, centred, details
from jobs.gpu.engine.packages.subject import Subject, in_srgb
from jobs.gpu.engine.packages.texts import Language, said
from jobs.gpu.engine.view import shrunk
from jobs.looks import LOOKS, OPTION_COLOURS
from jobs.presets import Label
from jobs.thumbnails import THUMBNAILS

# Pictures of a contact sheet of three columns are larger than a preview.
FEW: Final = 9
TILE: Final = 720
# Photos of which an overview shows several versions each.
MOST_ROWS: Final = 24
MOST_COLUMNS: Final = 6
MAIN_SIDE: Final = 2000
FILL: Final = 0.85
# How far a main picture may enlarge the product.
SHARP: Final = 1.5
DETAIL_SIDE: Final = 1200
DETAILS: Final = 4
NO_PRODUCT: Final = "nothing to change: no product was found"
NO_ROOM: Final = "nothing to change: no surface of a room was found"
BODY: Final = "Body"


class Made(NamedTuple):
    """A file of a package. Its content is closed by whoever takes it."""

    name: str
    content: BinaryIO


@dataclass(frozen=True)
class Package:
    """What is known of a package before its first photo.

    count: of its photos. title: of its boards, where its owner gave one. colours: of an option
    board.
    """

    preset: str
    count: int
    language: Language = "ko"
    title: str = ""
    colours: Sequence[str] = ()

    def named(self, label: Label) -> str:
        return self.title or said(label, self.language)

    def say(self, label: Label) -> str:
        return said(label, self.language)

    def caption(self, subject: Subject) -> str:
        return subject.caption or f"{self.say(texts.PHOTO)} {subject.idx + 1}"

    def place(self, subject: Subject) -> str:
        """What the names of several files of a photo begin with: a folder, where there are several
        photos.
        """
        return f"{subject.stem}/" if self.count > 1 else f"{subject.stem}-"


class Template(ABC):
    """Takes the photos of a package one after another, then gives its board."""

    def __init__(self, package: Package) -> None:
        self._package = package

    @abstractmethod
    def files(self, subject: Subject) -> Iterator[Made]:
        """Those of one photo. Raises PhotoError where nothing can be made of it."""

    @abstractmethod
    def board(self) -> Rgb:
        """Of the photos so far, at least one."""


class Everything(Template):
    """Every result as it is, and a contact sheet."""

    def __init__(self, package: Package) -> None:
        super().__init__(package)
        self._sheet = ContactSheet(package.count, package.named(texts.CONTACT_SHEET))

    def files(self, subject: Subject) -> Iterator[Made]:
        few = self._package.count <= FEW
        self._sheet.add(
            subject.after(TILE) if few else subject.preview(), self._package.caption(subject)
        )
        yield Made(f"{subject.stem}.png", subject.result_file())

    def board(self) -> Rgb:
        return self._sheet.picture()


class _OneBoardEach(Template):
    """A board of each photo; of several an overview."""

    title: Label

    def __init__(self, package: Package) -> None:
        super().__init__(package)
        self._only: Rgb | None = None
        self._sheet = ContactSheet(package.count, package.named(self.title))

    @abstractmethod
    def _board_of(self, subject: Subject) -> tuple[Rgb, Rgb, str]:
        """The board, and what the overview shows in its place and says of it."""

    def files(self, subject: Subject) -> Iterator[Made]:
        board, small, caption = self._board_of(subject)
        if self._package.count == 1:
            self._only = board
        else:
            self._sheet.add(small, caption)
        yield Made(f"{subject.stem}.jpg", BytesIO(encode_board(board)))

    def board(self) -> Rgb:
        return self._sheet.picture() if self._only is None else self._only


class BeforeAfter(_OneBoardEach):
    title = texts.BEFORE_AFTER

    def _board_of(self, subject: Subject) -> tuple[Rgb, Rgb, str]:
        before, after = subject.before(PANE), subject.after(PANE)
        package, labels = self._package, texts.pair_labels(self._package.language)
        caption = package.caption(subject)
        # Of one photo the pair is the board, whose title was given.
        title = package.title if package.count == 1 else ""
        return before_after(before, after, title or caption, labels), strip(before, after), caption


class ShareCard(_OneBoardEach):
    title = texts.SHARE_CARD

    def _board_of(self, subject: Subject) -> tuple[Rgb, Rgb, str]:
        package = self._package
        concepts = subject.wanted.concepts
        after = subject.after(PANE)
        if concepts:
            with subject.opened([*concepts]) as opened:
                before = in_srgb(opened.photo, PANE)
                edited = {n: edit for n, edit in concepts.items() if opened.found.editable(n)}
                chips = palette(edited, opened.found.masks, after, package.language)
        else:
            before, chips = subject.before(PANE), []
        title = package.title or package.caption(subject)
        card = share_card(before, after, title, chips, texts.pair_labels(package.language))
        # It says itself what it shows.
        return card, card, ""


class Looks(Template):
    """Each photo in the looks of the preset, over what it has of their concepts."""

    def __init__(self, package: Package) -> None:
        super().__init__(package)
        self._looks = LOOKS[package.preset]
        self._names = list(dict.fromkeys(name for look in self._looks for name in look.edits))
        columns = 1 + len(self._looks)
        shown = min(package.count, MOST_ROWS)
        self._only: Rgb | None = None
        self._shown = 0
        self._sheet = ContactSheet(
            shown * columns, package.named(texts.LOOKS) + _more(package), columns=columns
        )

    def files(self, subject: Subject) -> Iterator[Made]:
        package = self._package
        place, caption = package.place(subject), package.caption(subject)
        cells: list[Cell] = []
        with subject.opened(self._names) as opened:
            before = in_srgb(opened.photo, PANE)
            for look in self._looks:
                edits = {name: Edit(*edit) for name, edit in look.edits.items()}
                edited = opened.edited(edits)
                if edited is None:
                    raise NothingToChange(NO_ROOM)
                cells.append(Cell(in_srgb(edited, PANE), package.say(look.label)))
                yield Made(
                    f"{place}{package.say(look.label)}.jpg",
                    BytesIO(encode_photo(in_srgb(edited))),
                )
        board = choices_board(
            [Cell(before, package.say(texts.BEFORE)), *cells], package.title or caption
        )
        yield Made(f"{place}{package.say(texts.COMPARED)}.jpg", BytesIO(encode_board(board)))
        if package.count == 1:
            self._only = board
        elif self._shown < MOST_ROWS:
            self._shown += 1
            self._sheet.add(before, caption)
            for cell in cells:
                self._sheet.add(cell.photo, cell.caption)

    def board(self) -> Rgb:
        return self._sheet.picture() if self._only is None else self._only


class ProductPack(Template):
    """The first photo as the main picture with details, the next ones as worn and as package."""

    def __init__(self, package: Package) -> None:
        super().__init__(package)
        shown = min(package.count, MOST_ROWS)
        self._further = 0
        self._sheet = ContactSheet(
            DETAILS + shown, package.named(texts.PRODUCT) + _more(package), ratio=1.0, leads=True
        )
        self._main = True

    def files(self, subject: Subject) -> Iterator[Made]:
        package = self._package
        with subject.opened([*subject.wanted.concepts, BACKGROUND]) as opened:
            product = Product(opened, subject)
        if not self._main:
            self._further += 1
            label = {1: texts.WORN, 2: texts.PACKAGE}.get(self._further, texts.FURTHER)
            number = f"-{self._further - 2}" if self._further > 2 else ""
            if self._further < MOST_ROWS:
                words = f"{package.say(label)}{number}".replace("-", " ")
                self._sheet.add(_small(product.picture), words)
            name = f"{self._further + 5:02}-{package.say(label)}{number}.jpg"
            yield Made(name, BytesIO(encode_photo(product.picture)))
            return
        self._main = False
        side = _main_side(product)
        main = centred(product.alone, product.box, (side, side), FILL, "#FFFFFF")
        self._sheet.add(_small(main), package.say(texts.MAIN))
        yield Made(f"01-{package.say(texts.MAIN)}.jpg", BytesIO(encode_photo(main)))
        parts = details(product.picture, product.box, product.mask, DETAILS, DETAIL_SIDE)
        for count, part in enumerate(parts, 1):
            self._sheet.add(_small(part), f"{package.say(texts.DETAIL)} {count}")
            name = f"{count + 1:02}-{package.say(texts.DETAIL)}-{count}.jpg"
            yield Made(name, BytesIO(encode_photo(part)))

    def board(self) -> Rgb:
        return self._sheet.picture()


class OptionBoard(Template):
    """The product of each photo in each colour."""

    def __init__(self, package: Package) -> None:
        super().__init__(package)
        self._colours = list(dict.fromkeys(package.colours or OPTION_COLOURS))
        self._only: Rgb | None = None
        self._shown = 0
        many = len(self._colours)
        self._sheet = ContactSheet(
            many * min(package.count, MOST_ROWS),
            package.named(texts.OPTIONS) + _more(package),
            columns=many if many <= MOST_COLUMNS else -(-many // 2),
        )

    def files(self, subject: Subject) -> Iterator[Made]:
        package = self._package
        place = package.place(subject)
        others = {name: edit for name, edit in subject.wanted.concepts.items() if name != BODY}
        cells: list[Cell] = []
        with subject.opened([BODY, BACKGROUND, *others]) as opened:
            box = opened.box_around(BACKGROUND)
            if BODY not in opened.found.masks:
                raise NothingToChange(NO_PRODUCT)
            for number, colour in enumerate(self._colours, 1):
                edit = Edit("recolor", colour)
                edited = opened.edited({**others, BODY: edit})
                if edited is None:
                    raise NothingToChange(NO_PRODUCT)
                name = value_name("recolor", colour, package.language)
                picture = in_srgb(edited)
                cells.append(Cell(_small(around(picture, box)), name, colour_of(edit)))
                yield Made(
                    f"{place}{number:02}-{name.lstrip('#')}.jpg", BytesIO(encode_photo(picture))
                )
        only = package.count == 1
        title = package.named(texts.OPTIONS) if only else package.caption(subject)
        board = choices_board(cells, title)
        if package.count == 1:
            self._only = board
            return
        if self._shown < MOST_ROWS:
            self._shown += 1
            for cell in cells:
                self._sheet.add(cell.photo, f"{package.caption(subject)} · {cell.caption}")
        yield Made(f"{place}{package.say(texts.COMPARED)}.jpg", BytesIO(encode_board(board)))

    def board(self) -> Rgb:
        return self._sheet.picture() if self._only is None else self._only


class Thumbnails(Template):
    """The product of each photo in the sizes of marketplaces and social networks."""

    def __init__(self, package: Package) -> None:
        super().__init__(package)
        self._shown = 0
        self._most = MOST_ROWS // 4
        count = len(THUMBNAILS) * min(package.count, self._most)
        self._sheet = ContactSheet(count, package.named(texts.THUMBNAILS), ratio=1.0, columns=4)

    def files(self, subject: Subject) -> Iterator[Made]:
        place = self._package.place(subject)
        with subject.opened([*subject.wanted.concepts, BACKGROUND]) as opened:
            product = Product(opened, subject)
        shown = self._shown < self._most
        self._shown += 1
        for one in THUMBNAILS:
            size = (one.width, one.height)
            picture = centred(product.alone, product.box, size, one.fill, one.background)
            if shown:
                label = f"{self._package.say(one.label)} {one.width}×{one.height}"
                self._sheet.add(_small(picture), label)
            yield Made(f"{place}{one.name}.jpg", BytesIO(encode_photo(picture)))

    def board(self) -> Rgb:
        return self._sheet.picture()


def _more(package: Package) -> str:
    """What a title says of the photos that an overview has no room for."""
    rest = package.count - MOST_ROWS
    return f" ({package.say(texts.MORE).format(rest)})" if rest > 0 else ""


def _main_side(product: Product) -> int:
    """As large as its pixels allow, and as marketplaces zoom into."""
    height, width = product.alone.shape[:2]
    longest = max(product.box.width, product.box.height) if product.box else max(height, width)
    return max(1000, min(MAIN_SIDE, round(longest * SHARP / FILL)))


def _small(picture: Rgb) -> Rgb:
    return np.asarray(shrunk(picture, TILE), np.uint8)


TEMPLATES: Final[Mapping[str, type[Template]]] = {
    "all": Everything,
    "before_after": BeforeAfter,
    "share_card": ShareCard,
    "three_looks": Looks,
    "product_pack": ProductPack,
    "option_board": OptionBoard,
    "thumbnails_8": Thumbnails,
}
