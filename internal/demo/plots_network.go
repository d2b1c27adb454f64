package demo

var networkPlots = []plot{
	{
		key: "wifi-slow", kind: "incident", service: "wifi", weight: 16, who: office, tags: []string{"wifi"}, files: []string{"screenshot"},
		titles: []string{"Wi-Fi very slow on floor {floor}", "Video calls freeze on Wi-Fi, {site} floor {floor}", "Wi-Fi drops every few minutes in {room}"},
		wishes: []string{
			"{since} the Wi-Fi on our floor is hardly usable. Pages take a minute to load and calls break off. With a cable it is fine.",
			"Calls freeze as soon as I walk away from my desk. My colleague {colleague} next to me has no problem.",
			"In {room} the connection drops every few minutes. Four of us sit here and all have it.",
		},
		asks: []exchange{
			{"Does it happen in the whole room or only near the window? And which network name do you see, HL-Staff or HL-Guest?", "Mostly near the kitchen. It says HL-Staff."},
			{"Could you run the speed test on the intranet once near your desk and once in the corridor, and send me both numbers?", "Desk: 2 Mbit. Corridor: 140 Mbit."},
		},
		notes: []string{
			"{ap} shows 46 clients and 80 % channel use at the time of the report. The access point next to it has 3.",
			"Controller: {ap} restarted twice since Monday. Logs attached to the controller case.",
			"Client stays on 2.4 GHz although 5 GHz is strong. Driver is from last year.",
		},
		fixes: []fix{
			{"solved", "We moved one access point to a free channel and spread the devices over two of them. Your floor now gets more than 100 Mbit everywhere we measured."},
			{"solved", "Your laptop kept to the weaker band. We updated its wireless driver; it now changes over as it should."},
			{"workaround", "The access point in the corridor is faulty. Until the new one is mounted next week we have turned up its neighbours, which covers your desks."},
		},
		route: []string{"network-ops", "network-eng"}, handovers: []string{"Not a client problem, three people in the same corner have it. {ap} looks overloaded.", "Restarting and moving channels did not help. Needs a survey, please have a look at the placement."},
		hold: "evidence", holdNotes: []string{"Changed the channel plan on floor {floor}. Watching for two working days before we call it done."}, goesOn: []string{"No drop in 48 hours."},
	},
	{
		key: "vpn", kind: "incident", service: "vpn", weight: 15, who: office, tags: []string{"vpn"}, files: []string{"screenshot"},
		titles: []string{"Remote access does not connect from home", "VPN asks for the code again and again", "No connection to the office from hotel Wi-Fi"},
		wishes: []string{
			"I work from home today and the remote access stops at 98 % with “gateway not reachable”. It worked yesterday.",
			"After I type the code the window closes and asks me again. I have tried five times and do not want to be locked out.",
			"I am at a customer in {city} and cannot get into the booking system. The hotel Wi-Fi itself works.",
		},
		asks: []exchange{
			{"Which version does the client show under Help, About? And are you on your own Wi-Fi or a mobile hotspot?", "5.1.4. My own Wi-Fi, but it is the same with the phone."},
			{"Is the clock of your phone set automatically? A code from a phone that is a minute off is refused.", "It was on manual, two minutes behind! I have changed it."},
		},
		notes: []string{"Gateway log: certificate of the device expired on Sunday, renewal did not run because the laptop was off for three weeks.", "Account fine, second factor refused 5 times: time drift.", "Hotel blocks UDP 4500; fallback to TCP was off in this profile."},
		fixes: []fix{
			{"solved", "The certificate of your laptop had expired while you were away. We renewed it remotely; it will renew itself from now on."},
			{"user_training", "The clock of your phone was off, so the codes were refused. With the automatic time it works. Nothing else is needed."},
			{"solved", "The hotel's network blocks our usual port. We switched your profile to the fallback, which works almost everywhere."},
		},
		route: []string{"network-ops"}, handovers: []string{"Client reinstalled, same error. Looks like the gateway side."},
	},
	{
		key: "port-dead", kind: "incident", service: "lan", weight: 8, who: terminal, impact: 2, urgency: 2, nights: true, tags: []string{"switch"}, files: []string{"photo"},
		titles: []string{"No network in the gate house, {site}", "Network socket dead at {crane}", "Workshop {site}: computers offline"},
		wishes: []string{
			"The computers in the gate house show no network {since}. Trucks are registered on paper at the moment.",
			"Since the electricians were here the socket behind the desk is dead. The light on it is off.",
			"All three computers in the workshop are offline since the new camera was mounted.",
		},
		asks:  []exchange{{"Can you read me the number on the socket, something like {switch}?", "It says {switch}, the label is half gone."}},
		notes: []string{"{switch} down since the power cut. PoE budget exceeded after the new camera.", "Port is in error-disabled, loop detected. Somebody plugged both ends of a cable into the wall."},
		fixes: []fix{
			{"solved", "A power cut had switched off the distributor in your building. It is back and now hangs on the emergency supply."},
			{"solved", "The electricians had pulled a cable in the cabinet. It is back in its place and labelled."},
			{"solved", "The new camera took more power than the distributor can give, so it switched off your sockets. The camera has a supply of its own now."},
		},
		route: []string{"network-eng"}, handovers: []string{"Port comes up for ten seconds and goes down again. Spanning tree? Please check with the core."},
	},
	{
		key: "link-slow", kind: "incident", service: "wan", weight: 5, who: planners, impact: 1, urgency: 2, grave: true, nights: true, tags: []string{"site-link"}, files: []string{"log"},
		titles: []string{"Everything slow at {site} since this morning", "Line to {site} at the limit", "High latency between {site} and the data centre"},
		wishes: []string{
			"Terminal system, booking, even the intranet: everything crawls at our site {since}. Screens need ten seconds for one click.",
			"Several colleagues report that saving a move takes half a minute. The yard is filling up.",
		},
		notes: []string{"Carrier shows 4 % loss on the main line. Traffic moved to the backup at half the bandwidth.", "Backup job of the camera server runs in the daytime and fills the line. Who changed the schedule?"},
		fixes: []fix{
			{"solved", "A backup of the cameras was running in the daytime and filled the line. It runs at night again, and we capped it."},
			{"supplier_fixed", "The carrier replaced a faulty module in its exchange. The line has been clean for six hours."},
		},
		route: []string{"network-eng"}, handovers: []string{"Loss starts at the carrier's edge. Ticket with the carrier is open, please coordinate."},
		hold: "vendor", holdNotes: []string{"Carrier fault ticket open, technician on the way."}, goesOn: []string{"Carrier reports the fault as cleared, testing."},
	},
	{
		key: "guest-wifi", kind: "request", service: "wifi", weight: 6, who: leaders, tags: []string{"wifi"},
		titles: []string{"Guest Wi-Fi for the customer day", "Wi-Fi codes for {count} visitors on {day}", "Guest access for the auditors"},
		wishes: []string{
			"On {day} we have {count} customers in {room} from nine to five. Could we have guest codes, please?",
			"{count} visitors come on {day}, all day. One code each would be good.",
			"Our auditors are here for two weeks and need internet, but nothing internal.",
		},
		asks:  []exchange{{"Is one code for all of them fine, or do you need one per person?", "One for all is fine."}},
		fixes: []fix{{"fulfilled", "The code for your visitors is in the attached note; it works on the day from 7:00 to 19:00 on the network HL-Guest."}, {"fulfilled", "Codes are printed and lie at the reception. They end by themselves."}},
		route: []string{"network-ops"}, handovers: []string{"More than 25 at once, please raise the limit of the room's access point."},
		hold: "scheduled", holdNotes: []string{"Codes are made the day before."}, goesOn: []string{"Making the codes."},
	},
	{
		key: "socket", kind: "request", service: "lan", weight: 6, who: office,
		titles: []string{"Network sockets for {count} new desks", "Two more sockets in {room}", "Move of our team to floor {floor}: network"},
		wishes: []string{
			"We get {count} new desks on floor {floor} on {day} and need working sockets. The plan is attached.",
			"{room} has only one socket and we want to put a screen and a phone there.",
			"Our team moves to floor {floor} on {day}. The plan of the desks is attached.",
		},
		asks:  []exchange{{"Can you mark on the plan which desks get a phone as well?", "The four at the window."}},
		notes: []string{"Six free ports on {switch}, two need patching in the riser."},
		fixes: []fix{{"fulfilled", "All sockets are patched and tested; the numbers are on the plan."}, {"partly_fulfilled", "All but one are live. The last one needs a new cable, which the building engineer pulls next week."}},
		hold:  "scheduled", holdNotes: []string{"Patching is planned for the evening before the move."}, goesOn: []string{"Patched tonight."}, tags: []string{"move"}, files: []string{"plan"},
	},
	{
		key: "firewall", kind: "request", service: "network", weight: 5, who: leaders,
		titles: []string{"Access to a supplier's website is blocked", "Please open the weighbridge system to the new server", "Customer portal of {customer} is blocked"},
		wishes: []string{
			"The website of {vendor} shows our block page. I order spare parts there.",
			"The new weighbridge software has to reach its maker's server on port 8443. The maker's sheet is attached.",
			"When I open the portal of {customer} I see our block page. We need it for the tender until {day}.",
		},
		notes: []string{"Category was “file sharing”. Address belongs to the customer, checked with the security officer.", "Rule prepared, needs the weekly change window."},
		fixes: []fix{
			{"fulfilled", "The address is open for your department. Please try again after restarting the browser."},
			{"fulfilled", "The rule is in since last night, and the weighbridge reaches its maker."},
			{"rejected", "We cannot open this one: the site asks for company passwords on an unsafe page. The customer sends the papers by mail instead."},
		},
		route: []string{"network-eng"}, handovers: []string{"Needs a rule between the yard and the outside, please review."},
		hold: "change", holdNotes: []string{"Waits for the change window on Thursday evening."}, goesOn: []string{"Rule is in."}, files: []string{"log"},
	},
}
