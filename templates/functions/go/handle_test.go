package main

import (
	"reflect"
	"testing"
)

func TestGreetsByName(t *testing.T) {
	name := "Åse"
	if answer := Handle(Input{Name: &name}); answer != (Greeting{"Åse", "Goddag, Åse."}) {
		t.Errorf("got %v", answer)
	}
}

func TestGreetsEachOfMany(t *testing.T) {
	answer := Handle(Input{Names: &[]string{"Bo"}})
	if !reflect.DeepEqual(answer, []Greeting{{"Bo", "Goddag, Bo."}}) {
		t.Errorf("got %v", answer)
	}
}

func TestRefusesARecordWithoutAName(t *testing.T) {
	if answer := Handle(Input{}); answer != (Refusal{"The record has no name."}) {
		t.Errorf("got %v", answer)
	}
}
