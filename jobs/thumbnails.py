"""The sizes in which a package shows a product, as data (contract §3.5).

Plain data without Django, as `presets.py`. Sizes are what the places asked for on 2026-11-26, by
the pages named beside them; docs/packages.md has them as a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from jobs.presets import Label

_CAFE24: Final = "https://support.cafe24.com/hc/ko/articles/7556261860761"
_SOCIAL: Final = "https://heyorca.com/blog/social-media-image-sizes"


@dataclass(frozen=True)
class Thumbnail:
    """width, height: pixels. background: #RRGGBB. fill: the share of width and height that the
    product may take. source: where the size is from.
    """

    id: str
    label: Label
    width: int
    height: int
    background: str
    fill: float
    source: str

    @property
    def name(self) -> str:
        """As its file is called."""
        return f"{self.id}-{self.width}x{self.height}"


THUMBNAILS: Final = (
    Thumbnail(
        *("smartstore", Label("스마트스토어", "Naver Smart Store"), 1000, 1000, "#FFFFFF", 0.85),
        "https://expocity.onch3.co.kr/bbs_view.php?num=13&page=2&vnum=15410",
    ),
    Thumbnail("coupang", Label("쿠팡", "Coupang"), 500, 500, "#FFFFFF", 0.88, _CAFE24),
    Thumbnail(
        "kakao", Label("카카오톡 스토어", "Kakao Talk Store"), 750, 1000, "#FFFFFF", 0.85, _CAFE24
    ),
    Thumbnail(
        *("amazon", Label("아마존", "Amazon"), 2000, 2000, "#FFFFFF", 0.88),
        "https://mercatuslab.com/blog/amazon-product-image-requirements",
    ),
    Thumbnail(
        *("ebay", Label("이베이", "eBay"), 1600, 1600, "#FFFFFF", 0.85),
        "https://www.usepixora.com/resource/ebay-photo-requirements-guide",
    ),
    Thumbnail(
        "instagram", Label("인스타그램 피드", "Instagram feed"), 1080, 1350, "#F4F2EE", 0.8, _SOCIAL
    ),
    Thumbnail(
        "story", Label("인스타그램 스토리", "Instagram story"), 1080, 1920, "#F4F2EE", 0.8, _SOCIAL
    ),
    Thumbnail(
        *("pinterest", Label("핀터레스트", "Pinterest"), 1000, 1500, "#F4F2EE", 0.82),
        "https://www.ogocer.com/en/blog/social-media-image-sizes/",
    ),
)
