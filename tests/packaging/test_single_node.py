"""deploy/kubernetes/single-node and single-node-gpu: one replica of each server on one machine."""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_network

import kubernetes_validate
import pytest
import yaml

from tests.packaging.test_manifests import FOLDER, IMAGE, PORTS, VERSIONS, Resource, pod, rendered
from wyoming_voice_stack.config.settings import Settings

OVERLAYS = ("single-node", "single-node-gpu")
CONTAINER_RUNTIME = {"NVIDIA_VISIBLE_DEVICES"}
"""Read by the NVIDIA Container Toolkit."""


def of_kind(overlay: str, kind: str) -> list[Resource]:
    return [resource for resource in rendered(overlay) if resource["kind"] == kind]


@pytest.mark.parametrize("overlay", OVERLAYS)
class TestSingleNode:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_resources_are_valid_and_complete(self, overlay: str, version: str) -> None:
        resources = rendered(overlay)
        for resource in resources:
            kubernetes_validate.validate(resource, version, strict=True)
        assert Counter(resource["kind"] for resource in resources) == {
            "Namespace": 1,
            "PersistentVolumeClaim": 2,
            "ConfigMap": 2,
            "Deployment": 2,
            "Service": 2,
            "NetworkPolicy": 1,
        }

    def test_one_pod_at_a_time(self, overlay: str) -> None:
        for deployment in of_kind(overlay, "Deployment"):
            template, container = pod(deployment)
            assert deployment["spec"]["replicas"] == 1
            assert deployment["spec"]["strategy"] == {"type": "Recreate"}
            assert "topologySpreadConstraints" not in template["spec"]
            assert container["resources"]["requests"] == {"cpu": "250m", "memory": "512Mi"}

    def test_volumes_are_those_of_one_node(self, overlay: str) -> None:
        for claim in of_kind(overlay, "PersistentVolumeClaim"):
            assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]

    def test_ports_are_published(self, overlay: str) -> None:
        services = of_kind(overlay, "Service")
        assert {service["metadata"]["name"] for service in services} == PORTS.keys()
        for service in services:
            assert service["spec"]["type"] == "LoadBalancer"
            assert service["spec"]["externalTrafficPolicy"] == "Local"
            assert service["spec"]["ports"][0]["port"] == PORTS[service["metadata"]["name"]]

    def test_clients_of_private_networks_may_connect(self, overlay: str) -> None:
        [policy] = of_kind(overlay, "NetworkPolicy")
        [rule] = policy["spec"]["ingress"]
        blocks = [sender["ipBlock"]["cidr"] for sender in rule["from"] if "ipBlock" in sender]
        assert len(blocks) == 4
        assert all(ip_network(block).is_private for block in blocks)
        assert len(rule["from"]) == len(blocks) + 2

    def test_settings_exist(self, overlay: str) -> None:
        for deployment in of_kind(overlay, "Deployment"):
            _, container = pod(deployment)
            names = {entry["name"] for entry in container["env"]}
            assert names - CONTAINER_RUNTIME <= {name.upper() for name in Settings.model_fields}


def test_both_servers_share_the_card() -> None:
    for deployment in of_kind("single-node-gpu", "Deployment"):
        template, container = pod(deployment)
        assert template["spec"]["runtimeClassName"] == "nvidia"
        # A whole card for one pod would leave none for the other.
        assert "nvidia.com/gpu" not in container["resources"]["limits"]
        given = {entry["name"]: entry["value"] for entry in container["env"]}
        assert given["NVIDIA_VISIBLE_DEVICES"] == "all"
        assert given[f"{deployment['metadata']['name'].upper()}_DEVICE"] == "cuda"


def test_the_image_is_that_of_the_other_overlay_for_cards() -> None:
    images = {
        overlay: yaml.safe_load((FOLDER / overlay / "kustomization.yaml").read_text())["images"]
        for overlay in ("gpu", "single-node-gpu")
    }
    assert images["gpu"] == images["single-node-gpu"]
    assert images["gpu"] == [{"name": IMAGE, "newTag": "latest-cuda"}]
    _, container = pod(of_kind("single-node-gpu", "Deployment")[0])
    assert container["image"] == f"{IMAGE}:latest-cuda"


def test_every_file_is_in_the_kustomization() -> None:
    folder = FOLDER / "single-node"
    patches = yaml.safe_load((folder / "kustomization.yaml").read_text())["patches"]
    used = {patch["path"] for patch in patches if "path" in patch} | {"kustomization.yaml"}
    assert used == {path.name for path in folder.iterdir()}
