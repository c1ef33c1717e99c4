package simulation

import (
	"cmp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/sandbox"
)

// The values of a story: what the base holds, what is wanted, what another editor sets.
const (
	zero = `"zero"`
	one  = `"one"`
	two  = `"two"`
)

// storyRow is the one row of a story: property A.
func storyRow(more ...wish) row {
	return row{key: taskID(0), exists: true, wishes: append([]wish{{property: "creatorNotes", begin: zero, wanted: one, third: []string{two}}}, more...)}
}

// told is a story as it is played. Its clock counts from 10 ms before the first write leaves; before that, from the beginning of the leg.
type told struct {
	*world
	zero   time.Time
	writes int // that left
	looks  int // that left since the first write
	begun  []func()
}

// now is the story's time in seconds; w.mu is held, or nothing happens at the time.
func (s *told) now() float64 {
	if s.zero.IsZero() {
		return -1
	}
	return time.Since(s.zero).Seconds()
}

// when lets something happen at a time of the story; it may be asked for before the story's clock runs.
func (s *told) when(at float64, do func()) {
	s.begun = append(s.begun, func() { time.AfterFunc(time.Duration(at*float64(time.Second))-10*time.Millisecond, do) })
}

// set lets another editor set property A at a time of the story.
func (s *told) set(at float64, value string) {
	s.when(at, func() { s.edit(edit{row: 0, property: "creatorNotes", value: value}) })
}

// effectAt makes a write take effect at a time of the story.
func (s *told) effectAt(at float64, f itemFate) itemFate {
	f.Late = time.Duration((at - s.now() - 0.005) * float64(time.Second)) // it is answered 5 ms after it leaves
	return f
}

// asOf makes a read show the state of a time of the story.
func (s *told) asOf(at float64) itemFate {
	return itemFate{Decision: sandbox.Decision{Lag: time.Duration((s.now() - at + 0.005) * float64(time.Second))}}
}

func refusing(status int, wait string) itemFate {
	return itemFate{Decision: sandbox.Decision{Status: status, RetryAfter: wait, Never: true}}
}

// taking is a refusal of a write that takes effect all the same.
func taking(f itemFate) itemFate {
	f.Never = false
	return f
}

// teller says what becomes of the n-th write, of the n-th look after the first write, and of a call as a whole.
type teller struct {
	write func(s *told, n int) itemFate
	look  func(s *told, n int) itemFate
	call  func(s *told, ex *exchange, f *fate)
}

func (s *told) script(t teller) func(*exchange) fate {
	return func(ex *exchange) fate {
		f := fate{out: 5 * time.Millisecond, back: 5 * time.Millisecond}
		for _, it := range ex.items {
			f.items = append(f.items, itemFate{})
			last := &f.items[len(f.items)-1]
			switch {
			case it.write():
				if s.writes++; s.writes == 1 {
					s.zero = ex.left.Add(-10 * time.Millisecond)
					for _, do := range s.begun {
						do()
					}
				}
				if t.write != nil {
					*last = t.write(s, s.writes)
				}
			case !s.zero.IsZero():
				if s.looks++; t.look != nil {
					*last = t.look(s, s.looks)
				}
			}
		}
		if t.call != nil {
			t.call(s, ex, &f)
		}
		return f
	}
}

// tell lets a story happen as play has it; what the oracle finds wrong fails the test.
func tell(t *testing.T, sc *scenario, c teller, play func(s *told)) {
	t.Helper()
	sc.settle, sc.reread, sc.call, sc.attempts, sc.concurrency = 30*time.Second, 2*time.Second, 130*time.Second, cmp.Or(sc.attempts, 6), 5
	sc.writes, sc.reads, sc.report, sc.begin, sc.off = batch.PublishedWrites, batch.PublishedReads, ".csv", 100*time.Second, map[string]bool{}
	if len(sc.rows) == 0 {
		sc.rows = []row{storyRow()}
	}
	dir := t.TempDir()
	var wrong []string
	story := ""
	synctest.Test(t, func(*testing.T) {
		s := &told{world: newWorld(sc, dir)}
		s.world.script = s.script(c)
		play(s)
		s.zombies.Wait()
		time.Sleep(time.Minute) // until nothing takes effect any more
		s.judge()
		wrong, story = s.all, s.timeline()
	})
	for _, w := range wrong {
		t.Error(w)
	}
	if t.Failed() {
		t.Log("\n" + story)
	}
}

// begin runs a leg from the input, as the story's campaign.
func (s *told) begin(plan legPlan) *leg {
	s.world.at(s.sc.begin)
	return s.world.leg(s.campaign("run"), "apply", s.write("desired.csv", s.sc.sheet()), plan)
}

// write is world.write, which the count of writes hides.
func (s *told) write(name, text string) string { return s.world.write(name, text) }

var calmLeg = legPlan{powerLoss: -1, maxChanges: -1, maxClears: -1}

// goOn resumes what a leg left.
func (s *told) goOn(l *leg) *leg { return s.world.leg(l.of, "apply", l.ledger, calmLeg) }

// ends demands how the only row ended, after how many sendings on all legs.
func (s *told) ends(l *leg, o diff.Outcome, sendings int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := s.outcomeOf(l); got != o {
		s.complain("leg %d: the row is %s, not %s", l.n, got, o)
	}
	n := 0
	for _, ex := range s.log {
		for _, it := range ex.items {
			if it.write() && ex.made && ex.leg.of == l.of {
				n++
			}
		}
	}
	if n != sendings {
		s.complain("leg %d: %d sendings, not %d", l.n, n, sendings)
	}
}

func (s *told) outcomeOf(l *leg) diff.Outcome {
	if entries := l.of.entries[l]; len(entries) == 1 {
		return entries[0].Outcome
	}
	return "(none)"
}

// result is the line of the row's result on a leg.
func (s *told) result(l *leg) line {
	for _, n := range slices.Backward(l.own()) {
		if n.Kind == "result" {
			return n
		}
	}
	s.complain("leg %d has no result", l.n)
	return line{}
}

// between demands that something is known between two times of the story.
func (s *told) between(what string, at time.Time, low, high float64) {
	if got := at.Sub(s.zero).Seconds(); got < low || got > high {
		s.complain("%s at %.3f, not from %.3f to %.3f", what, got, low, high)
	}
}

// holds demands what the tenant holds of A at the end.
func (s *told) holds(value string) {
	if got := s.history(taskID(0)).at(time.Now())["creatorNotes"]; got != value {
		s.complain("the tenant holds %s, not %s", got, value)
	}
}

// takeBack takes the run of a leg back, and returns the last leg of the undo; nil where it asks for nothing.
func (s *told) takeBack(l *leg) *leg {
	s.undo(l.of, l.ledger)
	if last := s.legs[len(s.legs)-1]; last != l {
		return last
	}
	s.complain("the undo asks for nothing")
	return nil
}
