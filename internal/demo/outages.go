package demo

import (
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/ticket"
)

// outages adds two disruptions with the many tickets they bring: one that is over
// - the line to Gdańsk was cut - and one that is being worked on. Stories refer
// to each other by place, so they come when the others are in order.
func (t *teller) outages(all []Story) []Story {
	all = t.cutLine(all)
	return t.closedBooks(all)
}

// insert puts stories in by when they began and gives their places. Stories that
// refer to others have not been told yet.
func insert(all []Story, fresh ...Story) ([]Story, []int) {
	places := make([]int, len(fresh))
	for n, s := range fresh {
		at, _ := slices.BinarySearchFunc(all, s, func(a, b Story) int { return a.Opened.Compare(b.Opened) })
		for at < len(all) && all[at].Opened.Equal(s.Opened) {
			at++
		}
		all = slices.Insert(all, at, s)
		for m := range n {
			if places[m] >= at {
				places[m]++
			}
		}
		for i := range all {
			for b := range all[i].Beats {
				beat := &all[i].Beats[b]
				if (beat.Do == Adopt || beat.Do == Link) && beat.Other >= at {
					beat.Other++
				}
			}
		}
		places[n] = at
	}
	return all, places
}

func (t *teller) cutLine(all []Story) []Story {
	began := workingFrom(t.now.Add(-23 * day)).Add(97 * time.Minute)
	after := func(minutes int) time.Time { return began.Add(time.Duration(minutes) * time.Minute) }
	engineer := t.groups["network-eng"].Members[1]
	const repaired = 318 // minutes
	const solution = "An excavator had cut the fibre between Gdańsk and Warsaw. The carrier spliced it; the terminal ran on the backup line in the meantime. All services are back."
	parent := Story{
		Plot: "line-cut", Kind: "incident", Service: "wan", Requester: "noor", OpenedBy: "noor", Channel: "monitoring", Group: "network-ops", Impact: 1, Urgency: 1,
		Title: "Terminal Gdańsk is cut off", Text: "Both tunnels to Gdańsk are down since " + began.Format("15:04") + " UTC. Terminal system, telephones and internet at the site are out. Backup line does not take over.",
		Opened: began, Tags: []string{"major", "site-link"}, Files: []string{"log"},
		Beats: []Beat{
			{At: after(3), By: "noor", Do: Start},
			{At: after(6), By: "noor", Do: Note, Text: "Carrier confirms loss of light between Gdańsk and Warsaw. Case opened, technician is being sent."},
			{At: after(9), By: "noor", Do: Assign, Group: "network-eng", To: engineer},
			{At: after(21), By: engineer, Do: Note, Text: "Backup router had lost its route after the maintenance of last week. Static route set by hand, the terminal is reachable at 100 Mbit."},
			{At: after(24), By: engineer, Do: Reply, Text: "Gdańsk is reachable again over the backup line. It is slow: please no large transfers. The main line needs a repair by the carrier."},
			{At: after(30), By: engineer, Do: Hold, Reason: "vendor", Text: "Carrier digs. Estimated repair " + after(repaired-15).Format("15:04") + " UTC."},
			{At: after(repaired - 10), By: engineer, Do: Resume, Text: "Main line has light again, moving traffic back step by step."},
			{At: after(repaired), By: engineer, Do: Resolve, Code: "supplier_fixed", Text: solution},
			{At: after(repaired + 35), By: "noor", Do: Note, Text: "For the review: why did the backup not take over by itself? Route was lost in the maintenance, nobody tested it. A test after each maintenance goes on the checklist."},
			{At: after(repaired + 5*24*60), Do: Close},
		},
	}
	var children []Story
	said := []struct{ title, text string }{
		{"Terminal system does not open", "White page with “cannot connect” on all our screens."},
		{"Telephones are dead", "No dial tone in the whole gate house. We use our own mobiles."},
		{"No internet at the terminal", "Nothing works since a few minutes. Also the Wi-Fi."},
		{"Gate does not read the bookings", "Trucks are queuing up to the main road. We write on paper."},
		{"Cannot print labels", "The label printer says “server not found”."},
		{"Scanners show no server", "All scanners of our shift, hall 1 and 2."},
		{"Mail does not come", "I wait for papers from customs and nothing arrives."},
		{"Video call with Rotterdam broke off", "We were in the middle of the planning meeting."},
		{"Everything down in Gdańsk", "Please call the shift leader, number is on the board."},
	}
	for i, x := range said {
		asker := t.units["terminal-gdn"][i*5]
		agent := t.member("desk")
		opened := after(2 + i*4)
		children = append(children, Story{
			Plot: "line-cut-child", Kind: "incident", Requester: asker, OpenedBy: []string{asker, agent}[i%2], Channel: []string{"portal", "phone"}[i%2],
			Service: []string{"terminal", "meetings", "wan", "terminal", "printing", "scanners", "mail", "meetings", "wan"}[i], Group: "desk", Impact: 2, Urgency: 1,
			Title: x.title, Text: x.text, Opened: opened, Tags: []string{"site-link"},
			Beats: []Beat{
				{At: after(8 + i*5), By: agent, Do: Start},
				{At: after(8 + i*5).Add(20 * time.Second), By: agent, Do: Reply, Text: "Hello " + firstName(t.person(asker).Name) + ", the line to Gdańsk is cut and our network team is on it. We will tell you as soon as it is back; you need not do anything."},
			},
		})
	}
	all, at := insert(all, append([]Story{parent}, children...)...)
	for i := range children {
		child := &all[at[i+1]]
		agent := child.Beats[0].By
		child.then(Beat{At: child.Beats[1].At.Add(40 * time.Second), By: agent, Do: Adopt, Other: at[0]})
		child.then(Beat{At: after(repaired), Do: Follow, Code: "supplier_fixed", Text: solution})
		switch i % 3 {
		case 0:
			child.then(Beat{At: after(repaired + 20 + i*7), By: child.Requester, Do: Close})
			child.then(Beat{At: after(repaired + 22 + i*7), By: child.Requester, Do: Rate, Score: 3 + i%3, Text: []string{"Long, but we were told what happens.", "", "Good information by phone."}[i%3]})
			child.Minutes = 120 + 15*i
		default:
			child.then(Beat{At: after(repaired + 5*24*60 + i), Do: Close})
		}
	}
	second := Story{
		Plot: "second-line", Kind: "request", Service: "wan", Requester: "noor", OpenedBy: "noor", Channel: "portal", Group: "network-ops",
		Title: "Automatic failover for Gdańsk, with a monthly test", Text: "After the cut line: make the backup take over by itself, and test it once a month together with the terminal.",
		Opened: workingFrom(after(24*60 + 40)), Tags: []string{"site-link"},
	}
	started := later(second.Opened, 20*time.Hour)
	second.Beats = []Beat{
		{At: later(second.Opened, 3*time.Hour), By: "noor", Do: Assign, Group: "network-eng", To: engineer},
		{At: started, By: engineer, Do: Start},
		{At: later(started, 9*time.Hour), By: engineer, Do: Hold, Reason: "change", Text: "Change is planned for the next night without vessels."},
	}
	all, place := insert(all, second)
	cut := slices.IndexFunc(all, func(s Story) bool { return s.Plot == "line-cut" })
	t.link(all, place[0], cut, ticket.CausedBy, second.Opened.Add(10*time.Minute), "noor")
	return all
}

// closedBooks is going on: nobody can post invoices since three hours ago.
func (t *teller) closedBooks(all []Story) []Story {
	began := t.now.Add(-190 * time.Minute)
	after := func(minutes int) time.Time { return began.Add(time.Duration(minutes) * time.Minute) }
	manager, agent := t.groups["applications"].Members[0], "amir"
	parent := Story{
		Plot: "books-closed", Kind: "incident", Service: "accounting", Requester: "claire", OpenedBy: agent, Channel: "phone", Group: "desk", Impact: 1, Urgency: 1,
		Title:  "No invoice can be posted, payment run tonight",
		Text:   "Claire Beaumont calls: since the update of this morning no invoice can be posted in any company. The message is “chart of accounts is locked by a migration”. The payment run is tonight at 20:00.",
		Opened: began, Tags: []string{"major", "posting"}, Files: []string{"screenshot"},
		Beats: []Beat{
			{At: after(4), By: agent, Do: Start},
			{At: after(9), By: agent, Do: Note, Text: "Three more calls from Accounts payable in five minutes, same message. This is not a single user."},
			{At: after(11), By: agent, Do: Assign, Group: "applications", To: manager},
			{At: after(19), By: manager, Do: Note, Text: "Ledgerway rolled out 26.4 at 5:30. Status page still green. Calling their duty manager."},
			{At: after(34), By: manager, Do: Reply, Text: "Dear all, posting is not possible since this morning's update by Ledgerway. Their team works on it with the highest priority. Please collect invoices and do not try again; we write every hour."},
			{At: after(41), By: manager, Do: Hold, Reason: "vendor", Text: "Severity 1 case with Ledgerway, their duty manager has it. Next call at the full hour."},
			{At: after(102), By: manager, Do: Reply, Text: "Ledgerway has found the cause: a step of the migration hangs. They prepare to end it; that takes about two hours. The payment run can be moved to 22:00 if needed."},
			{At: after(165), By: manager, Do: Note, Text: "Call with Ledgerway: step is being rolled back, 60 %. Claire informed by phone, treasury prepares the later payment run."},
		},
	}
	var children []Story
	for i, title := range []string{"Posting: chart of accounts is locked", "Cannot post anything", "Error when posting the fuel invoices", "Accounting says “migration”"} {
		asker := t.units[[]string{"payable", "payable", "controlling", "payable"}[i]][i*2+1]
		children = append(children, Story{
			Plot: "books-closed-child", Kind: "incident", Service: "accounting", Requester: asker, OpenedBy: asker, Channel: []string{"portal", "email", "portal", "chat"}[i], Group: "desk", Impact: 2, Urgency: 1,
			Title: title, Text: []string{"Nothing can be posted since I came in. I have forty invoices for tonight's payment run.", "Same message for every supplier.", "The invoices of Kestrel Fuels must go out today.", "Is this planned? Nobody told us."}[i],
			Opened: after(6 + i*9), Tags: []string{"posting"},
			Beats: []Beat{
				{At: after(15 + i*9), By: agent, Do: Start},
				{At: after(16 + i*9), By: agent, Do: Reply, Text: "Hello " + firstName(t.person(asker).Name) + ", all of Finance has this since the update of this morning. It is with Ledgerway at the highest level, and you hear from us as soon as posting works."},
			},
		})
	}
	all, at := insert(all, append([]Story{parent}, children...)...)
	for i := range children {
		child := &all[at[i+1]]
		child.then(Beat{At: child.last().Add(30 * time.Second), By: agent, Do: Adopt, Other: at[0]})
	}
	return all
}
