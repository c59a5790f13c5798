"""The business logic: one record in; a record, a list of records, or {"error": ...} out."""


def handle(record):
    if "names" in record:
        return [greet(name) for name in record["names"]]
    if "name" in record:
        return greet(record["name"])
    return {"error": "The record has no name."}


def greet(name):
    return {"name": name, "message": f"Goddag, {name}."}
