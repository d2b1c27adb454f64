package demo

var accountingPlots = []plot{
	{
		key: "posting", kind: "incident", service: "accounting", weight: 14, who: finance, impact: 2, urgency: 2, grave: true, tags: []string{"posting"}, files: []string{"screenshot", "log"},
		titles: []string{"Invoice {invoice} cannot be posted", "Posting stops with “period is locked”", "Accounting: error 4711 when posting supplier invoices"},
		wishes: []string{
			"When I post invoice {invoice} of {vendor} I get “period is locked”, although {month} is open. My colleagues can post.",
			"{since} posting ends with “period is locked” for all of us. There are {count} invoices waiting and the payment run is on {day}.",
			"Suppliers from outside the country end with error 4711 {since}. Nothing is saved.",
		},
		asks: []exchange{
			{"Does it happen with every supplier or only with {vendor}? A screenshot of the whole window would help.", "Only with suppliers outside the country. Screenshot is attached."},
			{"Which posting date did you enter?", "The 31st. With the 30th it works!"},
		},
		notes: []string{"Ledgerway rolled out 26.3 on Sunday, release notes mention the period check.", "Reproduced with a test invoice in the training client.", "Tax code V7 has no account in the new chart for {month}."},
		fixes: []fix{
			{"user_training", "The posting date was the last day of a month that is already closed. With a date in the open month it goes through."},
			{"supplier_fixed", "Ledgerway corrected the period check in its release. Posting works again, and the waiting invoices have been posted."},
			{"solved", "The tax code of these suppliers pointed to a closed account. Quist corrected the table; please post the waiting invoices again."},
		},
		route: []string{"applications", "ledgerway-support"}, handovers: []string{"Not a matter of rights. Please look at the posting rules.", "Same error for every user since your release on Sunday. Log and steps are in the conversation, please analyse."},
		hold: "vendor", holdNotes: []string{"Case is open with Ledgerway, they reproduce it.", "Ledgerway answers that a correction comes with the next patch."}, goesOn: []string{"Ledgerway: patch is in our environment, testing with Accounts payable."},
	},
	{
		key: "approval-stuck", kind: "incident", service: "approval", weight: 11, who: finance, tags: []string{"approval"}, files: []string{"screenshot"},
		titles: []string{"Invoice {invoice} hangs in approval", "Approver who left still gets invoices", "Approval of {vendor} goes to the wrong person"},
		wishes: []string{
			"The invoice {invoice} of {vendor} over {amount} hangs in approval for two weeks. It is due on {day}.",
			"Our invoices still go to somebody who left in spring. {invoice} is the third one this month.",
			"Invoices of {vendor} for the yard of {site} come to me although I moved to another team.",
		},
		asks:  []exchange{{"Who should approve from now on, and up to which amount?", "{colleague}, up to 10,000. Above that the head of the terminal."}},
		notes: []string{"Deputy rule still names the old cost centre owner.", "Moved {invoice} by hand, rule corrected for the rest."},
		fixes: []fix{
			{"solved", "The approver is corrected for the whole cost centre, and the invoice is with {colleague} now."},
			{"workaround", "We sent this invoice on by hand. The rule itself is changed with the next set-up round on {day}."},
		},
		hold: "change", holdNotes: []string{"Rule change is in the set-up round on {day}."}, goesOn: []string{"Set-up round done."},
	},
	{
		key: "report", kind: "incident", service: "accounting", weight: 7, who: finance, tags: []string{"report"}, files: []string{"csv"},
		titles: []string{"Open items report shows a wrong total", "Cost centre report empty for {site}", "Export to the spreadsheet cuts the last column"},
		wishes: []string{
			"The open items report for {month} is {amount} lower than the ledger. The file is attached.",
			"The cost centre report of {site} is empty {since}; for the other sites it is fine.",
			"When I export the list to a spreadsheet the last column is missing. It was there last month.",
		},
		asks:  []exchange{{"Could you tell me the cost centre and the filter you used?", "4410, all accounts, from the first to the last of {month}."}},
		notes: []string{"Filter on company code was saved in the variant.", "Credit notes of the new type are left out by the report."},
		fixes: []fix{
			{"solved", "The report left out a new type of credit note. Quist added it; the totals now agree with the ledger."},
			{"user_training", "The variant had a filter on one company. We removed it and showed {colleague} how to check it."},
			{"solved", "The export stopped after twelve columns. Quist raised the limit; please export once more."},
		},
		route: []string{"applications", "accounting-consultants"}, handovers: []string{"Report logic, not rights.", "Please check the selection of report FI-21."},
	},
	{
		key: "slow-ledger", kind: "incident", service: "accounting", weight: 6, who: finance, impact: 2, tags: []string{"performance"}, files: []string{"log"},
		titles: []string{"Accounting very slow {since}", "Opening a supplier takes a minute", "Session in Ledgerway ends while I type"},
		wishes: []string{
			"Every click takes ten seconds {since}. The rest of the internet is fine.",
			"Opening a supplier takes a full minute {since}. I have timed it.",
			"While I type a long invoice the session ends and everything is gone. Twice today!",
		},
		notes: []string{"Status page of Ledgerway: degraded performance in region west.", "Line is fine, 12 ms to their edge. Problem is on their side."},
		fixes: []fix{{"supplier_fixed", "Ledgerway added capacity after the month end load. Response times are back to normal."}, {"gone", "It went back to normal in the afternoon. Ledgerway explains it with a backup that ran late."}},
		route: []string{"ledgerway-support"}, handovers: []string{"Slow for the whole department, our line is fine. Please look at your side."},
		hold: "vendor", holdNotes: []string{"Case with Ledgerway, severity 2."}, goesOn: []string{"Ledgerway reports normal response times."},
	},
	{
		key: "expenses", kind: "incident", service: "expenses", weight: 9, who: office, impact: 3, urgency: 3, tags: []string{"expenses"}, files: []string{"photo"},
		titles: []string{"Receipt cannot be uploaded", "Expense claim of {month} is missing", "Mileage is calculated wrongly"},
		wishes: []string{
			"The photo of my hotel receipt is refused with “file type”. It is a normal photo from my phone.",
			"My claim from the trip to {city} is not in the list any more, and it is not paid either.",
			"For the drive to {city} and back I get only half of the mileage.",
		},
		asks:  []exchange{{"Which phone took the photo? Some save in a format that the expense system does not read.", "A new one, since last week. It says HEIC."}},
		notes: []string{"HEIC again. Ledgerway promises support for the spring release.", "Claim was sent back by the approver, mail is in the spam folder."},
		fixes: []fix{
			{"user_training", "Your phone saves photos in a format the system cannot read. In the camera settings choose “most compatible”; for this one we converted it for you."},
			{"solved", "The claim had been sent back with a question and the message was in the spam folder. It is open for you again."},
			{"solved", "The way back was missing in the route. We added it, and the difference comes with the next payment."},
		},
	},
	{
		key: "payslip", kind: "incident", service: "payrolls", weight: 5, who: everybody, tags: []string{"payslip"}, files: []string{"screenshot"},
		titles: []string{"Payslip of {month} does not open", "Wrong address on my payslip", "Overtime of {month} is missing on the payslip"},
		wishes: []string{
			"When I click on the payslip of {month} I get an empty page.",
			"I moved in summer and reported it, but the payslip still shows the old address.",
			"Twelve hours of overtime of {month} are missing. My shift leader has confirmed them.",
		},
		notes: []string{"Document is there, link broken after the archive moved.", "Change reached HR but not payroll: interface stopped on the 14th."},
		fixes: []fix{
			{"supplier_fixed", "Ledgerway repaired the links to the archive. All payslips open again."},
			{"solved", "The change had stopped between the two systems. We started the transfer again; the next payslip shows the new address."},
			{"solved", "The hours came one day after the cut-off. They are booked and come with the next salary."},
		},
		route: []string{"ledgerway-support"}, handovers: []string{"Archive links of all employees are broken since your maintenance."},
	},
	{
		key: "cost-centre", kind: "request", service: "accounting", weight: 7, who: finance, tags: []string{"set-up"}, files: []string{"csv"},
		titles: []string{"New cost centre for {site}", "New account for container repairs", "Change of the payment terms of {vendor}"},
		wishes: []string{
			"From next month we need a cost centre for the new yard in {site}. The sheet with all details is attached.",
			"Repairs of containers should get an account of their own, from the first of next month.",
			"Please set the payment terms of {vendor} to 45 days; the contract is signed.",
		},
		asks:  []exchange{{"Who is responsible for it and which report should it appear in?", "{colleague} is responsible. The monthly terminal report, please."}},
		notes: []string{"Set up in the test client, waiting for the controller's okay."},
		fixes: []fix{{"fulfilled", "It is set up and can be used from the first of next month."}, {"fulfilled", "Done. Please check the first posting and tell us if something is off."}},
		route: []string{"accounting-consultants"}, handovers: []string{"Set-up work for Quist, sheet is complete."},
		hold: "approval", holdNotes: []string{"Waits for the signature of the head of finance systems."}, goesOn: []string{"Signed."},
	},
	{
		key: "approver", kind: "request", service: "approval", weight: 6, who: leaders, tags: []string{"approval"},
		titles: []string{"{colleague} approves for me in {month}", "New approver for facilities", "Raise my approval limit"},
		wishes: []string{
			"I am away for three weeks. {colleague} approves for me up to 5,000.",
			"From the first of next month {colleague} approves everything of our cost centre.",
			"My limit is 2,000 and every second invoice is above it. Could it be raised to 20,000?",
		},
		notes: []string{"Limit above 5,000 needs the head of finance systems."},
		fixes: []fix{
			{"fulfilled", "{colleague} is set up as your deputy with an end date. You get a mail when it ends."},
			{"fulfilled", "{colleague} is the approver from the first of next month. What is open stays with you."},
			{"rejected", "The limit you asked for is above what the rules allow. Please ask the head of finance systems."},
		},
		hold: "approval", holdNotes: []string{"Asked the head of finance systems for approval."}, goesOn: []string{"Approved."},
	},
}
