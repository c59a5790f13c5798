import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.stream.StreamSupport;

/** The business logic: one record in; a record, a list of records, or {"error": ...} out. */
final class Handle {
  record Greeting(String name, String message) {}

  static Object handle(JsonNode record) {
    if (record.has("names")) {
      return StreamSupport.stream(record.get("names").spliterator(), false).map(JsonNode::asText).map(Handle::greet).toList();
    }
    if (record.has("name")) {
      return greet(record.get("name").asText());
    }
    return Map.of("error", "The record has no name.");
  }

  private static Greeting greet(String name) {
    return new Greeting(name, "Goddag, " + name + ".");
  }
}
