"""F1.3: bodies are judged by the platform's published shape, by botocore and by telnyx; and the judges see what is wrong."""

import copy
from collections.abc import Callable
from typing import Any, get_args

import pytest

from rcs.cards import AgentMessage, Card, Dial, Text, TrafficType, text_card, unsubscribe
from tests.rcs.judges import problems
from tests.rcs.making import COVER, announcement, carousel, message, open_link, remind, reply, uploaded

Body = dict[str, Any]
WAYS = ("browser", "webview_full", "webview_half", "webview_tall", "default")
GOOD: dict[str, AgentMessage] = {
    "an announcement": message(),
    "an announcement with a cover": message(announcement(media=COVER)),
    "an announcement in English without phone": message(
        announcement(language="en", phone=None, remind_at=None)
    ),
    "a title alone": message(Card("Titre", "")),
    "a description alone": message(Card("", "Texte")),
    "media alone": message(Card("", "", media=COVER)),
    "uploaded media": message(Card("Titre", "", media=uploaded())),
    "media on the left": message(Card("Titre", "Texte", (reply(),), COVER, "LEFT")),
    "media on the right": message(Card("Titre", "Texte", (reply(),), COVER, "RIGHT")),
    "two cards": message(carousel(2)),
    "ten cards": message(carousel(10, width="SMALL")),
    "a text": message(Text("Bonjour")),
    "a text with chips": message(
        Text("Bonjour"), (reply(), Dial("Appeler", "call", "+33180000000"), remind())
    ),
    "a text with eleven chips": message(Text("Bonjour"), tuple(reply(f"Choix {at}") for at in range(11))),
    "a card with a way out": message(chips=(unsubscribe("fr", "7K3MQ2X9"),)),
    "an advertisement": message(
        text_card("en", "Two pies", "Saturday", "0123456789abcdef", can_stop=True), traffic="PROMOTION"
    ),
    "every limit": message(
        Card("T" * 200, "D" * 2_000, (reply("L" * 25, "A" * 2_048),) * 4, COVER), ttl=172_800
    ),
    "the longest text": message(Text("T" * 3_072)),
    "the longest address": message(Card("T", "", (open_link("https://d.example.fr/" + "a" * 2_027),))),
    **{f"a link in {way}": message(Card("T", "", (open_link(opens_in=way),))) for way in WAYS},
}


@pytest.mark.parametrize("good", GOOD.values(), ids=GOOD)
def test_f1_03_every_kind_of_message_satisfies_every_judge(good: AgentMessage) -> None:
    assert problems(good.body()) == []


@pytest.mark.parametrize("traffic", get_args(TrafficType))
def test_f1_03_every_traffic_type_satisfies_every_judge(traffic: TrafficType) -> None:
    way_out = (unsubscribe("fr", "7K3MQ2X9"),)
    assert problems(message(chips=way_out, traffic=traffic).body()) == []


def card_of(body: Body) -> Body:
    card: Body = body["contentMessage"]["richCard"]["standaloneCard"]["cardContent"]
    return card


def action_of(body: Body) -> Body:
    action: Body = card_of(body)["suggestions"][0]["action"]
    return action


FAULTS: dict[str, Callable[[Body], Any]] = {
    "a title of 201": lambda body: card_of(body).update(title="T" * 201),
    "a description of 2,001": lambda body: card_of(body).update(description="D" * 2_001),
    "a label of 26": lambda body: action_of(body).update(text="L" * 26),
    "a postback of 2,049": lambda body: action_of(body).update(postbackData="A" * 2_049),
    "five buttons": lambda body: card_of(body)["suggestions"].append(card_of(body)["suggestions"][0]),
    "an http link": lambda body: action_of(body)["openUrlAction"].update(url="http://d.example.fr/x"),
    "an unknown application": lambda body: action_of(body)["openUrlAction"].update(application="APP"),
    "an unknown orientation": lambda body: body["contentMessage"]["richCard"]["standaloneCard"].update(
        cardOrientation="DIAGONAL"
    ),
    "an unknown field": lambda body: card_of(body).update(subtitle="S"),
    "a name of the platform's": lambda body: body.update(name="phones/+33612345678/agentMessages/1"),
    "an unknown traffic type": lambda body: body.update(messageTrafficType="NEWS"),
    "two lifetimes": lambda body: body.update(expireTime="2026-12-01T09:00:00Z"),
    "two contents": lambda body: body["contentMessage"].update(text="Bonjour"),
    "no content": lambda body: body["contentMessage"].clear(),
    "a button without a postback": lambda body: action_of(body).pop("postbackData"),
}


@pytest.mark.parametrize("spoil", FAULTS.values(), ids=FAULTS)
def test_the_judges_see_what_is_wrong(spoil: Callable[[Body], Any]) -> None:
    body = copy.deepcopy(message(announcement(media=COVER)).body())
    spoil(body)

    assert problems(body)


@pytest.mark.parametrize(
    ("judge", "fault"),
    [("botocore", "a title of 201"), ("botocore", "an http link"), ("telnyx", "an unknown field")],
)
def test_each_of_the_other_judges_sees_for_itself(judge: str, fault: str) -> None:
    body = copy.deepcopy(message().body())
    FAULTS[fault](body)

    assert [problem for problem in problems(body) if problem.startswith(judge)]
