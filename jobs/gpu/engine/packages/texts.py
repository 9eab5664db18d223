"""What boards and files of a package say, in Korean and in English."""

from __future__ import annotations

from typing import Final, Literal

from jobs.gpu.engine.packages.boards import Labels
from jobs.presets import LABELS, Label

Language = Literal["ko", "en"]

PHOTO: Final = Label("사진", "Photo")
BEFORE_AFTER: Final = Label("전/후 비교", "Before and after")
CONTACT_SHEET: Final = Label("한눈에 보기", "At a glance")
SHARE_CARD: Final = Label("시공 전후", "Before and after")
LOOKS: Final = Label("시안 비교", "Looks to choose from")
BEFORE: Final = Label("현재", "Now")
PRODUCT: Final = Label("상품 사진", "Product pictures")
OPTIONS: Final = Label("옵션 컬러", "Colours to choose from")
THUMBNAILS: Final = Label("썸네일", "Thumbnails")
MAIN: Final = Label("대표", "main")
DETAIL: Final = Label("디테일", "detail")
WORN: Final = Label("착용", "worn")
PACKAGE: Final = Label("포장", "package")
FURTHER: Final = Label("추가", "further")
COMPARED: Final = Label("비교", "compared")
MORE: Final = Label("외 {}장", "and {} more")

# What a board calls the colours of the vocabulary, where it has a word of its own.
COLOURS: Final = {
    "oak": Label("오크", "Oak"), "ash": Label("애쉬", "Ash"), "maple": Label("메이플", "Maple"),
    "birch": Label("자작나무", "Birch"), "pine": Label("소나무", "Pine"),
    "beech": Label("비치", "Beech"), "cherry": Label("체리", "Cherry"),
    "teak": Label("티크", "Teak"), "walnut": Label("월넛", "Walnut"),
    "mahogany": Label("마호가니", "Mahogany"), "wenge": Label("웬지", "Wenge"),
    "ebony": Label("에보니", "Ebony"), "white": Label("화이트", "White"),
    "offwhite": Label("오프화이트", "Off-white"), "ivory": Label("아이보리", "Ivory"),
    "cream": Label("크림", "Cream"), "grey": Label("그레이", "Grey"),
    "lightgrey": Label("라이트 그레이", "Light grey"),
    "darkgrey": Label("다크 그레이", "Dark grey"), "charcoal": Label("차콜", "Charcoal"),
    "black": Label("블랙", "Black"), "silver": Label("실버", "Silver"),
    "greige": Label("그레이지", "Greige"), "beige": Label("베이지", "Beige"),
    "sand": Label("샌드", "Sand"), "taupe": Label("토프", "Taupe"),
    "khaki": Label("카키", "Khaki"), "brown": Label("브라운", "Brown"),
    "chocolate": Label("초콜릿", "Chocolate"), "caramel": Label("카라멜", "Caramel"),
    "terracotta": Label("테라코타", "Terracotta"), "brick": Label("브릭", "Brick"),
    "red": Label("레드", "Red"), "burgundy": Label("버건디", "Burgundy"),
    "coral": Label("코랄", "Coral"), "pink": Label("핑크", "Pink"), "rose": Label("로즈", "Rose"),
    "orange": Label("오렌지", "Orange"), "mustard": Label("머스터드", "Mustard"),
    "yellow": Label("옐로", "Yellow"), "gold": Label("골드", "Gold"),
    "olive": Label("올리브", "Olive"), "sage": Label("세이지", "Sage"),
    "mint": Label("민트", "Mint"), "green": Label("그린", "Green"),
    "forest": Label("포레스트", "Forest"), "teal": Label("틸", "Teal"),
    "turquoise": Label("터쿼이즈", "Turquoise"), "sky": Label("스카이", "Sky"),
    "blue": Label("블루", "Blue"), "navy": Label("네이비", "Navy"),
    "indigo": Label("인디고", "Indigo"), "purple": Label("퍼플", "Purple"),
    "lavender": Label("라벤더", "Lavender"), "lilac": Label("라일락", "Lilac"),
    "marble": Label("대리석", "Marble"), "concrete": Label("콘크리트", "Concrete"),
    "linen": Label("리넨", "Linen"), "tile": Label("타일", "Tile"),
    "herringbone": Label("헤링본", "Herringbone"), "terrazzo": Label("테라초", "Terrazzo"),
    "warm": Label("따뜻하게", "Warm"), "cool": Label("차갑게", "Cool"),
    "bright": Label("밝게", "Bright"), "dark": Label("어둡게", "Dark"),
    "vivid": Label("선명하게", "Vivid"), "muted": Label("은은하게", "Muted"),
    "contrast": Label("대비", "Contrast"),
}  # fmt: skip


def said(label: Label, language: Language) -> str:
    return label.en if language == "en" else label.ko


def pair_labels(language: Language) -> Labels:
    return Labels("Before", "After") if language == "en" else Labels("전", "후")


def concept_name(concept: str, language: Language) -> str:
    """What people call a concept; one of no preset as it was written."""
    label = LABELS.get(concept)
    return concept.replace("_", " ") if label is None else said(label, language)
