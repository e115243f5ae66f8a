"""Who we are to a bucket."""

import pytest

from motes.cli import main
from motes.places import PlaceError
from motes.places.credentials import credentials

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.fixture
def home(tmp_path):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/credentials").write_text(
        "[default]\naws_access_key_id = a\naws_secret_access_key = b\n"
        "[lab]\naws_access_key_id = c\naws_secret_access_key = d%\naws_session_token = e\n"
    )
    (tmp_path / ".aws/config").write_text("[profile lab]\nregion = eu-north-1\n[profile role]\nrole_arn = x\n")
    return {"HOME": str(tmp_path)}


def test_the_environment_goes_before_the_profile_and_nobody_comes_last(home):
    assert credentials(home | KEYS) == {"access_key_id": "key", "secret_access_key": "secret"}
    assert credentials(home) == {"access_key_id": "a", "secret_access_key": "b"}
    lab = {"access_key_id": "c", "secret_access_key": "d%", "token": "e", "region": "eu-north-1"}
    assert credentials(home | {"AWS_PROFILE": "lab"}) == lab
    assert credentials({"HOME": "/nowhere"}) == {"skip_signature": True}
    assert credentials(home | KEYS | {"AWS_SKIP_SIGNATURE": "true"}) == {"skip_signature": True}
    assert credentials({"HOME": "/nowhere", "AWS_EC2_METADATA_DISABLED": "false"}) == {}
    assert credentials({"HOME": "/nowhere", "AWS_WEB_IDENTITY_TOKEN_FILE": "x"}) == {}


@pytest.mark.parametrize(("name", "message"), [("role", "holds no access key"), ("none", "there is no profile none")])
def test_a_profile_that_was_asked_for_has_to_be_there(home, name, message):
    with pytest.raises(PlaceError, match=message):
        credentials(home | {"AWS_PROFILE": name})


def test_a_file_that_makes_no_sense_is_named(home, tmp_path):
    (tmp_path / ".aws/credentials").write_text("no section")
    with pytest.raises(PlaceError, match="credentials"):
        credentials(home)


def test_no_credentials_and_a_closed_bucket_is_one_line(monkeypatch, tmp_path, capfd):
    import http.server
    import threading

    pytest.importorskip("obstore")

    class Closed(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(403)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    for variable in KEYS:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Closed) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        assert main(["info", "s3://closed/x.mote"]) == 1
        server.shutdown()
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "not open to everybody, and there are no credentials" in lines[0]
