"""The API keeps to what it says of itself, whatever it is asked."""

from __future__ import annotations

import importlib
import json
import os
import re
import warnings
from typing import Any

import hypothesis
import pytest
from starlette.routing import Match

from motes.studio.http import documents_api, drawing_api, export_api, notes_api, playing_api, sound_api, studio_api

_IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
schemathesis: Any = importlib.import_module("schemathesis") if _IN_CI else pytest.importorskip("schemathesis")


def test_every_request_is_described(client):
    schema = client.get("openapi.json")
    assert schema["info"]["title"] == "motes studio"
    for path, methods in schema["paths"].items():
        for method, described in methods.items():
            assert described.get("summary"), (method, path)
            assert "error" in json.dumps(described["responses"]["422"]), (method, path)
    assert "discriminator" in json.dumps(schema["components"]["schemas"]["EditBody"])


def test_no_two_paths_match_one_request(client):
    """So that the order in which they are declared does not matter."""
    routes = [
        route
        for module in (studio_api, documents_api, export_api, notes_api, sound_api, playing_api, drawing_api)
        for route in module.router.routes
    ]
    for path, methods in client.get("openapi.json")["paths"].items():
        for method in methods:
            scope = {"type": "http", "method": method.upper(), "path": re.sub(r"{\w+}", "7", path).removeprefix("/api")}
            matching = [route.path for route in routes if route.matches(scope)[0] is Match.FULL]
            assert len(matching) == 1, (method, path, matching)


def test_whatever_is_asked_is_answered(client):
    """No request that the description allows, or does not, brings an answer that it does not describe."""
    document = client.open()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schema = schemathesis.openapi.from_asgi("/api/openapi.json", client.app, headers={"Host": "localhost"})
    schema = schema.exclude(path="/api/feed").exclude(path="/api/jobs", method="POST")
    n_requests = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @hypothesis.given(case=operation.as_strategy())
        @hypothesis.settings(
            max_examples=8,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        def ask(case):
            nonlocal n_requests
            if case.path_parameters and "document" in case.path_parameters:
                case.path_parameters["document"] = document["id"] if case.method != "DELETE" else "none"
            if (
                case.path_parameters
                and "revision" in case.path_parameters
                and isinstance(case.path_parameters["revision"], int)
            ):
                case.path_parameters["revision"] = 0
            answer = case.call(headers={"Host": "localhost"})
            n_requests += 1
            assert answer.status_code < 500 or answer.status_code == 501, answer.text
            if answer.status_code >= 400:
                assert list(answer.json()) == ["error"], answer.text
                assert "\n" not in answer.json()["error"]
                assert "Traceback" not in answer.text
            documented = operation.responses.status_codes  # noqa: B023 (asked before the next)
            assert str(answer.status_code) in documented or answer.status_code in (405, 416), answer.status_code

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ask()
    assert n_requests > 100
    client.get("studio")


def test_answers_in_json_are_described(client):
    """The page's types are made from this: no answer is just any object."""
    schema = client.get("openapi.json")
    for path, methods in schema["paths"].items():
        for method, told in methods.items():
            for status, answer in told["responses"].items():
                held = answer.get("content", {}).get("application/json", {}).get("schema")
                if held is not None and status.startswith("2"):
                    assert "$ref" in held.get("items", held), (method, path, held)


def test_kinds_are_told_in_the_order_of_scenes(client):
    from motes.kinds import KINDS

    kinds = client.get("studio")["kinds"]
    assert [kind["kind"] for kind in kinds] == [kind.name for kind in KINDS]
    for kind in kinds:
        names = {param["name"] for param in kind["params"]}
        assert set(kind["aux"]) - {""} <= names
        assert kind["lane"] in {*kind["aux"]} if kind["shape"] == "lane" else not kind["lane"]
        assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in kind["colour"].values())


def test_a_method_that_an_address_lacks_is_told_all_that_it_has(client):
    document = client.open()["id"]
    for method, path, allowed in (
        ("PUT", "documents", "GET, POST"),
        ("PATCH", f"documents/{document}", "GET, DELETE"),
        ("DELETE", "jobs", "GET, POST"),
        ("PUT", f"documents/{document}/notes", "POST, DELETE"),
        ("HEAD", "studio", "GET"),
        ("OPTIONS", "uploads", "PUT"),
    ):
        answer = client.http.request(method, f"/api/{path}")
        assert (answer.status_code, answer.headers.get("allow")) == (405, allowed), (method, path)
    for method in ("GET", "PUT", "HEAD"):
        answer = client.http.request(method, "/api/nothing")
        assert (answer.status_code, "allow" in answer.headers) == (404, False)


def test_names_that_no_file_can_have_are_not_found(client):
    document = client.open()["id"]
    for path in ("x" * 300, "a/" + "ä" * 200 + ".mote"):
        assert "too long" in client.get("folder", 404, params={"path": path})["error"]
        assert "too long" in client.post("documents", {"path": path}, 404)["error"]
        save = client.post(f"documents/{document}/save", {"path": f"{path}.mote"}, 404)
        assert "too long" in save["error"]
    client.get("folder", 403, params={"path": "y" * 4050})


def test_answers_name_files_as_the_page_knows_them(client, folder):
    """Neither where the folder lies nor what an upload is called on disk."""
    whole = (folder / "sound.mote").read_bytes()
    files = {
        "damaged.mote": whole[:60] + b"xxxx" + whole[64:],
        "cut.mote": whole[: len(whole) // 2],
        "empty.wav": b"",
        "text.wav": b"no sound" * 20,
        "header.wav": (folder / "sound.wav").read_bytes()[:40],
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
        errors = [client.post("documents", {"path": name}, 422)["error"]]
        sent = client.http.put(f"/api/uploads?name=mine-{name}", content=data).json()
        errors.append(
            client.post("documents", {"upload": sent["upload"]}, 422)["error"] if "upload" in sent else sent["error"]
        )
        assert errors[0].startswith(name), errors
        assert errors[1].startswith(f"mine-{name}"), errors
    document = client.open()["id"]
    error = client.post(f"documents/{document}/save", {"path": "absent/a.mote"}, 422)["error"]
    assert error == "cannot write absent/a.mote: there is no folder absent"


def test_a_bug_does_not_tell_where_the_folder_lies(client, monkeypatch, folder):
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error", str(folder / "sound.wav"))

    monkeypatch.setattr(client.studio.folder, "listing", fail)
    assert str(folder.parent) not in client.get("folder", 500)["error"]


def test_bodies_that_name_nothing_or_two_are_no_bodies_of_the_description(client):
    """What the description allows is not refused for its form."""
    import jsonschema

    schema = client.get("openapi.json")
    for name, given in (("OpenBody", "recovered"), ("SourceBody", "upload"), ("JobBody", "document")):
        body = {**schema, "$ref": f"#/components/schemas/{name}"}
        valid = jsonschema.Draft202012Validator(body).is_valid
        assert valid({"path": "a.mote"})
        assert valid({given: "x"})
        assert not valid({})
        assert not valid({"path": None})
        assert not valid({"path": "a.mote", given: "x"})
    then = schema["components"]["schemas"]["EditBody"]["properties"]["then"]["items"]["discriminator"]["mapping"]
    assert "gain" in then
    assert not {"paste", "split_note", "merge_notes", "add_note"} & set(then)
