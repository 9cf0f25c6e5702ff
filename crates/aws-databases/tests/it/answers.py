"""Prints a full answer of each operation by botocore's description of the service, as JSON: answers.py

Every text and number is another one. botocore's own parser must read from the XML what was put into it.
"""

import itertools
import json

import botocore.parsers
import botocore.session

OPERATIONS = {
    "rds": [
        "DescribeDBInstances",
        "DescribeDBClusters",
        "DescribeDBClusterEndpoints",
        "DescribeDBSubnetGroups",
    ],
    "redshift": ["DescribeClusters", "DescribeClusterSubnetGroups"],
}
# Of types that are not read.
OMITTED = ["timestamp", "double", "float", "map"]
numbers = itertools.count(1000)


def sample(shape, name):
    if shape.type_name == "structure":
        members = shape.members.items()
        return {key: sample(one, key) for key, one in members if one.type_name not in OMITTED}
    if shape.type_name == "list":
        return [sample(shape.member, name) for _ in range(2)]
    if shape.type_name == "boolean":
        return True
    number = next(numbers)
    if shape.type_name in ["integer", "long"]:
        return number
    assert shape.type_name == "string", shape
    is_arn = name.endswith("Arn")
    return f"arn:aws:service:us-east-1:123456789012:kind:v{number}" if is_arn else f"v{number}.example.com"


def element(name, content):
    return f"<{name}>{content}</{name}>"


def xml(shape, value):
    """The content of an element."""
    if shape.type_name == "structure":
        return "".join(member(shape.members[key], key, one) for key, one in value.items())
    return str(value).lower() if shape.type_name == "boolean" else str(value)


def member(shape, key, value):
    name = shape.serialization.get("name", key)
    if shape.type_name != "list":
        return element(name, xml(shape, value))
    inner = shape.member.serialization.get("name", "member")
    if shape.serialization.get("flattened"):
        return "".join(element(inner, xml(shape.member, one)) for one in value)
    return element(name, "".join(element(inner, xml(shape.member, one)) for one in value))


def answer(model, operation):
    described = model.operation_model(operation)
    shape = described.output_shape
    value = sample(shape, "")
    result = element(shape.serialization["resultWrapper"], xml(shape, value))
    meta = element("ResponseMetadata", element("RequestId", "1"))
    namespace = model.metadata.get("xmlNamespace", f"http://{model.service_name}.amazonaws.com/doc/")
    text = f'<{operation}Response xmlns="{namespace}">{result}{meta}</{operation}Response>'
    response = {"status_code": 200, "headers": {}, "body": text.encode()}
    read = botocore.parsers.create_parser("query").parse(response, shape)
    del read["ResponseMetadata"]
    assert read == value, operation
    return {
        "xml": text,
        "value": value,
        "version": model.api_version,
        "parameters": list(described.input_shape.members),
        "codes": [fault.metadata["error"]["code"] for fault in described.error_shapes],
    }


session = botocore.session.get_session()
answers = {}
for service, operations in OPERATIONS.items():
    model = session.get_service_model(service)
    answers |= {operation: answer(model, operation) for operation in operations}
print(json.dumps(answers))
