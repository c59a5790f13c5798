import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** One JSON line in, one JSON line out. What is written to standard error is the log. */
final class Main {
  public static void main(String[] arguments) throws IOException {
    var json = new ObjectMapper();
    var records = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var answers = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line; (line = records.readLine()) != null; ) {
      answers.print(json.writeValueAsString(Handle.handle(json.readTree(line))) + "\n");
      answers.flush();
    }
  }
}
