"""One builder, one parser: whatever a mail program, a message app or a hand does to a link, it is read or refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from links.text import ALPHABET, Incomplete, LinkText, build, is_ref, is_secret, parse, parse_for

REF = "7kPq2mXa"
SHORT = "2w7QkXr9bLmT4fZc"
LONG = "2w7QkXr9bLmT4fZcH3nRsV"
SMS = f"DUPONT SA: bulletin de paie 09/2026 dispo jusqu'au 31/12/26\nhttps://pay.test/{REF}#{SHORT}\nMot de passe habituel. Refus: www.pay.test/refus"


def mangled(secret: str) -> list[str]:
    """Forms in which one link has been seen to arrive."""
    return [
        f"https://pay.test/{REF}#{secret}",
        f"HTTPS://pay.test/{REF}#{secret}",
        f"HtTp://PAY.TEST/{REF}#{secret}",
        f"http://localhost:8000/{REF}#{secret}",
        f"pay.test/{REF}#{secret}",
        f"www.pay.test/{REF}#{secret}",
        f"https://pay.test/{REF}%23{secret}",
        f"https://pay.test/{REF}%2523{secret}",
        f"https://pay.test/{REF}%252523{secret}",
        f"https://pay.test/{REF}/{secret}",
        f"https://pay.test/{REF}/{secret}/",
        f"https://pay.test/{REF}/#{secret}",
        f"https://pay.test/{REF}?fbclid=IwAR0x_y-z#{secret}",
        f"{REF} {secret}",
        f"{REF}   {secret}",
        f"{REF}\n{secret}",
        f"{REF}\t{secret}",
        f"{REF}\u00a0{secret}",
        f"{REF}#{secret}",
        f"{REF}%23{secret}",
        f"{REF}/{secret}",
        f"/{REF}#{secret}",
        f"  https://pay.test/{REF}#{secret}  ",
        f"\u00a0https://pay.test/{REF}#{secret}\u202f",
        f"\ufeffhttps://pay.test/{REF}#{secret}",
        f"https://pay.test/{REF}#{secret[:5]}\u200b{secret[5:]}",
        f"https://pay.test/{REF}\u200b#\u200d{secret}\u2060",
        f"https://pay.test/{REF}#{secret[:9]}\n{secret[9:]}",
        f"https://pay.test/{REF}#{secret[:9]}\r\n  {secret[9:]}",
        f"https://pay.test/{REF[:3]}\n{REF[3:]}#{secret}",
        f"https://pay.\ntest/{REF}#{secret}",
        f"https://pay.test/{REF}#\n{secret}",
        f"https://pay.test/{REF} # {secret}",
        *(f"https://pay.test/{REF}#{secret}{mark}" for mark in "/.,;:!?)]>»”'’\""),
        f"https://pay.test/{REF}#{secret}).",
        f"<https://pay.test/{REF}#{secret}>",
        f"« https://pay.test/{REF}#{secret} »",
        f"(https://pay.test/{REF}#{secret})",
        f"“https://pay.test/{REF}#{secret}”",
        f"Bonjour, voici le lien : https://pay.test/{REF}#{secret} Cordialement",
    ]


MANGLED = [*mangled(SHORT), SMS]

NOT_WHOLE = [
    "",
    "   ",
    "bonjour",
    f"https://pay.test/{REF}",
    f"https://pay.test/{REF}#",
    f"https://pay.test/{REF}#{SHORT[:-1]}",
    f"https://pay.test/{REF}#{SHORT}x",
    f"https://pay.test/{REF}#{LONG[:-1]}",
    f"https://pay.test/{REF}#{LONG}x",
    f"https://pay.test/{REF}#{SHORT[:-1]}…",
    f"https://pay.test/{REF}#{SHORT[:-1]}0",
    f"https://pay.test/{REF}#{SHORT[:-1]}l",
    f"https://pay.test/{REF}#{SHORT[:-1]}é",
    f"https://pay.test/{REF}#{SHORT[:-1]}1".replace("#", "%24"),
    f"https://pay.test/{REF[:-1]}#{SHORT}",
    f"https://pay.test/{REF[:-1]}0#{SHORT}",
    f"https://pay.test/{REF}x#{SHORT}",
    f"{REF}",
    f"{SHORT}",
    f"https://pay.test/{REF}#{SHORT[:8]}-{SHORT[8:]}",
]


def test_there_are_thirty_mangled_forms_and_more() -> None:
    assert len(set(MANGLED)) >= 45


@pytest.mark.parametrize("text", MANGLED)
def test_a_mangled_link_is_read(text: str) -> None:
    assert parse(text) == LinkText(REF, SHORT)


@pytest.mark.parametrize("text", mangled(LONG))
def test_a_mangled_long_link_is_read(text: str) -> None:
    assert parse(text) == LinkText(REF, LONG)


def test_a_long_secret_broken_after_sixteen_characters_is_not_taken_for_a_short_one() -> None:
    assert parse(f"https://pay.test/{REF}#{LONG[:16]}\n{LONG[16:]}") == LinkText(REF, LONG)


@pytest.mark.parametrize("text", NOT_WHOLE)
def test_what_is_not_a_whole_link_is_incomplete(text: str) -> None:
    assert isinstance(parse(text), Incomplete)


def test_the_ref_of_an_incomplete_link_is_kept() -> None:
    assert parse(f"https://pay.test/{REF}#{SHORT[:-1]}") == Incomplete(REF)
    assert parse(f"https://pay.test/{REF}") == Incomplete(REF)
    assert parse("bonjour") == Incomplete(None)


@pytest.mark.parametrize(
    "given", [SHORT, f"#{SHORT}", f"%23{SHORT}", f" {SHORT}\n", f"{SHORT[:4]}\u200b {SHORT[4:]}."]
)
def test_on_its_own_page_the_secret_alone_is_enough(given: str) -> None:
    assert parse_for(REF, given) == LinkText(REF, SHORT)


def test_on_its_own_page_a_pasted_link_is_read_with_its_own_ref() -> None:
    assert parse_for(REF, f"https://pay.test/{REF}#{LONG}") == LinkText(REF, LONG)
    assert parse_for("abcdefgh", f"https://pay.test/{REF}#{LONG}") == LinkText(REF, LONG)
    assert parse_for(REF, "nothing") == Incomplete(REF)


def test_case_is_kept() -> None:
    upper, lower = (
        parse(f"{REF} {SHORT.upper().replace('L', 'M')}"),
        parse(f"{REF} {SHORT.lower().replace('l', 'm')}"),
    )
    assert upper != lower


def test_a_built_link_has_no_doubled_slash_and_ends_in_a_letter_or_digit() -> None:
    link = build("https://pay.test/", REF, SHORT)
    assert link == f"https://pay.test/{REF}#{SHORT}"
    assert len(link) == 42
    assert len(build("https://pay.test", REF, LONG)) == 48


@pytest.mark.parametrize(("ref", "secret"), [("short", SHORT), (REF, SHORT[:-1]), (REF, SHORT[:-1] + "0")])
def test_a_link_is_not_built_of_wrong_parts(ref: str, secret: str) -> None:
    with pytest.raises(ValueError, match="base58"):
        build("https://pay.test", ref, secret)


def test_the_secret_does_not_show_in_a_parsed_link() -> None:
    assert SHORT not in repr(parse(SMS))


base58 = st.text(ALPHABET, min_size=8, max_size=8)
secrets = st.one_of(st.text(ALPHABET, min_size=16, max_size=16), st.text(ALPHABET, min_size=22, max_size=22))


@settings(max_examples=200, deadline=None)
@given(
    base=st.sampled_from(["https://pay.test", "http://localhost:8000", "https://a-b.example.org/"]),
    ref=base58,
    secret=secrets,
    before=st.sampled_from(["", " ", "\u200b", "<", "« "]),
    after=st.sampled_from(["", " ", ".", " »", ">\n", "\u200b", "/"]),
    hash_form=st.sampled_from(["#", "%23", "%2523", "/"]),
)
def test_what_was_built_is_read_back(
    base: str, ref: str, secret: str, before: str, after: str, hash_form: str
) -> None:
    link = build(base, ref, secret).replace("#", hash_form)
    assert parse(before + link + after) == LinkText(ref, secret)
    assert parse(f"{ref} {secret}") == LinkText(ref, secret)
    assert is_ref(ref)
    assert is_secret(secret)


@settings(max_examples=200, deadline=None)
@given(
    ref=base58,
    secret=secrets,
    at=st.integers(0, 200),
    space=st.sampled_from(["\n", "\r\n", " ", "\u200b", "\u00a0"]),
)
def test_one_break_anywhere_does_no_harm(ref: str, secret: str, at: int, space: str) -> None:
    link = build("https://pay.test", ref, secret)
    at %= len(link)
    assert parse(link[:at] + space + link[at:]) == LinkText(ref, secret)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=80))
def test_no_text_breaks_the_parser(text: str) -> None:
    parsed = parse(text)
    if isinstance(parsed, LinkText):
        assert is_ref(parsed.ref)
        assert is_secret(parsed.secret)
