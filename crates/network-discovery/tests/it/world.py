"""Creates two networks and a handful of databases in moto, and prints their ids as JSON: world.py URL"""

import json
import sys

import boto3

URL = sys.argv[1]
REGION = "us-east-1"
MINE = dict(aws_access_key_id="local", aws_secret_access_key="local")


def client(service):
    return boto3.client(service, endpoint_url=URL, region_name=REGION, **MINE)


ec2, rds, redshift, secrets = map(client, ["ec2", "rds", "redshift", "secretsmanager"])
ids = {}


def network(name, prefix):
    vpc = ids[name] = ec2.create_vpc(CidrBlock=f"{prefix}.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    main = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]

    def subnet(kind, zone, number):
        made = ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"{prefix}.{number}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )
        ids[f"{name}-{kind}-{zone}"] = made["Subnet"]["SubnetId"]
        return made["Subnet"]["SubnetId"]

    def table(subnets, **route):
        made = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=made, DestinationCidrBlock="0.0.0.0/0", **route)
        for one in subnets:
            ec2.associate_route_table(RouteTableId=made, SubnetId=one)

    # The data subnets name no table and use the main one, which leads nowhere.
    data = [subnet("data", zone, number) for number, zone in enumerate("ab", 1)]
    app = [subnet("app", zone, number) for number, zone in enumerate("ab", 11)]
    public = [subnet("public", zone, number) for number, zone in enumerate("ab", 21)]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=public[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    table(app, NatGatewayId=nat)
    table(public, GatewayId=gateway)
    for group in ["database", "endpoint"]:
        made = ec2.create_security_group(GroupName=group, Description=group, VpcId=vpc)
        ids[f"{name}-{group}-group"] = made["GroupId"]
    return vpc, data, app, public


shop, shop_data, shop_app, shop_public = network("shop", "10.1")
bare, bare_data, bare_app, bare_public = network("bare", "10.2")
made = ec2.create_vpc_endpoint(
    VpcId=shop,
    ServiceName=f"com.amazonaws.{REGION}.secretsmanager",
    VpcEndpointType="Interface",
    SubnetIds=shop_data,
    SecurityGroupIds=[ids["shop-endpoint-group"]],
    PrivateDnsEnabled=True,
)
ids["shop-endpoint"] = made["VpcEndpoint"]["VpcEndpointId"]

for name, subnets in [("shop-data", shop_data), ("shop-public", shop_public), ("bare-app", bare_app)]:
    rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription=name, SubnetIds=subnets)
    redshift.create_cluster_subnet_group(ClusterSubnetGroupName=name, Description=name, SubnetIds=subnets)


def secret(name, engine, host, port, tags=()):
    value = {"engine": engine, "host": host, "port": port, "username": "app", "password": "canary-7c1f"}
    if host is None:
        value = {"username": "app", "password": "canary-7c1f"}
    made = secrets.create_secret(Name=name, SecretString=json.dumps(value), Tags=list(tags))
    ids[f"{name}-secret"] = made["ARN"]


def instance(name, engine, group, public, network_name, **more):
    made = rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.micro",
        Engine=engine,
        DBSubnetGroupName=group,
        PubliclyAccessible=public,
        VpcSecurityGroupIds=[ids[f"{network_name}-database-group"]],
        **more,
    )["DBInstance"]
    ids[name] = made["DBInstanceArn"]
    return made


def standalone(name, engine, group, public, network_name, port, **more):
    master = dict(MasterUsername="root", MasterUserPassword="canary-7c1f", AllocatedStorage=20, Port=port)
    made = instance(name, engine, group, public, network_name, **master, **more)
    secret(name, engine, made["Endpoint"]["Address"], port)
    return made


def cluster(name, engine, group, public, network_name):
    made = rds.create_db_cluster(
        DBClusterIdentifier=name,
        Engine=engine,
        MasterUsername="root",
        MasterUserPassword="canary-7c1f",
        DBSubnetGroupName=group,
        VpcSecurityGroupIds=[ids[f"{network_name}-database-group"]],
    )["DBCluster"]
    ids[name] = made["DBClusterArn"]
    # The members' own values are what counts.
    instance(f"{name}-1", engine, group, public, network_name, DBClusterIdentifier=name)
    instance(f"{name}-2", engine, group, public, network_name, DBClusterIdentifier=name)
    secret(name, engine, made["Endpoint"], made["Port"])
    secret(f"{name}-readers", engine, made["ReaderEndpoint"], made["Port"])


standalone("private-postgres", "postgres", "shop-data", False, "shop", 5432)
standalone("public-mysql", "mysql", "shop-public", True, "shop", 3306)
standalone("bare-mariadb", "mariadb", "bare-app", False, "bare", 3307, EngineVersion="10.11.9")
cluster("orders", "aurora-postgresql", "shop-data", False, "shop")
standalone("ledger", "oracle-se2", "shop-data", False, "shop", 1521, LicenseModel="license-included")
cluster("open-orders", "aurora-mysql", "shop-public", True, "shop")

for name, group, public in [("facts", "shop-data", False), ("open-facts", "shop-public", True)]:
    made = redshift.create_cluster(
        ClusterIdentifier=name,
        NodeType="ra3.large",
        MasterUsername="root",
        MasterUserPassword="canary-7c1F",
        ClusterSubnetGroupName=group,
        PubliclyAccessible=public,
        VpcSecurityGroupIds=[ids["shop-database-group"]],
    )["Cluster"]
    host = redshift.describe_clusters(ClusterIdentifier=name)["Clusters"][0]["Endpoint"]
    secret(name, "redshift", host["Address"], host["Port"])

tags = [{"Key": "aws:rds:primaryDBInstanceArn", "Value": ids["private-postgres"]}]
secret("managed", None, None, None, tags)
secret("gone", "postgres", "gone.c0ffee.us-east-1.rds.amazonaws.com", 5432)
secret("alias", "postgres", "db.example.com", 5432)
print(json.dumps(ids))
