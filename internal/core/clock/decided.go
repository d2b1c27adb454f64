package clock

import "time"

// Decision is a promise that was kept or broken. It is decided once: when it was
// kept, or in the instant in which it broke, whenever the work was done after all.
// A ticket that is reopened, moved or counted anew can take a decision back.
type Decision struct {
	Ticket   int64
	Number   string
	Kind     string
	Service  int64
	Priority int // of the ticket, now
	Version  int64
	Measure  Measure
	State    string // of a Step
	Cycle    int
	At       time.Time
	Broken   bool
	Used     time.Duration
	Whole    time.Duration
}

// Decisions asks for the decisions on tickets of a customer under an agreement.
type Decisions struct {
	Agreement int64
	Customer  int64     // its organisation; what is below it belongs to it
	From, To  time.Time // To is excluded
}

// Risk is an open promise that is likely to break, or broken and still open.
type Risk struct {
	Agreement int64
	Ticket    int64
	Number    string
	Title     string
	Measure   Measure
	State     string
	Due       time.Time // zero while it is paused
	Broken    bool
}
