package simulation

import (
	"slices"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/sandbox"
)

// campaign is one run, from its input to the end of its last leg, and what the oracle knows of it.
type campaign struct {
	world  *world
	name   string
	legs   []*leg
	undoes *campaign
	tracks []*track // by change index, as soon as there is a plan

	input   map[string]asked             // of a sheet with a base, by task
	entries map[*leg][]ledger.Entry      // of every row, as each leg left it
	sheet   map[string]map[string]string // that undoes the run: by task and property, what it asks for
}

// track is one row of a run.
type track struct {
	index   int
	key     string
	edits   []change
	outcome string // by the plan, "" where it is to be sent
	sameAs  *int
	base    time.Time // when what the plan compares with was read
	history history
	sends   []*item         // its writes on the wire, in the order in which they left
	tries   []*item         // those, and the ones that found no connection
	looks   map[*leg][]look // at its task
	guarded bool            // the sheet has a base for it
	began   time.Time       // when the leg began that made the plan
}

// change is one property of a row.
type change struct{ property, before, wanted string }

func (w *world) campaign(name string) *campaign {
	c := &campaign{world: w, name: name, entries: map[*leg][]ledger.Entry{}}
	w.campaigns = append(w.campaigns, c)
	return c
}

// check looks at what a leg left as soon as it has ended.
func (c *campaign) check(l *leg) {
	if l.ledger == "" || !l.planned() {
		return
	}
	past, err := ledger.Open(l.ledger)
	if err != nil {
		c.world.complain("leg %d: its ledger does not verify: %v", l.n, err)
		return
	}
	defer past.Close()
	if err := past.Each(func(e ledger.Entry) error { c.entries[l] = append(c.entries[l], e); return nil }); err != nil {
		c.world.complain("leg %d: its ledger cannot be read: %v", l.n, err)
	}
}

// finished reports whether the run is finished by the contract: it has an end line, and no row is left.
func (c *campaign) finished() bool {
	l := c.legs[len(c.legs)-1]
	if len(l.lines) == 0 || l.lines[len(l.lines)-1].Kind != "end" {
		return false
	}
	last := map[int]line{}
	for _, n := range l.lines {
		if n.Kind == "result" {
			last[n.Index] = n
		}
	}
	for _, n := range l.lines {
		if n.Kind != "change" || n.Outcome != "" || n.SameAs != nil {
			continue
		}
		r, ok := last[n.Index]
		if !ok || r.Outcome == string(diff.NotSent) || r.Outcome == string(diff.Unknown) || r.Temporary {
			return false
		}
	}
	return true
}

// judge looks at everything once nothing happens any more.
func (w *world) judge() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.campaigns {
		c.follow()
	}
	for _, c := range w.campaigns {
		c.checkWire()
		c.checkWindows()
		c.checkCanary()
		for _, l := range c.legs {
			c.checkLimits(l)
			c.checkSendingLines(l)
			c.checkHeard(l)
			c.checkEnd(l)
			c.checkOutcomes(l)
		}
		c.judgeUndo()
		c.judgeRestored()
		c.checkNotBefore()
	}
	w.countBranches()
}

// follow finds the rows of the run, from the plan, and their writes, from the wire.
func (c *campaign) follow() {
	var planned time.Time
	for _, l := range c.legs {
		if !l.planned() {
			continue
		}
		for _, n := range l.lines {
			if n.Kind == "run" && !n.Resumed {
				planned = n.Planned
			}
			if n.Kind == "change" {
				tr := c.trackOf(n, planned)
				tr.began = c.world.firstBegan(l.ledger)
				c.tracks = append(c.tracks, tr)
			}
		}
		break
	}
	for _, ex := range c.world.log {
		if ex.leg.of != c {
			continue
		}
		for _, it := range ex.items {
			tr := c.trackByKey(it.key)
			if tr == nil || !it.write() {
				continue
			}
			tr.tries = append(tr.tries, it)
			if ex.made {
				tr.sends = append(tr.sends, it)
			}
		}
	}
}

// firstBegan is when the first leg began of all that have a ledger.
func (w *world) firstBegan(ledger string) time.Time {
	var first time.Time
	for _, c := range w.campaigns {
		for _, l := range c.legs {
			if l.ledger == ledger && (first.IsZero() || l.began.Before(first)) {
				first = l.began
			}
		}
	}
	return first
}

func (c *campaign) trackOf(n line, planned time.Time) *track {
	tr := &track{index: n.Index, key: keyOf(n.ID), outcome: n.Outcome, sameAs: n.SameAs, base: planned, looks: map[*leg][]look{}, history: c.world.history(keyOf(n.ID))}
	if !n.BaseRead.IsZero() {
		tr.base = n.BaseRead
	}
	for _, e := range n.Edits {
		tr.edits = append(tr.edits, change{e.Property, plain(e.Before), plain(e.Wanted)})
	}
	asked, ok := c.input[tr.key]
	if tr.guarded = ok; !ok || len(tr.edits) == 0 { // the plan names no edits where nothing is to be sent
		for _, e := range asked.edits {
			if !ok || e.before != e.wanted {
				tr.edits = append(tr.edits, e)
			}
		}
	}
	if ok {
		tr.base = asked.read
	}
	if len(tr.edits) == 0 && n.Outcome == string(diff.Unchanged) {
		for _, r := range c.world.sc.rows {
			for _, w := range r.wishes {
				if r.key == tr.key && !ok && c.undoes == nil {
					tr.edits = append(tr.edits, change{w.property, "", w.wanted})
				}
			}
		}
	}
	return tr
}

// asked is what a sheet with a base asks of a task.
type asked struct {
	edits []change
	read  time.Time // the base
}

func (c *campaign) trackByKey(key string) *track {
	for _, tr := range c.tracks {
		if tr.key == key && tr.sameAs == nil {
			return tr
		}
	}
	return nil
}

func (tr *track) wanted(v values) bool { return holds(tr.edits, v) }

// third reports whether a task holds a value that is neither the base's nor the wanted one.
func (tr *track) third(v values) bool {
	return v != nil && slices.ContainsFunc(tr.edits, func(e change) bool {
		return v[e.property] != e.before && v[e.property] != e.wanted
	})
}

func holds(edits []change, v values) bool {
	return v != nil && !slices.ContainsFunc(edits, func(e change) bool { return v[e.property] != e.wanted })
}

// parts are the edits of a row by the write that carries them: the first and, where there are two, the second.
func (c *campaign) parts(tr *track) [][]change {
	if !c.world.sc.twoWrites {
		return [][]change{tr.edits}
	}
	var patch, action []change
	for _, e := range tr.edits {
		if e.property == "status" {
			action = append(action, e)
		} else {
			patch = append(patch, e)
		}
	}
	var all [][]change
	for _, part := range [][]change{patch, action} {
		if len(part) > 0 {
			all = append(all, part)
		}
	}
	return all
}

// partOf is which part a write carries.
func (c *campaign) partOf(tr *track, it *item) int {
	if it.action && len(c.parts(tr)) == 2 {
		return 1
	}
	return 0
}

// lastEffect is when the last of some writes took effect; zero where none did.
func (tr *track) lastEffect(sends []*item) time.Time {
	var last time.Time
	for _, s := range tr.history {
		for _, it := range sends {
			if s.request == it.ex.request && s.item == it.ID && s.by != sandbox.ByOther && s.at.After(last) {
				last = s.at
			}
		}
	}
	return last
}

// checkOutcomes holds what a leg says of each row against what the tenant held.
func (c *campaign) checkOutcomes(l *leg) {
	results := map[int]line{}
	for _, n := range l.own() {
		if n.Kind != "result" {
			continue
		}
		if r, twice := results[n.Index]; twice {
			c.world.complain("leg %d, row %d: two results, %s and %s", l.n, n.Index, r.Outcome, n.Outcome)
		}
		results[n.Index] = n
	}
	for index, n := range results {
		tr := c.tracks[index]
		c.hold(l, tr, diff.Outcome(n.Outcome), n.SettledAt.Add(time.Millisecond), &n)
		c.checkSettledAfter(l, tr, &n)
		c.checkOverwrote(l, tr, &n)
	}
	if l.isDead() || l.plan.end == diskFull || c.name == "plan" {
		return
	}
	for _, e := range c.entries[l] {
		tr := c.tracks[e.Index]
		if n, ok := results[e.Index]; ok {
			if n.Outcome != string(e.Outcome) {
				c.world.complain("leg %d, row %d: its result is %s, and the ledger says %s", l.n, e.Index, n.Outcome, e.Outcome)
			}
			continue
		}
		if e.Result == nil && tr.sameAs == nil {
			c.hold(l, tr, e.Outcome, l.ended, nil)
		}
	}
}

// hold complains where an outcome is not true.
func (c *campaign) hold(l *leg, tr *track, o diff.Outcome, at time.Time, n *line) {
	if at.After(l.ended) {
		at = l.ended
	}
	if wrong := c.wrong(l, tr, o, at, n); wrong != "" {
		c.world.complain("leg %d (%s), row %d: %s at %s is not true: %s", l.n, c.name, tr.index, o, c.world.clock(at), wrong)
	}
	branch("outcome " + string(o))
}
