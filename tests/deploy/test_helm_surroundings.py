"""deploy/helm: networks, scaling and monitoring, and what the values' schema, the README and the server say of each other."""
import json
import re

import pytest
import yaml

import chart
from conftest import ROOT, run
from test_helm import COMPONENT, EVERYTHING, RENDERED, VARIANTS, every_variant, jobs, of_kind, one, serve
from test_observability import exported

SCHEMA = json.loads((chart.CHART / "values.schema.json").read_text())
VALUES = yaml.safe_load((chart.CHART / "values.yaml").read_text())
REFERENCE = json.loads(re.sub(r"^\s*//.*$", "", (ROOT / "src/Retrieval.Server/retrieval.reference.jsonc").read_text(), flags=re.MULTILINE))


def policies(objects):
    return {document["metadata"]["labels"][COMPONENT]: document["spec"] for document in of_kind(objects, "NetworkPolicy")}


def ports(rule):
    return [(port["port"], port.get("protocol", "TCP")) for port in rule["ports"]]


def test_callers_and_the_monitoring_reach_the_server_alone_and_jobs_are_reached_by_nobody():
    everything = policies(RENDERED["everything"])
    (ingress,) = everything["serve"]["ingress"]
    assert ingress["from"] == EVERYTHING["networkPolicy"]["callers"] + VALUES["networkPolicy"]["monitoring"] and ports(ingress) == [(8443, "TCP")]
    assert everything.keys() == {"serve", "ingest", "migrate"}
    for spec in everything.values():
        assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert not everything["ingest"].get("ingress") and not everything["migrate"].get("ingress")
    # A rule without peers would be one for everybody.
    assert policies(RENDERED["nobody"])["serve"]["ingress"] == [] and policies(RENDERED["defaults"])["serve"]["ingress"][0]["from"][0] == {"podSelector": {}}


def test_pods_reach_names_postgres_and_the_collector_alone():
    values = EVERYTHING["networkPolicy"]
    dns, postgres, collector, more = policies(RENDERED["everything"])["serve"]["egress"]
    assert dns["to"] == VALUES["networkPolicy"]["dns"] and ports(dns) == [(53, "UDP"), (53, "TCP")]
    assert postgres["to"] == values["postgres"] and ports(postgres) == [(5432, "TCP")]
    assert collector["to"] == values["collector"] and ports(collector) == [(4318, "TCP")]
    assert [more] == values["egress"]
    for component in ("ingest", "migrate"):
        assert policies(RENDERED["everything"])[component]["egress"] == [dns, postgres]
    for spec in policies(RENDERED["defaults"]).values():
        assert [ports(rule) for rule in spec["egress"]] == [[(53, "UDP"), (53, "TCP")], [(5432, "TCP")]]


@pytest.mark.parametrize("address, port", [("http://c:4317", 4317), ("http://c", 80), ("https://c/v1", 443), ("https://[fd00::1]:4318/", 4318)])
def test_the_port_of_the_collector_is_that_of_its_address(address, port):
    objects = chart.render({"config": {"Telemetry": {"OtlpEndpoint": address}}})
    assert ports(policies(objects)["serve"]["egress"][2]) == [(port, "TCP")]


def test_replicas_are_scaled_by_a_metric_that_there_is():
    autoscaler = one(RENDERED["hpa"], "HorizontalPodAutoscaler")["spec"]
    (metric,) = autoscaler["metrics"]
    assert metric["pods"]["metric"]["name"] in exported() and metric["pods"]["target"] == {"type": "AverageValue", "averageValue": "100m"}
    scaled = one(RENDERED["everything"], "ScaledObject")["spec"]
    (trigger,) = scaled["triggers"]
    assert set(re.findall(r"retrieval_\w+", trigger["metadata"]["query"])) <= exported()
    # As the ServiceMonitor labels them: the job is the service's name.
    assert 'namespace="search",job="retrieval"' in trigger["metadata"]["query"] and trigger["metadata"]["threshold"] == "0.1"
    for objects, target in [(RENDERED["hpa"], autoscaler["scaleTargetRef"]), (RENDERED["everything"], scaled["scaleTargetRef"])]:
        deployment = one(objects, "Deployment")
        # With both, each upgrade would undo what was scaled.
        assert target["name"] == deployment["metadata"]["name"] and "replicas" not in deployment["spec"]
    assert one(RENDERED["defaults"], "Deployment")["spec"]["replicas"] == 2


def test_expressions_of_the_chart_are_valid(tmp_path):
    query = one(RENDERED["everything"], "ScaledObject")["spec"]["triggers"][0]["metadata"]["query"]
    rules = one(RENDERED["everything"], "PrometheusRule")["spec"]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [*rules["groups"], {"name": "keda", "rules": [{"record": "keda:query", "expr": query}]}]}))
    run("promtool", "check", "rules", "--lint=none", tmp_path / "rules.yaml")


def test_alerts_are_those_of_deploy_prometheus_about_the_job_of_the_release():
    rendered = one(RENDERED["everything"], "PrometheusRule")["spec"]
    written = yaml.safe_load((ROOT / "deploy/prometheus/rules.yaml").read_text().replace('up{job="retrieval"}', 'up{namespace="search",job="retrieval"}'))
    assert rendered == written and 'namespace="search"' in json.dumps(rendered["groups"]).replace('\\"', '"')
    other = chart.render({"monitoring": {"rules": {"enabled": True}}}, release="second-retrieval")
    assert 'job="second-retrieval"' in json.dumps(one(other, "PrometheusRule")).replace('\\"', '"')
    assert one(other, "Service")["metadata"]["name"] == "second-retrieval"


def test_links_of_alerts_lead_to_the_runbook_that_is_named():
    rendered = one(chart.render({"monitoring": {"rules": {"enabled": True, "runbookUrl": "https://wiki.example.com/a?page=runbook&x=1"}}}), "PrometheusRule")["spec"]
    rules = [rule for group in rendered["groups"] for rule in group["rules"]]
    assert len(rules) > 10
    assert [rule["annotations"]["runbook_url"] for rule in rules] == [f"https://wiki.example.com/a?page=runbook&x=1#{rule['alert'].lower()}" for rule in rules]
    # Of the rules nothing else is another one's.
    assert yaml.safe_load(json.dumps(rendered).replace("https://wiki.example.com/a?page=runbook&x=1#", "docs/runbook.md#")) == one(RENDERED["everything"], "PrometheusRule")["spec"]


def test_the_runbook_names_what_the_chart_makes():
    runbook, rendered = (ROOT / "docs" / "runbook.md").read_text(), str([RENDERED["defaults"], RENDERED["everything"]])
    named = re.findall(r"deployment/([\w-]+)|get secret ([\w-]+)|create secret generic ([\w-]+)|app\.kubernetes\.io/component=(\w+)|Username=(\w+)", runbook)
    assert len(named) > 10 and not [name for names in named for name in names if name and not re.search(rf"\b{name}\b", rendered)]
    for path in ("/run/secrets/keys/keys.json", "/run/secrets/postgres/serve_password", "/data/index", "/models"):
        assert path in runbook and path in rendered


def test_the_dashboard_is_that_of_deploy_grafana():
    rendered = one(RENDERED["everything"], "ConfigMap")
    assert json.loads(rendered["data"]["retrieval.json"]) == json.loads((ROOT / "deploy/grafana/dashboards/retrieval.json").read_text())


def test_the_monitor_scrapes_the_port_of_the_service_with_a_key():
    (endpoint,) = one(RENDERED["everything"], "ServiceMonitor")["spec"]["endpoints"]
    assert endpoint["port"] in [port["name"] for port in one(RENDERED["everything"], "Service")["spec"]["ports"]] and endpoint["path"] == "/metrics"
    assert endpoint["authorization"] == {"type": "Bearer", "credentials": {"name": "retrieval-metrics-key", "key": "metrics_key"}}
    assert endpoint["scheme"] == "https" and endpoint["tlsConfig"]["serverName"] == "retrieval.search.svc"


def test_replicas_and_ingestion_use_the_device_that_is_asked_for_and_get_it():
    def device(objects):
        container = serve(objects)
        (provider,) = [argument for argument in container["args"] if argument.startswith("--Inference:Provider=")]
        return provider.split("=")[1], container["resources"]["limits"].get("nvidia.com/gpu"), container["image"]

    assert device(RENDERED["defaults"]) == ("cpu", None, "retrieval:cpu")
    assert device(RENDERED["gpu"]) == ("cuda", 1, "retrieval:gpu")
    assert device(RENDERED["everything"]) == ("cuda", 1, "retrieval@sha256:" + "0" * 64)
    for template in chart.pods(RENDERED["everything"]).values():
        gpu = template["metadata"]["labels"][COMPONENT] != "migrate"
        assert (template["spec"].get("runtimeClassName") == "nvidia") == gpu
        assert ({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"} in template["spec"]["tolerations"]) == gpu
    (ingest,) = jobs(RENDERED["everything"])["ingest"]["spec"]["template"]["spec"]["containers"]
    assert ingest["args"][ingest["args"].index("--provider") + 1] == "cuda" and ingest["resources"]["limits"]["nvidia.com/gpu"] == 1


def test_the_notes_say_how_to_reach_it_and_that_keys_are_needed():
    said = chart.notes()
    assert "port-forward deployment/retrieval 8080:8080" in said and "http://retrieval.search:80" in said and 'X-Api-Key: rsk_' in said
    assert "retrieval-keys   keys.json" in said and "retrieval-postgres" in said and "claim retrieval-models needs the bundle in its folder bundle." in said
    said = chart.notes(EVERYTHING)
    assert "2 to 8 replicas with one nvidia.com/gpu each" in said and "https://search.example.com/health/ready" in said and "https://retrieval.search:443" in said
    assert "certificate   tls.crt, tls.key" in said and "retrieval-metrics-key" in said


@every_variant
def test_every_option_of_the_server_is_one_that_there_is(objects):
    for argument in serve(objects)["args"]:
        if match := re.match(r"--(\w+):([^=]+)=(.*)", argument):
            section, key, value = match.groups()
            first, *rest = key.split(":")
            assert first in REFERENCE[section], argument
            assert not rest or isinstance(REFERENCE[section][first], (list, dict)), argument
            assert not re.search(r"e\+|<nil>|map\[", value), argument


def test_options_are_written_as_the_server_reads_them():
    arguments = serve(RENDERED["everything"])["args"]
    assert {"--Snapshot:ScrubBytesPerSecond=16777216", "--Telemetry:TraceShare=0.05", "--Ingestion:Roots:0=/corpus", "--Ingestion:Roots:1=/more",
            "--Logging:Levels:Microsoft.AspNetCore=Warning", "--Console:Enabled=false"} <= set(arguments)
    assert not [argument for argument in arguments if "DefaultShortlist" in argument]
    large = serve(chart.render({"config": {"Inference": {"DeviceMemoryBytes": 1125899906842624}, "Search": {"RecallBudget": 0.5}}}))["args"]
    assert "--Inference:DeviceMemoryBytes=1125899906842624" in large and "--Search:RecallBudget=0.5" in large


def test_the_sections_of_config_are_those_of_the_server_but_for_what_the_chart_sets_alone():
    config = SCHEMA["properties"]["config"]["properties"]
    assert REFERENCE.keys() - config.keys() == {"Tls", "Access"} and config.keys() <= REFERENCE.keys()
    for name, section in config.items():
        assert section.get("properties", {}).keys() <= REFERENCE[name].keys()
