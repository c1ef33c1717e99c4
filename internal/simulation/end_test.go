package simulation

import (
	"slices"
	"strconv"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/report/verify"
)

// checkEnd: the counts add up, the exit code says what they say, and the leg ended in time.
func (c *campaign) checkEnd(l *leg) {
	if l.isDead() || l.summary == nil {
		return
	}
	sum, good := 0, 0
	for o, n := range l.summary.Outcomes {
		sum += n
		if o.Good() {
			good += n
		}
	}
	code := l.code()
	branch("exit code " + strconv.Itoa(code))
	if sum != l.summary.Rows {
		c.world.complain("leg %d: the outcomes make %d, of %d rows", l.n, sum, l.summary.Rows)
	}
	unwritten := code == 1 && (l.plan.end == diskFull || l.plan.end == syncFails)
	if l.config.Command == "apply" && (code == 0) != (good == l.summary.Rows) && !unwritten {
		c.world.complain("leg %d: exit code %d, and %d of %d rows are as wanted: %v", l.n, code, good, l.summary.Rows, l.err)
	}
	if l.config.Command == "apply" && l.endsEarly() == "" && len(c.entries[l]) > 0 && code != c.deserved(l) {
		c.world.complain("leg %d: exit code %d, and its rows deserve %d: %v", l.n, code, c.deserved(l), l.err)
	}
	c.checkInTime(l)
	if l.config.Command == "apply" && len(c.entries[l]) > 0 && code != 6 {
		c.checkReport(l)
	}
}

// deserved is the exit code that the rows of a leg deserve that nothing stopped.
func (c *campaign) deserved(l *leg) int {
	code := 0
	for _, e := range c.entries[l] {
		switch {
		case e.Outcome.Good():
		case e.Outcome == diff.Unknown, e.Outcome == diff.NotSent, e.Result != nil && e.Result.Temporary:
			return 5
		default:
			code = 3
		}
	}
	return code
}

// checkInTime: a leg that is left ends at once, one that is stopped waits for the open windows alone, and each ends some day.
func (c *campaign) checkInTime(l *leg) {
	sc := c.world.sc
	patience := time.Duration(sc.attempts)*(sc.call+2*time.Minute) + sc.settle
	if sc.dateOff != 0 {
		patience += 20 * time.Minute // a Retry-After that is a date is off as much, and waited for up to a bound
	}
	switch {
	case !l.leftAt.IsZero() && l.ended.Sub(l.leftAt) > time.Second:
		c.world.complain("leg %d: it ended %v after the second signal", l.n, l.ended.Sub(l.leftAt))
	case !l.signalled.IsZero() && l.ended.Sub(l.signalled) > patience+sc.call:
		c.world.complain("leg %d: it ended %v after the signal", l.n, l.ended.Sub(l.signalled))
	case l.ended.Sub(l.began) > time.Duration(4+len(sc.rows))*patience:
		c.world.complain("leg %d: it took %v", l.n, l.ended.Sub(l.began))
	}
}

// checkReport: the report of a leg that came to its end is there and, where it is a workbook, verifies.
func (c *campaign) checkReport(l *leg) {
	if len(l.summary.Reports) == 0 {
		c.world.complain("leg %d: it left no report: %v", l.n, l.err)
		return
	}
	if c.world.sc.report != ".xlsx" || l != c.legs[len(c.legs)-1] {
		return
	}
	past, err := ledger.Open(l.ledger)
	if err == nil {
		defer past.Close()
		_, err = verify.Workbook(l.summary.Reports[0], past)
	}
	if err != nil {
		c.world.complain("leg %d: its report does not verify: %v", l.n, err)
	}
	branch("a workbook was verified")
}

// checkSettledAfter: a result that a look gave says how long after the last answer it came.
func (c *campaign) checkSettledAfter(l *leg, tr *track, n *line) {
	var last *item
	for _, it := range tr.sends {
		if it.ex.leg == l && !it.ex.left.After(n.SettledAt.Add(time.Millisecond)) {
			last = it
		}
	}
	if last == nil || n.Attempts == 0 || last.ex.back.IsZero() {
		return
	}
	want := n.SettledAt.Sub(last.ex.back).Seconds()
	if d := n.SettledAfter - want; n.SettledAfter != 0 && (d > 0.01 || d < -0.01) || n.SettledAfter == 0 && want > 0.01 {
		c.world.complain("leg %d (%s), row %d: settled after %.3f s by its result, and %.3f s by the clock", l.n, c.name, tr.index, n.SettledAfter, want)
	}
	if n.SettledAfter > 0 {
		branch("settled late")
	}
}

// checkOverwrote: what was overwritten is on the row's result, and nothing else does.
func (c *campaign) checkOverwrote(l *leg, tr *track, n *line) {
	may, must := map[string]bool{}, map[string]string{} // be named: what a look before any write found, and before the last of a property
	for _, it := range tr.sends {
		if it.ex.leg.n > l.n || it.ex.left.After(n.SettledAt) {
			continue
		}
		var last *look
		for _, k := range c.looks(it.ex.leg, tr) {
			if !k.body && !k.came.After(it.ex.left) {
				last = &k
			}
		}
		if last == nil {
			continue
		}
		for _, e := range c.parts(tr)[c.partOf(tr, it)] {
			base := e.before
			for _, a := range c.input[tr.key].edits {
				if a.property == e.property {
					base = a.before
				}
			}
			v := last.values[e.property]
			if v != e.wanted && (v != base || v != e.before) { // the plan may itself overwrite a value, in the place of which another was found
				may[e.property+"="+v] = true
			}
			delete(must, e.property)
			if v != e.wanted && v != base {
				must[e.property] = v
			}
		}
	}
	if c.announcedInVain(l, tr) { // a later leg cannot know
		return
	}
	for _, o := range n.Overwrote {
		text := o.Property + "=" + plain(o.Value)
		if !may[text] {
			c.world.complain("leg %d (%s), row %d: %s is said to be overwritten, and was not found", l.n, c.name, tr.index, text)
		}
		if must[o.Property] == plain(o.Value) {
			delete(must, o.Property)
		}
		branch("overwrote")
	}
	for property, value := range must {
		text := property + "=" + value
		c.world.complain("leg %d (%s), row %d: %s was overwritten, and the result does not say so", l.n, c.name, tr.index, text)
	}
}

// announcedInVain reports whether a leg before this one has a line that says that the row is sent, of an envelope that never left.
func (c *campaign) announcedInVain(l *leg, tr *track) bool {
	for _, earlier := range c.legs {
		for _, n := range earlier.own() {
			if earlier.n < l.n && n.Kind == "sending" && slices.Contains(n.Changes, tr.index) && c.world.byRequest[n.ClientRequestID] == nil {
				return true
			}
		}
	}
	return false
}

// checkCanary: until the first changes are applied, nothing else leaves on the first leg.
func (c *campaign) checkCanary() {
	n := c.world.sc.canary
	if n == 0 || len(c.legs) == 0 || c.name == "plan" {
		return
	}
	l := c.legs[0]
	canaries := map[int]bool{}
	for _, tr := range c.tracks {
		if tr.outcome == "" && tr.sameAs == nil && len(canaries) < n {
			canaries[tr.index] = true
		}
	}
	applied := map[int]time.Time{}
	for _, own := range l.own() {
		if own.Kind == "result" && canaries[own.Index] && diff.Outcome(own.Outcome).Good() {
			applied[own.Index] = own.SettledAt
		}
	}
	for _, tr := range c.tracks {
		for _, it := range tr.sends {
			if it.ex.leg != l || canaries[tr.index] {
				continue
			}
			branch("sent behind a canary")
			for index := range canaries {
				if at, ok := applied[index]; !ok || at.After(it.ex.left) {
					c.wireComplaint(it, "the canary of row %d is not known to be applied", index)
				}
			}
		}
	}
}
