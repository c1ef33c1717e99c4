package simulation

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// checkWire holds every write that left against the plan, the looks before it, and what became of the writes before it.
func (c *campaign) checkWire() {
	first := map[string]string{} // the body of each write of a task when it was first sent
	for _, ex := range c.world.log {
		if ex.leg.of != c || ex.kind != kindBatch {
			continue
		}
		ids := map[string]bool{}
		for _, it := range ex.items {
			id := strings.ToLower(it.ID)
			if id == "" || ids[id] || it.write() != ex.writes() {
				c.wireComplaint(it, "an item without an id of its own, or beside others of another kind")
			}
			ids[id] = true
			if it.write() {
				c.checkWrite(it, first)
			} else if it.Method != http.MethodGet || it.URL != taskURL(it.key) {
				c.wireComplaint(it, "%s %s", it.Method, it.URL)
			}
		}
		if n := len(ex.items); n == 0 || n > 20 {
			c.world.complain("an envelope of %d items", n)
		}
	}
}

func taskURL(key string) string { return "/deviceAppManagement/deviceAppManagementTasks/" + key }

func (c *campaign) wireComplaint(it *item, format string, args ...any) {
	c.world.complain("leg %d (%s), %s of %s that left at %s: %s", it.ex.leg.n, c.name, it.kind(), it.key, c.world.clock(it.ex.left), fmt.Sprintf(format, args...))
}

// checkWrite holds one write against the plan and against what the leg knew when it left.
func (c *campaign) checkWrite(it *item, first map[string]string) {
	tr := c.trackByKey(it.key)
	if tr == nil || len(tr.edits) == 0 {
		c.wireComplaint(it, "nothing was to be sent for this task")
		return
	}
	if c.name == "plan" {
		c.wireComplaint(it, "a plan sends nothing")
	}
	c.checkBody(it, tr)
	kind := it.kind() + it.key
	if body, sent := first[kind]; !sent {
		first[kind] = string(it.Body)
	} else if body != string(it.Body) {
		c.wireComplaint(it, "it holds %s, and first held %s", it.Body, body)
	}
	if !it.ex.made {
		return
	}
	c.checkLook(it, tr)
	c.checkRepeat(it, tr)
	c.checkKnown(it, tr)
}

// checkBody: the minimal edits of the part, whole, with the type, and nothing else.
func (c *campaign) checkBody(it *item, tr *track) {
	want := map[string]string{}
	part := c.parts(tr)[min(c.partOf(tr, it), len(c.parts(tr))-1)]
	for _, e := range part {
		want[e.property] = e.wanted
	}
	switch {
	case it.action:
		if it.Method != http.MethodPost || it.URL != taskURL(it.key)+"/updateStatus" {
			c.wireComplaint(it, "%s %s", it.Method, it.URL)
		}
	case it.Method != http.MethodPatch || it.URL != taskURL(it.key):
		c.wireComplaint(it, "%s %s", it.Method, it.URL)
	default:
		want["@odata.type"] = strconv.Quote(typeOf(it.key))
	}
	var body map[string]json.RawMessage
	if err := json.Unmarshal(it.Body, &body); err != nil {
		c.wireComplaint(it, "its body is no JSON: %v", err)
	}
	got := map[string]string{}
	for name, raw := range body {
		got[name] = plain(raw)
	}
	if !maps.Equal(got, want) {
		c.wireComplaint(it, "it holds %v, where the plan asks for %v", got, want)
	}
	typed := false
	for name, value := range it.Head {
		typed = typed || strings.EqualFold(name, "Content-Type") && value == "application/json"
	}
	if !typed {
		c.wireComplaint(it, "it has no content type")
	}
}

// checkLook: the last look at the task is fresh, and shows nothing that forbids the write.
func (c *campaign) checkLook(it *item, tr *track) {
	left := it.ex.left
	var last *look
	var third time.Time // when the last look came that showed somebody else's value
	second := c.partOf(tr, it) == 1
	looks := c.looks(it.ex.leg, tr)
	for i := range looks {
		k := &looks[i]
		if k.came.After(left) || k.body && !second {
			continue
		}
		if last == nil || !k.came.Before(last.came) {
			last = k
		}
		if !c.world.sc.overwrite && tr.third(k.values) {
			third = k.came
		}
	}
	switch {
	case last == nil:
		c.wireComplaint(it, "the task was never looked at")
	case left.Sub(last.came) > c.world.sc.reread:
		c.wireComplaint(it, "the task was last seen %v before", left.Sub(last.came))
	case last.absent:
		c.wireComplaint(it, "the look at %s showed no task", c.world.clock(last.came))
	case !c.world.sc.overwrite && tr.third(last.values):
		c.wireComplaint(it, "the look at %s showed somebody else's value: %v", c.world.clock(last.came), tr.shown(last.values))
	case tr.wanted(last.values):
		c.wireComplaint(it, "the look at %s showed what is wanted", c.world.clock(last.came))
	case !third.IsZero() && last.asked.Before(third.Add(c.world.sc.settle)):
		c.wireComplaint(it, "a look at %s showed somebody else's value, and none was asked for a window later", c.world.clock(third))
	}
	if !third.IsZero() {
		branch("third remembered, then sent")
	}
}

// shown are the values of the properties that a row changes.
func (tr *track) shown(v values) map[string]string {
	all := map[string]string{}
	for _, e := range tr.edits {
		all[e.property] = v[e.property]
	}
	return all
}

// checkRepeat: a write is sent again only where the one before it is known not to have taken effect.
func (c *campaign) checkRepeat(it *item, tr *track) {
	var before *item
	for _, s := range tr.sends {
		if s == it {
			break
		}
		if c.partOf(tr, s) == c.partOf(tr, it) {
			before = s
		}
	}
	if before == nil {
		return
	}
	sameLeg := before.ex.leg == it.ex.leg
	heard := sameLeg && !before.ex.back.IsZero() && !before.ex.back.After(it.ex.left)
	switch {
	case sameLeg && !heard:
		c.wireComplaint(it, "it was sent before, and no answer had come")
	case sameLeg && accepted(before):
		c.wireComplaint(it, "it was accepted before, with %d", before.answer.status)
	case sameLeg && refusedForGood(before):
		c.wireComplaint(it, "it was refused for good before")
	case sameLeg && refusedForNow(before):
		branch("sent again after a refusal for now")
		if wait := waitAsked(before); it.ex.left.Before(before.ex.back.Add(wait)) {
			c.wireComplaint(it, "it was to wait %v, from %s", wait, c.world.clock(before.ex.back))
		}
	default:
		branch("sent again after doubt")
		c.checkSettled(it, before, tr)
	}
}

// checkSettled: a look asked for after the window of the sending before.
func (c *campaign) checkSettled(it, before *item, tr *track) {
	closes := c.closes(before)
	if before.ex.leg != it.ex.leg { // what the leg before knew may be lost
		closes = c.world.announced(before.ex).Add(c.world.sc.settle)
	}
	for _, k := range c.looks(it.ex.leg, tr) {
		if !k.asked.Before(closes.Add(-time.Millisecond)) && !k.came.After(it.ex.left) { // a ledger counts in milliseconds
			return
		}
	}
	c.wireComplaint(it, "it was sent at %s, in doubt, and no look was asked for after its window closed at %s", c.world.clock(before.ex.left), c.world.clock(closes))
}

// announced is when an envelope left first: it leaves a second time with a new token.
func (w *world) announced(ex *exchange) time.Time {
	i := slices.IndexFunc(w.log, func(other *exchange) bool { return other.request == ex.request })
	return w.log[i].left
}

// waitAsked is how long a refusal for now asks to wait, where that is said in seconds.
func waitAsked(it *item) time.Duration {
	form := it.ex.wait
	if it.answer != nil {
		form = it.answer.wait
	}
	seconds, err := strconv.ParseFloat(form, 64)
	if err != nil {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

// checkKnown: no write leaves once it is known to be applied, on this leg or by a result that outlived an earlier one.
func (c *campaign) checkKnown(it *item, tr *track) {
	part := c.partOf(tr, it)
	for _, s := range tr.sends {
		if s == it {
			break
		}
		known := c.partOf(tr, s) == part && accepted(s) && s.answer.status == 200 && holds(c.parts(tr)[min(part, len(c.parts(tr))-1)], s.answer.values)
		if known && c.remembered(s, it) {
			c.wireComplaint(it, "the answer at %s proved it to be applied", c.world.clock(s.ex.back))
		}
	}
	for _, l := range c.legs {
		if l.n > it.ex.leg.n {
			break
		}
		if len(tr.sends) == 0 || tr.sends[0] == it {
			break
		}
		if k := c.seenWanted(l, tr, tr.sends[0].ex.left, it.ex.left); k != nil && c.lasts(l, k.came, it) {
			c.wireComplaint(it, "the look at %s proved it to be applied", c.world.clock(k.came))
		}
	}
	for _, l := range c.legs {
		if l.n > it.ex.leg.n {
			break
		}
		for _, n := range l.own() {
			if n.Kind == "result" && n.Index == tr.index && final(n) && n.SettledAt.Before(it.ex.left.Add(-time.Millisecond)) {
				c.wireComplaint(it, "leg %d has its result, %s", l.n, n.Outcome)
			}
		}
	}
}

// checkHeard: a result is in the file as soon as its envelope has landed.
func (c *campaign) checkHeard(l *leg) {
	if l.plan.end == diskFull || l.plan.end == killedInWriting {
		return
	}
	for _, p := range l.proofs {
		tr := c.trackByKey(p.it.key)
		if tr == nil || !tr.wanted(p.it.answer.values) || l.isDead() && !l.died.After(p.it.ex.back.Add(time.Nanosecond)) {
			continue
		}
		branch("a result was in the file at once")
		for _, n := range l.own() {
			if n.Kind == "result" && n.Index == tr.index && n.begins >= p.size {
				c.wireComplaint(p.it, "its answer had landed at %s, and its result was not in the file", c.world.clock(p.it.ex.back))
			}
		}
	}
}

// final reports whether a result leaves nothing to do for a later leg.
func final(n line) bool { return n.Outcome != "notSent" && n.Outcome != "unknown" && !n.Temporary }

// remembered reports whether what came for one write is known to the leg that sends another: it has it itself, or an earlier leg had the
// time to write it, and lost nothing that it wrote.
func (c *campaign) remembered(s, it *item) bool { return c.lasts(s.ex.leg, s.ex.back, it) }

// lasts reports whether what a leg came to know at a time is known when a write leaves.
func (c *campaign) lasts(l *leg, at time.Time, it *item) bool {
	switch {
	case l == it.ex.leg:
		return at.Before(it.ex.left)
	case l.plan.end == diskFull || l.plan.end == syncFails:
		return false
	case !l.isDead():
		return at.Before(l.ended)
	}
	return at.Before(l.died) && l.plan.powerLoss < 0 && l.plan.end != killedInWriting && l.plan.end != killedAtLanding
}

// checkWindows: no more writes, and no more requests, leave in any span than the limits allow, and no more calls are in flight.
func (c *campaign) checkWindows() {
	var writes, all []time.Time
	for _, ex := range c.world.log {
		if ex.leg.of != c || !ex.made {
			continue
		}
		for range max(1, len(ex.items)) {
			all = append(all, ex.left)
			if ex.writes() {
				writes = append(writes, ex.left)
			}
		}
	}
	c.checkSpan("writes", writes, c.world.sc.writes.N)
	if len(c.legs) == 1 { // a ledger remembers no looks
		c.checkSpan("requests", all, c.world.sc.reads.N)
	}
	for _, l := range c.legs {
		c.checkFlights(l)
	}
}

func (c *campaign) checkSpan(what string, left []time.Time, most int) {
	for i := most; i < len(left); i++ {
		if span := left[i].Sub(left[i-most]); span < c.world.sc.writes.Per {
			c.world.complain("%s: %d %s left within %v, the last at %s; the limit is %d", c.name, most+1, what, span, c.world.clock(left[i]), most)
			return
		}
	}
	if len(left) > most {
		branch("the window of " + what + " was full")
	}
}

// checkFlights: looks and writes together never exceed the concurrency.
func (c *campaign) checkFlights(l *leg) {
	type moment struct {
		at time.Time
		by int
	}
	var moments []moment
	for _, ex := range c.world.log {
		if ex.leg == l && ex.kind == kindBatch {
			back := ex.back
			if back.IsZero() {
				back = l.ended
			}
			moments = append(moments, moment{ex.left, 1}, moment{back, -1})
		}
	}
	slices.SortStableFunc(moments, func(a, b moment) int {
		if n := a.at.Compare(b.at); n != 0 {
			return n
		}
		return a.by - b.by
	})
	n, most := 0, 0
	for _, m := range moments {
		n += m.by
		most = max(most, n)
	}
	if most > c.world.sc.concurrency {
		c.world.complain("leg %d: %d envelopes in flight, of %d", l.n, most, c.world.sc.concurrency)
	}
}

// checkLimits: what a leg sends is within its own limits.
func (c *campaign) checkLimits(l *leg) {
	sent, clears := map[string]bool{}, 0
	for _, tr := range c.tracks {
		for _, it := range tr.sends {
			if it.ex.leg != l || sent[tr.key] {
				continue
			}
			sent[tr.key] = true
			for _, e := range tr.edits {
				if e.wanted == `""` {
					clears++
				}
			}
		}
	}
	if l.plan.maxChanges >= 0 && len(sent) > l.plan.maxChanges {
		c.world.complain("leg %d: %d changes sent, of %d", l.n, len(sent), l.plan.maxChanges)
	}
	if l.plan.maxClears >= 0 && clears > l.plan.maxClears {
		c.world.complain("leg %d: %d values cleared, of %d", l.n, clears, l.plan.maxClears)
	}
	if !l.isDead() && l.code() == 6 {
		branch("a limit stopped a leg")
		if len(sent) > 0 {
			c.world.complain("leg %d: %d changes sent, and a limit stopped it", l.n, len(sent))
		}
	}
}

// checkSendingLines: each envelope of writes was announced, with the changes that it carries.
func (c *campaign) checkSendingLines(l *leg) {
	announced := map[string][]int{}
	for _, n := range l.own() {
		if n.Kind == "sending" {
			announced[n.ClientRequestID] = n.Changes
		}
	}
	for _, ex := range c.world.log {
		if ex.leg != l || !ex.writes() {
			continue
		}
		var carried []int
		for _, it := range ex.items {
			if tr := c.trackByKey(it.key); tr != nil {
				carried = append(carried, tr.index)
			}
		}
		if got := announced[ex.request]; !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(carried))) {
			c.world.complain("leg %d: the envelope at %s carries rows %v, and its line in the ledger names %v", l.n, c.world.clock(ex.left), carried, got)
		}
	}
}
