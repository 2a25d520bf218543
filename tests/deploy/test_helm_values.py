"""deploy/helm: values that are wrong are refused by name, and README has a row for every value."""
import json
import os
import re

import pytest
import yaml

import chart
from conftest import ROOT

chart.installed()

SCHEMA = json.loads((chart.CHART / "values.schema.json").read_text())
VALUES = yaml.safe_load((chart.CHART / "values.yaml").read_text())
README = chart.CHART / "README.md"
BEGIN, END = "<!-- the values, written by test_helm_values.py -->\n", "<!-- end of the values -->\n"


@pytest.mark.parametrize("major", chart.LAYERS)
@pytest.mark.parametrize("values, named", [
    ({"replica": 2}, ["replica", "not allowed"]),
    ({"replicas": "two"}, ["replicas", "string", "integer"]),
    ({"replicas": -1}, ["replicas"]),
    ({"bundle": {"claim": {"sice": "1Gi"}}}, ["bundle", "claim", "sice"]),
    ({"cache": {"size": "many"}}, ["cache", "size", "pattern"]),
    ({"image": {"digest": "latest"}}, ["image", "digest", "pattern"]),
    ({"autoscaling": {"kind": "vpa"}}, ["autoscaling", "kind", "none"]),
    ({"config": {"Limit": {}}}, ["config", "Limit"]),
    ({"config": {"Tls": {"CertificateFile": "/x"}}}, ["config", "Tls"]),
    ({"config": {"Http": {"Urls": "http://0.0.0.0:80"}}}, ["config", "Http", "Urls"]),
    ({"config": {"Postgres": {"ConnectionString": "Password=x"}}}, ["config", "Postgres", "ConnectionString"]),
    ({"postgres": {"options": "Password=x"}}, ["postgres", "options"]),
    ({"postgres": {"database": "a;Password=x"}}, ["postgres", "database", "pattern"]),
    ({"monitoring": {"rules": {"runbookUrl": "https://wiki.example.com/#top"}}}, ["monitoring", "rules", "runbookUrl", "pattern"]),
    ({"monitoring": {"rules": {"runbookUrl": "the wiki"}}}, ["monitoring", "rules", "runbookUrl", "pattern"]),
    ({"keys": {"secret": ""}}, ["keys", "secret", "pattern"]),
    ({"ingest": {"parts": 0}}, ["ingest", "parts"]),
    ({"ingest": {"parts": 2}}, ["ingest.parallelism is above ingest.parts"]),
    ({"ingress": {"enabled": True}}, ["set ingress.host"]),
    ({"autoscaling": {"kind": "keda"}}, ["set autoscaling.keda.prometheusAddress"]),
    ({"autoscaling": {"minReplicas": 9}}, ["autoscaling.minReplicas is above autoscaling.maxReplicas"]),
    ({"rollout": {"maxSurge": 0}}, ["rollout.maxSurge and rollout.maxUnavailable are both 0"]),
    ({"rollout": {"maxSurge": "0%"}}, ["rollout.maxSurge and rollout.maxUnavailable are both 0"]),
], ids=lambda value: json.dumps(value) if isinstance(value, dict) else "")
def test_wrong_values_are_refused_by_name(values, named, major):
    said = chart.refusal(values, major=major)
    assert not [word for word in named if word not in said], said


def leaves(schema, values, path=""):
    """Each value with its schema and its default: those that have no named members, and those whose members are free."""
    for name, part in schema["properties"].items():
        here = f"{path}{name}"
        if part.get("properties") and here != "config":
            yield from leaves(part, values[name], here + ".")
        else:
            yield here, part, values.get(name)


def described(schema, path="values"):
    """Each part of the schema that has no description, or takes members that it does not name without saying which."""
    if not schema.get("description"):
        yield f"{path}: no description"
    if schema.get("type") == "object" and "properties" in schema and "additionalProperties" not in schema and not path.startswith("values.config."):
        yield f"{path}: additionalProperties"
    for name, part in schema.get("properties", {}).items():
        yield from described(part, f"{path}.{name}")


def table():
    rows = ["| value | default | |", "| --- | --- | --- |"]
    for path, part, default in leaves(SCHEMA, VALUES):
        shown = "" if path == "global" else f"`{json.dumps(default)}`"
        choices = f" One of {', '.join(part['enum'])}." if "enum" in part and not all(choice in part["description"] for choice in part["enum"]) else ""
        rows.append(f"| `{path}` | {shown} | {part['description'].replace('|', chr(92) + '|')}{choices} |")
    return "\n".join(rows) + "\n"


def test_every_value_is_described_and_no_other_is_taken():
    assert list(described(SCHEMA)) == []


def test_every_value_has_a_default_and_every_default_a_schema():
    def compare(schema, values, path):
        if "properties" in schema and path != "config":
            assert schema["properties"].keys() - {"global"} == values.keys(), path
            for name in values:
                compare(schema["properties"][name], values[name], name)

    compare(SCHEMA, VALUES, "")


def test_the_readme_has_a_row_for_every_value():
    """UPDATE_CHART_README=1 writes them."""
    text = README.read_text()
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    assert found, f"{README} has no table between {BEGIN.strip()} and {END.strip()}"
    expected = before + BEGIN + table() + END + after
    if os.environ.get("UPDATE_CHART_README") == "1":
        README.write_text(expected)
    assert README.read_text() == expected, "run this test with UPDATE_CHART_README=1"


def test_the_values_that_the_docs_show_are_taken():
    blocks = re.findall(r"^ *```yaml\n(.*?)^ *```$", (ROOT / "docs" / "kubernetes.md").read_text(), re.MULTILINE | re.DOTALL)
    shown = [values for values in map(yaml.safe_load, blocks) if values.keys() <= VALUES.keys()]
    assert len(shown) == len(blocks) - 1, "one block is for the Prometheus adapter"
    for values in shown:
        chart.render(values)
