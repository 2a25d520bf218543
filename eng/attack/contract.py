"""What /openapi/v1.json promises: which statuses an operation has, and the shape of its answers."""
import re

import strict
import wire

# What the server answers before there is a request of a route.
BEFORE_A_REQUEST = {400, 408, 414, 431, 505}


class Contract:
    """The document of a running server."""

    def __init__(self, port):
        self.document = strict.parse(wire.ask(port, "GET", "/openapi/v1.json").body)
        self.routes = []
        for path, operations in self.document["paths"].items():
            pattern = re.compile("^" + re.sub(r"\\{[^}]*\\}", "[^?]+" if "images" in path else "[^/?]+", re.escape(path)) + "$")
            for method, operation in operations.items():
                if method in ("get", "put", "post", "delete", "head", "options"):
                    self.routes.append((method.upper(), pattern, path, operation))

    def operation(self, method, target):
        path = target.split("?")[0]
        for candidate, pattern, template, operation in self.routes:
            if candidate == method and pattern.match(path):
                return template, operation
        return None, None

    def undocumented(self, method, target, status):
        """Why this status of a well-formed request is not in the document; null if it is, or nothing is said of the route."""
        template, operation = self.operation(method, target)
        if operation is None or str(status) in operation["responses"] or "default" in operation["responses"]:
            return None
        return f"{method} {template} answers {status}"

    def misshaped(self, method, target, status, value):
        """Why a JSON answer is not of its schema; null if it is."""
        _, operation = self.operation(method, target)
        response = (operation or {"responses": {}})["responses"].get(str(status))
        for media in ("application/json", "application/problem+json"):
            schema = ((response or {}).get("content") or {}).get(media, {}).get("schema")
            if schema:
                return self._fault(schema, value, "$")
        return None

    def _fault(self, schema, value, at):
        if "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        if "oneOf" in schema:
            faults = [self._fault(each, value, at) for each in schema["oneOf"]]
            return None if None in faults else " | ".join(faults)
        kinds = schema.get("type")
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if kinds and not any(_is(kind, value) for kind in kinds):
            return f"{at} is {type(value).__name__}, expected {kinds}"
        if isinstance(value, dict) and "properties" in schema:
            missing = [name for name in schema.get("required", []) if name not in value]
            if missing:
                return f"{at} lacks {missing}"
            for name, item in value.items():
                if name in schema["properties"]:
                    fault = self._fault(schema["properties"][name], item, f"{at}.{name}")
                    if fault:
                        return fault
                elif schema.get("additionalProperties") is False:
                    return f"{at}.{name} is unknown"
        if isinstance(value, list) and "items" in schema:
            for i, item in enumerate(value):
                fault = self._fault(schema["items"], item, f"{at}[{i}]")
                if fault:
                    return fault
        return None


def _is(kind, value):
    return {
        "null": value is None, "string": isinstance(value, str), "boolean": isinstance(value, bool), "array": isinstance(value, list),
        "object": isinstance(value, dict), "number": isinstance(value, (int, float)) and not isinstance(value, bool),
        "integer": isinstance(value, int) and not isinstance(value, bool),
    }[kind]
