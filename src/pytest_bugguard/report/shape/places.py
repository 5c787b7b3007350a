"""The part of a document on a whole history: how the guarded share went, and where the fixes cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_bugguard.core.hotspots import Hotspot, Hotspots
from pytest_bugguard.core.paths import spelt
from pytest_bugguard.core.trend import Quarter, Share, Trend
from pytest_bugguard.report.shape.values import dump_rounded, load_all, load_path, load_text, load_texts

if TYPE_CHECKING:
    from pytest_bugguard.report.shape.values import Part


def dump_trend(trend: Trend) -> dict[str, Any]:
    """The share as a whole, and by quarter."""
    return {
        "whole": _dump_share(trend.whole),
        "quarters": [{"quarter": quarter.name, **_dump_share(quarter.share)} for quarter in trend.quarters],
    }


def load_trend(found: Part) -> Trend:
    """The other way."""
    return Trend(_load_share(found["whole"]), load_all(_load_quarter, found["quarters"]))


def _load_quarter(one: Part) -> Quarter:
    return Quarter(load_text(one["quarter"]), _load_share(one))


def _dump_share(share: Share) -> dict[str, Any]:
    ratio = dump_rounded(share.ratio)
    return {"guarded": share.guarded, "judged": share.judged, "undecided": share.undecided, "ratio": ratio}


def _load_share(one: Part) -> Share:
    return Share(int(one["guarded"]), int(one["judged"]), int(one["undecided"]))


def dump_hotspots(hotspots: Hotspots) -> dict[str, Any]:
    """The files and the folders where the fixes cluster."""
    return {
        "files": [_dump_hotspot(place) for place in hotspots.files],
        "folders": [_dump_hotspot(place) for place in hotspots.folders],
    }


def load_hotspots(found: Part) -> Hotspots:
    """The other way."""
    return Hotspots(*(load_all(_load_hotspot, found[key]) for key in ("files", "folders")))


def _dump_hotspot(place: Hotspot) -> dict[str, Any]:
    return {
        "path": spelt(place.path),
        "fixes": place.fixes,
        "weight": dump_rounded(place.weight),
        **_dump_share(place.share),
        "newest": place.newest,
        "fixed_by": list(place.fixed_by),
    }


def _load_hotspot(one: Part) -> Hotspot:
    fixes = load_texts(one["fixed_by"])
    if not fixes:
        raise ValueError(one["path"])
    return Hotspot(load_path(one["path"]), float(one["weight"]), _load_share(one), fixes)
