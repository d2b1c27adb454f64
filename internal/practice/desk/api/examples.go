package api

import "time"

// The examples of the description tell one story: Carla's printer.

var (
	exampleMorning = time.Date(2026, 3, 2, 8, 12, 30, 0, time.UTC)
	exampleLater   = time.Date(2026, 3, 2, 8, 40, 0, 0, time.UTC)
)

func exampleTicket() Ticket {
	return Ticket{
		ID: 4294967401, Number: "INC-1042", Kind: Labelled{"incident", "Incident"}, Title: "Printer on floor 3 jams",
		State: State{Labelled{"in_progress", "In progress"}, "open"}, Priority: Level{4, "Low"},
		Requester: &Named{4294967312, "Carla Reyes"}, OpenedBy: &Named{4294967312, "Carla Reyes"},
		Organisation: &Named{4294967299, "Harbour Group"}, Service: &Named{4294967330, "Printing"},
		Channel: "phone", CreatedAt: exampleMorning, UpdatedAt: exampleLater, Version: 3,
		Impact: &Level{3, "Low"}, Urgency: &Level{2, "Medium"},
		Group: &Named{4294967320, "Printing"}, Assignee: &Named{4294967313, "Ana Silva"}, Tags: []string{"printer"},
		AssignedAt: exampleMorning,
	}
}
