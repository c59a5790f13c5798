using System.Text.Json.Nodes;

/// <summary>The business logic: one record in; a record, a list of records, or {"error": ...} out.</summary>
public static class Business
{
    public static JsonNode Handle(JsonNode record)
    {
        if (record["names"] is JsonArray names)
        {
            return new JsonArray(names.Select(name => (JsonNode)Greet((string)name!)).ToArray());
        }
        if (record["name"] is JsonNode name)
        {
            return Greet((string)name!);
        }
        return new JsonObject { ["error"] = "The record has no name." };
    }

    private static JsonObject Greet(string name) =>
        new() { ["name"] = name, ["message"] = $"Goddag, {name}." };
}
