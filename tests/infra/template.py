"""Reads a CloudFormation template the way the tests speak about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

type Properties = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Template:
    """A synthesized template."""

    content: dict[str, Any]

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Resources of a type, by logical id."""
        resources = self.content["Resources"]
        return {key: found for key, found in resources.items() if found["Type"] == kind}

    def properties(self, kind: str) -> list[Properties]:
        return [found.get("Properties", {}) for found in self.of_type(kind).values()]

    def only(self, kind: str) -> Properties:
        """The properties of the one resource of this type."""
        (properties,) = self.properties(kind)
        return properties

    def alarm(self, metric: str) -> Properties:
        """The properties of the one alarm on that metric."""
        (properties,) = [
            alarm
            for alarm in self.properties("AWS::CloudWatch::Alarm")
            if alarm["MetricName"] == metric
        ]
        return properties

    def functions(self) -> dict[str, Properties]:
        """Lambda functions by the name of their file."""
        return {
            properties["Handler"].split(".")[1]: properties
            for properties in self.properties("AWS::Lambda::Function")
        }

    def function_names(self) -> dict[str, str]:
        """File names by logical id, of functions and of their aliases."""
        names = {
            key: found["Properties"]["Handler"].split(".")[1]
            for key, found in self.of_type("AWS::Lambda::Function").items()
        }
        aliases = {
            key: names[found["Properties"]["FunctionName"]["Ref"]]
            for key, found in self.of_type("AWS::Lambda::Alias").items()
        }
        return names | aliases

    def started(self, target: Any) -> str:
        """The logical id of the function, or the alias, that an ARN or a reference means."""
        return flat(target).removesuffix(":live").strip("<>").split(".")[0]

    def role_of(self, function: str) -> Properties:
        role_id = self.functions()[function]["Role"]["Fn::GetAtt"][0]
        properties: Properties = self.content["Resources"][role_id]["Properties"]
        return properties

    def granted(self, function: str) -> list[dict[str, Any]]:
        """The statements of a function's role."""
        return [
            statement
            for policy in self.role_of(function)["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
        ]

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every Allow that any role of the stack has, with the role's logical id."""
        for key, role in self.of_type("AWS::IAM::Role").items():
            for policy in role["Properties"].get("Policies", []):
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield key, statement
        for key, policy in self.of_type("AWS::IAM::Policy").items():
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                yield key, statement


def listed(value: object) -> list[Any]:
    """CloudFormation writes a list of one as the one."""
    return value if isinstance(value, list) else [value]


def flat(value: Any) -> str:
    """An ARN as readable text: joins joined, references in angle brackets."""
    if isinstance(value, str):
        return value
    match value:
        case {"Fn::Join": [str(glue), list(parts)]}:
            return glue.join(flat(part) for part in parts)
        case {"Ref": str(name)}:
            return f"<{name}>"
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Select": [_, {"Fn::Split": [_, whole]}]}:
            return flat(whole)
        case {"Fn::GetStackOutput": {"StackName": str(stack), "OutputName": str(name)}}:
            return f"<{stack}.{name}>"
    raise ValueError(value)
