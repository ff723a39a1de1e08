"""The JSON of what a message shows, both ways. Field names are those of Google's generated client of July 2025."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from rcs.content import Card, Carousel, Content, HostedFile, Media, Text, UploadedFile
from rcs.limits import RcsError
from rcs.suggestions import Dial, OpenLink, OpensIn, Remind, Reply, Suggestion

_OPENS: Final[Mapping[OpensIn, Mapping[str, str]]] = {
    "browser": {"application": "BROWSER"},
    "webview_full": {"application": "WEBVIEW", "webviewViewMode": "FULL"},
    "webview_half": {"application": "WEBVIEW", "webviewViewMode": "HALF"},
    "webview_tall": {"application": "WEBVIEW", "webviewViewMode": "TALL"},
    "default": {},
}


def write_content(content: Content, chips: Sequence[Suggestion]) -> dict[str, Any]:
    """The `contentMessage`."""
    written = _write(content)
    if chips:
        written["suggestions"] = [_write_suggestion(chip) for chip in chips]
    return written


def read_content(body: Mapping[str, Any]) -> tuple[Content, tuple[Suggestion, ...]]:
    """What a `contentMessage` shows, and the chips under it; fields we do not draw are passed over. Raises RcsError:
    `unreadable` when it is nothing we know, else what is over a limit."""
    try:
        chips = tuple(_read_suggestion(entry) for entry in body.get("suggestions", ()))
        if "text" in body:
            return Text(body["text"]), chips
        rich = body["richCard"]
        if "carouselCard" in rich:
            carousel = rich["carouselCard"]
            cards = tuple(_read_card(entry) for entry in carousel["cardContents"])
            return Carousel(cards, carousel["cardWidth"]), chips
        standalone = rich["standaloneCard"]
        side = None
        if standalone.get("cardOrientation") == "HORIZONTAL":
            side = standalone.get("thumbnailImageAlignment", "LEFT")
        return _read_card(standalone["cardContent"], side), chips
    except (KeyError, TypeError, AttributeError) as error:
        raise RcsError("unreadable", "the body holds no text and no card that can be drawn") from error


def _write(content: Content) -> dict[str, Any]:
    match content:
        case Text(text):
            return {"text": text}
        case Carousel(cards, width):
            carousel = {"cardWidth": width, "cardContents": [_write_card(card) for card in cards]}
            return {"richCard": {"carouselCard": carousel}}
        case Card():
            layout = {"cardOrientation": "VERTICAL"}
            if content.image_side:
                layout = {"cardOrientation": "HORIZONTAL", "thumbnailImageAlignment": content.image_side}
            return {"richCard": {"standaloneCard": {**layout, "cardContent": _write_card(content)}}}


def _write_card(card: Card) -> dict[str, Any]:
    written: dict[str, Any] = {}
    if card.title:
        written["title"] = card.title
    if card.description:
        written["description"] = card.description
    if card.media:
        written["media"] = {"height": card.media.height, **_write_file(card.media.file)}
    if card.suggestions:
        written["suggestions"] = [_write_suggestion(suggestion) for suggestion in card.suggestions]
    return written


def _write_file(file: HostedFile | UploadedFile) -> dict[str, Any]:
    if isinstance(file, UploadedFile):
        thumbnail = {"thumbnailName": file.thumbnail_name} if file.thumbnail_name else {}
        return {"uploadedRbmFile": {"fileName": file.name, **thumbnail}}
    thumbnail = {"thumbnailUrl": file.thumbnail_url} if file.thumbnail_url else {}
    return {"contentInfo": {"fileUrl": file.url, **thumbnail, "forceRefresh": False}}


def _write_suggestion(suggestion: Suggestion) -> dict[str, Any]:
    shown = {"text": suggestion.label, "postbackData": suggestion.postback}
    match suggestion:
        case Reply():
            return {"reply": shown}
        case OpenLink():
            address = {"url": suggestion.url, **_OPENS[suggestion.opens_in], **_described(suggestion)}
            return {"action": shown | {"fallbackUrl": suggestion.url, "openUrlAction": address}}
        case Dial():
            return {"action": shown | {"dialAction": {"phoneNumber": suggestion.phone}}}
        case Remind():
            start, end = _instant(suggestion.start), _instant(suggestion.end)
            entry = {"startTime": start, "endTime": end, "title": suggestion.title, **_described(suggestion)}
            return {"action": shown | {"createCalendarEventAction": entry}}


def _described(suggestion: OpenLink | Remind) -> dict[str, str]:
    return {"description": suggestion.description} if suggestion.description else {}


def _read_card(body: Mapping[str, Any], side: Any = None) -> Card:
    suggestions = tuple(_read_suggestion(entry) for entry in body.get("suggestions", ()))
    media = _read_media(body["media"]) if "media" in body else None
    return Card(body.get("title", ""), body.get("description", ""), suggestions, media, side)


def _read_media(body: Mapping[str, Any]) -> Media:
    height = body.get("height", "MEDIUM")
    if "uploadedRbmFile" in body:
        uploaded = body["uploadedRbmFile"]
        return Media(UploadedFile(uploaded["fileName"], uploaded.get("thumbnailName", "")), height)
    hosted = body["contentInfo"]
    return Media(HostedFile(hosted["fileUrl"], hosted.get("thumbnailUrl", "")), height)


def _read_suggestion(entry: Mapping[str, Any]) -> Suggestion:
    if "reply" in entry:
        return Reply(entry["reply"]["text"], entry["reply"]["postbackData"])
    action = entry["action"]
    label, data = action["text"], action["postbackData"]
    if "openUrlAction" in action:
        address = action["openUrlAction"]
        return OpenLink(label, data, address["url"], address.get("description", ""), _opens_in(address))
    if "dialAction" in action:
        return Dial(label, data, action["dialAction"]["phoneNumber"])
    event = action["createCalendarEventAction"]
    start, end = _moment(event["startTime"]), _moment(event["endTime"])
    return Remind(label, data, start, end, event["title"], event.get("description", ""))


def _opens_in(address: Mapping[str, Any]) -> OpensIn:
    told = {name: address[name] for name in ("application", "webviewViewMode") if name in address}
    for opens_in, fields in _OPENS.items():
        if fields == told:
            return opens_in
    return "default"


@lru_cache(maxsize=64)
def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise RcsError("calendar_time", "a calendar time is an RFC 3339 instant") from error
