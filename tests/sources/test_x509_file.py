"""Certificates in a file: PEM and DER, chains, and all that is none."""

import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Evidence, Kind, Observation, Problem, SourceEntry
from monitor.sources.x509_file import observe, validity
from monitor.system.host import Host
from tests.conformance_sources.render import fill
from tests.sources.tokens import certificate, pem, tlv, utc

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
REAL = ssl.PEM_cert_to_DER_cert(fill("{{x509 nb=-2592000000 na=+43200000}}", int(NOW.timestamp() * 1000), ""))
KEY = pem(b"FAKESECRET", "PRIVATE KEY")


def _days(begins: float, ends: float) -> bytes:
    return certificate(utc(NOW + begins * DAY), utc(NOW + ends * DAY))


def _look(root: Path, raw: bytes | None) -> Observation:
    if raw is not None:
        (root / "c.pem").write_bytes(raw)
    (seen,) = observe(Host(root, {}), SourceEntry("x509_file", "mtls", {"path": "~/c.pem"}))
    assert isinstance(seen, Observation)
    assert (seen.credential.kind, seen.credential.profile, seen.credential.provider) == (Kind.CERT, "mtls", "custom")
    return seen


@pytest.mark.parametrize("raw", [REAL, pem(REAL), KEY + pem(REAL), "Bäg\n".encode() + pem(REAL), pem(REAL) + KEY])
def test_a_certificate_is_read_whatever_stands_around_it(raw: bytes, tmp_path: Path) -> None:
    seen = _look(tmp_path, raw)
    assert (seen.access_expires_at, seen.lifetime) == (NOW + DAY / 2, 30.5 * DAY)
    assert (seen.refreshable, seen.problem, seen.notes) == (False, None, ())


def test_of_several_the_one_that_ends_first_counts(tmp_path: Path) -> None:
    seen = _look(tmp_path, pem(_days(-1, 300)) + pem(_days(-10, 20)) + pem(_days(-1, 3000)))
    assert (seen.access_expires_at, seen.lifetime) == (NOW + 20 * DAY, 30 * DAY)
    assert seen.notes == ("the first to end of 3 certificates",)


@pytest.mark.parametrize(
    ("begins", "ends", "expires", "lifetime"),
    [
        (b"491231235959Z", b"20500101000000Z", datetime(2050, 1, 1, tzinfo=UTC), timedelta(seconds=1)),
        (b"990101000000Z", b"000101000000Z", datetime(2000, 1, 1, tzinfo=UTC), 365 * DAY),
        (b"260101000000Z", b"99991231235959Z", None, None),
        (b"270101000000Z", b"260101000000Z", datetime(2026, 1, 1, tzinfo=UTC), None),
    ],
)
def test_both_ways_to_write_a_date(
    begins: bytes, ends: bytes, expires: datetime | None, lifetime: timedelta | None, tmp_path: Path
) -> None:
    seen = _look(tmp_path, certificate(begins, ends))
    assert (seen.access_expires_at, seen.lifetime, seen.problem) == (expires, lifetime, None)


def test_a_certificate_of_version_1_and_one_with_a_large_body_are_read() -> None:
    dates = (b"260101000000Z", b"270101000000Z")
    assert validity(certificate(*dates, version=False))[1].year == 2027
    assert validity(certificate(*dates, rest=tlv(0x30, b"x" * 70_000)))[1].year == 2027


@pytest.mark.skipif(not which("openssl"), reason="openssl makes the certificate")
def test_a_certificate_that_openssl_made_is_read(tmp_path: Path) -> None:
    command = "openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 90 -subj /CN=x"
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    assert _look(tmp_path, None).lifetime == 90 * DAY


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"  \n",
        b"hello",
        KEY,
        b"-----BEGIN CERTIFICATE-----\n",
        pem(REAL)[:-30],
        pem(REAL) + pem(REAL)[:200],
        pem(REAL) + pem(b"broken"),
        b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
        REAL + b"\x00",
        b"\x30\x80" + REAL[2:],
        b"\x30\x81\x05hello",
        b"\x30\x84\xff\xff\xff\xffx",
        b"\x30\x85\x01\x00\x00\x00\x00x",
        certificate(b"2601010000Z  ", b"270101000000Z"),
        certificate(b"260101000000Z", b"271301000000Z"),
        certificate(b"260101000000Z", b"270230000000Z"),
        certificate("２６０１".encode() + b"Z", b"270101000000Z"),
        b"-----BEGIN CERTIFICATE-----" * 30_000,
    ],
)
def test_what_is_no_certificate_is_a_parse_problem(raw: bytes, tmp_path: Path) -> None:
    seen = _look(tmp_path, raw)
    assert (seen.problem, seen.access_expires_at) == (Problem.PARSE, None)
    assert "FAKESECRET" not in repr(seen)


def test_every_truncation_is_noticed() -> None:
    for length in range(len(REAL)):
        with pytest.raises(ValueError, match="not a certificate"):
            validity(REAL[:length])


def test_a_file_that_is_not_there_is_absent_and_a_huge_one_is_not_read(tmp_path: Path) -> None:
    assert _look(tmp_path, None).evidence is Evidence.ABSENT
    assert _look(tmp_path, pem(REAL) * 4000).problem is Problem.TOO_LARGE


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, len(REAL) - 1), byte=st.integers(0, 255), raw=st.binary(max_size=60))
def test_no_bytes_crash_the_reader(at: int, byte: int, raw: bytes) -> None:
    for der in (raw, b"\x30" + raw, REAL[:at] + bytes((byte,)) + REAL[at + 1 :]):
        try:
            begins, ends = validity(der)
        except ValueError as error:
            assert "certificate" in str(error)
        else:
            assert begins.tzinfo and ends.tzinfo


@given(st.datetimes(datetime(1950, 1, 1), datetime(2049, 12, 31)), st.datetimes(datetime(1950, 1, 1)))
def test_every_date_comes_back(begins: datetime, ends: datetime) -> None:
    begins, ends = (one.replace(microsecond=0) for one in (begins, ends))
    der = certificate(utc(begins), f"{ends:%Y%m%d%H%M%S}Z".encode())
    assert validity(der) == (begins.replace(tzinfo=UTC), ends.replace(tzinfo=UTC))
