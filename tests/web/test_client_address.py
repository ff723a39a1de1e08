import ipaddress

import pytest
from starlette.requests import Request

from app.core.errors import InvalidInput
from app.web.deps import LANGUAGE_COOKIE, client_address, client_net, language_of, parse_networks


def request_from(peer: str | None, *forwarded: str, **headers: str) -> Request:
    raw = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    raw += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    query = headers.pop("query", "").encode()
    return Request(
        {
            "type": "http",
            "client": (peer, 1) if peer else None,
            "headers": raw,
            "query_string": query,
            "path": "/",
        }
    )


PROXIES = parse_networks("10.0.0.0/8, 2001:db8::/32")


class TestClientNet:
    @pytest.mark.parametrize(
        ("peer", "net"),
        [
            ("203.0.113.77", "203.0.113.0/24"),
            ("2a01:e0a:1:2:3::4", "2a01:e0a:1::/48"),
            ("::ffff:203.0.113.77", "203.0.113.0/24"),
            ("testclient", "unknown"),
            (None, "unknown"),
        ],
    )
    def test_it_is_24_bits_or_48(self, peer: str | None, net: str) -> None:
        assert client_net(request_from(peer), ()) == net

    def test_a_stranger_cannot_choose_its_address(self) -> None:
        assert client_address(request_from("203.0.113.7", "1.1.1.1"), ()) == "203.0.113.7"
        assert client_address(request_from("203.0.113.7", "1.1.1.1"), PROXIES) == "203.0.113.7"

    def test_behind_a_proxy_the_last_foreign_address_counts(self) -> None:
        assert client_address(request_from("10.0.0.1", "1.1.1.1, 203.0.113.7"), PROXIES) == "203.0.113.7"
        assert (
            client_address(request_from("10.0.0.1", "1.1.1.1", "203.0.113.7, 10.2.3.4"), PROXIES)
            == "203.0.113.7"
        )
        assert client_address(request_from("::ffff:10.0.0.1", "203.0.113.7"), PROXIES) == "203.0.113.7"

    def test_a_proxy_that_says_nothing_is_the_client(self) -> None:
        assert client_address(request_from("10.0.0.1"), PROXIES) == "10.0.0.1"

    def test_rubbish_in_the_header_ends_the_search(self) -> None:
        assert client_net(request_from("10.0.0.1", "203.0.113.7, nonsense"), PROXIES) == "unknown"

    def test_networks_are_read_from_text(self) -> None:
        assert parse_networks("") == ()
        assert parse_networks("10.1.2.3")[0] == ipaddress.ip_network("10.1.2.3/32")
        with pytest.raises(InvalidInput, match="10\\.0\\.0\\.1/8"):
            parse_networks("10.0.0.1/8")


class TestLanguage:
    def test_what_was_asked_for_wins_then_cookie_person_browser(self) -> None:
        browser = {"accept_language": "en"}
        assert language_of(request_from("1.1.1.1")) == "fr"
        assert language_of(request_from("1.1.1.1", **browser)) == "en"
        assert language_of(request_from("1.1.1.1", **browser), person="fr") == "fr"
        cookie = {"cookie": f"{LANGUAGE_COOKIE}=en"}
        assert language_of(request_from("1.1.1.1", **cookie), person="fr") == "en"
        assert language_of(request_from("1.1.1.1", **cookie, query="lang=fr")) == "fr"
