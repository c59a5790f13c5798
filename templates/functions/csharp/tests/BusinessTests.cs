using System.Text.Json.Nodes;
using Xunit;

public class BusinessTests
{
    private static JsonNode Handle(string record) => Business.Handle(JsonNode.Parse(record)!);

    [Fact]
    public void GreetsByName() => Assert.Equal("Goddag, Åse.", (string?)Handle("""{"name":"Åse"}""")["message"]);

    [Fact]
    public void GreetsEachOfMany() => Assert.Single(Handle("""{"names":["Bo"]}""").AsArray());

    [Fact]
    public void RefusesARecordWithoutAName() =>
        Assert.Equal("The record has no name.", (string?)Handle("{}")["error"]);
}
