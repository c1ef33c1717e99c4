package simulation

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"taskrecon/internal/ingest"
	"taskrecon/internal/job"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

// checkUndo: the sheet takes back every change that was ever sent, to what stood there before.
func (c *campaign) checkUndo(path string, done *job.Undone) {
	input, err := ingest.Read(path, ingest.Options{Delimiter: ','})
	if err != nil {
		if done.Rows > 0 {
			c.world.complain("the undo cannot be read: %v", err)
		}
		return
	}
	wishes := map[string]map[string]string{}
	for _, r := range input.Rows {
		mine := map[string]string{}
		for w := range r.Desired.Assignments() {
			mine[w.Property.Name] = valueText(w.Value)
		}
		wishes[keyOf(r.Desired.ID)] = mine
	}
	c.sheet = wishes
}

// takeInput reads what a sheet asks for beside its base.
func (c *campaign) takeInput(path string) {
	if ledger.Is(path) {
		return
	}
	input, err := ingest.Read(path, ingest.Options{Delimiter: ','})
	if err != nil || input.Base == nil {
		return
	}
	c.input = map[string]asked{}
	for _, r := range input.Rows {
		a := asked{read: input.Base.At}
		if r.Desired.Base != nil && !r.Desired.Base.Read.IsZero() {
			a.read = r.Desired.Base.Read
		}
		for w := range r.Desired.Assignments() {
			before, known := r.Desired.Base.Get(w.Property)
			if known {
				a.edits = append(a.edits, change{w.Property.Name, valueText(before), valueText(w.Value)})
			}
		}
		c.input[keyOf(r.Desired.ID)] = a
	}
}

func valueText(v task.Value) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return plain(raw)
}

// judgeUndo holds the undo sheet against what was sent.
func (c *campaign) judgeUndo() {
	if c.sheet == nil {
		return
	}
	for _, tr := range c.tracks {
		if len(tr.sends) == 0 {
			continue
		}
		want, got := map[string]string{}, c.sheet[tr.key]
		for k, part := range c.parts(tr) {
			sent := slices.ContainsFunc(tr.sends, func(it *item) bool { return c.partOf(tr, it) == k })
			for _, e := range part {
				if _, asks := got[e.property]; sent || asks { // to take back what was never sent is harmless
					want[e.property] = c.takenFrom(tr, e)
				}
			}
		}
		if !maps.Equal(got, want) {
			c.world.complain("the undo of row %d asks for %v, and %v stood there before it was sent", tr.index, got, want)
		}
	}
}

// takenFrom is the value that a change took the place of.
func (c *campaign) takenFrom(tr *track, e change) string {
	before := e.before
	for _, l := range c.legs {
		for _, n := range l.own() {
			if n.Kind != "result" || n.Index != tr.index {
				continue
			}
			for _, o := range n.Overwrote {
				if o.Property == e.property {
					before = plain(o.Value)
				}
			}
		}
	}
	return before
}

// judgeRestored: at the end, where no one else changed it, every task holds what it held before the run.
func (c *campaign) judgeRestored() {
	of := c.undoes
	if of == nil || len(c.legs) == 0 {
		return
	}
	last := c.legs[len(c.legs)-1]
	for _, tr := range of.tracks {
		if len(tr.sends) == 0 {
			continue
		}
		mine := c.trackByKey(tr.key)
		if mine == nil {
			continue
		}
		outcome := ""
		for _, e := range c.entries[last] {
			if e.Index == mine.index {
				outcome = string(e.Outcome)
			}
		}
		if outcome != "applied" && outcome != "unchanged" {
			branch("undo: " + outcome)
			continue
		}
		branch("undo restores")
		end := time.Now() // of the world: late effects are in
		now := tr.history.at(end)
		for _, e := range tr.edits {
			touched := tr.history.others(tr.base.Add(-c.world.sc.lag), end, func(before, after values) bool {
				return after == nil || before[e.property] != after[e.property]
			})
			if want := of.takenFrom(tr, e); !touched && now != nil && now[e.property] != want {
				c.world.complain("row %d: after the undo %s is %s, and was %s before the run", tr.index, e.property, now[e.property], want)
			}
		}
	}
}

// checkNotBefore: an undo sends nothing for a row before the windows of all its sendings have closed.
func (c *campaign) checkNotBefore() {
	if c.undoes == nil {
		return
	}
	for _, tr := range c.undoes.tracks {
		mine := c.trackByKey(tr.key)
		if mine == nil || len(mine.sends) == 0 {
			continue
		}
		for _, s := range tr.sends {
			closes := s.ex.left.Add(c.world.sc.settle) // the answer may not be on record
			if mine.sends[0].ex.left.Before(closes.Truncate(1e6)) {
				c.wireComplaint(mine.sends[0], "the window of what it takes back closes at %s", c.world.clock(closes))
			}
		}
	}
}
