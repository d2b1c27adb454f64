package live

// Following reports whether the hub reads for somebody.
func (h *Hub) Following() bool { return h.following() }

// Fade makes presence look at the clock.
func (p *Presence) Fade() { p.rouse() }

// Later gives a place that many transactions further.
func (c Cursor) Later(n int64) Cursor { return Cursor{generation: c.generation, next: c.next + n} }

// After reports whether nothing that was to come at o is still open at c.
func (c Cursor) After(o Cursor) bool { return c.lowestUnseen() >= o.next }
