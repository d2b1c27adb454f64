package demo

var operationsPlots = []plot{
	{
		key: "terminal-hang", kind: "incident", service: "terminal", weight: 9, who: planners, impact: 1, urgency: 2, grave: true, nights: true, tags: []string{"terminal-system"}, files: []string{"screenshot", "log"},
		titles: []string{"Terminal system does not save moves", "Terminal system stops at {crane}", "Yard map is not refreshed"},
		wishes: []string{
			"Moves at {crane} are not saved {since}. We write them down by hand.",
			"Error “session lost” for all of us at {site}, about every ten minutes.",
			"The yard map stands still. Container {container} is shown in two places.",
		},
		asks:  []exchange{{"Is it every screen at {site} or only the ones at {crane}?", "All of them. Porto seems fine."}},
		notes: []string{"Message queue of {site} had 12,000 entries, consumer stuck since the night.", "Database lock by the report of the night shift, killed at 6:40.", "Vendor knows it: memory leak in 8.4, fix in 8.4.2."},
		fixes: []fix{
			{"solved", "A report of the night shift had locked the moves. We ended it and moved it to a copy of the database. All moves are saved."},
			{"workaround", "We restart the service every night until the maker's correction is here. Since then it has been stable."},
			{"solved", "The connection of your site had stopped processing. It runs again and has caught up; please check container {container}."},
		},
		route: []string{"applications"}, handovers: []string{"Whole site affected, please treat with priority."},
		hold: "problem", holdNotes: []string{"Looks like the memory leak again. Cause is followed up separately."}, goesOn: []string{"Fix is installed."},
	},
	{
		key: "scanner-dead", kind: "incident", service: "scanners", weight: 13, who: terminal, impact: 3, urgency: 2, nights: true, tags: []string{"scanner"}, files: []string{"photo"},
		titles: []string{"Scanner {scanner} does not connect", "Scanner {scanner} battery empty after an hour", "Scanners in hall 3 freeze"},
		wishes: []string{"{scanner} says “no server”. The others in my team work.", "The battery of {scanner} lasts one hour. I change it five times a shift.", "In hall 3 all scanners freeze when we go behind the racks."},
		asks:   []exchange{{"What does the scanner show at the top right, the little antenna?", "Crossed out. In hall 2 it has three bars."}},
		notes:  []string{"No coverage behind rack 14, access point hangs too high.", "Battery at 38 % of its capacity, from the first delivery.", "Clock on the device was in 2019 after the battery change."},
		fixes: []fix{
			{"solved", "The scanner had the wrong date after the battery change and was refused. It is corrected."},
			{"solved", "The battery was worn out. All scanners of that delivery get new ones this week."},
			{"workaround", "Behind the racks the signal is weak. Until the new access point is up, please scan at the end of the aisle."},
		},
		route: []string{"applications", "network-ops"}, handovers: []string{"Please register the device anew.", "Coverage behind rack 14, can you measure?"},
	},
	{
		key: "booking-error", kind: "incident", service: "booking", weight: 13, who: callers, impact: 2, urgency: 2, grave: true, tags: []string{"booking"}, files: []string{"screenshot"},
		titles: []string{"Booking {booking} cannot be confirmed", "Error when saving a booking", "Prices missing for the {city} route"},
		wishes: []string{"When I confirm booking {booking} I get “route not found”. The customer {customer} is waiting.", "{since} every second save ends with a white page. We lose what we typed.", "The route to {city} has no prices any more. Sales says that nothing was changed."},
		asks:   []exchange{{"Does the number of the vessel in the booking start with a zero?", "Yes, it does. The others do not."}, {"Which browser do you use? You find it under Help.", "The blue one, version 128."}},
		notes:  []string{"Master data import on Monday cut leading zeros of vessel numbers.", "Cache of one of two servers is stale, restarted.", "Validity of the price list ended at midnight."},
		fixes:  []fix{{"solved", "An import had cut the leading zero of the vessel numbers. They are corrected, and booking {booking} can be confirmed."}, {"solved", "One of the two servers had old data. It was restarted; saving works."}, {"solved", "The price list had run out. Sales extended it, and the prices are back."}},
		route:  []string{"applications"}, handovers: []string{"Reproduced with a second user. Looks like master data."},
	},
	{
		key: "tracking", kind: "incident", service: "tracking", weight: 8, who: customers, impact: 2, urgency: 2, tags: []string{"customer", "tracking"}, files: []string{"screenshot"},
		titles: []string{"Container {container} not found in the portal", "Portal shows yesterday's status", "Cannot download delivery papers"},
		wishes: []string{"We look for {container}, it should have left {city} on {day}. The portal knows nothing about it.", "All our shipments show the status of yesterday evening. Our planning depends on it.", "The download of the delivery papers ends with an error in all browsers."},
		asks:   []exchange{{"Could you give us your reference? Sometimes the number in the papers differs by one digit.", "It is {po}. I see now that our papers have a 7 instead of a 1."}},
		notes:  []string{"Interface from the terminal system was two hours behind.", "Customer had the wrong check digit."},
		fixes: []fix{
			{"user_training", "The number in your papers had a wrong digit. With {container} you find the shipment."},
			{"solved", "The status messages were two hours behind. They are up to date, and we watch the connection more closely."},
			{"solved", "The papers had moved to another server and the links were old. They open again."},
		},
		route: []string{"network-ops"}, handovers: []string{"Transfer from {site} stalls, is the line all right?"},
	},
	{
		key: "mobile", kind: "incident", service: "mobiles", weight: 5, who: terminal, impact: 3, urgency: 3, tags: []string{"mobile"},
		titles: []string{"Work phone does not ring", "No data on the work phone in {city}", "Screen of the work phone is broken"},
		wishes: []string{
			"People say that they call me and I hear nothing. The sound is on.",
			"In {city} I have no data at all, calls work.",
			"The glass is broken and I cut myself. Model is the orange one.",
		},
		fixes: []fix{
			{"solved", "Calls were sent on to an old number. It is removed and the phone rings."},
			{"solved", "Roaming was off in your contract. It is on since noon."},
			{"solved", "You got a new phone from the pool; number and contacts are on it."},
		},
		route: []string{"workplace"}, handovers: []string{"Please prepare a phone from the pool."},
	},
	{
		key: "badge", kind: "incident", service: "badges", weight: 7, who: everybody, impact: 3, urgency: 2, tags: []string{"badge"},
		titles: []string{"Badge does not open the gate", "Badge works at the office but not at {crane}", "Badge blocked after two weeks of holiday"},
		wishes: []string{
			"My badge does not open the gate at {site} {since}. The guard lets me in every day.",
			"Since I changed teams I cannot get in at {crane}.",
			"Two weeks of holiday, and the badge is dead.",
		},
		notes: []string{"Profile follows the department, department changed on the 1st."},
		fixes: []fix{
			{"solved", "The chip was broken. You got a new badge at the guard's house."},
			{"solved", "Your new team had not been entered. The badge opens all doors of your new place."},
			{"solved", "Badges that are not used for 14 days are blocked. Yours is open again."},
		},
	},
	{
		key: "intranet", kind: "incident", service: "intranet", weight: 4, who: office, impact: 3, urgency: 3,
		titles: []string{"Canteen menu of last week", "Search on the intranet finds nothing", "Page of our department looks broken"},
		wishes: []string{
			"The menu is of last week. We are hungry.",
			"The search finds nothing, not even my own name.",
			"The page of our department has no pictures {since}.",
		},
		fixes: []fix{
			{"solved", "The kitchen had sent the file to an old address. The menu is up to date."},
			{"solved", "The search index was built anew. Everything is found again."},
			{"solved", "The pictures were moved; the page shows the new place."},
		},
		route: []string{"applications"}, handovers: []string{"Index job failed in the night."},
	},
	{
		key: "report-terminal", kind: "request", service: "terminal", weight: 5, who: planners, tags: []string{"report"}, files: []string{"csv"},
		titles: []string{"New report: dwell time per customer", "Add container type to the yard list", "Shift report as a spreadsheet"},
		wishes: []string{
			"For the talks with {customer} we need the dwell time of their containers per week. A draft is attached.",
			"Could the yard list also show the type? We look it up one by one.",
			"We type the shift report into a spreadsheet every night. Could it come as one?",
		},
		asks:  []exchange{{"From when on, and should it come by mail every Monday?", "From January. Monday morning would be perfect."}},
		notes: []string{"Half a day of work, planned for the next release."},
		fixes: []fix{
			{"fulfilled", "The report is under Reports, My site, and comes by mail every Monday at six."},
			{"fulfilled", "The list has the new column since last night."},
			{"fulfilled", "The shift report can be saved as a spreadsheet; the button is at the top right."},
		},
		hold: "scheduled", holdNotes: []string{"Comes with the next release."}, goesOn: []string{"In the release."},
	},
	{
		key: "price-list", kind: "request", service: "booking", weight: 5, who: callers, tags: []string{"booking"}, files: []string{"csv"},
		titles: []string{"New price list for {city}", "Load the surcharges of {month}", "Add {customer} to the winter rates"},
		wishes: []string{
			"The rates for {city} change on the first. The list is attached.",
			"Please load the surcharges of {month}; the list is checked by pricing.",
			"{customer} gets the winter rates from the first. Sales has agreed.",
		},
		asks:  []exchange{{"Row 14 has no currency. Is it euro?", "Yes, euro. Sorry!"}},
		fixes: []fix{{"fulfilled", "The list is loaded and valid from the first. Two rows were empty and left out; they are marked in the file."}, {"fulfilled", "Loaded. Please check one booking before you send quotes."}},
		route: []string{"applications"}, handovers: []string{"List is complete now, please load."},
	},
}
