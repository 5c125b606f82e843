"""The manifests of docs/deploy/kubernetes against Kubernetes' own schemas, and the rules of the house."""

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from sensorium.runtime.settings import Keep, Serve
from sensorium.serving import journal
from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "docs/deploy/kubernetes"
VERSIONS = ("1.30", "1.33", "1.37")
LABELS = {"app.kubernetes.io/name": "sensorium"}
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
DOCUMENTS = {
    f"{path.stem}-{document['kind']}-{document['metadata']['name']}": document
    for path in sorted(FOLDER.glob("*.yaml"))
    if path.name != "kustomization.yaml"
    for document in yaml.safe_load_all(path.read_text())
}


def the(kind: str, name: str = "sensorium") -> dict[str, Any]:
    """The only document of a kind and name."""
    (found,) = (one for one in DOCUMENTS.values() if (one["kind"], one["metadata"]["name"]) == (kind, name))
    return found


@pytest.fixture
def pod() -> dict[str, Any]:
    return the("Deployment")["spec"]["template"]["spec"]


@pytest.fixture
def container(pod: dict[str, Any]) -> dict[str, Any]:
    (only,) = pod["containers"]
    return only


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_kubernetes_knows_every_field(name: str, version: str) -> None:
    assert kubernetes_validate.validate(DOCUMENTS[name], version, strict=True) == version


def test_a_misspelt_field_would_be_found(pod: dict[str, Any]) -> None:
    wrong = the("Deployment") | {"spec": the("Deployment")["spec"] | {"replica": 2}}
    with pytest.raises(kubernetes_validate.ValidationError, match="'replica' was unexpected"):
        kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)


def test_kustomization_lists_every_file() -> None:
    there = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(KUSTOMIZATION["resources"]) == there
    assert len(KUSTOMIZATION["resources"]) == len(there)


def test_all_is_in_one_namespace() -> None:
    assert KUSTOMIZATION["namespace"] == the("Namespace")["metadata"]["name"] == "sensorium"
    places = {one["metadata"].get("namespace") for one in DOCUMENTS.values() if one["kind"] != "Namespace"}
    assert places == {"sensorium"}
    assert the("Namespace")["metadata"]["labels"] == {"pod-security.kubernetes.io/enforce": "restricted"}


def test_no_secret_is_committed(container: dict[str, Any]) -> None:
    assert "Secret" not in {one["kind"] for one in DOCUMENTS.values()}
    assert not {"secretGenerator", "configMapGenerator"} & KUSTOMIZATION.keys()
    text = "".join(path.read_text() for path in FOLDER.iterdir())
    assert not re.search(r"sk_[\w-]{20}|\b[0-9a-f]{64}\b|BEGIN .*KEY", text)
    environment = {one["name"]: one for one in container["env"]}
    wanted = {"name": "sensorium-keys", "key": "SENSORIUM_API_KEYS"}
    assert environment["SENSORIUM_API_KEYS"]["valueFrom"] == {"secretKeyRef": wanted}
    assert "create secret generic sensorium-keys --from-literal=SENSORIUM_API_KEYS=" in text
    shared = {"name": "sensorium-salt", "key": journal.SECRET}
    assert environment["SENSORIUM_SALT"]["valueFrom"] == {"secretKeyRef": shared}
    assert "create secret generic sensorium-salt --from-literal=SENSORIUM_SALT=" in text


def test_the_image_is_the_one_that_kustomize_tags(container: dict[str, Any]) -> None:
    assert container["image"] == "registry.example.com/sensorium:VERSION"
    assert [one["name"] for one in KUSTOMIZATION["images"]] == ["registry.example.com/sensorium"]


def test_probes(container: dict[str, Any]) -> None:
    paths = {name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")}
    assert paths == {"startup": "/readyz", "readiness": "/readyz", "liveness": "/livez"}
    assert {container[f"{name}Probe"]["httpGet"]["port"] for name in paths} == {"http"}
    assert container["ports"] == [{"name": "http", "containerPort": 3000}]
    startup, liveness = container["startupProbe"], container["livenessProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] == 120
    assert liveness["periodSeconds"] * liveness["failureThreshold"] == 60


def test_no_rights_that_are_not_needed(pod: dict[str, Any], container: dict[str, Any]) -> None:
    assert pod["automountServiceAccountToken"] is False
    of_pod = pod["securityContext"]
    assert (of_pod["runAsNonRoot"], of_pod["runAsUser"]) == (True, 1034)
    assert of_pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()


def test_what_is_written_has_a_place(pod: dict[str, Any], container: dict[str, Any]) -> None:
    volumes = {one.pop("name"): one for one in (dict(volume) for volume in pod["volumes"])}
    mounts = {one["mountPath"]: one["name"] for one in container["volumeMounts"]}
    environment = {one["name"]: one.get("value") for one in container["env"]}
    assert mounts == {environment["SENSORIUM_LOG"]: "log", environment["BENTOML_HOME"]: "bentoml", "/tmp": "tmp"}
    assert volumes["log"] == {"persistentVolumeClaim": {"claimName": "sensorium-log"}}
    assert the("PersistentVolumeClaim", "sensorium-log")["spec"]["accessModes"] == ["ReadWriteMany"]
    assert [one["subPathExpr"] for one in container["volumeMounts"] if one["name"] == "log"] == ["$(POD_NAME)"]
    granted = 2 * Serve().log_megabytes + Keep().content_megabytes
    assert granted == 3 * 1024 and "3 GiB by default" in (FOLDER / "storage.yaml").read_text()
    assert all("sizeLimit" in volumes[name]["emptyDir"] for name in ("bentoml", "tmp"))


def test_resources(container: dict[str, Any]) -> None:
    asked, most = container["resources"]["requests"], container["resources"]["limits"]
    assert (asked["cpu"], asked["memory"]) == ("1", "512Mi")
    assert (most["cpu"], most["memory"]) == ("2", "3Gi")


def test_a_pod_that_ends_drops_no_request(pod: dict[str, Any], container: dict[str, Any]) -> None:
    command = container["lifecycle"]["preStop"]["exec"]["command"]
    assert command == ["sleep", "10"]
    assert pod["terminationGracePeriodSeconds"] == 60 > 30 + 10
    assert Serve().timeout == 30
    strategy = the("Deployment")["spec"]["strategy"]
    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}


def test_labels_meet(pod: dict[str, Any]) -> None:
    spec = the("Deployment")["spec"]
    assert spec["template"]["metadata"]["labels"] == LABELS
    assert spec["selector"]["matchLabels"] == LABELS
    assert the("Service")["spec"]["selector"] == LABELS
    assert the("Service", "sensorium-pods")["spec"]["selector"] == LABELS
    assert the("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == LABELS
    assert the("NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == LABELS
    spread = pod["topologySpreadConstraints"]
    assert [one["topologyKey"] for one in spread] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    assert all(one["labelSelector"]["matchLabels"] == LABELS for one in spread)


def test_the_autoscaler_alone_says_how_many() -> None:
    spec = the("HorizontalPodAutoscaler")["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "sensorium"}
    assert "replicas" not in the("Deployment")["spec"]
    assert spec["minReplicas"] >= 2 and the("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    (metric,) = spec["metrics"]
    assert metric["resource"] == {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    assert spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"] == 600


def test_who_may_talk_to_whom() -> None:
    spec = the("NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert namespaces(spec["ingress"], "from") == {("ingress-nginx", "http"), ("monitoring", "http")}
    assert namespaces(spec["egress"], "to") == {("kube-system", 53), ("observability", 4318)}


def namespaces(rules: list[dict[str, Any]], side: str) -> set[tuple[str, object]]:
    """The namespaces that rules name, each with its ports."""
    return {
        (peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"], port["port"])
        for rule in rules
        for peer in rule[side]
        for port in rule["ports"]
    }


def test_metrics_stay_inside() -> None:
    (rule,) = the("Ingress")["spec"]["rules"]
    paths = {one["path"]: one["pathType"] for one in rule["http"]["paths"]}
    assert {path for path, sort in paths.items() if sort == "Prefix"} == {"/ui", "/static_content"}
    assert "/metrics" not in paths and paths["/"] == "Exact"
    assert {"/predict", "/predict_batch", "/explain", "/feedback", "/schema"} <= paths.keys()
    services = {one["backend"]["service"]["name"] for one in rule["http"]["paths"]}
    assert services == {"sensorium"}


def test_prometheus_finds_the_pods() -> None:
    annotations = the("Deployment")["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == "3000"
    config = yaml.safe_load((Path(FOLDER).parent / "prometheus/cluster.yml").read_text())
    (job,) = config["scrape_configs"]
    pods = the("Service", "sensorium-pods")["spec"]
    assert job["dns_sd_configs"] == [{"names": ["sensorium-pods.sensorium.svc"], "type": "A", "port": 3000}]
    assert (pods["clusterIP"], pods["publishNotReadyAddresses"]) == ("None", True)
