"""deploy/kubernetes: every key is one the API knows, with a value of its type, and the pods are as hardened as they say."""
import pathlib
import re

import kubernetes.client as client
import pytest
import yaml

from conftest import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
OBJECTS = [(path.name, document) for path in sorted(FOLDER.glob("*.yaml")) for document in yaml.safe_load_all(path.read_text())]
KINDS = {
    ("apps/v1", "Deployment"): "V1Deployment", ("batch/v1", "Job"): "V1Job", ("v1", "Service"): "V1Service",
    ("policy/v1", "PodDisruptionBudget"): "V1PodDisruptionBudget", ("v1", "PersistentVolumeClaim"): "V1PersistentVolumeClaim",
}
PODS = [(f"{name}/{document['metadata']['name']}", document["spec"]["template"]["spec"]) for name, document in OBJECTS if "template" in document["spec"]]
CONTAINERS = [(name, pod, container) for name, pod in PODS for container in pod["containers"]]
ids = lambda items: [item[0] for item in items]  # noqa: E731


def check(value, kind, where):
    """Compares a value with the type the API's own description gives it: the client's models, made from it, hold that."""
    if kind.startswith("list["):
        assert isinstance(value, list), f"{where}: expected a list"
        for i, each in enumerate(value):
            check(each, kind[5:-1], f"{where}[{i}]")
    elif kind.startswith("dict("):
        assert isinstance(value, dict), f"{where}: expected a map"
        for key, each in value.items():
            check(each, kind[5:-1].split(", ", 1)[1], f"{where}.{key}")
    elif hasattr(client, kind):
        model = getattr(client, kind)
        names = {wire: name for name, wire in model.attribute_map.items()}
        assert isinstance(value, dict), f"{where}: expected {kind}"
        for key, each in value.items():
            assert key in names, f"{where}: {kind} has no {key}"
            check(each, model.openapi_types[names[key]], f"{where}.{key}")
        # The constructor refuses what lacks a required member.
        configuration = client.Configuration()
        configuration.client_side_validation = True
        model(**{names[key]: each for key, each in value.items()}, local_vars_configuration=configuration)
    else:
        python = {"str": str, "int": int, "bool": bool, "float": (int, float), "object": object, "datetime": str}[kind]
        assert isinstance(value, python) and (kind == "bool" or not isinstance(value, bool)), f"{where}: expected {kind}, not {value!r}"


@pytest.mark.parametrize("name, document", OBJECTS, ids=[f"{name}-{document['kind']}" for name, document in OBJECTS])
def test_the_api_knows_every_key(name, document):
    check(document, KINDS[document["apiVersion"], document["kind"]], name)


@pytest.mark.parametrize("broken, complaint", [
    ({"spec": {"template": {"spec": {"containers": [{"name": "a", "imagee": "b"}]}}}}, "no imagee"),
    ({"spec": {"backoffLimit": "6", "template": {}}}, "expected int"),
    ({"spec": {}}, "template"),
])
def test_the_check_finds_faults(broken, complaint):
    with pytest.raises((AssertionError, ValueError), match=complaint):
        check(broken, "V1Job", "a test")


@pytest.mark.parametrize("name, pod", PODS, ids=ids(PODS))
def test_pods_run_without_rights(name, pod):
    security = pod["securityContext"]
    assert security["runAsNonRoot"] and security["runAsUser"] > 0 and security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        own = container["securityContext"]
        assert own == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        assert "memory" in container["resources"]["limits"] and {"cpu", "memory"} <= container["resources"]["requests"].keys()
        assert "/tmp" in [mount["mountPath"] for mount in container["volumeMounts"]]


@pytest.mark.parametrize("name, pod", PODS, ids=ids(PODS))
def test_the_user_is_that_of_the_image(name, pod):
    user = re.search(r"^USER (\d+):(\d+)$", (ROOT / "docker" / "Dockerfile").read_text(), re.MULTILINE)
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]) == tuple(map(int, user.groups()))


@pytest.mark.parametrize("name, pod, container", CONTAINERS, ids=ids(CONTAINERS))
def test_mounts_have_volumes_and_passwords_come_from_them(name, pod, container):
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes.keys()
    arguments = container["args"]
    assert not any("password=" in str(text).lower() for text in [*arguments, *container.get("env", [])])
    file = pathlib.PurePosixPath(arguments[arguments.index("--postgres-password-file") + 1])
    (mount,) = [mount for mount in container["volumeMounts"] if mount["mountPath"] == str(file.parent)]
    assert mount["readOnly"] and file.name in [item["path"] for item in volumes[mount["name"]]["secret"]["items"]]
    assert all(mount["readOnly"] for mount in container["volumeMounts"] if mount["name"] in ("models", "corpus"))


def named(kind, name):
    (found,) = [document for _, document in OBJECTS if (document["kind"], document["metadata"]["name"]) == (kind, name)]
    return found


def test_claims_are_declared():
    claimed = {volume["persistentVolumeClaim"]["claimName"] for _, pod in PODS for volume in pod["volumes"] if "persistentVolumeClaim" in volume}
    assert claimed == {document["metadata"]["name"] for _, document in OBJECTS if document["kind"] == "PersistentVolumeClaim"}


def test_selectors_select_the_pods_of_serve_and_no_others():
    labels = named("Deployment", "retrieval-serve")["spec"]["template"]["metadata"]["labels"]
    assert named("Deployment", "retrieval-serve")["spec"]["selector"]["matchLabels"] == labels
    assert named("Service", "retrieval")["spec"]["selector"] == labels
    assert named("PodDisruptionBudget", "retrieval-serve")["spec"]["selector"]["matchLabels"] == labels
    others = [document["spec"]["template"]["metadata"]["labels"] for _, document in OBJECTS if document["kind"] == "Job"]
    assert len(others) == 2 and labels not in others


def test_probes_ask_for_paths_the_server_has_on_the_port_it_listens_on():
    (container,) = named("Deployment", "retrieval-serve")["spec"]["template"]["spec"]["containers"]
    (port,) = container["ports"]
    assert container["args"][container["args"].index("--urls") + 1].endswith(f":{port['containerPort']}")
    assert named("Service", "retrieval")["spec"]["ports"][0]["targetPort"] == port["name"]
    api = (ROOT / "docs" / "http-api.md").read_text()
    for probe, path in [("startupProbe", "/health/live"), ("livenessProbe", "/health/live"), ("readinessProbe", "/health/ready")]:
        assert container[probe]["httpGet"] == {"path": path, "port": port["name"]} and f"`GET {path}`" in api


def test_a_pod_has_time_to_drain():
    pod = named("Deployment", "retrieval-serve")["spec"]["template"]["spec"]
    variables = {variable["name"]: variable["value"] for variable in pod["containers"][0]["env"]}
    assert pod["terminationGracePeriodSeconds"] > sum(float(variables[f"RETRIEVAL__LIMITS__{name}SECONDS"]) for name in ("DRAINDELAY", "DRAIN"))


def test_the_ingestion_has_as_many_parts_as_pods():
    job = named("Job", "retrieval-ingest")["spec"]
    (container,) = job["template"]["spec"]["containers"]
    assert job["completionMode"] == "Indexed"
    assert container["args"][container["args"].index("--part") + 1] == f"$(JOB_COMPLETION_INDEX)/{job['completions']}"
    assert [variable["name"] for variable in container["env"]] == ["JOB_COMPLETION_INDEX"]
