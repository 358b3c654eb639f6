"""Creates the synthesised stacks of every stage in an AWS emulator, and compares
their table and queues with those of local mode.

Usage: templates.py BUILD_DIR GAPS_FILE [-update]

What the emulator cannot create is left out, printed, and compared with
GAPS_FILE: a change of that list fails until somebody has looked at it.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time

import boto3
from botocore.config import Config

STAGES = ["dev", "prod"]
ACCOUNT, REGION = "000000000000", "us-east-1"
SERVICES = "apigateway,cloudformation,cloudwatch,dynamodb,events,iam,kms,lambda,logs,s3,scheduler,secretsmanager,sns,sqs,ssm,sts"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def running(command, port, log, env=None):
    """Runs a server until the end of the block."""
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **(env or {})})
    try:
        for _ in range(300):
            if process.poll() is not None:
                sys.exit(f"{command[0]} ended:\n{pathlib.Path(log).read_text()[-2000:]}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        else:
            sys.exit(f"{command[0]} does not answer on port {port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def emulator(build):
    port = free_port()
    shutil.rmtree(build / "emulator", ignore_errors=True)
    (build / "emulator").mkdir()
    return running([build / "venv/bin/ministack"], port, build / "emulator.log", {
        "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "MINISTACK_HOST": "127.0.0.1", "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "SERVICES": SERVICES, "S3_DATA_DIR": str(build / "emulator/s3"), "STATE_DIR": str(build / "emulator/state"),
        "TMPDIR": str(build / "emulator"), "LOG_LEVEL": "WARNING"})


def local_mode(build):
    web, aws = free_port(), free_port()
    return running([build / "relais", "--listen", f"127.0.0.1:{web}", "--aws-listen", f"127.0.0.1:{aws}"], aws, build / "local.log")


def client(service, endpoint):
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test",
                        config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}))


def bootstrap(endpoint):
    """What `cdk bootstrap` leaves for templates to find."""
    client("ssm", endpoint).put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
    bucket = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
    client("s3", endpoint).create_bucket(Bucket=bucket)
    return bucket


def upload_assets(endpoint, bucket, assembly):
    s3 = client("s3", endpoint)
    for manifest in assembly.glob("*.assets.json"):
        for asset in json.loads(manifest.read_text())["files"].values():
            source = assembly / asset["source"]["path"]
            if asset["source"]["packaging"] == "zip":
                source = pathlib.Path(shutil.make_archive(str(assembly / "zipped"), "zip", source))
            for place in asset["destinations"].values():
                s3.upload_file(str(source), bucket, place["objectKey"])


def stacks_in_order(assembly):
    """The stacks of an assembly, each after those it depends on."""
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    stacks = {k: v for k, v in artifacts.items() if v["type"] == "aws:cloudformation:stack"}
    done = []

    def visit(name):
        for needed in artifacts[name].get("dependencies", []):
            if needed in stacks and needed not in done:
                visit(needed)
        if name not in done:
            done.append(name)

    for name in stacks:
        visit(name)
    return [(stacks[n]["properties"].get("stackName", n), json.loads((assembly / stacks[n]["properties"]["templateFile"]).read_text())) for n in done]


def without(template, gone):
    """The template without some resources; what refers to them gets a placeholder."""
    def clean(node):
        if isinstance(node, list):
            return [clean(x) for x in node]
        if not isinstance(node, dict):
            return node
        if node.get("Ref") in gone:
            return "left-out-" + node["Ref"]
        if "Fn::GetAtt" in node and node["Fn::GetAtt"][0] in gone:
            return f"arn:aws:left-out:{REGION}:{ACCOUNT}:" + node["Fn::GetAtt"][0]
        return {k: [d for d in ([v] if isinstance(v, str) else v) if d not in gone] if k == "DependsOn" else clean(v) for k, v in node.items()}

    return clean({**template, "Resources": {k: v for k, v in template["Resources"].items() if k not in gone}})


def create(cf, name, url):
    """Creates a stack. Returns the resources it could not create, with reasons."""
    try:
        cf.create_stack(StackName=name, TemplateURL=url, Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"])
    except cf.exceptions.ClientError as e:
        unknown = re.search(r"Unrecognized resource types: \[(.*?)\]", str(e))
        if not unknown:
            sys.exit(f"{name}: {e}")
        return {}, {kind.strip(): "unrecognized resource type" for kind in unknown[1].split(",")}
    for _ in range(600):
        stack = cf.describe_stacks(StackName=name)["Stacks"][0]
        if not stack["StackStatus"].endswith("IN_PROGRESS"):
            break
        time.sleep(0.2)
    if stack["StackStatus"] == "CREATE_COMPLETE":
        return {}, {}
    failed = {e["LogicalResourceId"]: e.get("ResourceStatusReason", "no reason given")
              for p in cf.get_paginator("describe_stack_events").paginate(StackName=name) for e in p["StackEvents"]
              if e["ResourceStatus"] == "CREATE_FAILED" and e["LogicalResourceId"] != name and "cancelled" not in e.get("ResourceStatusReason", "")}
    if not failed:
        sys.exit(f"{name}: {stack['StackStatus']}: {stack.get('StackStatusReason')}")
    cf.delete_stack(StackName=name)
    time.sleep(1)
    return failed, {}


def deploy(endpoint, bucket, name, template):
    """Creates a stack, without what the emulator cannot create, and returns that:
    reasons by resource type."""
    cf, s3 = client("cloudformation", endpoint), client("s3", endpoint)
    all_resources, left_out = template["Resources"], {}
    for r in all_resources.values():
        if r["Type"].startswith("Custom::"):  # it runs none of our functions, which are for another processor: see that soon
            r["Properties"]["ServiceTimeout"] = "1"
    while True:
        key = f"templates/{name}.json"
        s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(template))
        failed, unknown = create(cf, name, f"{endpoint}/{bucket}/{key}")
        failed |= {k: unknown[v["Type"]] for k, v in template["Resources"].items() if v["Type"] in unknown}
        if not failed:
            break
        if not failed.keys() & template["Resources"].keys():
            sys.exit(f"{name}: failed with resources that it does not have: {failed}")
        left_out |= failed
        template = without(template, failed.keys())
    created = {r["LogicalResourceId"] for p in cf.get_paginator("list_stack_resources").paginate(StackName=name)
               for r in p["StackResourceSummaries"] if r["ResourceStatus"] == "CREATE_COMPLETE"}
    if created != set(template["Resources"]):
        sys.exit(f"{name}: complete, but these differ from the template: {sorted(created ^ set(template['Resources']))}")
    print(f"{name}: {len(created)} of {len(all_resources)} resources created")
    gaps = {}
    for resource, reason in left_out.items():
        print(f"  left out {resource}: {reason}")
        gaps.setdefault(all_resources[resource]["Type"], set()).add(reason)
    return gaps


QUEUE_ATTRIBUTES = ["FifoQueue", "DeduplicationScope", "FifoThroughputLimit", "VisibilityTimeout", "MessageRetentionPeriod",
                    "ContentBasedDeduplication", "DelaySeconds", "MaximumMessageSize"]


def keys(schema):
    return {k["KeyType"]: k["AttributeName"] for k in schema}


def indexes(table, kind):
    return {i["IndexName"]: {"keys": keys(i["KeySchema"]), "projection": i["Projection"]["ProjectionType"],
                             "include": sorted(i["Projection"].get("NonKeyAttributes", []))} for i in table.get(kind, [])}


def facts(endpoint, stage):
    """What a deployment's table and queues are, under names without the stage."""
    plain = lambda name: name.replace(f"relais-{stage}", "relais")
    db, sqs = client("dynamodb", endpoint), client("sqs", endpoint)
    tables = {}
    for name in db.list_tables()["TableNames"]:
        if not belongs(name, stage):
            continue
        t = db.describe_table(TableName=name)["Table"]
        types = {a["AttributeName"]: a["AttributeType"] for a in t["AttributeDefinitions"]}
        ttl = db.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        tables[plain(name)] = {"keys": keys(t["KeySchema"]), "types": types, "local": indexes(t, "LocalSecondaryIndexes"),
                               "global": indexes(t, "GlobalSecondaryIndexes"), "ttl": [ttl.get("TimeToLiveStatus"), ttl.get("AttributeName")],
                               "billing": t.get("BillingModeSummary", {}).get("BillingMode")}
    queues = {}
    for url in sqs.list_queues().get("QueueUrls", []):
        if "-assistant" in url:  # the bot of local mode's own page
            continue
        name = url.rsplit("/", 1)[1]
        if not belongs(name, stage):
            continue
        a = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        a.setdefault("ContentBasedDeduplication", "false")  # the emulator leaves it out
        redrive = json.loads(a.get("RedrivePolicy", "{}"))
        queues[plain(name)] = {k: a.get(k) for k in QUEUE_ATTRIBUTES} | {
            "dead letters": plain(redrive.get("deadLetterTargetArn", "").rsplit(":", 1)[-1]), "receives": str(redrive.get("maxReceiveCount", ""))}
    return {"tables": tables, "queues": queues}


def expiry(template):
    """The expiry of the template's table, as DescribeTimeToLive would tell it."""
    for r in template["Resources"].values():
        if r["Type"] == "AWS::DynamoDB::Table":
            spec = r["Properties"]["TimeToLiveSpecification"]
            return ["ENABLED" if spec["Enabled"] else "DISABLED", spec["AttributeName"]]
    return None


def remains(endpoint, stage, stacks, before):
    """Deletes the stacks. Only dev, where one tries things out, may lose data."""
    cf = client("cloudformation", endpoint)
    for name, _ in reversed(stacks):
        cf.delete_stack(StackName=name)
        for _ in range(300):
            try:
                status = cf.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
            except cf.exceptions.ClientError:
                break
            if status.endswith(("COMPLETE", "FAILED")):
                break
            time.sleep(0.2)
    after = facts(endpoint, stage)
    kept = [*after["tables"], *after["queues"]]
    want = [] if stage == "dev" else [*before["tables"], *before["queues"]]
    print(f"{stage}: deleting the stacks leaves {len(after['tables'])} tables and {len(after['queues'])} queues")
    for name in sorted(set(kept) ^ set(want)):
        yield f"{name} is {'left' if name in kept else 'lost'}"


def belongs(name, stage):
    """Says whether a resource is of the stage; local mode's names have none."""
    return stage == "local" or re.fullmatch(f"relais-{stage}(-.*)?", name) is not None


def differences(want, got, path=""):
    if isinstance(want, dict) and isinstance(got, dict):
        for k in sorted(want.keys() | got.keys()):
            if k not in want or k not in got:
                yield f"{path}{k}: {'only in local mode' if k in want else 'only in the stack'}"
            else:
                yield from differences(want[k], got[k], f"{path}{k} > ")
    elif want != got:
        yield f"{path.removesuffix(' > ')}: local mode has {want!r}, the stack {got!r}"


def compare_gaps(file, gaps, update):
    text = "".join(f"{kind}: {reason}\n" for kind in sorted(gaps) for reason in sorted(gaps[kind])) or "nothing\n"
    print("kinds of resources that the emulator cannot create, or not as we want them:\n" + text, end="")
    if update:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    known = file.read_text() if file.exists() else ""
    if known != text:
        return [f"{file} says something else; look at the change, then run .ci/templates -update"]
    return []


def main():
    build, gaps_file = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    gaps, wrong = {}, []
    with emulator(build) as aws, local_mode(build) as local:
        bucket, want = bootstrap(aws), facts(local, "local")
        for stage in STAGES:
            ttl = None
            upload_assets(aws, bucket, build / stage)
            stacks = stacks_in_order(build / stage)
            for name, template in stacks:
                for kind, reasons in deploy(aws, bucket, name, template).items():
                    gaps.setdefault(kind, set()).update(reasons)
                ttl = expiry(template) or ttl
            got = facts(aws, stage)
            for table in got["tables"].values():
                if table["ttl"] != ttl:
                    gaps.setdefault("AWS::DynamoDB::Table", set()).add("TimeToLiveSpecification is ignored; the template's is compared instead")
                    table["ttl"] = ttl
            found = list(differences(want, got))
            wrong += [f"{stage}: {d}" for d in found]
            if not found:
                print(f"{stage}: {len(got['tables'])} table and {len(got['queues'])} queues are those of local mode")
            wrong += [f"{stage}: after deletion of the stacks, {d}" for d in remains(aws, stage, stacks, got)]
    wrong += compare_gaps(gaps_file, gaps, "-update" in sys.argv[3:])
    if wrong:
        sys.exit("\n".join(wrong))


main()
