package canned

import "github.com/steward-itsm/steward/internal/ui/text"

// variableLabels are the labels of core/phrase, which knows no catalogue.
func variableLabels() []string {
	return []string{
		text.Key("The requester's first name"), text.Key("The requester's name"), text.Key("The requester's organisation"),
		text.Key("The ticket's number"), text.Key("The ticket's title"), text.Key("What requesters call this kind of ticket"),
		text.Key("What requesters call the state"), text.Key("The day the ticket was opened"), text.Key("The service the ticket is about"),
		text.Key("The group that has the ticket"), text.Key("Your first name"), text.Key("Your name"), text.Key("Today's date"), text.Key("Tomorrow's date"),
		text.Key("Who has the ticket"), text.Key("The priority"), text.Key("The impact"), text.Key("The urgency"), text.Key("The tags"),
		text.Key("What agents call the state"), text.Key("The requester's e-mail address"), text.Key("The requester's phone number"), text.Key("Where the requester is"),
	}
}
