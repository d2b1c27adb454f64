package demo

// plot is how tickets of one sort usually go, in the words of those who say it.
// Texts have {slots} that each story fills in its own way, see slots.
type plot struct {
	key     string
	kind    string
	service string // "" when the requester could not say
	weight  int    // how often, beside the others
	who     audience

	// Lists of the same length belong together: the second title goes with the
	// second wish and ends with the second fix. Others are mixed.
	titles []string
	wishes []string // what the requester writes
	asks   []exchange
	notes  []string // what agents write to each other
	fixes  []fix

	route     []string // groups it may be handed on to, in order
	handovers []string // notes that go with it, one per group of the route

	hold      string // why it may stand still, other than for the requester
	holdNotes []string
	goesOn    []string // what ends the hold

	impact, urgency int // 0: as the kind has it
	grave           bool
	nights          bool // happens at any hour: the terminals never close
	tags            []string
	files           []string // what is attached now and then, see files.go
}

// exchange is a question and its answer.
type exchange struct{ ask, answer string }

// fix is how it ends.
type fix struct{ code, text string }

// audience says who asks.
type audience string

const (
	everybody audience = ""
	office    audience = "office"
	finance   audience = "finance"
	terminal  audience = "terminal"
	planners  audience = "planners"
	callers   audience = "customer service"
	leaders   audience = "leaders"
	customers audience = "customers"
)

// units of each audience.
var audiences = map[audience][]string{
	office:    {"payable", "controlling", "payroll", "planning", "customer-service", "sales", "people", "legal", "facilities", "management", "finance", "it"},
	finance:   {"payable", "controlling", "payroll"},
	terminal:  {"terminal-rtm", "terminal-opo", "terminal-gdn"},
	planners:  {"planning", "terminal-rtm", "terminal-opo", "terminal-gdn"},
	callers:   {"customer-service", "sales"},
	leaders:   {"management", "people", "sales", "controlling", "facilities"},
	customers: {"tidewater", "oakfield"},
	everybody: {"management", "payable", "controlling", "payroll", "planning", "terminal-rtm", "terminal-opo", "terminal-gdn", "customer-service", "sales", "people", "legal", "facilities"},
}

// plots are all of them.
var plots = concat(networkPlots, accountingPlots, workplacePlots, printingPlots, operationsPlots, requestPlots, accessPlots)

func concat(lists ...[]plot) []plot {
	var all []plot
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// What agents say first, and people say last. "" is said often.
var (
	greetings = map[string][]string{
		"incident": {
			"Hi {first}, thanks for letting us know. I am looking at it now.",
			"Hello {first}, I have picked this up and will come back to you within the hour.",
			"Good day {first}, I am on it. I will write as soon as I know more.",
			"Hello {first}, this is {agent} from {group}. I will take care of it.",
			"Thanks {first}. Let me check this with a colleague; you will hear from me today.",
			"Hi {first}, sorry for the trouble. I am checking.",
		},
		"request": {
			"Hi {first}, thank you. I will see to it.",
			"Hello {first}, this is {agent} from {group}. I have it and will tell you when it is done.",
			"Thanks {first}, that is all I need. You will hear from me.",
			"Hello {first}, I have picked this up. It should be done in a day or two.",
		},
	}
	thanks = []string{"", "", "", "\n\nThanks, {first}", "\n\nThank you!", "\n\nKind regards\n{first}", "\n\nThanks in advance", "\n\nBest, {first}"}
	hellos = []string{"", "", "", "Hello,\n\n", "Hi,\n\n", "Hi all,\n\n", "Dear help desk,\n\n"}
	nudges = []string{
		"Is there any news?", "Just checking whether somebody has seen this. It is getting urgent for us.",
		"Hello, it is still the same here this morning.", "Any idea when I can expect this? No rush, but I would like to plan.",
	}
	confirmations = map[string][]string{
		"incident": {"Works again, thank you!", "All good now. Thanks for the quick help.", "Yes, that did it.", "Thank you, it works.", "Perfect, thanks {agent}."},
		"request":  {"Got it, thank you!", "Wonderful, thanks {agent}.", "Thank you, that was quick.", "All there. Thanks!"},
	}
	relapses = []string{
		"Unfortunately it is back since this morning, exactly the same.", "I spoke too soon: it happened again twice today.",
		"It worked for an hour and now it does not any more.", "My colleague {colleague} still has the problem on the same device.",
	}
	withdrawals = []string{"No longer needed, I found another way.", "Sorry, it was my mistake. You can close this.", "My colleague had already asked for it.", "It is solved, somebody unplugged the cable. Sorry!"}
	praise      = []string{"Very quick, thank you.", "Friendly and patient on the phone.", "", "", "", "Solved within the hour.", "Clear explanation, I can do it myself next time."}
	grumbles    = []string{"It took three days and I had to ask twice.", "In the end it works, but nobody told me what happened.", "I had to explain the same thing to three people.", ""}
	assigning   = []string{"", "", "Can you take this one, {agent}?", "{agent}, you know this best."}
)
