"""What a Range header asks for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.web.recipient.ranges import Span, Unsatisfiable, Whole, read_range

SIZE = 1000


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        (None, Whole()),
        ("", Whole()),
        ("bytes=0-1", Span(0, 2)),
        ("bytes=0-", Span(0, 1000)),
        ("bytes=999-", Span(999, 1000)),
        ("bytes=500-100000", Span(500, 1000)),
        ("bytes=-200", Span(800, 1000)),
        ("bytes=-5000", Span(0, 1000)),
        (" bytes = 5 - 6 ", Span(5, 7)),
        ("bytes=1000-", Unsatisfiable()),
        ("bytes=5000-6000", Unsatisfiable()),
        ("bytes=-0", Unsatisfiable()),
        ("bytes=0-1,5-6", Whole()),
        ("bytes=6-5", Whole()),
        ("bytes=-", Whole()),
        ("items=0-1", Whole()),
        ("bytes=a-b", Whole()),
        ("bytes=" + "9" * 5000 + "-", Whole()),
    ],
)
def test_one_range_is_served_and_anything_else_gets_the_whole(
    header: str | None, asked: Whole | Span | Unsatisfiable
) -> None:
    assert read_range(header, SIZE) == asked


@given(
    st.text(max_size=40) | st.from_regex(r"bytes=\d{0,20}-\d{0,20}", fullmatch=True), st.integers(1, 10**7)
)
@settings(max_examples=200, deadline=None)
def test_whatever_is_sent_the_answer_lies_within_the_document(header: str, size: int) -> None:
    asked = read_range(header, size)
    if isinstance(asked, Span):
        assert 0 <= asked.start < asked.end <= size
