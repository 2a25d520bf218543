"""deploy/helm: what it renders is what the API knows, and the pods are as hardened, as patient and as closed as docs say."""
import json
import re

import pytest

import chart
from conftest import ROOT

chart.installed()

COMPONENT = "app.kubernetes.io/component"
EVERYTHING = {
    "labels": {"team": "search"}, "image": {"digest": "sha256:" + "0" * 64, "pullSecrets": ["registry"]}, "acceptWrites": True, "tls": {"secret": "certificate"},
    "autoscaling": {"kind": "keda", "keda": {"prometheusAddress": "http://prometheus.monitoring:9090", "triggerAuthentication": "prometheus"}},
    "gpu": {"enabled": True, "runtimeClassName": "nvidia"}, "bundle": {"paths": ["blue", "models/green"]}, "cache": {"storageClass": "local"}, "ingest": {"enabled": True, "gpu": True},
    "postgres": {"host": "a.example.com,b.example.com", "options": "SSL Mode=VerifyFull;Root Certificate=/certificates/ca.crt"},
    "config": {"Telemetry": {"OtlpEndpoint": "http://collector:4318", "TraceShare": 0.05}, "Snapshot": {"ScrubBytesPerSecond": 16777216}, "Ingestion": {"Roots": ["/corpus", "/more"]},
               "Logging": {"Levels": {"Microsoft.AspNetCore": "Warning"}}, "Search": {"DefaultShortlist": None}, "Console": {"Enabled": False}},
    "ingress": {"enabled": True, "className": "nginx", "host": "search.example.com", "tlsSecret": "host", "annotations": {"a/b": "c"}}, "service": {"annotations": {"a/b": "c"}},
    "networkPolicy": {"callers": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}], "postgres": [{"ipBlock": {"cidr": "10.0.0.0/24"}}],
                      "collector": [{"podSelector": {"matchLabels": {"app": "collector"}}}], "egress": [{"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"port": 443}]}]},
    "monitoring": {"serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}}, "rules": {"enabled": True}, "dashboard": {"enabled": True}},
    "pod": {"annotations": {"a/b": "c"}, "labels": {"cost": "search", COMPONENT: "stolen"}, "serviceAccountName": "retrieval", "priorityClassName": "high", "nodeSelector": {"disk": "fast"},
            "tolerations": [{"key": "spot", "operator": "Exists"}], "affinity": {"podAntiAffinity": {}}, "env": [{"name": "TZ", "value": "UTC"}],
            "volumes": [{"name": "certificates", "configMap": {"name": "certificates"}}], "volumeMounts": [{"name": "certificates", "mountPath": "/certificates", "readOnly": True}]},
}
NOTHING = {
    "disruption": {"enabled": False}, "networkPolicy": {"enabled": False}, "migrate": {"enabled": False}, "bundle": {"claim": {"existing": "mine"}}, "pod": {"topologySpread": []}, "config": {"Limits": None, "Logging": None},
}
VARIANTS = {
    "defaults": {}, "gpu": {"gpu": {"enabled": True}}, "everything": EVERYTHING, "nothing": NOTHING,
    "hpa": {"autoscaling": {"kind": "hpa"}, "ingest": {"enabled": True}}, "nobody": {"networkPolicy": {"callers": [], "monitoring": []}},
}
RENDERED = {name: chart.render(values) for name, values in VARIANTS.items()}
PODS = [(f"{variant} {name}", pod["spec"]) for variant, objects in RENDERED.items() for name, pod in chart.pods(objects).items()]
every_variant = pytest.mark.parametrize("objects", RENDERED.values(), ids=RENDERED)
every_pod = pytest.mark.parametrize("name, pod", PODS, ids=[name for name, _ in PODS])


def of_kind(objects, kind):
    return [document for (each, _), document in objects.items() if each == kind]


def one(objects, kind):
    (found,) = of_kind(objects, kind)
    return found


def serve(objects):
    return one(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]


def jobs(objects):
    return {document["metadata"]["labels"][COMPONENT]: document for document in of_kind(objects, "Job")}


@pytest.mark.parametrize("major", chart.LAYERS)
def test_helm_finds_no_fault(major):
    for values in VARIANTS.values():
        done = chart.call("lint", "--strict", values=values, major=major)
        assert done.returncode == 0 and "[ERROR]" not in done.stdout and "[WARNING]" not in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("variant", VARIANTS)
def test_helm_3_and_4_render_the_same(variant):
    assert chart.render(VARIANTS[variant], major=3) == RENDERED[variant]


@pytest.mark.parametrize("major", chart.LAYERS)
def test_a_package_holds_what_the_chart_links_to(tmp_path, major):
    assert chart.render(EVERYTHING, major=major, chart=chart.package(tmp_path, major)) == RENDERED["everything"]


def test_the_api_knows_every_key_and_its_type(tmp_path):
    assert chart.faults_of_types([document for objects in RENDERED.values() for document in objects.values()], tmp_path) == ""


def test_the_check_of_types_finds_faults(tmp_path):
    broken = [{"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"}, "spec": {"backoffLimit": "6", "template": {"spec": {"containers": [{"name": "a", "imagee": "b"}]}}}},
              {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "a"}, "spec": {"scaleTargetRef": {"name": "a"}}}]
    said = chart.faults_of_types(broken, tmp_path)
    assert "'string' is not assignable to type 'number'" in said and "does not exist in type 'IContainer'" in said and "triggers\"' is missing" in said


def test_what_is_rendered_with_everything_and_with_nothing():
    kinds = {variant: sorted({kind for kind, _ in objects}) for variant, objects in RENDERED.items()}
    assert kinds["nothing"] == ["Deployment", "Service"]
    assert kinds["everything"] == ["ConfigMap", "Deployment", "Ingress", "Job", "NetworkPolicy", "PersistentVolumeClaim", "PodDisruptionBudget", "PrometheusRule", "ScaledObject", "Service", "ServiceMonitor"]
    assert "HorizontalPodAutoscaler" in kinds["hpa"]


@every_pod
def test_pods_run_without_rights(name, pod):
    security = pod["securityContext"]
    user = re.search(r"^USER (\d+):(\d+)$", (ROOT / "docker" / "Dockerfile").read_text(), re.MULTILINE)
    assert (security["runAsUser"], security["runAsGroup"]) == tuple(map(int, user.groups()))
    assert security["runAsNonRoot"] is True and security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False and pod["enableServiceLinks"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & pod.keys() and not [volume for volume in pod["volumes"] if "hostPath" in volume]
    for container in pod["containers"]:
        assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        assert "memory" in container["resources"]["limits"] and {"cpu", "memory"} <= container["resources"]["requests"].keys()


@every_pod
def test_mounts_have_volumes_and_the_password_is_that_of_the_role_alone(name, pod):
    (container,) = pod["containers"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    assert mounts.keys() == volumes.keys() and len(mounts) == len(container["volumeMounts"])
    assert {name for name, mount in mounts.items() if not mount.get("readOnly")} <= {"data", "tmp"} and "/tmp" in [mount["mountPath"] for mount in mounts.values()]
    arguments = container["args"]
    role = re.search("Username=retrieval_(\\w+)", arguments[arguments.index("--postgres") + 1]).group(1)
    assert arguments[arguments.index("--postgres-password-file") + 1] == f"/run/secrets/postgres/{role}_password"
    assert [item["path"] for item in volumes["postgres"]["secret"]["items"]] == [f"{role}_password"]
    for word in [word for argument in arguments for word in re.findall(r"/(?:run|models|corpus|data|certificates)\b[^;\s]*", argument) if not argument.startswith("--Ingestion")]:
        assert any(word.startswith(mount["mountPath"] + "/") or word == mount["mountPath"] for mount in mounts.values()), f"{word} is on no volume"


@every_variant
def test_no_secret_is_rendered(objects):
    assert not of_kind(objects, "Secret")
    assert not re.search(r"password\s*=|rsk_", json.dumps(list(objects.values())), re.IGNORECASE)


def test_names_fit_however_long_the_release_is():
    for release in ("a" * 53, "retrieval-" + "b" * 43, "x"):
        for (kind, name), document in chart.render(EVERYTHING | {"nameOverride": ""}, release=release).items():
            assert len(name) + (5 if kind == "Job" else 0) <= 63 and re.fullmatch("[a-z]([-a-z0-9]*[a-z0-9])?", name), name
            assert all(len(value) <= 63 for value in document["metadata"]["labels"].values())


@every_variant
def test_selectors_select_the_pods_of_their_component_and_no_others(objects):
    labels = {template["metadata"]["labels"][COMPONENT]: template["metadata"]["labels"] for template in chart.pods(objects).values()}
    assert "stolen" not in labels and len(labels) == len(chart.pods(objects))
    deployment, service = one(objects, "Deployment"), one(objects, "Service")
    selected = {"serve": [deployment["spec"]["selector"]["matchLabels"], service["spec"]["selector"], *(each["labelSelector"]["matchLabels"] for each in deployment["spec"]["template"]["spec"].get("topologySpreadConstraints", [])),
                          *(each["spec"]["selector"]["matchLabels"] for each in of_kind(objects, "PodDisruptionBudget"))]}
    for policy in of_kind(objects, "NetworkPolicy"):
        selected.setdefault(policy["metadata"]["labels"][COMPONENT], []).append(policy["spec"]["podSelector"]["matchLabels"])
    for component, selectors in selected.items():
        for selector in selectors:
            assert [name for name, each in labels.items() if selector.items() <= each.items()] == [component]
    for monitor in of_kind(objects, "ServiceMonitor"):
        assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()


@every_variant
def test_probes_ask_for_paths_the_server_has_on_the_port_it_listens_on(objects):
    container = serve(objects)
    (port,) = container["ports"]
    assert container["args"][container["args"].index("--urls") + 1] == f"{port['name']}://0.0.0.0:{port['containerPort']}"
    (published,) = one(objects, "Service")["spec"]["ports"]
    assert published["targetPort"] == published["name"] == port["name"] and published["port"] == {"http": 80, "https": 443}[port["name"]]
    api = (ROOT / "docs" / "http-api.md").read_text()
    for probe, path in [("startupProbe", "/health/live"), ("livenessProbe", "/health/live"), ("readinessProbe", "/health/ready")]:
        assert container[probe]["httpGet"] == {"path": path, "port": port["name"], "scheme": port["name"].upper()} and f"`GET {path}`" in api
    assert container["startupProbe"]["failureThreshold"] * container["startupProbe"]["periodSeconds"] == 600
    assert one(objects, "Deployment")["spec"]["progressDeadlineSeconds"] == 3600


@every_variant
def test_a_pod_is_replaced_when_another_is_ready_and_has_time_to_drain(objects):
    deployment = one(objects, "Deployment")["spec"]
    assert deployment["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    options = dict(argument[2:].split("=", 1) for argument in serve(objects)["args"] if argument.startswith("--Limits:"))
    reference = {"Limits:DrainDelaySeconds": 0, "Limits:DrainSeconds": 30}
    assert deployment["template"]["spec"]["terminationGracePeriodSeconds"] >= sum(float(options.get(name, default)) for name, default in reference.items()) + 10


def test_the_migration_comes_before_everything_and_its_policy_before_it():
    for objects in RENDERED.values():
        hooks = [(int(document["metadata"]["annotations"]["helm.sh/hook-weight"]), document) for document in objects.values() if "helm.sh/hook" in document["metadata"].get("annotations", {})]
        assert [document["kind"] for _, document in sorted(hooks, key=lambda hook: hook[0])] in ([], ["NetworkPolicy", "Job"])
        for _, document in hooks:
            assert document["metadata"]["labels"][COMPONENT] == "migrate"
            assert document["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
            assert document["metadata"]["annotations"]["helm.sh/hook-delete-policy"] == "before-hook-creation,hook-succeeded"
        # A hook comes before the chart's own objects, so it may use none of them.
        for document in [document for _, document in hooks if document["kind"] == "Job"]:
            assert not [volume for volume in document["spec"]["template"]["spec"]["volumes"] if "persistentVolumeClaim" in volume]


def test_the_ingestion_has_as_many_parts_as_pods_and_other_values_are_another_job():
    job = jobs(RENDERED["everything"])["ingest"]["spec"]
    (container,) = job["template"]["spec"]["containers"]
    assert job["completionMode"] == "Indexed"
    assert container["args"][container["args"].index("--part") + 1] == f"$(JOB_COMPLETION_INDEX)/{job['completions']}"
    assert container["env"][0]["name"] == "JOB_COMPLETION_INDEX"
    names = {jobs(chart.render({"ingest": {"enabled": True, **more}}))["ingest"]["metadata"]["name"] for more in ({}, {"index": "green"}, {"parts": 4}, {"parts": 4, "backoffLimit": 3})}
    assert len(names) == 3, "what no pod has part in changes the job, not its name"
