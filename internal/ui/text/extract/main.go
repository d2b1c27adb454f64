// Command extract collects the texts of the product into locales/en.json: the
// arguments of text.T, text.In, text.N and text.Key in all Go sources, those
// that templ wrote included. Run it from the repository's root after
// go tool templ generate:
//
//	go run ./internal/ui/text/extract
//
// A new language is a copy of that file with its values translated; what it
// lacks is shown in English.
package main

import (
	"bytes"
	"log"
	"os"
)

const englishPath = "internal/ui/text/locales/en.json"

func main() {
	log.SetFlags(0)
	log.SetPrefix("extract: ")
	messages, err := Collect(".")
	if err != nil {
		log.Fatal(err)
	}
	out, err := Encode(messages)
	if err != nil {
		log.Fatal(err)
	}
	before, err := os.ReadFile(englishPath)
	if err == nil && bytes.Equal(before, out) {
		return
	}
	if err := os.WriteFile(englishPath, out, 0o644); err != nil {
		log.Fatal(err)
	}
	log.Printf("%d texts", len(messages))
}
