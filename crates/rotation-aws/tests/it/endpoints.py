"""Prints the URL of each service, Region and variant by botocore's rules, as JSON: endpoints.py SERVICE..."""

import itertools
import json
import sys

import botocore.session
from botocore.endpoint_provider import EndpointProvider

session = botocore.session.get_session()
loader = session.get_component("data_loader")
partitions = loader.load_data("partitions")
regions = [name for one in partitions["partitions"] for name in one["regions"] if "global" not in name]
rows = []
for service in sys.argv[1:]:
    rules = loader.load_service_model(service, "endpoint-rule-set-1")
    provider = EndpointProvider(rules, partitions)
    for region, fips, dual in itertools.product(regions, [False, True], [False, True]):
        found = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual)
        rows.append([service, region, fips, dual, found.url])
print(json.dumps(rows))
