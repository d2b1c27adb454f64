package demo

import "time"

// chapter tells what happens to one ticket, in order.
type chapter struct {
	*teller
	plot  *plot
	story *Story
	in    slots
	which int // of the titles
	at    time.Time
	group string // that has it now
	agent string // who has it now; "" for nobody
}

// variant picks one of a list: the one that goes with the title if the list is
// as long as the titles are many.
func (c *chapter) variant(n int) int {
	if n == len(c.plot.titles) {
		return c.which
	}
	return c.rng.IntN(n)
}

// wait lets working time pass; at the terminals all time is working time.
func (c *chapter) wait(least, most time.Duration) {
	d := c.pace(c.story, least, most)
	if c.plot.nights {
		c.at = c.at.Add(d).Truncate(time.Second)
		return
	}
	c.at = later(c.at, d)
}

// say fills a text in for whoever works on it.
func (c *chapter) say(text string) string {
	return c.in.with("agent", firstName(c.person(c.agent).Name)).with("group", c.groups[c.group].Name).fill(text)
}

// do adds a beat. People of a supplier write no internal notes.
func (c *chapter) do(b Beat) {
	if b.Do == Note && c.outside(b.By) {
		return
	}
	b.At = c.at
	c.story.then(b)
}

// tell goes as far as the stage, or to the end.
func (c *chapter) tell(end stage) {
	if end == unread {
		return
	}
	if c.group == "" {
		c.triage()
	}
	if end == fresh {
		if c.chance(20) && c.now.Sub(c.story.Opened) > 20*time.Hour {
			c.wait(3*time.Hour, 12*time.Hour)
			c.do(Beat{By: c.story.Requester, Do: Reply, Text: c.say(c.one(nudges))})
		}
		return
	}
	if end == done && c.chance(3) {
		c.wait(20*time.Minute, 4*time.Hour)
		c.do(Beat{By: c.story.Requester, Do: Cancel, Text: c.say(c.one(withdrawals))})
		return
	}
	c.assign()
	if end == assigned {
		return
	}
	c.begin()
	c.investigate(end)
	switch end {
	case caller:
		c.ask(false)
	case waiting:
		c.standStill(false)
	case working:
		if c.chance(40) && len(c.plot.notes) > 0 {
			c.wait(30*time.Minute, 5*time.Hour)
			c.do(Beat{By: c.agent, Do: Note, Text: c.say(c.one(c.plot.notes))})
		}
	case reopened:
		c.finish()
		c.relapse()
	case done:
		c.finish()
		if c.chance(4) {
			c.relapse()
			c.wait(time.Hour, 20*time.Hour)
			c.finish()
		}
		c.leave()
	case unread, fresh, assigned: // told above
	}
}

// triage gives a ticket without a service to the help desk.
func (c *chapter) triage() {
	c.group = "desk"
	c.wait(5*time.Minute, 50*time.Minute)
	c.do(Beat{By: c.member("desk"), Do: Assign, Group: c.group})
}

// assign gives it to somebody, by the lead or by themselves.
func (c *chapter) assign() {
	c.agent = c.member(c.group)
	c.wait(4*time.Minute, 5*time.Hour)
	by := c.agent
	if lead := c.groups[c.group].Members[0]; c.chance(35) && lead != c.agent {
		by = lead
		if text := c.one(assigning); text != "" {
			c.do(Beat{By: by, Do: Note, Text: c.say(text)})
		}
	}
	c.do(Beat{By: by, Do: Assign, Group: c.group, To: c.agent})
}

// begin starts the work, often with a word to the requester.
func (c *chapter) begin() {
	c.wait(2*time.Minute, 90*time.Minute)
	c.do(Beat{By: c.agent, Do: Start})
	if c.chance(60) {
		c.wait(time.Minute, 15*time.Minute)
		c.do(Beat{By: c.agent, Do: Reply, Text: c.say(c.one(greetings[c.plot.kind]))})
	}
}

// investigate is what lies between the beginning and the end.
func (c *chapter) investigate(end stage) {
	p := c.plot
	if c.chance(55) && len(p.notes) > 0 {
		c.wait(10*time.Minute, 3*time.Hour)
		c.do(Beat{By: c.agent, Do: Note, Text: c.say(c.one(p.notes))})
	}
	if c.chance(45) && len(p.asks) > 0 {
		c.ask(true)
	}
	for i, next := range p.route {
		likely := 50
		if i > 0 {
			likely = 35
		}
		if next == c.group || !c.chance(likely) {
			break
		}
		c.handOver(next, p.handovers[min(i, len(p.handovers)-1)])
	}
	if end == done && p.hold != "" && c.chance(35) {
		c.standStill(true)
	}
	if c.chance(7) {
		c.do(Beat{By: c.agent, Do: Watch, To: c.colleague(c.person(c.story.Requester))})
	}
	if c.person(c.story.Requester).VIP && c.chance(60) {
		c.do(Beat{By: c.agent, Do: Override, Score: 2, Text: "Member of the management, presentation on the same day."})
	}
	if c.story.Service == "" && c.chance(50) {
		c.do(Beat{By: c.agent, Do: About, Service: "laptops"})
	}
}

// ask puts a question; answered tells whether the answer has come.
func (c *chapter) ask(answered bool) {
	q := c.plot.asks[c.rng.IntN(len(c.plot.asks))]
	c.wait(10*time.Minute, 4*time.Hour)
	c.do(Beat{By: c.agent, Do: Hold, Reason: "caller", Text: c.say(q.ask)})
	if !answered {
		return
	}
	c.wait(20*time.Minute, 14*time.Hour)
	answer := Beat{By: c.story.Requester, Do: Reply, Text: c.say(q.answer)}
	if c.chance(15) && len(c.plot.files) > 0 {
		answer.Files = []string{c.plot.files[0]}
	}
	c.do(answer)
}

// handOver gives it to another group, whose people take it up.
func (c *chapter) handOver(group, why string) {
	c.wait(20*time.Minute, 5*time.Hour)
	c.do(Beat{By: c.agent, Do: Note, Text: c.say(why)})
	c.do(Beat{By: c.agent, Do: Assign, Group: group})
	c.group, c.agent = group, c.member(group)
	c.wait(10*time.Minute, 5*time.Hour)
	c.do(Beat{By: c.agent, Do: Assign, Group: group, To: c.agent})
}

// standStill puts it on hold; over tells whether it has gone on since.
func (c *chapter) standStill(over bool) {
	reason, why, on := c.plot.hold, c.one(c.plot.holdNotes), c.one(c.plot.goesOn)
	if reason == "" {
		reason, why, on = "vendor", "Asked the maker for help, case is open.", "The maker has answered."
	}
	c.wait(30*time.Minute, 6*time.Hour)
	c.do(Beat{By: c.agent, Do: Hold, Reason: reason, Text: c.say(why)})
	if !over {
		return
	}
	c.wait(5*time.Hour, 45*time.Hour)
	c.do(Beat{By: c.agent, Do: Resume, Text: c.say(on)})
}

func (c *chapter) finish() {
	f := c.plot.fixes[c.variant(len(c.plot.fixes))]
	c.wait(10*time.Minute, 8*time.Hour)
	c.do(Beat{By: c.agent, Do: Resolve, Code: f.code, Text: c.say(f.text)})
}

func (c *chapter) relapse() {
	c.wait(time.Hour, 15*time.Hour)
	c.do(Beat{By: c.story.Requester, Do: Reopen, Text: c.say(c.one(relapses))})
}

// leave is what follows the solution: a word, a verdict, the end.
func (c *chapter) leave() {
	const autoClose = 5 * 24 * time.Hour
	requester := c.story.Requester
	resolved := c.at
	rates := c.chance(33)
	if c.chance(40) {
		c.wait(20*time.Minute, 20*time.Hour)
		if c.chance(35) {
			c.do(Beat{By: requester, Do: Reply, Text: c.say(c.one(confirmations[c.plot.kind]))})
		}
		c.do(Beat{By: requester, Do: Close})
	} else {
		if rates {
			c.wait(time.Hour, 20*time.Hour)
			c.verdict(resolved)
		}
		c.at = resolved.Add(autoClose + time.Duration(c.rng.IntN(50))*time.Minute)
		c.do(Beat{Do: Close})
		return
	}
	if rates {
		c.at = c.at.Add(time.Duration(1+c.rng.IntN(5)) * time.Minute)
		c.verdict(resolved)
	}
}

func (c *chapter) verdict(resolved time.Time) {
	took := resolved.Sub(c.story.Opened)
	score := 5 - c.rng.IntN(2)
	switch {
	case took > 10*24*time.Hour:
		score = 1 + c.rng.IntN(4)
	case took > 4*24*time.Hour:
		score = 2 + c.rng.IntN(4)
	case c.chance(8):
		score = 1 + c.rng.IntN(3)
	}
	text := c.one(praise)
	if score < 3 {
		text = c.one(grumbles)
	}
	c.story.Minutes = 5 * (1 + c.rng.IntN(12))
	if score < 3 {
		c.story.Minutes *= 4
	}
	c.do(Beat{By: c.story.Requester, Do: Rate, Score: score, Text: text})
}
