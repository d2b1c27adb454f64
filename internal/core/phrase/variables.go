package phrase

import "strings"

// Facts are what the variables of a text for requesters and suppliers stand for,
// in the words and formats of who reads. Empty is not known.
type Facts struct {
	Requester    string // name
	TicketNumber string
	TicketTitle  string
	TicketKind   string // what requesters call the kind
	TicketState  string // what requesters call the state
	TicketOpened string // a date
	Agent        string // name of whoever writes
	Service      string
	Group        string // that has the ticket
	Organisation string // of the requester
	Today        string
	Tomorrow     string
}

// InternalFacts are those of a text for our own people only.
type InternalFacts struct {
	Facts
	Assignee          string
	Priority          string
	Impact            string
	Urgency           string
	Tags              string
	InternalState     string // what agents call the state, with what it waits for
	RequesterEmail    string
	RequesterPhone    string
	RequesterLocation string
}

// Variable describes one to the person who writes a text. Label is English, to be
// translated where it is shown.
type Variable struct {
	Name     string
	Label    string
	Internal bool
}

type variable[F any] struct {
	name, label string
	value       func(F) string
}

// publicVariables is every variable that may leave.
func publicVariables() []variable[Facts] {
	return []variable[Facts]{
		{"requester.first_name", "The requester's first name", func(f Facts) string { return FirstName(f.Requester) }},
		{"requester.name", "The requester's name", func(f Facts) string { return f.Requester }},
		{"organisation", "The requester's organisation", func(f Facts) string { return f.Organisation }},
		{"ticket.number", "The ticket's number", func(f Facts) string { return f.TicketNumber }},
		{"ticket.title", "The ticket's title", func(f Facts) string { return f.TicketTitle }},
		{"ticket.kind", "What requesters call this kind of ticket", func(f Facts) string { return f.TicketKind }},
		{"ticket.state", "What requesters call the state", func(f Facts) string { return f.TicketState }},
		{"ticket.opened", "The day the ticket was opened", func(f Facts) string { return f.TicketOpened }},
		{"service", "The service the ticket is about", func(f Facts) string { return f.Service }},
		{"group", "The group that has the ticket", func(f Facts) string { return f.Group }},
		{"agent.first_name", "Your first name", func(f Facts) string { return FirstName(f.Agent) }},
		{"agent.name", "Your name", func(f Facts) string { return f.Agent }},
		{"today", "Today's date", func(f Facts) string { return f.Today }},
		{"tomorrow", "Tomorrow's date", func(f Facts) string { return f.Tomorrow }},
	}
}

// onlyInternal is every variable that must stay inside.
func onlyInternal() []variable[InternalFacts] {
	return []variable[InternalFacts]{
		{"assignee.name", "Who has the ticket", func(f InternalFacts) string { return f.Assignee }},
		{"ticket.priority", "The priority", func(f InternalFacts) string { return f.Priority }},
		{"ticket.impact", "The impact", func(f InternalFacts) string { return f.Impact }},
		{"ticket.urgency", "The urgency", func(f InternalFacts) string { return f.Urgency }},
		{"ticket.tags", "The tags", func(f InternalFacts) string { return f.Tags }},
		{"ticket.internal_state", "What agents call the state", func(f InternalFacts) string { return f.InternalState }},
		{"requester.email", "The requester's e-mail address", func(f InternalFacts) string { return f.RequesterEmail }},
		{"requester.phone", "The requester's phone number", func(f InternalFacts) string { return f.RequesterPhone }},
		{"requester.location", "Where the requester is", func(f InternalFacts) string { return f.RequesterLocation }},
	}
}

// internalVariables is all of both.
func internalVariables() []variable[InternalFacts] {
	var all []variable[InternalFacts]
	for _, v := range publicVariables() {
		all = append(all, variable[InternalFacts]{v.name, v.label, func(f InternalFacts) string { return v.value(f.Facts) }})
	}
	return append(all, onlyInternal()...)
}

// Variables lists what can be written, the public ones first.
func Variables() []Variable {
	var out []Variable
	for _, v := range publicVariables() {
		out = append(out, Variable{Name: v.name, Label: v.label})
	}
	for _, v := range onlyInternal() {
		out = append(out, Variable{Name: v.name, Label: v.label, Internal: true})
	}
	return out
}

// FirstName is the first of a person's names: "Ana" of "Ana Novak" and of
// "Novak, Ana".
func FirstName(name string) string {
	if _, given, ok := strings.Cut(name, ","); ok {
		name = given
	}
	if words := strings.Fields(name); len(words) > 0 {
		return words[0]
	}
	return ""
}
