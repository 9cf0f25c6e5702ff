"""Creates databases in moto, and prints the host and the port of each as JSON: world.py URL rds|redshift.

`world.py URL delete ID` deletes an instance.
"""

import json
import sys

import boto3
from botocore.config import Config

URL, ACT = sys.argv[1:3]
HERE, FAR = "us-east-1", "eu-west-1"
# moto loads a service at its first request, which takes long on a busy machine.
CONFIG = Config(read_timeout=300, retries={"max_attempts": 1})
places = {}


def client(service, region=HERE):
    keys = dict(aws_access_key_id="id", aws_secret_access_key="secret")
    return boto3.client(service, endpoint_url=URL, region_name=region, config=CONFIG, **keys)


def place(name, endpoint):
    places[name] = [endpoint["Address"], endpoint["Port"]]


def instance(name, engine, **more):
    given = dict(DBInstanceIdentifier=name, Engine=engine, DBInstanceClass="db.t3.medium", **more)
    place(name, rds.create_db_instance(**given)["DBInstance"]["Endpoint"])


def replica(name, source, region=HERE):
    call = client("rds", region).create_db_instance_read_replica
    made = call(DBInstanceIdentifier=name, SourceDBInstanceIdentifier=source)
    place(name, made["DBInstance"]["Endpoint"])


rds = client("rds")
MASTER = dict(MasterUsername="master", MasterUserPassword="password")
if ACT == "rds":
    for name, engine in [("orders", "postgres"), ("stranger", "postgres"), ("other", "mysql")]:
        instance(name, engine, AllocatedStorage=10, **MASTER)
    replica("reports", "orders")
    replica("archive", "reports")
    replica("far", f"arn:aws:rds:{HERE}:123456789012:db:orders", FAR)
    made = rds.create_db_cluster(DBClusterIdentifier="shop", Engine="aurora-postgresql", **MASTER)
    made = made["DBCluster"]
    places["shop"] = [made["Endpoint"], made["Port"]]
    places["shop-readers"] = [made["ReaderEndpoint"], made["Port"]]
    for name in ["shop-1", "shop-2"]:
        instance(name, "aurora-postgresql", DBClusterIdentifier="shop")
elif ACT == "redshift":
    redshift = client("redshift")
    given = dict(NodeType="ra3.large", MasterUsername="master", MasterUserPassword="Password1")
    redshift.create_cluster(ClusterIdentifier="dw", **given)
    place("dw", redshift.describe_clusters(ClusterIdentifier="dw")["Clusters"][0]["Endpoint"])
elif ACT == "delete":
    rds.delete_db_instance(DBInstanceIdentifier=sys.argv[3], SkipFinalSnapshot=True)
print(json.dumps(places))
