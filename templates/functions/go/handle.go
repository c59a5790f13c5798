package main

// Input is what a record holds.
type Input struct {
	Name  *string   `json:"name"`
	Names *[]string `json:"names"`
}

// Greeting is what it is answered with.
type Greeting struct {
	Name    string `json:"name"`
	Message string `json:"message"`
}

// Refusal is the answer to a record that cannot be worked on.
type Refusal struct {
	Error string `json:"error"`
}

// Handle is the business logic: one record in; a record, a slice of records, or a refusal out.
func Handle(record Input) any {
	if record.Names != nil {
		greetings := make([]Greeting, 0, len(*record.Names))
		for _, name := range *record.Names {
			greetings = append(greetings, greet(name))
		}
		return greetings
	}
	if record.Name != nil {
		return greet(*record.Name)
	}
	return Refusal{Error: "The record has no name."}
}

func greet(name string) Greeting {
	return Greeting{Name: name, Message: "Goddag, " + name + "."}
}
