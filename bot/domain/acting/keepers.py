"""Who else decides when a machine runs, as its tags tell; a stop by anybody but them would be undone, or worse."""

from collections.abc import Mapping

from bot.domain.fleet import Instance

KEEPERS: Mapping[str, str] = {
    "eks:": "EKS",
    "aws:eks:": "EKS",
    "kubernetes.io/cluster/": "Kubernetes",
    "AWSBatchServiceTag": "AWS Batch",
    "sagemaker:": "SageMaker",
    "aws:elasticmapreduce:": "EMR",
    "aws:ec2:fleet-id": "an EC2 fleet",
}
"""Beginnings of the keys of tags that these put on their machines."""


def keeper_of(instance: Instance) -> str:
    """The service that owns an instance; empty when none is known to."""
    found = (who for key in sorted(instance.tags) for start, who in KEEPERS.items() if key.startswith(start))
    return next(found, "")
