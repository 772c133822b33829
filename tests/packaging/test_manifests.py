"""deploy/kubernetes: every resource against Kubernetes' own schemas, and against the servers' truth."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.server.admission import places_of_one_address
from wyoming_voice_stack.server.app import ENGINE_STOP_SECONDS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
URLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]
IMAGE = URLS["Image"].removeprefix("https://")
VERSIONS = ("1.30", "1.37")
"""The oldest release that is promised, and the newest that the schemas know."""
PORTS = {"asr": 5001, "tts": 5002}
KUBECTL = Path(sys.executable).with_name("kubectl")
Resource = dict[str, Any]


def read(path: Path) -> list[Resource]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def rendered(overlay: str) -> list[Resource]:
    """What `kubectl apply -k` would send."""
    done = subprocess.run(
        [str(KUBECTL), "kustomize", str(FOLDER / overlay)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


WRITTEN = {
    f"{document['kind']}-{document['metadata']['name']}": document
    for name in yaml.safe_load((FOLDER / "base/kustomization.yaml").read_text())["resources"]
    for document in read(FOLDER / "base" / name)
}


def pod(deployment: Resource) -> tuple[Resource, Resource]:
    """A deployment's pod and the container in it."""
    template = deployment["spec"]["template"]
    [container] = template["spec"]["containers"]
    return template, container


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_written_resources_are_valid(name: str, version: str) -> None:
    kubernetes_validate.validate(WRITTEN[name], version, strict=True)


def test_a_wrong_field_is_found() -> None:
    service = WRITTEN["Service-asr"] | {"spec": {"ports": [{"prot": 5001}]}}
    with pytest.raises(kubernetes_validate.ValidationError, match="prot"):
        kubernetes_validate.validate(service, VERSIONS[0], strict=True)


def test_every_file_is_in_the_kustomization() -> None:
    base = FOLDER / "base"
    listed = yaml.safe_load((base / "kustomization.yaml").read_text())
    used = {*listed["resources"], "kustomization.yaml"} | {
        name for settings in listed["configMapGenerator"] for name in settings["envs"]
    }
    assert used == {path.name for path in base.iterdir()}


@pytest.mark.parametrize("overlay", ["base", "gpu"])
def test_rendered_resources_are_valid(overlay: str) -> None:
    resources = rendered(overlay)
    assert len(resources) == len(WRITTEN) + 2
    for resource in resources:
        kubernetes_validate.validate(resource, VERSIONS[-1], strict=True)
        if resource["kind"] != "Namespace":
            assert resource["metadata"]["namespace"] == "voice-stack"
    settings = {
        resource["metadata"]["name"] for resource in resources if resource["kind"] == "ConfigMap"
    }
    for resource in resources:
        if resource["kind"] == "Deployment":
            _, container = pod(resource)
            assert container["envFrom"][0]["configMapRef"]["name"] in settings
            assert container["image"].startswith(f"{IMAGE}:")


def test_only_some_namespaces_may_connect() -> None:
    policy = WRITTEN["NetworkPolicy-clients"]["spec"]
    assert policy["policyTypes"] == ["Ingress"]
    chosen = policy["podSelector"]["matchLabels"].items()
    for mode in PORTS:
        template, container = pod(WRITTEN[f"Deployment-{mode}"])
        assert chosen <= template["metadata"]["labels"].items()
        assert container["ports"][0]["name"] == "wyoming"
    # A rule without `from`, or an empty selector of namespaces, would allow everyone.
    [rule] = policy["ingress"]
    assert rule["ports"] == [{"port": "wyoming"}]
    own, others = rule["from"]
    assert own == {"podSelector": {}}
    [condition] = others["namespaceSelector"]["matchExpressions"]
    assert condition["operator"] == "In"
    assert condition["values"]


def test_graphics_cards() -> None:
    deployments = [resource for resource in rendered("gpu") if resource["kind"] == "Deployment"]
    assert len(deployments) == len(PORTS)
    for deployment in deployments:
        template, container = pod(deployment)
        assert template["spec"]["nodeSelector"] == {"nvidia.com/gpu.present": "true"}
        assert container["resources"]["limits"]["nvidia.com/gpu"] == 1
        mode = deployment["metadata"]["name"]
        given = {entry["name"]: entry["value"] for entry in container["env"]}
        assert given[f"{mode.upper()}_DEVICE"] == "cuda"


@pytest.mark.parametrize("mode", PORTS)
class TestServer:
    def test_everything_means_the_same_pods(self, mode: str) -> None:
        template, _ = pod(WRITTEN[f"Deployment-{mode}"])
        labels = template["metadata"]["labels"]
        assert labels["app.kubernetes.io/component"] == mode
        assert WRITTEN[f"Deployment-{mode}"]["spec"]["selector"]["matchLabels"] == labels
        assert WRITTEN[f"Service-{mode}"]["spec"]["selector"] == labels
        budget = WRITTEN[f"PodDisruptionBudget-{mode}"]["spec"]
        assert budget["selector"]["matchLabels"] == labels
        autoscaler = WRITTEN[f"HorizontalPodAutoscaler-{mode}"]["spec"]
        assert autoscaler["scaleTargetRef"]["name"] == mode
        assert template["spec"]["enableServiceLinks"] is False
        # To always keep one running, there must be two before one is removed.
        assert budget["minAvailable"] < autoscaler["minReplicas"] < autoscaler["maxReplicas"]

    def test_ports_and_probes(self, mode: str) -> None:
        template, container = pod(WRITTEN[f"Deployment-{mode}"])
        [port] = container["ports"]
        [offered] = WRITTEN[f"Service-{mode}"]["spec"]["ports"]
        annotations = template["metadata"]["annotations"]
        assert port["containerPort"] == offered["port"] == PORTS[mode]
        assert annotations["prometheus.io/port"] == str(PORTS[mode])
        assert offered["targetPort"] == port["name"]
        for probe, path in (("readinessProbe", "/ready"), ("livenessProbe", "/health")):
            assert container[probe]["httpGet"] == {"path": path, "port": port["name"]}

    def test_settings_exist(self, mode: str) -> None:
        _, container = pod(WRITTEN[f"Deployment-{mode}"])
        given = {entry["name"]: entry["value"] for entry in container["env"]}
        lines = (FOLDER / "base" / f"{mode}.env").read_text().splitlines()
        given |= dict(line.split("=", 1) for line in lines)
        assert given["SERVICE_MODE"] == mode
        assert given.keys() <= {name.upper() for name in Settings.model_fields}
        Settings(**{name.lower(): value for name, value in given.items()})

    def test_a_pod_is_given_the_time_to_drain(self, mode: str) -> None:
        template, container = pod(WRITTEN[f"Deployment-{mode}"])
        waits = float(container["lifecycle"]["preStop"]["exec"]["command"][1])
        needs = waits + Settings().shutdown_grace_seconds + ENGINE_STOP_SECONDS
        assert template["spec"]["terminationGracePeriodSeconds"] > needs

    def test_volumes_are_claimed(self, mode: str) -> None:
        template, container = pod(WRITTEN[f"Deployment-{mode}"])
        volumes = {volume["name"]: volume for volume in template["spec"]["volumes"]}
        assert {mount["name"] for mount in container["volumeMounts"]} == volumes.keys()
        for volume in volumes.values():
            if "persistentVolumeClaim" in volume:
                claim = volume["persistentVolumeClaim"]["claimName"]
                assert f"PersistentVolumeClaim-{claim}" in WRITTEN

    def test_the_queue_is_a_metric_that_the_server_has(self, mode: str) -> None:
        [metric] = WRITTEN[f"HorizontalPodAutoscaler-{mode}"]["spec"]["metrics"]
        name = metric["pods"]["metric"]["name"]
        metrics = Metrics()
        metrics.queue_depth.labels("a model").set(3)
        assert f'{name}{{model="a model"}} 3.0'.encode() in metrics.render()
        [adapter] = read(FOLDER / "prometheus-adapter.yaml")
        [rule] = adapter["rules"]["custom"]
        assert rule["seriesQuery"].startswith(f"{name}{{")


class TestHaproxy:
    CONFIGURATION = (FOLDER.parent / "haproxy" / "haproxy.cfg").read_text().split("\n")
    COMPOSE = yaml.safe_load((FOLDER.parent / "haproxy" / "docker-compose.yml").read_text())

    def value(self, *words: str) -> str:
        """What follows these words in the configuration."""
        [found] = [
            after
            for line in self.CONFIGURATION
            if (parts := line.split()) and not line.lstrip().startswith("#")
            for before, after in pairwise(parts)
            if parts[: len(words) - 1] == list(words[:-1]) and before == words[-1]
        ]
        return found

    def test_bounds_are_those_of_the_servers(self) -> None:
        defaults = Settings()
        # To a server, all clients of the load balancer have one address.
        assert int(self.value("default-server", "maxconn")) == places_of_one_address(
            defaults.max_connections
        )
        assert defaults.max_api_requests == defaults.max_connections
        for side in ("timeout client", "timeout server"):
            minutes = [
                line.split()[2] for line in self.CONFIGURATION if line.startswith(f"    {side}")
            ]
            assert int(minutes[0].removesuffix("m")) * 60 > defaults.idle_timeout_seconds

    def test_replicas_are_stopped_gently_and_found_by_their_service_name(self) -> None:
        services = self.COMPOSE["services"]
        needs = Settings().shutdown_grace_seconds + ENGINE_STOP_SECONDS
        for mode, port in PORTS.items():
            assert float(services[mode]["stop_grace_period"].removesuffix("s")) > needs
            assert services[mode]["environment"][f"{mode.upper()}_PORT"] == str(port)
            assert "ports" not in services[mode]
            assert self.value("presetenv", f"REPLICA_{mode.upper()}_PORT") == str(port)
            assert (FOLDER.parent / "haproxy" / services[mode]["env_file"]).exists()
            template = f'server-template {mode}- 16 "{mode}:${{REPLICA_{mode.upper()}_PORT}}"'
            assert f"    {template}" in self.CONFIGURATION
