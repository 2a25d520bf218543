"""deploy/prometheus and deploy/grafana: the rules are valid and fire when they should, and name metrics that there are."""
import json
import re
import subprocess

import pytest
import yaml

from conftest import ROOT, run

PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = yaml.safe_load((PROMETHEUS / "rules.yaml").read_text())["groups"][0]["rules"]
TESTS = yaml.safe_load((PROMETHEUS / "rules_test.yaml").read_text())["tests"]
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "dashboards" / "retrieval.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel["targets"]]

# Of ASP.NET Core, .NET and Prometheus itself.
FOREIGN = {"up", "http_server_request_duration_seconds", "dotnet_process_memory_working_set_bytes", "dotnet_process_cpu_time_seconds_total"}


def exported():
    """Names of the service's metrics as Prometheus has them, from where they are made."""
    names = set()
    for source in (ROOT / "src").rglob("*.cs"):
        for kind, name, rest in re.findall(r'Create(\w+?)(?:<\w+>)?\(\s*"(retrieval[\w.]+)"([^;]*)', source.read_text()):
            unit = re.search(r'"(s|By)"', rest)
            name = name.replace(".", "_") + ({"s": "_seconds", "By": "_bytes"}[unit.group(1)] if unit else "")
            names.add(name + ("_total" if "Counter" in kind and not name.endswith("_total") else ""))
    return names


def metrics_of(expression):
    found = re.findall(r"\b(?:retrieval|http_server|dotnet)_\w+|\bup\b", re.sub(r"\{[^}]*\}|\bby \([^)]*\)|on \([^)]*\)", "", expression))
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in found}


def test_a_trace_of_what_is_not_built_is_refused_in_one_line(tmp_path):
    (tmp_path / "eng").mkdir()
    (tmp_path / "eng" / "trace.py").write_text((ROOT / "eng" / "trace.py").read_text())
    (tmp_path / "models").symlink_to(ROOT / "models")
    done = subprocess.run(["python3", tmp_path / "eng" / "trace.py"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "trace.py: src/Retrieval.Cli/bin/Release/net10.0/retrieval.dll is not there: build it by dotnet build src/Retrieval.Cli -c Release\n"


def test_promtool_finds_no_fault_in_the_rules_and_the_configuration(tmp_path):
    run("promtool", "check", "rules", PROMETHEUS / "rules.yaml")
    configuration = yaml.safe_load((PROMETHEUS / "prometheus.yaml").read_text())
    # The paths are those of the container.
    configuration["rule_files"] = [str(PROMETHEUS / "rules.yaml")]
    configuration["scrape_configs"][0]["authorization"].pop("credentials_file")
    (tmp_path / "prometheus.yaml").write_text(yaml.safe_dump(configuration))
    run("promtool", "check", "config", tmp_path / "prometheus.yaml")


def test_every_alert_fires_in_one_case_and_is_quiet_in_another():
    run("promtool", "test", "rules", PROMETHEUS / "rules_test.yaml")
    cases = {(case["alertname"], bool(case["exp_alerts"])) for test in TESTS for case in test["alert_rule_test"]}
    assert cases == {(rule["alert"], fires) for rule in RULES for fires in (True, False)}


def test_a_rule_that_is_broken_is_noticed(tmp_path):
    broken = (PROMETHEUS / "rules.yaml").read_text().replace("retrieval_ready == 0", "retrieval_ready == 1", 1)
    (tmp_path / "rules.yaml").write_text(broken)
    (tmp_path / "rules_test.yaml").write_text((PROMETHEUS / "rules_test.yaml").read_text())
    assert subprocess.run(["promtool", "test", "rules", str(tmp_path / "rules_test.yaml")], capture_output=True).returncode != 0


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_every_alert_has_a_page_and_names_metrics_that_there_are(rule):
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{rule['alert'].lower()}"
    page = re.search(rf"^## {rule['alert']}\n\n(.+?)\n(?:\n## |\Z)", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE | re.DOTALL)
    assert page and "**Do:**" in page.group(1) and "**Kubernetes:** " in page.group(1)
    assert metrics_of(rule["expr"]) and metrics_of(rule["expr"]) <= exported() | FOREIGN, rule["expr"]


def test_the_runbook_has_no_page_of_an_alert_that_is_gone():
    assert set(re.findall(r"^## (\w+)", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE)) == {rule["alert"] for rule in RULES}


def test_the_dashboards_expressions_are_valid_and_name_metrics_that_there_are(tmp_path):
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"]) and len(PANELS) > 20
    for expression in EXPRESSIONS:
        assert metrics_of(expression) <= exported() | FOREIGN, expression
    rules = [{"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "5m")} for number, expression in enumerate(EXPRESSIONS)]
    (tmp_path / "panels.yaml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    run("promtool", "check", "rules", "--lint=none", tmp_path / "panels.yaml")


def test_panels_do_not_lie_over_each_other():
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    for i, one in enumerate(places):
        assert one["x"] + one["w"] <= 24
        for other in places[i + 1:]:
            assert one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"] or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]


def test_compose_mounts_what_prometheus_and_grafana_read():
    configuration = yaml.safe_load((PROMETHEUS / "prometheus.yaml").read_text())
    (scrape,) = configuration["scrape_configs"]
    assert scrape["authorization"]["credentials_file"] == "/run/secrets/metrics_key"
    compose = (ROOT / "docker-compose.yml").read_text()
    assert all(f":{path}:ro" in compose for path in [*configuration["rule_files"], "/etc/grafana/provisioning"])
    provider = yaml.safe_load((ROOT / "deploy/grafana/provisioning/dashboards/retrieval.yaml").read_text())["providers"][0]
    assert f"./deploy/grafana/dashboards:{provider['options']['path']}:ro" in compose
