package batch_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
)

// climate is a weather with everything else that can be asked of a sending, and another editor in it.
type climate struct {
	weather
	latency  time.Duration
	byAction bool
	inDoubt  int // the first so many changes
	landed   int // the first so many of which took effect
	edits    map[int][]string
	earlier  batch.RecentWrites // of an earlier run
	age      time.Duration      // of it
	stop     time.Duration // 0 is never
}

func drawRate(t *rapid.T, label string) *batch.Rate {
	n := rapid.SampledFrom([]int{0, 0, 1, 2, 7, 20, 23, 30, 45, 100, 1000}).Draw(t, label)
	return &batch.Rate{N: n, Per: time.Duration(rapid.IntRange(1, 20).Draw(t, label+" per")) * time.Second}
}

func drawClimate(t *rapid.T) climate {
	c := climate{weather: drawWeather(t), edits: map[int][]string{}}
	c.latency = time.Duration(rapid.IntRange(0, 3000).Draw(t, "latency")) * time.Millisecond
	c.o.Writes, c.o.Reads = drawRate(t, "writes"), drawRate(t, "reads")
	c.o.Spent = rapid.IntRange(0, 50).Draw(t, "spent")
	c.earlier.Writes = rapid.IntRange(0, 100).Draw(t, "writes before")
	c.age = time.Duration(rapid.IntRange(-5, 40).Draw(t, "age")) * time.Second
	c.o.Stale = rapid.Bool().Draw(t, "stale")
	c.o.RereadAfter = rapid.SampledFrom([]time.Duration{0, time.Millisecond, time.Second, 15 * time.Second, time.Hour}).Draw(t, "reread after")
	c.o.OnConflict = rapid.SampledFrom([]batch.OnConflict{"", batch.SkipConflict, batch.Overwrite, batch.Abort}).Draw(t, "on conflict")
	c.o.Canary = rapid.SampledFrom([]int{0, 0, 0, 1, 5, 30, 99}).Draw(t, "canary")
	c.o.MaxErrors = rapid.SampledFrom([]int{0, 0, 0, 1, 4, 20}).Draw(t, "max errors")
	c.byAction = rapid.Bool().Draw(t, "by action")
	c.inDoubt = min(rapid.SampledFrom([]int{0, 0, 1, 25}).Draw(t, "in doubt"), c.changes)
	c.landed = rapid.IntRange(0, c.inDoubt).Draw(t, "landed")
	if c.changes > 0 {
		for range rapid.IntRange(0, 5).Draw(t, "edits") {
			n := rapid.IntRange(1, 15).Draw(t, "call")
			c.edits[n] = append(c.edits[n], taskID(rapid.IntRange(0, c.changes-1).Draw(t, "edited")))
		}
	}
	if rapid.Bool().Draw(t, "stops") {
		c.stop = time.Duration(rapid.IntRange(1, 60_000).Draw(t, "milliseconds")) * time.Millisecond
	}
	return c
}

func (c climate) script(r *run) {
	c.weather.script(r)
	r.tenant.latency = c.latency
	if c.byAction {
		r.byAction()
	}
	r.o.Before = batch.RecentWrites{Writes: c.earlier.Writes, Last: time.Now().Add(-c.age)}
	r.inDoubt(c.inDoubt)
	for i := range c.landed {
		r.tenant.objects[taskID(i)]["assignedTo"], r.tenant.objects[taskID(i)]["status"] = "new@contoso.com", "completed"
	}
	refuse := r.tenant.refuse
	r.tenant.refuse = func(n int, cl call) *refusal {
		for _, id := range c.edits[n] {
			r.tenant.objects[id]["status"] = "rejected"
			delete(r.tenant.known, id)
		}
		return refuse(n, cl)
	}
}

func (c climate) edited(id string) bool {
	for _, ids := range c.edits {
		for _, other := range ids {
			if other == id {
				return true
			}
		}
	}
	return false
}

// Whatever is asked for and whatever the weather: it ends, within its limits; what was sent has one result, and the results
// say the truth.
func TestWhateverTheOptions(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := drawClimate(rt)
		var r *run
		if c.stop > 0 {
			r = cancelled(t, c.changes, c.stop, c.script)
		} else {
			r = bubble(t, c.changes, c.script)
		}
		for _, f := range r.faults() {
			rt.Error(f)
		}
		known := errors.Is(r.err, batch.ErrCanary) || errors.Is(r.err, batch.ErrBudget) || errors.Is(r.err, batch.ErrConflict)
		if r.err != nil && !known || r.err == nil && c.stop == 0 && len(r.rec.results) != c.changes {
			rt.Errorf("%d results of %d; %v", len(r.rec.results), c.changes, r.err)
		}
		for i := range c.changes {
			if fault := c.judge(r, i); fault != "" {
				rt.Errorf("task %d: %s: %+v; the tenant holds %v", i, fault, r.result(i), r.tenant.objects[taskID(i)])
			}
		}
		c.limits(rt, r)
	})
}

// judge names what is wrong with the result of a task, given what the tenant holds and was asked.
func (c climate) judge(r *run, i int) string {
	id, holds := taskID(i), r.holds(i)
	res, settled := r.rec.results[id]
	sent := r.tenant.patches[id]
	switch {
	case !settled && (sent > 0 || i < c.inDoubt):
		return "was sent, but has no result"
	case !settled:
		return ""
	case res.Attempts != sent:
		return fmt.Sprintf("%d writes arrived", sent)
	case res.Attempts > c.o.MaxAttempts && (!c.byAction || res.Attempts > 2*c.o.MaxAttempts):
		return "sent too often"
	case res.Outcome == diff.Conflict && !c.edited(id):
		return "conflict with nobody"
	case res.Outcome == diff.Conflict && (c.o.OnConflict == batch.Overwrite || holds):
		return "conflict with nothing"
	case res.Outcome == diff.NotFound || res.Outcome == diff.Blocked:
		return "an outcome that nothing here explains"
	case c.edited(id):
		return "" // as it was when it was settled; that may have changed since
	case res.Outcome.Good() != holds && res.Outcome != diff.Unknown:
		return "not as the tenant holds it"
	}
	return ""
}

// limits holds the calls against the limits, and the time they took against what they can explain.
func (c climate) limits(rt *rapid.T, r *run) {
	for _, l := range []struct {
		rate   *batch.Rate
		writes bool
	}{{c.o.Writes, true}, {c.o.Reads, false}} {
		for i := range r.tenant.calls {
			n, from := 0, r.tenant.calls[i].at
			for _, cl := range r.tenant.calls[i:] {
				if cl.at.Sub(from) < l.rate.Per && (cl.writes || !l.writes) {
					n += len(cl.ids)
				}
			}
			if l.rate.N > 0 && n > l.rate.N {
				rt.Fatalf("%d requests in %v, writes only %v", n, l.rate, l.writes)
			}
		}
	}
	each := c.latency + 75*time.Second + 2*c.o.Writes.Per + 2*c.o.Reads.Per
	if most := time.Duration(len(r.tenant.calls)+2) * each; r.took > most {
		rt.Errorf("%d calls took %v", len(r.tenant.calls), r.took)
	}
	slow := c.o.Reads.N > 0 && c.o.Reads.N < 45 // what is in doubt takes its time
	if c.stop > 0 && !slow && r.took > c.stop+90*time.Second {
		rt.Errorf("took %v to stop", r.took-c.stop)
	}
}
