// One JSON line in, one JSON line out. What is written to standard error is the log.
package main

import (
	"encoding/json"
	"log"
	"os"
)

func main() {
	records := json.NewDecoder(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	for records.More() {
		var record Input
		if err := records.Decode(&record); err != nil {
			log.Fatal(err)
		}
		if err := answers.Encode(Handle(record)); err != nil {
			log.Fatal(err)
		}
	}
}
