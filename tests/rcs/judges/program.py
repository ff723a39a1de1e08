# mypy: ignore-errors
"""Runs where botocore, telnyx and google-auth are: a question on each line of input, an answer on each of output."""

import inspect
import json
import re
import sys

import botocore.session
import google.auth.transport.requests
import google.oauth2.service_account
from botocore.validate import ParamValidator
from pydantic import TypeAdapter, ValidationError
from telnyx.types import (
    rcs_agent_message_param,
    rcs_card_content_param,
    rcs_content_info_param,
    rcs_suggestion_param,
)
from typing_extensions import is_typeddict

SCOPE = "https://www.googleapis.com/auth/rcsbusinessmessaging"
MODULES = (rcs_agent_message_param, rcs_card_content_param, rcs_content_info_param, rcs_suggestion_param)
LONGEST_TTL_AT_AWS = 172_800


class NoWords(Exception):
    """The judge's own messages cannot say this."""


def main():
    shape = (
        botocore.session.get_session()
        .get_service_model("pinpoint-sms-voice-v2")
        .operation_model("SendRcsMessage")
        .input_shape
    )
    for module in MODULES:
        for _, kind in inspect.getmembers(module, is_typeddict):
            kind.__pydantic_config__ = {"extra": "forbid"}
    types = TypeAdapter(rcs_agent_message_param.RcsAgentMessageParam)
    for line in sys.stdin:
        what, about = json.loads(line)
        answer = ask_for_token(about) if what == "token" else judge_by(shape, types, about)
        print(json.dumps(answer), flush=True)


def judge_by(shape, types, body):
    found = []
    for name, judge in (
        ("botocore", lambda: aws_problems(shape, body)),
        ("telnyx", lambda: telnyx_problems(types, body)),
    ):
        try:
            found += [f"{name}: {problem}" for problem in judge()]
        except NoWords:
            pass
        except (KeyError, TypeError, AttributeError) as error:
            found.append(f"{name}: cannot be translated ({type(error).__name__}: {error})")
    return found


def ask_for_token(key_file):
    credentials = google.oauth2.service_account.Credentials.from_service_account_info(
        key_file, scopes=[SCOPE]
    )
    credentials.refresh(google.auth.transport.requests.Request())
    return credentials.token


# AWS: capitalised names, actions flattened.


def aws_problems(shape, body):
    params = {
        "DestinationPhoneNumber": "+33612345678",
        "OriginationIdentity": "demo-agent",
        "MessageTrafficType": body["messageTrafficType"],
        "RcsMessageContent": aws_content(body["contentMessage"]),
    }
    seconds = int(body["ttl"].removesuffix("s"))
    if seconds <= LONGEST_TTL_AT_AWS:
        params["TimeToLive"] = seconds
    report = ParamValidator().validate(params, shape)
    return [*filter(None, [report.generate_report()]), *limits(params, shape, "")]


def limits(value, shape, path):
    """botocore checks minima only; the rest stands in its model."""
    if shape.type_name == "structure":
        for name, inner in value.items():
            if name in shape.members:
                yield from limits(inner, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list":
        yield from too_long(value, shape, path)
        for at, inner in enumerate(value):
            yield from limits(inner, shape.member, f"{path}[{at}]")
    elif shape.type_name == "string":
        yield from too_long(value, shape, path)
        pattern = shape.metadata.get("pattern")
        if pattern and not re.fullmatch(pattern, value):
            yield f"{path} is not like {pattern}"
    elif shape.type_name == "integer" and value > shape.metadata.get("max", value):
        yield f"{path} is over {shape.metadata['max']}"


def too_long(value, shape, path):
    if len(value) > shape.metadata.get("max", len(value)):
        yield f"{path} is longer than {shape.metadata['max']}"


def aws_content(message):
    content = {"Content": aws_shown(message)}
    if "suggestions" in message:
        content["Suggestions"] = [aws_suggestion(one) for one in message["suggestions"]]
    return content


def aws_shown(message):
    if "text" in message:
        return {"TextMessage": {"Body": message["text"]}}
    rich = message["richCard"]
    if "carouselCard" in rich:
        carousel = rich["carouselCard"]
        cards = [aws_card(card) for card in carousel["cardContents"]]
        return {"Carousel": {"CardWidth": carousel["cardWidth"], "CardContents": cards}}
    standalone = rich["standaloneCard"]
    card = {
        "CardOrientation": standalone["cardOrientation"],
        "CardContent": aws_card(standalone["cardContent"]),
    }
    if "thumbnailImageAlignment" in standalone:
        card["ThumbnailImageAlignment"] = standalone["thumbnailImageAlignment"]
    return {"RichCard": card}


def aws_card(card):
    made = {name.capitalize(): card[name] for name in ("title", "description") if name in card}
    if "media" in card:
        made["Media"] = aws_media(card["media"])
    if "suggestions" in card:
        made["Suggestions"] = [aws_suggestion(one) for one in card["suggestions"]]
    return made


def aws_media(media):
    if "uploadedRbmFile" in media:
        raise NoWords
    info = media["contentInfo"]
    made = {"FileUrl": info["fileUrl"], "Height": media["height"]}
    if "thumbnailUrl" in info:
        made["ThumbnailUrl"] = info["thumbnailUrl"]
    return made


def aws_suggestion(suggestion):
    kind, shown = next(iter(suggestion.items()))
    made = {"Text": shown["text"], "PostbackData": shown["postbackData"]}
    if kind == "reply":
        return {"Reply": made}
    if "openUrlAction" in shown:
        names = {"url": "Url", "application": "Application", "webviewViewMode": "WebviewViewMode"}
        return {
            "OpenUrl": made
            | {
                theirs: shown["openUrlAction"][ours]
                for ours, theirs in names.items()
                if ours in shown["openUrlAction"]
            }
        }
    if "dialAction" in shown:
        return {"DialPhone": made | {"PhoneNumber": shown["dialAction"]["phoneNumber"]}}
    event = shown["createCalendarEventAction"]
    names = {"title": "Title", "description": "Description", "startTime": "StartTime", "endTime": "EndTime"}
    return {
        "CreateCalendarEvent": made | {theirs: event[ours] for ours, theirs in names.items() if ours in event}
    }


# Telnyx: the platform's structure in snake case, without a traffic type and with some members it always wants.


def telnyx_problems(types, body):
    message = {name: value for name, value in body.items() if name != "messageTrafficType"}
    try:
        consume(types.validate_python(snake(message)))
    except ValidationError as error:
        return [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
    return []


def consume(value):
    """Members that are iterables are judged when they are read."""
    if isinstance(value, dict):
        for inner in value.values():
            consume(inner)
    elif not isinstance(value, str) and hasattr(value, "__iter__"):
        for inner in value:
            consume(inner)


def snake(value):
    if isinstance(value, list):
        return [snake(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if "uploadedRbmFile" in value:
        raise NoWords
    made = {
        re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name): snake(inner)
        for name, inner in value.items()
    }
    if "cardOrientation" in value:
        made.setdefault("thumbnail_image_alignment", "THUMBNAIL_IMAGE_ALIGNMENT_UNSPECIFIED")
    if "openUrlAction" in value:
        made["open_url_action"].setdefault("application", "OPEN_URL_APPLICATION_UNSPECIFIED")
        made["open_url_action"].setdefault("webview_view_mode", "WEBVIEW_VIEW_MODE_UNSPECIFIED")
    return made


if __name__ == "__main__":
    main()
