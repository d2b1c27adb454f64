package demo

import (
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/service"
)

// groups are the teams. Members are filled up from the unit; those named here
// come first, and the first leads.
var groups = []Group{
	{
		Ref: "desk", Unit: "clearcall", Name: "Service desk", Tier: 1, Role: access.RoleAgent, Members: []string{"siobhan", "amir"},
		Description: "First contact for everybody: solves what it can and hands on the rest.",
	},
	{
		Ref: "network-ops", Unit: "it-network", Name: "Network operations", Tier: 2, Role: access.RoleAgent, Members: []string{"noor"},
		Description: "Runs the sites' networks, Wi-Fi and remote access.",
	},
	{
		Ref: "network-eng", Unit: "it-network", Name: "Network engineering", Tier: 3, Role: access.RoleAgent, Members: []string{"noor"},
		Description: "Designs the network and finds what operations cannot.",
	},
	{
		Ref: "workplace", Unit: "it-workplace", Name: "Workplace and identity", Tier: 2, Role: access.RoleAgent, Members: []string{"marek", "tomas"},
		Description: "Laptops, accounts, mail and meetings.",
	},
	{
		Ref: "applications", Unit: "it-applications", Name: "Business applications", Tier: 2, Role: access.RoleAgent,
		Description: "Terminal, booking and finance applications.",
	},
	{
		Ref: "accounting-consultants", Unit: "quist", Name: "Accounting consultants", Tier: 3, Role: access.RoleSupplierAgent, Members: []string{"lukas"},
		Description: "Quist Consulting: set-up, rules and reports of the accounting system.",
	},
	{
		Ref: "ledgerway-support", Unit: "ledgerway", Name: "Ledgerway support", Tier: 3, Role: access.RoleSupplierAgent,
		Description: "Ledgerway: operation of the hosted accounting system.",
	},
	{
		Ref: "print", Unit: "paperworks", Name: "Print services", Tier: 2, Role: access.RoleSupplierAgent,
		Description: "Paperworks: printers, toner and paper jams, on site within a day.",
	},
}

var services = []Service{
	{Ref: "network", Name: "Network", Description: "Everything that connects the sites and the people in them.", Owner: "ines", Criticality: 1, MissionCritical: true, Stage: service.Live, Provider: "it-network", Group: "network-ops"},
	{Ref: "lan", Parent: "network", Name: "Site network", Description: "Wired network of all four sites.", Owner: "ines", Criticality: 1, MissionCritical: true, Stage: service.Live, Provider: "it-network", Group: "network-ops"},
	{Ref: "wifi", Parent: "network", Name: "Wi-Fi", Description: "Wireless network in offices, yards and warehouses.", Owner: "ines", Criticality: 2, Stage: service.Live, Provider: "it-network", Group: "desk"},
	{Ref: "vpn", Parent: "network", Name: "Remote access", Description: "Secure access from home and on the road.", Owner: "ines", Criticality: 2, Stage: service.Live, Provider: "it-network", Group: "desk"},
	{Ref: "wan", Parent: "network", Name: "Site links", Description: "Lines between the sites and to the internet.", Owner: "ines", Criticality: 1, MissionCritical: true, Stage: service.Live, Provider: "it-network", Group: "network-ops"},

	{Ref: "accounting", Name: "Accounting", Description: "Ledgerway, the hosted accounting system: ledgers, invoices, payments.", Owner: "claire", Criticality: 1, Stage: service.Live, Provider: "ledgerway", Group: "desk"},
	{Ref: "approval", Parent: "accounting", Name: "Invoice approval", Description: "Who approves which invoice, set up by Quist.", Owner: "claire", Criticality: 2, Stage: service.Live, Provider: "quist", Group: "accounting-consultants"},
	{Ref: "expenses", Parent: "accounting", Name: "Expense claims", Description: "Travel costs and receipts.", Owner: "claire", Criticality: 3, Stage: service.Live, Provider: "ledgerway", Group: "desk"},
	{Ref: "payrolls", Parent: "accounting", Name: "Payroll", Description: "Salaries and payslips.", Owner: "claire", Criticality: 1, Stage: service.Live, Provider: "ledgerway", Group: "applications"},

	{Ref: "printing", Name: "Printing", Description: "Printers, scanners and label printers on all floors.", Owner: "marek", Criticality: 3, Stage: service.Live, Provider: "paperworks", Group: "print"},
	{Ref: "laptops", Name: "Laptops and desktops", Description: "The computer on the desk and in the bag.", Owner: "marek", Criticality: 3, Stage: service.Live, Provider: "it-workplace", Group: "desk"},
	{Ref: "mail", Name: "E-mail and calendar", Owner: "marek", Criticality: 1, Stage: service.Live, Provider: "it-workplace", Group: "desk"},
	{Ref: "meetings", Name: "Telephony and meetings", Description: "Telephones, video calls and meeting rooms.", Owner: "marek", Criticality: 2, Stage: service.Live, Provider: "it-workplace", Group: "desk"},
	{Ref: "identity", Name: "Sign-in and access", Description: "Accounts, passwords and rights.", Owner: "marek", Criticality: 1, Stage: service.Live, Provider: "it-workplace", Group: "desk"},
	{Ref: "files", Name: "File shares", Owner: "marek", Criticality: 2, Stage: service.Live, Provider: "it-workplace", Group: "desk"},
	{Ref: "mobiles", Name: "Mobile phones", Owner: "marek", Criticality: 3, Stage: service.Live, Provider: "it-workplace", Group: "workplace"},

	{Ref: "terminal", Name: "Terminal system", Description: "Plans every move of every container.", Owner: "piotr", Criticality: 1, MissionCritical: true, Stage: service.Live, Provider: "it-applications", Group: "applications"},
	{Ref: "scanners", Parent: "terminal", Name: "Yard scanners", Description: "Hand-held devices of yard and warehouse.", Owner: "piotr", Criticality: 2, Stage: service.Live, Provider: "it-applications", Group: "desk"},
	{Ref: "booking", Name: "Booking system", Description: "Quotes, bookings and transport orders.", Owner: "piotr", Criticality: 1, Stage: service.Live, Provider: "it-applications", Group: "desk"},
	{Ref: "tracking", Name: "Shipment tracking", Description: "The portal in which customers follow their shipments.", Owner: "piotr", Criticality: 2, Stage: service.Live, Provider: "it-applications", Group: "applications"},
	{Ref: "intranet", Name: "Intranet", Owner: "piotr", Criticality: 4, Stage: service.Live, Provider: "it-applications", Group: "desk"},
	{Ref: "badges", Name: "Access badges", Description: "Badges that open doors and gates.", Owner: "ines", Criticality: 3, Stage: service.Live, Provider: "facilities", Group: "desk"},
	{Ref: "fax", Name: "Fax gateway", Description: "Ends with the year; customs offers a portal instead.", Owner: "ines", Criticality: 4, Stage: service.Retiring, Provider: "it-network", Group: "network-ops"},
	{Ref: "assistant", Name: "Planning assistant", Description: "Suggests slots for vessels. Being built.", Owner: "piotr", Criticality: 3, Stage: service.Planned, Provider: "it-applications", Group: "applications"},
}
