"""An emulated AWS that a test fills and looks into, past our own adapter."""

from __future__ import annotations

from typing import Any

from simian_army.embedded.cloud import REGION, CloudServer

ACCOUNT = "123456789012"
IMAGE = "ami-12c6146b"


class Cloud:
    """One account at a server that speaks AWS's own protocol."""

    def __init__(self, server: CloudServer, region: str = REGION) -> None:
        self.server, self.region, self.url = server, region, server.url
        self.ec2, self.scaling = self._client("ec2"), self._client("autoscaling")

    def _client(self, service: str) -> Any:
        import boto3

        return boto3.client(
            service,
            region_name=self.region,
            endpoint_url=self.url,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def instance(self, name: str, tags: dict[str, str]) -> str:
        """Run one instance outside any group; returns its id."""
        made = self.ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, InstanceType="t3.micro")
        number = str(made["Instances"][0]["InstanceId"])
        self.tag(number, {"Name": name, **tags})
        return number

    def tag(self, number: str, tags: dict[str, str]) -> None:
        """Write tags on an instance."""
        self.ec2.create_tags(Resources=[number], Tags=[{"Key": k, "Value": v} for k, v in tags.items()])

    def group(self, name: str, size: int, tags: dict[str, str], *, propagate: bool = True) -> None:
        """Make an Auto Scaling Group with that many members."""
        self.scaling.create_launch_configuration(
            LaunchConfigurationName=f"{name}-launch", ImageId=IMAGE, InstanceType="t3.micro"
        )
        said = [{"Key": k, "Value": v, "PropagateAtLaunch": propagate, "ResourceId": name} for k, v in tags.items()]
        self.scaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchConfigurationName=f"{name}-launch",
            MinSize=0,
            MaxSize=size * 2,
            DesiredCapacity=size,
            AvailabilityZones=[f"{self.region}a"],
            Tags=said,
        )

    def instances(self) -> dict[str, Any]:
        """Id to state and tags, of all that are not terminated."""
        pages = self.ec2.get_paginator("describe_instances").paginate()
        found = [one for page in pages for reservation in page["Reservations"] for one in reservation["Instances"]]
        return {
            one["InstanceId"]: {"state": one["State"]["Name"], "tags": _tags(one.get("Tags", []))}
            for one in found
            if one["State"]["Name"] not in ("terminated", "shutting-down")
        }

    def groups(self) -> dict[str, Any]:
        """Name to size, suspended processes and tags."""
        found = self.scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
        return {
            one["AutoScalingGroupName"]: {
                "desired": one["DesiredCapacity"],
                "suspended": sorted(said["ProcessName"] for said in one["SuspendedProcesses"]),
                "tags": _tags(one["Tags"]),
            }
            for one in found
        }

    def stopped(self) -> set[str]:
        """The ids of instances that are stopped or stopping."""
        return {number for number, said in self.instances().items() if said["state"] in ("stopping", "stopped")}

    def arn(self, number: str) -> str:
        """The ARN of an instance."""
        return f"arn:aws:ec2:{self.region}:{ACCOUNT}:instance/{number}"

    def name_of(self, number: str) -> str:
        """The Name tag of an instance."""
        return str(self.instances()[number]["tags"].get("Name", ""))


def _tags(said: list[dict[str, Any]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in said}
