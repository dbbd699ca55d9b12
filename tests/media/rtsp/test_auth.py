import base64
import hashlib

import pytest

from appliance.media.errors import MalformedError, UnsupportedError
from appliance.media.rtsp.auth import Authenticator, Challenge, choose, parse_challenges


def answer(header: str, method: str = "DESCRIBE", uri: str = "rtsp://cam/") -> dict[str, str]:
    (challenge,) = parse_challenges([header])
    made = Authenticator(challenge, "Mufasa", "Circle of Life", cnonce=lambda: "0a4f113b")
    (parsed,) = parse_challenges([made.authorization(method, uri)])
    return parsed.parameters


def test_digest_with_qop_is_the_answer_of_the_standard_rfc_2617_3_5() -> None:
    header = (
        'Digest realm="testrealm@host.com", qop="auth,auth-int", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    (challenge,) = parse_challenges([header])
    made = Authenticator(challenge, "Mufasa", "Circle Of Life", cnonce=lambda: "0a4f113b")
    given = parse_challenges([made.authorization("GET", "/dir/index.html")])[0].parameters
    assert given["response"] == "6629fae49393a05397450978507c4ef1"
    assert given["opaque"] == "5ccc069c403ebaf9f0171e9517f40e41"
    assert (given["qop"], given["nc"]) == ("auth", "00000001")


def test_digest_sha_256_is_the_answer_of_the_standard_rfc_7616_3_9_1() -> None:
    header = (
        'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    (challenge,) = parse_challenges([header])
    nonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    made = Authenticator(challenge, "Mufasa", "Circle of Life", cnonce=lambda: nonce)
    given = parse_challenges([made.authorization("GET", "/dir/index.html")])[0].parameters
    expected = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    assert given["response"] == expected


def test_digest_without_qop_is_the_form_of_rfc_2069() -> None:
    given = answer('Digest realm="Surveillance Server", nonce="98481030"')

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    secret = md5("Mufasa:Surveillance Server:Circle of Life")
    assert given["response"] == md5(f"{secret}:98481030:{md5('DESCRIBE:rtsp://cam/')}")
    assert "qop" not in given
    assert "algorithm" not in given


def test_the_use_of_a_nonce_is_counted() -> None:
    (challenge,) = parse_challenges(['Digest realm="r", nonce="n", qop="auth"'])
    made = Authenticator(challenge, "u", "p", cnonce=lambda: "c")
    counts = [
        parse_challenges([made.authorization("PLAY", "rtsp://cam/")])[0].parameters["nc"]
        for _ in range(3)
    ]
    assert counts == ["00000001", "00000002", "00000003"]


def test_n13_1_the_strongest_offer_is_taken() -> None:
    offers = parse_challenges(
        [
            'Basic realm="r"',
            (
                'Digest realm="r", nonce="1", algorithm=MD5, '
                'Digest realm="r", nonce="2", algorithm="SHA-256", qop="auth"'
            ),
        ]
    )
    assert [c.scheme for c in offers] == ["basic", "digest", "digest"]
    best = choose(offers, allow_basic=True)
    assert best is not None
    assert best.parameters["nonce"] == "2"


def test_n13_1_basic_is_refused_unless_allowed() -> None:
    offers = parse_challenges(['Basic realm="r"'])
    assert choose(offers, allow_basic=False) is None
    allowed = choose(offers, allow_basic=True)
    assert allowed is not None
    made = Authenticator(allowed, "admin", "a:b", cnonce=lambda: "")
    assert made.authorization("PLAY", "x") == "Basic " + base64.b64encode(b"admin:a:b").decode()


def test_quirk_basic_and_digest_offered_together_in_one_header() -> None:
    offers = parse_challenges(['Basic realm="a", Digest realm="b", nonce="c", stale="FALSE"'])
    assert [c.scheme for c in offers] == ["basic", "digest"]
    assert offers[1].parameters == {"realm": "b", "nonce": "c", "stale": "FALSE"}
    assert not offers[1].stale


def test_unknown_algorithms_and_auth_int_alone_are_not_chosen() -> None:
    offers = parse_challenges(
        [
            'Digest realm="r", nonce="n", algorithm=SHA-512-256',
            'Digest realm="r", nonce="n", qop="auth-int"',
            "Negotiate",
        ]
    )
    assert len(offers) == 3
    assert choose(offers, allow_basic=True) is None
    with pytest.raises(UnsupportedError):
        Authenticator(offers[0], "u", "p", cnonce=lambda: "")


def test_quotes_in_names_are_escaped_and_line_breaks_refused() -> None:
    challenge = Challenge("digest", {"realm": 'a"b', "nonce": "n"})
    made = Authenticator(challenge, 'u"x', "p", cnonce=lambda: "").authorization("PLAY", "u")
    assert 'username="u\\"x"' in made
    bad = Authenticator(Challenge("digest", {"realm": "a\nb", "nonce": "n"}), "u", "p", cnonce=str)
    with pytest.raises(MalformedError):
        bad.authorization("PLAY", "u")


def test_session_variants_hash_the_secret_with_the_nonces() -> None:
    given = answer('Digest realm="r", nonce="n", algorithm=MD5-sess, qop="auth"', "PLAY", "u")

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    secret = md5(md5("Mufasa:r:Circle of Life") + ":n:0a4f113b")
    expected = md5(f"{secret}:n:00000001:0a4f113b:auth:{md5('PLAY:u')}")
    assert given["response"] == expected
