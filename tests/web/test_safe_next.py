import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.web.auth import safe_next


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.test",
        "//evil.test",
        "///evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "/app//evil.test",
        "/app\\..\\..",
        "/app/../login",
        "/app/./x",
        "/application",
        "/app@evil.test",
        "app",
        "javascript:alert(1)",
        "/app\r\nLocation: https://evil.test",
        "/app\n",
        " /app",
        "/app#x",
        "/v1/batches",
        "/7kPq2mXa",
        "/app/login",
        "/app/logout",
        "",
        None,
    ],
)
def test_next_is_a_page_of_the_console_or_home(wanted: str | None) -> None:
    assert safe_next(wanted) == "/app"


@pytest.mark.parametrize(
    "wanted",
    ["/app", "/app/", "/app/batches/3f2b-1/review?state=failed&q=a%20b", "/simulator", "/simulator/x?y=1"],
)
def test_next_keeps_our_own_pages(wanted: str) -> None:
    assert safe_next(wanted) == wanted


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet="/\\:@.?#%&apsimultorev \t\r\n", max_size=20).map("/app".__add__) | st.text(max_size=20)
)
def test_next_never_leaves_the_site(wanted: str) -> None:
    chosen = safe_next(wanted)
    assert chosen.startswith(("/app", "/simulator"))
    assert not set(chosen) & set("\\#@ \t\r\n")
    assert "//" not in chosen.partition("?")[0]
