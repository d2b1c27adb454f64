package e2e

import "strings"

// finding is a line of the doctor's report.
type finding struct {
	name, detail string
	failed       bool
}

func findings(report string) []finding {
	var out []finding
	for line := range strings.Lines(report) {
		words := strings.Fields(line)
		if len(words) < 3 {
			continue
		}
		out = append(out, finding{name: words[1], detail: strings.Join(words[2:], " "), failed: words[0] == "failure"})
	}
	return out
}
