package demo

var requestPlots = []plot{
	{
		key: "new-colleague", kind: "request", service: "identity", weight: 12, who: leaders, impact: 3, urgency: 2, tags: []string{"joiner"},
		titles: []string{"New colleague on {day}: account, laptop, badge", "Account for a trainee from {day}", "Two temporary workers for the gate, {site}"},
		wishes: []string{
			"{newcomer} starts with us on {day} as planner. Please prepare account, laptop and badge.",
			"{newcomer} is our trainee from {day} on, for three months. Mail and the shared drive are enough.",
			"We get two temporary workers until the end of next month. They need the terminal system and a scanner, no mail.",
		},
		asks:  []exchange{{"Which colleague has the same rights, so that we can take those as a pattern?", "{colleague} does the same work."}, {"Shall the laptop go to {site} or does somebody fetch it?", "To the reception in {site}, please."}},
		notes: []string{"Account made, rights as {colleague}, laptop {laptop} prepared.", "Badge ordered from facilities."},
		fixes: []fix{
			{"fulfilled", "Everything is ready. The first password goes to you by text message, the laptop is at the reception."},
			{"fulfilled", "The account is ready and ends by itself after three months."},
			{"fulfilled", "Accounts are set up with an end date. Scanners are in the cabinet of the gate."},
		},
		route: []string{"workplace"}, handovers: []string{"Papers are complete, please prepare the device."},
		hold: "scheduled", holdNotes: []string{"Laptop goes out two days before the start."}, goesOn: []string{"Sent the laptop."},
	},
	{
		key: "leaver", kind: "request", service: "identity", weight: 6, who: leaders, tags: []string{"leaver"},
		titles: []string{"{colleague} leaves on {day}", "Please end the accounts of two temporary workers", "Mailbox of a former colleague"},
		wishes: []string{
			"{colleague} leaves us on {day}. Mails should go to me for three months.",
			"The two temporary workers at the gate have finished. Please end their accounts.",
			"I need to get into the mailbox of somebody who left; a customer waits for an answer.",
		},
		notes: []string{"Accounts end at midnight, mailbox forwarded, laptop expected back."},
		fixes: []fix{
			{"fulfilled", "The account ends on the evening of the last day. New mails come to you for three months."},
			{"fulfilled", "Accounts are ended and the scanners are back."},
			{"fulfilled", "With the consent of People and culture you can read the mailbox for two weeks."},
		},
		hold: "scheduled", holdNotes: []string{"Is done on the last day."}, goesOn: []string{"Last day today."},
	},
	{
		key: "headset", kind: "request", service: "meetings", weight: 10, who: callers, tags: []string{"equipment"},
		titles: []string{"New headset", "Headset for phone and computer", "Replacement for a broken headset"},
		wishes: []string{
			"My headset crackles and callers complain. Could I have a new one?",
			"I take fifty calls a day, half of them on the computer. Is there one for both?",
			"Mine is broken at the hinge. Tape does not hold any more.",
		},
		asks:  []exchange{{"One ear or two?", "Two, please. It is loud here."}},
		fixes: []fix{{"fulfilled", "A new headset lies at the reception with your name on it."}, {"fulfilled", "Sent with the internal mail; it should be on your desk tomorrow."}},
		hold:  "vendor", holdNotes: []string{"Out of stock, delivery next week."}, goesOn: []string{"Delivery arrived."},
	},
	{
		key: "second-screen", kind: "request", service: "laptops", weight: 8, who: office, tags: []string{"equipment"},
		titles: []string{
			"Second screen for my desk",
			"Larger screen for planning",
			"Keyboard with another layout",
			"Second screen for the home office",
		},
		wishes: []string{
			"I compare lists all day and would like a second screen.",
			"The planning board does not fit on my screen. Is there a wide one?",
			"I write to customers in {city} all day and miss the accents.",
			"Could I have a screen for the two days at home as well?",
		},
		asks:  []exchange{{"Does your desk have room for two, or would one wide screen be better?", "One wide one, I think."}},
		notes: []string{"Cost centre owner agreed by mail."},
		fixes: []fix{
			{"fulfilled", "The screen is on your desk and connected."},
			{"fulfilled", "The wide screen stands on your desk since this morning."},
			{"fulfilled", "The keyboard came with the internal mail; the layout is set."},
			{"rejected", "Your cost centre owner prefers to wait until the move. We have noted it for then."},
		},
		route: []string{"workplace"}, handovers: []string{"Approved, please bring one to {room}."},
		hold: "approval", holdNotes: []string{"Asked the cost centre owner."}, goesOn: []string{"Approved."},
	},
	{
		key: "software", kind: "request", service: "laptops", weight: 9, who: office, tags: []string{"software"},
		titles: []string{"Please install the drawing program", "Licence for the PDF editor", "Statistics program for controlling"},
		wishes: []string{
			"I need the program to mark up plans of the yard.",
			"My colleagues can edit PDF files and I cannot.",
			"I would like to use the statistics program I know from my studies.",
		},
		asks:  []exchange{{"Would the free viewer be enough? It can comment but not edit.", "I need to change pages, so no."}},
		notes: []string{"One licence left of twenty.", "Not on the list of approved software, asked the security officer."},
		fixes: []fix{
			{"fulfilled", "It is in your software list; click on install. It takes five minutes."},
			{"fulfilled", "You have a licence. The editor installs itself over lunch."},
			{"rejected", "The maker sends files to servers we have no contract with. The approved program does the same and is in your software list."},
		},
		route: []string{"workplace"}, handovers: []string{"Licence is there, please assign."},
		hold: "approval", holdNotes: []string{"Waits for the security officer."}, goesOn: []string{"Security officer agrees."},
	},
	{
		key: "laptop-exchange", kind: "request", service: "laptops", weight: 7, who: office, tags: []string{"equipment"},
		titles: []string{"Exchange of laptop {laptop}", "Laptop for home office", "Loan laptop for a trip to {city}"},
		wishes: []string{
			"My laptop is five years old and on the list for exchange, says your mail.",
			"I work from home two days a week now and still have a desktop computer.",
			"From {day} I travel to {city} for a week and would like a light one.",
		},
		asks: []exchange{{"When can you spare your laptop for two hours? We move your files while you wait.", "{day} afternoon would be good."}},
		fixes: []fix{
			{"fulfilled", "The new laptop is yours, all files are moved. Please bring back the old charger when you find it."},
			{"fulfilled", "Your laptop is ready; we fetch the desktop computer on {day}."},
			{"fulfilled", "The loan laptop is ready at our counter."},
		},
		route: []string{"workplace"}, handovers: []string{"On the exchange list, please make an appointment."},
		hold: "scheduled", holdNotes: []string{"Appointment is made."}, goesOn: []string{"Exchanged at the counter."},
	},
}

var accessPlots = []plot{
	{
		key: "folder-access", kind: "request", service: "files", weight: 12, who: office, tags: []string{"access"},
		titles: []string{"Access to the folder {folder}", "{colleague} needs to read {folder}", "Write access to {folder}"},
		wishes: []string{
			"I joined the project and need access to {folder}.",
			"Please give {colleague} the same rights on {folder} as I have.",
			"I can read {folder} and have to write there from next week.",
		},
		asks:  []exchange{{"Reading or writing? And {colleague} owns the folder: does {colleague} agree?", "Writing. Yes, the mail is attached."}},
		notes: []string{"Owner agreed by mail.", "Group FS-{folder}-RW."},
		fixes: []fix{{"fulfilled", "You have access. Please sign out and in once, so that it takes hold."}, {"rejected", "The owner of the folder would like to talk to you first."}},
		hold:  "approval", holdNotes: []string{"Asked the owner of the folder."}, goesOn: []string{"Owner agrees."},
	},
	{
		key: "system-access", kind: "request", service: "identity", weight: 10, who: planners, tags: []string{"access"},
		titles: []string{"Right to move containers at {crane}", "Terminal system: rights of a shift leader", "Access to the booking system for {colleague}"},
		wishes: []string{
			"From {day} I plan the moves at {crane} and need the right to change them.",
			"From {day} I am deputy shift leader and need the rights for it.",
			"{colleague} helps us next month and needs to see bookings, not change them.",
		},
		notes: []string{"Shift leader right needs the terminal manager's okay.", "Role TOS-SHIFT assigned with end date."},
		fixes: []fix{{"fulfilled", "The rights are set and end by themselves at the date you gave."}, {"fulfilled", "Done. The training page about the four-eyes rule is in your inbox."}},
		route: []string{"applications"}, handovers: []string{"Approval is in the conversation, please assign the role."},
		hold: "approval", holdNotes: []string{"Waits for the terminal manager."}, goesOn: []string{"Terminal manager approves."},
	},
	{
		key: "distribution", kind: "request", service: "mail", weight: 7, who: leaders, tags: []string{"mail"},
		titles: []string{"New distribution list for {site}", "Shared mailbox for claims", "Add {colleague} to the night shift list"},
		wishes: []string{
			"We need a list with all shift leaders of {site}. The names are in the sheet.",
			"A mailbox that all of us can read and answer from, called claims.",
			"{colleague} works nights from next week and should get the mails.",
		},
		asks: []exchange{{"May people from outside write to it?", "Yes, customers too."}},
		fixes: []fix{
			{"fulfilled", "The list is there and you own it: you can change its members yourself."},
			{"fulfilled", "The mailbox appears in your mail program within the hour."},
			{"fulfilled", "{colleague} is on the list."},
		},
	},
	{
		key: "mobile-new", kind: "request", service: "mobiles", weight: 6, who: terminal, tags: []string{"mobile"},
		titles: []string{"Work phone for the new shift leader", "SIM card for {city}", "Rugged phone for the yard"},
		wishes: []string{
			"Our new shift leader starts on {day} and needs a phone.",
			"I am in {city} for two months. Does my contract work there?",
			"My phone does not survive the yard. Is there one that does?",
		},
		fixes: []fix{
			{"fulfilled", "The phone is ready at the counter, charged and with the number of the predecessor."},
			{"fulfilled", "Your contract covers the country; data is capped at 10 GB a month."},
			{"fulfilled", "You get one of the rugged ones; it is at the counter."},
		},
		route: []string{"workplace"}, handovers: []string{"Please prepare one of the rugged ones."},
		hold: "vendor", holdNotes: []string{"Ordered, three days."}, goesOn: []string{"Arrived."},
	},
	{
		key: "tracking-access", kind: "request", service: "tracking", weight: 5, who: customers, tags: []string{"customer", "access"},
		titles: []string{"Portal access for a new colleague", "Notification when a container leaves", "Export of all shipments of {month}"},
		wishes: []string{
			"Our new planner needs access to our shipments.",
			"We would like a message as soon as a container leaves the yard.",
			"For our own figures we need all shipments of {month} in one file.",
		},
		asks: []exchange{{"To which address shall the messages go?", "To our planning mailbox, please."}},
		fixes: []fix{
			{"fulfilled", "The access is set up; the invitation is in the mailbox."},
			{"fulfilled", "From tonight you get a message for each container that passes the gate."},
			{"fulfilled", "The file is in your download area. You find the button under Reports."},
		},
	},
	{
		key: "question", kind: "request", service: "", weight: 6, who: everybody,
		titles: []string{"How do I set an out-of-office note?", "Question about home office", "Where do I find the template for letters?"},
		wishes: []string{"I could not find it on the intranet.", "Somebody told me to ask you."},
		fixes:  []fix{{"fulfilled", "You find it on the intranet under Help, first steps. I have sent you the link by mail as well."}, {"withdrawn", "You found it yourself. Good!"}},
	},
}
