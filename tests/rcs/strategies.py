"""Any message the platform would take, for rules that hold for all of them."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from rcs.cards import (
    AgentMessage,
    Card,
    Carousel,
    Content,
    Dial,
    HostedFile,
    Media,
    OpenLink,
    Remind,
    Reply,
    Suggestion,
    Text,
    unsubscribe,
)
from tests.rcs.making import COVER, uploaded

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
labels = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
titles = labels.filter(str.strip)
postbacks = st.text("AZaz09", min_size=4, max_size=4)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
ways = st.sampled_from(["browser", "webview_full", "webview_half", "webview_tall", "default"])
suggestions: st.SearchStrategy[Suggestion] = st.one_of(
    st.builds(OpenLink, labels, postbacks, st.just("https://d.example.fr/7K3MQ2X9"), texts, ways),
    st.builds(Dial, labels, postbacks, st.from_regex(r"\+?[1-9][0-9]{1,15}", fullmatch=True)),
    st.builds(
        lambda label, data, at, title, text: Remind(label, data, at, at + timedelta(minutes=5), title, text),
        labels,
        postbacks,
        instants,
        labels,
        texts,
    ),
    st.builds(Reply, labels, postbacks),
)
buttons = st.lists(suggestions, max_size=4).map(tuple)
media = st.sampled_from([None, COVER, uploaded(), Media(HostedFile("https://d.example.fr/a.gif"), "SHORT")])
upright = st.builds(Card, titles, texts, buttons, media)
beside = st.builds(
    Card, titles, texts, buttons, st.sampled_from([COVER, uploaded()]), st.sampled_from(["LEFT", "RIGHT"])
)
contents: st.SearchStrategy[Content] = st.one_of(
    upright,
    beside,
    st.builds(
        Carousel, st.lists(upright, min_size=2, max_size=4).map(tuple), st.sampled_from(["SMALL", "MEDIUM"])
    ),
    st.builds(Text, titles),
)
below = st.lists(suggestions, max_size=10).map(tuple)
lifetimes = st.integers(10, 1_296_000)
messages: st.SearchStrategy[AgentMessage] = st.one_of(
    st.builds(AgentMessage, contents, st.just("TRANSACTION"), lifetimes, below),
    st.builds(
        lambda content, ttl, chips: AgentMessage(
            content, "PROMOTION", ttl, (*chips, unsubscribe("fr", "7K3MQ2X9"))
        ),
        contents,
        lifetimes,
        below,
    ),
)
