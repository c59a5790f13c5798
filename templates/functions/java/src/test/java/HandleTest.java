import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HandleTest {
  private static Object handle(String record) throws JsonProcessingException {
    return Handle.handle(new ObjectMapper().readTree(record));
  }

  @Test
  void greetsByName() throws Exception {
    assertEquals(new Handle.Greeting("Åse", "Goddag, Åse."), handle("{\"name\":\"Åse\"}"));
  }

  @Test
  void greetsEachOfMany() throws Exception {
    assertEquals(List.of(new Handle.Greeting("Bo", "Goddag, Bo.")), handle("{\"names\":[\"Bo\"]}"));
  }

  @Test
  void refusesARecordWithoutAName() throws Exception {
    assertEquals(Map.of("error", "The record has no name."), handle("{}"));
  }
}
