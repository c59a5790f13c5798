// One JSON line in, one JSON line out. What is written to standard error is the log.
using System.Text;
using System.Text.Json.Nodes;

var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
using var records = new StreamReader(Console.OpenStandardInput(), utf8);
using var answers = new StreamWriter(Console.OpenStandardOutput(), utf8) { AutoFlush = true, NewLine = "\n" };

while (records.ReadLine() is { } line)
{
    answers.WriteLine(Business.Handle(JsonNode.Parse(line)!).ToJsonString());
}
