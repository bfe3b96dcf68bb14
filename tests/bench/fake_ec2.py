"""EC2 on loopback as a process of its own, quick at any size: moto takes 4.5 ms a machine, this a page in 1 ms.

Run as `python -m tests.bench.fake_ec2 MACHINES REGIONS SHARE`; it prints its address, and lives until its input ends.
Of the machines, spread over the regions, the share has 8 GPUs each and the rest none. Each entry is as long as EC2's
own (5 KB); pages, types, disks and stop protection are answered, everything else is refused. `/count` tells how often
each action was asked for since it was last asked itself.
"""

import asyncio
import json
import re
import sys
from collections import Counter
from urllib.parse import parse_qs

REGIONS = ("us-east-1", "us-west-2", "eu-central-1", "ap-northeast-1")
GPU_TYPE, PLAIN_TYPE = "p4d.24xlarge", "m5.large"
REGION = re.compile(rb"Credential=[^/]+/\d+/([^/]+)/")
LENGTH = re.compile(rb"(?i)content-length: *(\d+)")
NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
ENTRY = """<item><reservationId>r-{n:017x}</reservationId><ownerId>123456789012</ownerId><groupSet/><instancesSet><item>
<instanceId>i-{n:017x}</instanceId><imageId>ami-0abcdef1234567890</imageId><instanceState><code>16</code>
<name>running</name></instanceState><privateDnsName>ip-10-0-{a}-{b}.ec2.internal</privateDnsName>
<dnsName>ec2-203-0-113-{b}.compute.amazonaws.com</dnsName><reason/><keyName>research</keyName>
<amiLaunchIndex>0</amiLaunchIndex><productCodes/><instanceType>{kind}</instanceType>
<launchTime>2026-11-01T08:30:00.000Z</launchTime><placement><availabilityZone>{region}a</availabilityZone><groupName/>
<tenancy>default</tenancy></placement><monitoring><state>disabled</state></monitoring>
<subnetId>subnet-0123456789abcdef0</subnetId><vpcId>vpc-0123456789abcdef0</vpcId>
<privateIpAddress>10.0.{a}.{b}</privateIpAddress><ipAddress>203.0.113.{b}</ipAddress>
<sourceDestCheck>true</sourceDestCheck><groupSet><item><groupId>sg-0123456789abcdef0</groupId>
<groupName>research-internal</groupName></item><item><groupId>sg-0123456789abcdef1</groupId>
<groupName>ssh</groupName></item></groupSet><architecture>x86_64</architecture><rootDeviceType>ebs</rootDeviceType>
<rootDeviceName>/dev/sda1</rootDeviceName><blockDeviceMapping>{disks}</blockDeviceMapping>
<virtualizationType>hvm</virtualizationType><clientToken>0f8fad5b-d9cb-469f-a165-70867728950e</clientToken>
<tagSet>{tags}</tagSet><hypervisor>xen</hypervisor><networkInterfaceSet><item>
<networkInterfaceId>eni-{n:017x}</networkInterfaceId><subnetId>subnet-0123456789abcdef0</subnetId>
<vpcId>vpc-0123456789abcdef0</vpcId><description/><ownerId>123456789012</ownerId><status>in-use</status>
<macAddress>02:29:63:d5:f1:a1</macAddress><privateIpAddress>10.0.{a}.{b}</privateIpAddress>
<privateDnsName>ip-10-0-{a}-{b}.ec2.internal</privateDnsName><sourceDestCheck>true</sourceDestCheck><groupSet><item>
<groupId>sg-0123456789abcdef0</groupId><groupName>research-internal</groupName></item></groupSet><attachment>
<attachmentId>eni-attach-{n:017x}</attachmentId><deviceIndex>0</deviceIndex><status>attached</status>
<attachTime>2026-11-01T08:30:00.000Z</attachTime><deleteOnTermination>true</deleteOnTermination>
<networkCardIndex>0</networkCardIndex></attachment><association><publicIp>203.0.113.{b}</publicIp>
<publicDnsName>ec2-203-0-113-{b}.compute.amazonaws.com</publicDnsName><ipOwnerId>amazon</ipOwnerId></association>
<privateIpAddressesSet><item><privateIpAddress>10.0.{a}.{b}</privateIpAddress>
<privateDnsName>ip-10-0-{a}-{b}.ec2.internal</privateDnsName><primary>true</primary></item></privateIpAddressesSet>
<ipv6AddressesSet/><interfaceType>interface</interfaceType></item></networkInterfaceSet><iamInstanceProfile>
<arn>arn:aws:iam::123456789012:instance-profile/research</arn><id>AIPA0123456789ABCDEF0</id></iamInstanceProfile>
<ebsOptimized>true</ebsOptimized><enaSupport>true</enaSupport><cpuOptions><coreCount>48</coreCount>
<threadsPerCore>2</threadsPerCore></cpuOptions><capacityReservationSpecification>
<capacityReservationPreference>open</capacityReservationPreference></capacityReservationSpecification>
<hibernationOptions><configured>false</configured></hibernationOptions><enclaveOptions><enabled>false</enabled>
</enclaveOptions><metadataOptions><state>applied</state><httpTokens>required</httpTokens>
<httpPutResponseHopLimit>2</httpPutResponseHopLimit><httpEndpoint>enabled</httpEndpoint>
<httpProtocolIpv6>disabled</httpProtocolIpv6><instanceMetadataTags>disabled</instanceMetadataTags></metadataOptions>
<platformDetails>Linux/UNIX</platformDetails><usageOperation>RunInstances</usageOperation>
<usageOperationUpdateTime>2026-11-01T08:30:00.000Z</usageOperationUpdateTime><privateDnsNameOptions>
<hostnameType>ip-name</hostnameType><enableResourceNameDnsARecord>false</enableResourceNameDnsARecord>
</privateDnsNameOptions><maintenanceOptions><autoRecovery>default</autoRecovery></maintenanceOptions>
<currentInstanceBootMode>uefi</currentInstanceBootMode></item></instancesSet></item>"""
DISK = (
    "<item><deviceName>/dev/sd{letter}</deviceName><ebs><volumeId>vol-{n:016x}{letter}</volumeId><status>attached"
    "</status><attachTime>2026-11-01T08:30:00.000Z</attachTime><deleteOnTermination>true</deleteOnTermination></ebs></item>"
)
VOLUME = (
    "<item><volumeId>vol-{n:016x}{letter}</volumeId><size>200</size><volumeType>gp3</volumeType><status>in-use</status>"
    "<attachmentSet><item><volumeId>vol-{n:016x}{letter}</volumeId><instanceId>i-{n:017x}</instanceId><status>attached"
    "</status></item></attachmentSet></item>"
)
TYPES = {
    GPU_TYPE: "<gpuInfo><gpus><item><name>A100</name><manufacturer>NVIDIA</manufacturer><count>8</count><memoryInfo>"
    "<sizeInMiB>40960</sizeInMiB></memoryInfo></item></gpus></gpuInfo><instanceStorageInfo><totalSizeInGB>8000"
    "</totalSizeInGB></instanceStorageInfo>",
    PLAIN_TYPE: "",
}


def team(number: int) -> str:
    """Whose a machine is by its tag."""
    return ("nlp", "vision", "speech")[number % 3]


class Cloud:
    """All regions; pages are kept once they were drawn."""

    def __init__(self, machines: int, regions: int, share: float) -> None:
        self.asked: Counter[str] = Counter()
        self._pages: dict[tuple[str, ...], str] = {}
        self._kinds = {n: _kind(n // regions, share) for n in range(machines)}
        self._of = {region: range(at, machines, regions) for at, region in enumerate(REGIONS[:regions])}

    def with_gpus(self) -> list[tuple[int, str]]:
        """The number and the region of every machine with GPUs."""
        return [(n, region) for region, own in self._of.items() for n in own if self._kinds[n] == GPU_TYPE]

    def answer(self, region: str, asked: dict[str, str]) -> str:
        """The answer to an action; empty where it is none that is known here."""
        action = asked.get("Action", "")
        self.asked[action] += 1
        if action == "DescribeInstances":
            return self._page(region, asked, "reservationSet", self._entry)
        if action == "DescribeVolumes":
            return self._page(region, asked, "volumeSet", lambda n, _: VOLUME.format(n=n, letter="a"))
        if action == "DescribeInstanceTypes":
            kinds = [name for name in TYPES if name in asked.values()]
            items = [f"<item><instanceType>{each}</instanceType>{TYPES[each]}</item>" for each in kinds]
            return _whole(action, f"<instanceTypeSet>{''.join(items)}</instanceTypeSet>")
        if action == "DescribeInstanceAttribute":
            told = "<disableApiStop><value>false</value></disableApiStop>"
            return _whole(action, f"<instanceId>{asked['InstanceId']}</instanceId>{told}")
        if action == "DescribeAddresses":
            return _whole(action, "<addressesSet/>")
        return ""

    def _page(self, region: str, asked: dict[str, str], name: str, entry: object) -> str:
        values = {value for key, value in asked.items() if ".Value." in key}
        kinds = tuple(sorted(values & TYPES.keys() if any("." in value for value in values - {"attached"}) else TYPES))
        size, at = int(asked.get("MaxResults", 1000)), int(asked.get("NextToken", 0))
        key = name, region, str(kinds), str(size), str(at)
        if key not in self._pages:
            chosen = [n for n in self._of.get(region, ()) if self._kinds[n] in kinds]
            items = "".join(entry(n, region) for n in chosen[at : at + size])  # type: ignore[operator]
            more = f"<nextToken>{at + size}</nextToken>" if at + size < len(chosen) else ""
            self._pages[key] = _whole(asked["Action"], f"<{name}>{items}</{name}>{more}")
        return self._pages[key]

    def _entry(self, n: int, region: str) -> str:
        tags = {"Name": f"train-{n}", "team": team(n), "env": "research", "made-by": "terraform"}
        pairs = "".join(f"<item><key>{key}</key><value>{value}</value></item>" for key, value in tags.items())
        disks = "".join(DISK.format(n=n, letter=letter) for letter in "abc")
        return ENTRY.format(n=n, a=n // 250, b=n % 250, kind=self._kinds[n], region=region, tags=pairs, disks=disks)


def _kind(at: int, share: float) -> str:
    """The type of a region's machine of this number: of all, that share has GPUs."""
    return GPU_TYPE if int((at + 1) * share) != int(at * share) else PLAIN_TYPE


def _whole(action: str, inner: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{action}Response xmlns="{NAMESPACE}"><requestId>'
        f"8f7724cf-496f-496e-8fe3-example</requestId>{inner}</{action}Response>"
    )


class _Line(asyncio.Protocol):
    """One connection, which may bring one request after the other."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud, self._read = cloud, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end]
            length = int(found[1]) if (found := LENGTH.search(head)) else 0
            if len(self._read) < end + 4 + length:
                return
            body, self._read = self._read[end + 4 : end + 4 + length], self._read[end + 4 + length :]
            self._say(head, body)

    def _say(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET /count"):
            said, self._cloud.asked = json.dumps(self._cloud.asked), Counter()
        else:
            region = REGION.search(head)
            asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            said = self._cloud.answer(region[1].decode() if region else "", asked)
        if said:
            status, sent = b"200 OK", said.encode()
        else:
            error = "<Error><Code>UnauthorizedOperation</Code><Message>not here</Message></Error>"
            status, sent = b"403 Forbidden", f"<Response><Errors>{error}</Errors></Response>".encode()
        line = b"HTTP/1.1 %b\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % (status, len(sent))
        self._transport.write(line + sent)  # type: ignore[attr-defined]


async def serve(cloud: Cloud) -> None:
    """Answer on a free port of loopback, which is printed, until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Line(cloud), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(Cloud(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))))
