package measurement

import (
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// What several metrics leave out.
var (
	attribution = text.Key("Service, group, priority and the like are those of the ticket at the instant that counts, so later edits do not move past figures. Tier and supplier are the group's of today.")
	reopening   = text.Key("After a reopening the measuring begins anew.")
	noReplies   = text.Key("What rules and the product send by themselves is no reply.")
)

// Words are the texts of the catalogue, for metric.Deps.
func Words() map[metric.Key]metric.Words {
	words := func(name, meaning, formula string, excluded ...string) metric.Words {
		return metric.Words{Name: name, Meaning: meaning, Formula: formula, Excluded: append(excluded, attribution)}
	}
	return map[metric.Key]metric.Words{
		metric.VolumeIn: words(text.Key("Tickets opened"),
			text.Key("How many tickets were opened in the period."),
			text.Key("number of tickets opened"),
			text.Key("Reopenings are not counted; see the reopen rate.")),
		metric.VolumeOut: words(text.Key("Tickets finished"),
			text.Key("How many times work on a ticket was finished in the period: resolved, closed or cancelled."),
			text.Key("number of resolutions + number of cancellations"),
			text.Key("A ticket that is reopened and resolved again counts twice.")),
		metric.NetFlow: words(text.Key("Net flow"),
			text.Key("By how much the backlog grew in the period; below zero it shrank."),
			text.Key("opened + reopened + taken over − handed on − resolved − cancelled"),
			text.Key("What is taken over and handed on matters only in a cut: over everything the two are equal.")),
		metric.Backlog: words(text.Key("Backlog"),
			text.Key("How many tickets were open at the end of the period: new, being worked on or waiting."),
			text.Key("number of tickets open at that instant")),
		metric.BacklogAge: words(text.Key("Age of the backlog"),
			text.Key("How old the tickets are that were open at the end of the period. The figure is the median: half of them were older."),
			text.Key("median of (end of the period − opened or last reopened), over the tickets open at that instant"),
			text.Key("Time is counted around the clock.")),
		metric.FirstResponse: words(text.Key("Time to first response"),
			text.Key("How long requesters waited for the first public reply, over the tickets first answered in the period. The figure is the median."),
			text.Key("median of (first public reply − opened), over the tickets first answered"),
			text.Key("Tickets that were never answered, or only resolved, are not in it."), noReplies, text.Key("Time is counted around the clock.")),
		metric.TimeToResolve: words(text.Key("Time to resolve"),
			text.Key("How long it took from opening to the resolution, as the requester lived it, over the resolutions of the period. The figure is the median."),
			text.Key("median of (resolved − opened or last reopened), over the resolutions"),
			text.Key("Cancelled tickets are not in it."), reopening, text.Key("Time is counted around the clock.")),
		metric.TimeToResolveNet: words(text.Key("Time to resolve without waiting"),
			text.Key("Time to resolve less the time the ticket waited for somebody or something. The figure is the median."),
			text.Key("median of (resolved − opened or last reopened − time in waiting states), over the resolutions"),
			text.Key("Cancelled tickets are not in it."), reopening, text.Key("Read it beside the time to resolve: a long wait is a long wait for the requester.")),
		metric.TimeInState: words(text.Key("Time in state"),
			text.Key("How long tickets stayed in a state before they left it, over the stays that ended in the period. The figure is the median; cut by state to compare."),
			text.Key("median of (left the state − entered it), over the stays that ended"),
			text.Key("Stays that go on are not in it.")),
		metric.TimeWithHolder: words(text.Key("Time with holder"),
			text.Key("How long a group held an active ticket before it handed it on or finished it, over the holdings that ended in the period. The figure is the median; cut by group or supplier to compare."),
			text.Key("median of (handed on or finished − taken over), over the holdings that ended"),
			text.Key("Holdings that go on are not in it. Time without a group is shown as having none.")),
		metric.FirstContact: words(text.Key("First-contact resolution"),
			text.Key("The share of resolutions that took one contact: never handed to another group, never waiting, not reopened before, and at most one reply."),
			text.Key("resolutions in the first contact ÷ resolutions")),
		metric.FirstLine: words(text.Key("First-line resolution"),
			text.Key("The share of resolutions that needed nobody beyond the first line: every group that held the ticket is of tier L1."),
			text.Key("resolutions by tier L1 alone ÷ resolutions whose groups all have a tier"),
			text.Key("Tickets held by a group without a tier are not in it."), text.Key("The tier is the one a group had when the resolution was counted.")),
		metric.ReopenRate: words(text.Key("Reopen rate"),
			text.Key("How many reopenings there were for each resolution of the period."),
			text.Key("reopenings ÷ resolutions"),
			text.Key("A reopening counts in the period in which it happened, not in that of the resolution.")),
		metric.Reassignments: words(text.Key("Reassignments"),
			text.Key("How often a ticket moved from one group to another until it was resolved, on average."),
			text.Key("moves between groups ÷ resolutions"),
			text.Key("The first assignment is no move.")),
		metric.PingPong: words(text.Key("Ping-pong"),
			text.Key("The share of resolutions of tickets that came back to a group which had handed them on."),
			text.Key("resolutions of tickets that came back ÷ resolutions")),
		metric.Touches: words(text.Key("Touches"),
			text.Key("How often somebody other than the requester did something on a ticket until it was resolved, on average."),
			text.Key("entries by our side ÷ resolutions"),
			text.Key("Opening is no touch, nor is what rules, timers and parent tickets do. What one person does in one moment is one touch.")),
		metric.Satisfaction: words(text.Key("Satisfaction"),
			text.Key("The mean of the scores, 1 to 5, that requesters gave in the period."),
			text.Key("sum of the scores ÷ number of ratings"),
			text.Key("A rating that was replaced counts no longer from then on. Read it beside the response rate.")),
		metric.ResponseRate: words(text.Key("Rating response rate"),
			text.Key("How many ratings came in for each resolution of the period."),
			text.Key("ratings ÷ resolutions")),
		metric.LostTime: words(text.Key("Lost time"),
			text.Key("How much working time requesters say they lost, on average."),
			text.Key("sum of the time lost ÷ ratings that say it"),
			text.Key("Ratings that say nothing of it are not in it.")),
		metric.RecurringMinor: words(text.Key("Recurring minor incidents"),
			text.Key("The share of incidents of priority 3 and below whose service and category had at least five of them in thirty days on average over the period: each is small, together they are a problem."),
			text.Key("minor incidents whose service and category recur ÷ minor incidents"),
			text.Key("In a period shorter than thirty days, five make it recur.")),
		metric.AfterHours: words(text.Key("After-hours effort"),
			text.Key("The share of touches before 8 o'clock, from 18 o'clock on, or on a Saturday or Sunday, in your time zone."),
			text.Key("touches outside office hours ÷ touches"),
			text.Key("Public holidays are not known.")),
		metric.Concentration: words(text.Key("Load on the busiest tenth"),
			text.Key("The share of touches that came from the busiest tenth of those who did any. A tenth is at least one person; nobody is named."),
			text.Key("touches by the busiest tenth of people ÷ touches of people who are known"),
			text.Key("Work that was recorded without a person is not in it.")),
	}
}
