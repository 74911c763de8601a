"""How a phone comes to its token: certificate, addresses, code, the book of devices, and `companion pair`."""

from __future__ import annotations

import json
import multiprocessing
import re
import ssl
import stat
import urllib.error
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from companion.cli import main
from companion.lan import addresses, qr
from companion.lan.certificate import ALWAYS, Certificate, CertificateError, ensure, fingerprint, own
from companion.lan.front_door import FrontDoor
from companion.lan.pairing import DEVICES_LIMIT, Book, PairingError
from companion.lan.settings import LanSettings
from companion.lan.tokens import OF_THE_SETTINGS, DeviceTokens
from pipelines.seeing.codes import CodeReader
from tests.companions import Companion, companion

NOW = 1_800_000_000


# --------------------------------------------------------------------------------------------------------- certificate


def read(certificate: Certificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificate.file.read_bytes())


def test_the_certificate_is_one_that_every_browser_and_webrtc_stack_takes(tmp_path: Path) -> None:
    made = ensure(tmp_path / "lan", ("desk.local", "desk", "192.168.1.5", "fd00::5"))
    found = read(made)
    key = found.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
    assert set(made.subjects) == {"desk.local", "desk", "192.168.1.5", "fd00::5", *ALWAYS}
    assert found.not_valid_after_utc - found.not_valid_before_utc <= timedelta(days=398), "Safari's limit"
    assert found.not_valid_before_utc <= datetime.now(UTC)
    assert not found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca, "it can vouch for nobody else"
    assert found.signature_hash_algorithm is not None and found.signature_hash_algorithm.name == "sha256"


def test_its_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    made = ensure(tmp_path / "lan", ("desk.local",))
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600 and stat.S_IMODE((tmp_path / "lan").stat().st_mode) == 0o700
    made.key.chmod(0o644)
    ensure(tmp_path / "lan", ("desk.local",))
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600


def test_it_stays_the_same_as_long_as_it_is_good(tmp_path: Path) -> None:
    first = ensure(tmp_path, ("desk.local", "192.168.1.5"))
    assert ensure(tmp_path, ("desk.local", "192.168.1.5")) == first
    assert re.fullmatch(r"([0-9A-F]{4} ){15}[0-9A-F]{4}", first.fingerprint)


def test_a_new_address_makes_a_new_one_and_an_old_address_stays_in_it(tmp_path: Path) -> None:
    home = ensure(tmp_path, ("desk.local", "192.168.1.5"))
    office = ensure(tmp_path, ("desk.local", "10.0.0.9"))
    assert office.fingerprint != home.fingerprint and {"10.0.0.9", "192.168.1.5"} <= set(office.subjects)
    assert read(office).public_key() == read(home).public_key()
    assert ensure(tmp_path, ("desk.local", "192.168.1.5")).fingerprint == office.fingerprint, "home again: no new one"
    for i in range(100):
        last = ensure(tmp_path, ("desk.local", f"10.0.1.{i}"))
    assert "10.0.1.99" in last.subjects and len(last.subjects) < 40


def test_it_is_renewed_before_its_end(tmp_path: Path) -> None:
    first = ensure(tmp_path, ("desk.local",))
    end = read(first).not_valid_after_utc
    assert ensure(tmp_path, ("desk.local",), end - timedelta(days=40)) == first
    renewed = ensure(tmp_path, ("desk.local",), end - timedelta(days=20))
    assert read(renewed).not_valid_after_utc > end and renewed.fingerprint != first.fingerprint


@pytest.mark.parametrize("broken", ["certificate.pem", "key.pem"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, broken: str) -> None:
    before = ensure(tmp_path, ("desk.local",))
    key = read(before).public_key()
    (tmp_path / broken).write_text("nonsense")
    made = ensure(tmp_path, ("desk.local",))
    assert made.context().cert_store_stats() and made.fingerprint != before.fingerprint
    assert own(made.file, made.key).fingerprint == made.fingerprint, "file and key fit"
    assert (read(made).public_key() == key) is (broken == "certificate.pem"), "a key that is whole stays"
    assert "desk.local" in made.subjects and stat.S_IMODE(made.key.stat().st_mode) == 0o600
    assert ensure(tmp_path, ("desk.local",)) == made, "and stays"


def test_a_certificate_of_ones_own_must_fit_its_key(tmp_path: Path) -> None:
    mine, other = ensure(tmp_path / "a", ("desk.local",)), ensure(tmp_path / "b", ("desk.local",))
    assert own(mine.file, mine.key).fingerprint == mine.fingerprint
    with pytest.raises(CertificateError, match=re.escape(str(mine.file))):
        own(mine.file, other.key)
    with pytest.raises(CertificateError, match=r"nowhere\.pem"):
        own(tmp_path / "nowhere.pem", mine.key)
    with pytest.raises(ValueError, match="belong together"):
        LanSettings(certificate="mine.pem")


# ----------------------------------------------------------------------------------------------------------- addresses


def interfaces(monkeypatch: pytest.MonkeyPatch, **addresses_of: list[str]) -> None:
    """This machine has these interfaces and no others."""

    def ip(text: str) -> SimpleNamespace:
        return SimpleNamespace(ip=(text, 0, 0) if ":" in text else text)

    there = [SimpleNamespace(name=name, ips=[ip(t) for t in texts]) for name, texts in addresses_of.items()]
    monkeypatch.setattr("companion.lan.addresses.ifaddr.get_adapters", lambda: there)
    monkeypatch.setattr("companion.lan.addresses.ROUTES", Path("/nowhere"))


def test_where_a_phone_finds_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    interfaces(
        monkeypatch,
        lo=["127.0.0.1", "::1"],
        docker0=["172.17.0.1"],
        eth0=["10.0.0.9", "8.8.8.8"],
        wlan0=["192.168.1.5", "fe80::1", "fd00::5", "2606:4700::1"],
    )
    assert addresses.lan_addresses() == ("192.168.1.5", "10.0.0.9", "fd00::5", "172.17.0.1")


def test_the_way_out_of_the_house_is_the_likeliest_way_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    interfaces(monkeypatch, wlan0=["192.168.1.5"], eth0=["10.0.0.9"])
    routes = tmp_path / "route"
    routes.write_text(
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n"
        "eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\n"
        "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\n"
        "eth0\t0000000A\t00000000\t0001\t0\t0\t100\t000000FF\n"
    )
    monkeypatch.setattr("companion.lan.addresses.ROUTES", routes)
    assert addresses.lan_addresses() == ("10.0.0.9", "192.168.1.5")


def test_without_a_network_it_runs_and_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    interfaces(monkeypatch, lo=["127.0.0.1"])
    front = FrontDoor(LanSettings(), "0.0.0.0", "", tmp_path, print)
    assert front.addresses == () and front.url.startswith("https://127.0.0.1:")
    assert "no network" in front.invite(colours=False)[-1]


def test_another_network_while_it_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    interfaces(monkeypatch, wlan0=["192.168.1.5"])
    notices: list[str] = []
    front = FrontDoor(LanSettings(), "0.0.0.0", "", tmp_path, notices.append)
    before = shown_by(front.context)
    front._look_around(certificate=False)
    assert not notices and shown_by(front.context) == before
    interfaces(monkeypatch, wlan0=["10.0.0.9"])
    front._look_around(certificate=False)
    assert front.url.startswith("https://10.0.0.9:") and front.url in notices[0]
    now = shown_by(front.context)
    assert now != before and fingerprint(now) in notices[1], "connections from now on see the new certificate"


def shown_by(context: ssl.SSLContext) -> bytes:
    """The certificate that a server with this context shows, DER."""
    asks = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asks.check_hostname, asks.verify_mode = False, ssl.CERT_NONE
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client, server = asks.wrap_bio(back, there), context.wrap_bio(there, back, server_side=True)
    for side in (client, server, client, server):
        with suppress(ssl.SSLWantReadError):
            side.do_handshake()
    return client.getpeercert(binary_form=True) or b""


def test_names_of_this_machine_are_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for said, names in [
        ("Desk", ("desk.local", "desk")),
        ("desk.local", ("desk.local", "desk")),
        ("desk.home.lan", ("desk.local", "desk.home.lan", "desk")),
        ("Annas Mac Book", ()),
        ("", ()),
    ]:
        monkeypatch.setattr("companion.lan.addresses.socket.gethostname", lambda said=said: said)
        assert addresses.names() == names


# ------------------------------------------------------------------------------------------------------------- QR code

LINK = "https://192.168.178.100:8484/pair?code=5Z7IsYzsTfDwAjfq"
CELL = (8, 16)  # pixels of a character


def photographed(lines: list[str], ink: int, paper: int) -> np.ndarray[Any, Any]:
    """These lines as a terminal of these colours shows them, with some of the screen around."""
    rows = []
    for line in lines:
        colours, cells = [ink, paper], []
        for sign in re.findall(r"\x1b\[[\d;]*m|.", line):
            if sign.startswith("\x1b"):
                numbers = [int(n or 0) for n in sign[2:-1].split(";")]
                grey = {16: 0, 231: 255}
                colours = [ink, paper] if numbers == [0] else [grey[numbers[2]], grey[numbers[5]]]
                continue
            halves = {" ": (1, 1), "█": (0, 0), "▀": (0, 1), "▄": (1, 0)}[sign]
            cells.append(np.repeat([[colours[h]] for h in halves], CELL[0], 1).repeat(CELL[1] // 2, 0))
        rows.append(np.hstack(cells))
    return np.pad(np.vstack(rows), 60, constant_values=paper).astype(np.uint8)


def read_off(seen: np.ndarray[Any, Any]) -> list[str]:
    """As the companion itself reads codes."""
    return [code.payload for code in CodeReader().read(np.dstack([seen] * 3))]


@pytest.mark.parametrize(("ink", "paper"), [(220, 20), (40, 250)])
def test_a_camera_reads_the_code_off_a_dark_and_a_light_terminal(ink: int, paper: int) -> None:
    shown = photographed(qr.lines(qr.modules(LINK), colours=True), ink, paper)
    blurred = cv2.GaussianBlur(cv2.resize(shown, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA), (5, 5), 0)
    for seen in (shown, np.asarray(blurred, np.uint8)):
        assert read_off(seen) == [LINK]


def test_without_colours_it_is_right_on_a_dark_terminal() -> None:
    drawn = qr.lines(qr.modules(LINK), colours=False)
    assert not any("\x1b" in line for line in drawn)
    assert read_off(photographed(drawn, 230, 10)) == [LINK]


def test_it_fits_into_a_small_terminal() -> None:
    drawn = qr.lines(qr.modules(LINK), colours=False)
    assert len(drawn) <= 24 and max(map(len, drawn)) <= 80


def test_what_is_too_long_for_a_code_is_said() -> None:
    with pytest.raises(qr.QrError, match="5000 characters"):
        qr.modules("x" * 5000)


# ------------------------------------------------------------------------------------------------------------ the book


class Clock:
    def __init__(self) -> None:
        self.s = float(NOW)

    def __call__(self) -> float:
        return self.s


def book(folder: Path) -> tuple[Book, Clock]:
    clock = Clock()
    return Book(folder / "lan" / "devices.json", clock), clock


def test_a_code_becomes_a_token_once(tmp_path: Path) -> None:
    it, _ = book(tmp_path)
    code = it.invite("phone", 10)
    assert it.expects(code) and not it.expects(code + "x") and not it.expects("")
    device, token = it.redeem(code) or pytest.fail("the code was not taken")
    assert it.holder(token) == device.id and it.named(device.id) == "phone"
    assert not it.expects(code) and it.redeem(code) is None, "replayed"
    assert it.holder(code) is None and it.holder("") is None and it.holder(token[:-1]) is None


def test_a_code_is_void_after_its_time_and_after_a_newer_one_for_the_same_name(tmp_path: Path) -> None:
    it, clock = book(tmp_path)
    code = it.invite("phone", 10)
    clock.s += 601
    assert not it.expects(code) and it.redeem(code) is None
    first, second = it.invite("phone", 10), it.invite("phone", 10)
    assert not it.expects(first) and it.expects(second)


def test_neither_token_nor_code_stands_in_the_file(tmp_path: Path) -> None:
    it, _ = book(tmp_path)
    code, token = it.invite("phone", 10), it.issue("program")
    text = it.file.read_text()
    assert "phone" in text and code not in text and token not in text
    assert stat.S_IMODE(it.file.stat().st_mode) == 0o600
    same = [d.secret for d in (it.page().devices * 2)[:1]]
    assert len({s.salt for s in same} | {c.secret.salt for c in it.page().codes}) == 2, "each has a salt of its own"


def test_who_was_revoked_stays_in_the_list_and_out_of_the_house(tmp_path: Path) -> None:
    it, clock = book(tmp_path)
    token, pending = it.issue("phone"), it.invite("tablet", 10)
    clock.s += 60
    it.revoke("phone")
    assert it.holder(token) is None
    assert [(d.name, d.revoked) for d in it.page().devices] == [("phone", NOW + 60)]
    with pytest.raises(PairingError, match="no device is paired as 'phone'; paired: none"):
        it.revoke("phone")
    again = it.issue("phone")
    assert it.holder(again) and it.holder(token) is None
    assert it.expects(pending)


def test_a_name_belongs_to_one_device(tmp_path: Path) -> None:
    it, _ = book(tmp_path)
    it.issue("phone")
    for change in (it.issue, lambda name: it.invite(name, 10)):
        with pytest.raises(PairingError, match="revoke that one first"):
            change("phone")
        for bad in ("", " ", "x" * 41, "a\nb", "\x1b[31m"):
            with pytest.raises(PairingError, match="is no name"):
                change(bad)
    assert it.free_name() == "phone 2"
    for i in range(DEVICES_LIMIT - 1):
        it.issue(f"device {i}")
    with pytest.raises(PairingError, match="revoke one"):
        it.issue("one too many")


def test_another_process_is_believed_at_once(tmp_path: Path) -> None:
    running, _ = book(tmp_path)
    beside, _ = book(tmp_path)
    token = beside.issue("phone")
    assert running.holder(token)
    beside.revoke("phone")
    assert running.holder(token) is None


def _issue(file: Path, numbers: range) -> None:
    it = Book(file, Clock())
    for i in numbers:
        it.issue(f"device {i}")


def test_changes_of_two_processes_at_once_all_stand(tmp_path: Path) -> None:
    it, _ = book(tmp_path)
    spawn = multiprocessing.get_context("spawn")
    others = [spawn.Process(target=_issue, args=(it.file, range(i, i + 20))) for i in (0, 20)]
    for process in others:
        process.start()
    for process in others:
        process.join(60)
    assert {d.name for d in it.page().active} == {f"device {i}" for i in range(40)}


@pytest.mark.parametrize("text", ["nonsense", "[]", '{"version": 2}', '{"version": 1, "devices": [7], "codes": []}'])
def test_a_book_that_cannot_be_read_lets_nobody_in(tmp_path: Path, text: str) -> None:
    it, _ = book(tmp_path)
    token = it.issue("phone")
    tokens = DeviceTokens(it, "of-the-settings-0123456789")
    holder = tokens.holder(token)
    assert holder and tokens.may_stay(holder)
    it.file.write_text(text)
    assert tokens.holder(token) is None and not tokens.may_stay(holder) and not tokens.expects("x")
    assert tokens.holder("of-the-settings-0123456789") == OF_THE_SETTINGS
    with pytest.raises(PairingError, match=r"devices\.json"):
        it.page()


def test_when_a_device_was_here_is_written_down(tmp_path: Path) -> None:
    it, clock = book(tmp_path)
    token = it.issue("phone")
    tokens = DeviceTokens(it, "")
    clock.s += 3600
    tokens.holder(token)
    it.seen(tokens.taken_seen())
    assert it.page().devices[0].used == NOW + 3600 and tokens.taken_seen() == {}


def test_no_empty_token_is_anybodys(tmp_path: Path) -> None:
    it, _ = book(tmp_path)
    it.issue("phone")
    it.revoke("phone")
    tokens = DeviceTokens(it, "")
    assert tokens.holder("") is None and tokens.holder("\udcff") is None


def test_a_token_of_the_settings_that_others_could_guess_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PairingError, match=r"server\.token has 6 characters"):
        FrontDoor(LanSettings(), "0.0.0.0", "sesame", tmp_path, print)


# ----------------------------------------------------------------------------------------------------- the command line


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EARSHOT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_pair_without_a_companion_says_what_to_start(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pair"]) == 2
    assert "companion run --lan" in capsys.readouterr().err
    assert main(["pair", "--list"]) == 0
    assert "no device is paired" in capsys.readouterr().out
    assert main(["pair", "--revoke", "phone"]) == 2
    assert "'phone'" in capsys.readouterr().err


def test_a_token_for_a_program_is_shown_once(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pair", "--token", "--new", "camera app"]) == 0
    token = capsys.readouterr().out.splitlines()[0]
    assert Book(home / "data" / "lan" / "devices.json", Clock()).holder(token)
    assert main(["pair", "--list"]) == 0
    said = capsys.readouterr().out
    assert "camera app" in said and token not in said


def test_a_weak_token_and_a_certificate_that_is_none_are_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--lan", "--port", "0", "--token", "sesame"]) == 2
    assert "server.token has 6 characters" in capsys.readouterr().err
    Path("mine.pem").write_text("nonsense")
    words = ["--set", "lan.certificate=mine.pem", "--set", "lan.key=mine.pem"]
    assert main(["run", "--set", "server.host=0.0.0.0", "--port", "0", *words]) == 2
    assert "mine.pem" in capsys.readouterr().err


def fetched(here: Companion, url: str, token: str = "", method: str = "GET") -> tuple[int, str]:
    """As a program that believes only this companion's certificate."""
    tls = ssl.create_default_context(cafile=str(here.folder / "lan" / "certificate.pem"))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        asked = urllib.request.Request(url, method=method, headers=headers)
        with urllib.request.urlopen(asked, context=tls, timeout=20) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def test_run_and_pair_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EARSHOT_DATA", str(tmp_path))
    with companion(tmp_path, "--lan", "--quiet") as here:
        base = re.sub(r"//.*:", "//127.0.0.1:", here.url)
        assert here.url.startswith("https://") and "token" not in here.url
        assert fetched(here, base)[0] == 401
        assert main(["pair", "--new", "tablet"]) == 0
        shown = capsys.readouterr().out
        link = next(line for line in shown.splitlines() if line.startswith("https://"))
        told = ensure(tmp_path / "lan", ()).fingerprint
        assert told.replace(" ", "") in re.sub(r"\s", "", shown)
        code = link.partition("?")[2]
        status, text = fetched(here, f"{base}pair?{code}", method="POST")
        paired = json.loads(text)
        assert (status, paired["device"]) == (200, "tablet")
        assert fetched(here, f"{base}pair?{code}", method="POST")[0] == 401, "replayed"
        assert fetched(here, f"{base}health", paired["token"])[0] == 200
        assert main(["pair", "--revoke", "tablet"]) == 0
        assert fetched(here, f"{base}health", paired["token"])[0] == 401
        assert main(["pair", "--list"]) == 0
        assert re.search(r"tablet .*revoked", capsys.readouterr().out)
        printed = here.stop()
        assert "▀" in printed or "█" in printed
        assert "paired: tablet" in printed and told[:19] in printed and "Traceback" not in printed
    assert main(["pair"]) == 2, "the one that ran has said that it is gone"
