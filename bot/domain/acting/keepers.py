"""Who else decides when a machine runs, as its tags tell; a stop by anybody but them would be undone, or worse."""

from collections.abc import Mapping

from bot.domain.machines.fleet import Instance

KEEPERS: Mapping[str, str] = {
    "eks:": "EKS",
    "aws:eks:": "EKS",
    "kubernetes.io/cluster/": "Kubernetes",
    "karpenter.sh/": "Karpenter",
    "karpenter.k8s.aws/": "Karpenter",
    "AWSBatchServiceTag": "AWS Batch",
    "AmazonECSManaged": "ECS",
    "sagemaker:": "SageMaker",
    "aws:elasticmapreduce:": "EMR",
    "aws:ec2:fleet-id": "an EC2 fleet",
    "parallelcluster:": "ParallelCluster",
    "aws-parallelcluster-": "ParallelCluster",
    "aws:pcs:": "AWS PCS",
    "Vendor=Databricks": "Databricks",
    "Databricks": "Databricks",
    "ray-cluster-name": "Ray",
    "ray-node-": "Ray",
    "anyscale-": "Anyscale",
    "skypilot-": "SkyPilot",
    "spotinst:": "Spot by Flexera",
    "ghr:": "GitHub runners",
    "runs-on-": "RunsOn",
    "jenkins_": "Jenkins",
    "gitlab-runner": "GitLab runners",
    "buildkite": "Buildkite",
}
"""Beginnings of the keys of tags, or key=value, that these put on their machines; case does not count."""


def keeper_of(instance: Instance, known: Mapping[str, str] = KEEPERS) -> str:
    """The service that owns an instance; empty when none is known to."""
    marks = (mark for key in sorted(instance.tags) if (mark := _mark(key, instance.tags[key], known)))
    return next((known[mark] for mark in marks if known[mark]), "")


def is_keepers(key: str, value: str, known: Mapping[str, str] = KEEPERS) -> bool:
    """Whether such a service has put this tag on a machine."""
    return bool(_mark(key, value, known))


def with_own(own: Mapping[str, str]) -> Mapping[str, str]:
    """The marks with a company's own; one without a name is none."""
    taken = {mark.casefold() for mark in own}
    kept = {mark: who for mark, who in KEEPERS.items() if mark.casefold() not in taken}
    return kept | {mark: who for mark, who in own.items() if who}


def _mark(key: str, value: str, known: Mapping[str, str]) -> str:
    """The mark that a tag bears; empty for none."""
    plain, whole = key.casefold(), f"{key}={value}".casefold()
    return next(
        (mark for mark in known if (whole == mark.casefold() if "=" in mark else plain.startswith(mark.casefold()))), ""
    )
