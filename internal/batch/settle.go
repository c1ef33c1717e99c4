package batch

import (
	"container/heap"
	"fmt"
	"slices"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

// settleAs has a row that was sent looked at until its windows have closed. One of which nothing was ever put on the wire is dropped.
func (s *sender) settleAs(r *row, why cause, now time.Time) {
	if !r.sent {
		s.drop(r, now)
		return
	}
	r.turn(why)
	s.lookOn(r, now)
}

// lookOn schedules the next look that settles a row.
func (s *sender) lookOn(r *row, now time.Time) { s.lookBy(r, now, r.closes) }

// lookBy schedules the next look at a row: at gaps that double, at the close, and once that has passed at once.
func (s *sender) lookBy(r *row, now, close time.Time) {
	if r.gap = min(2*r.gap, longestGap); r.gap == 0 {
		r.gap = firstGap
	}
	due := now
	if now.Before(close) {
		due = sooner(now.Add(r.gap), close)
	}
	s.lookAt(r, due)
}

// lookAt schedules a look at a row.
func (s *sender) lookAt(r *row, due time.Time) {
	if s.leaving || s.stopped && r.why == unsent {
		s.drop(r, time.Now())
		return
	}
	r.due, r.again = due, false
	heap.Push(&s.later, r)
}

// queueAt has a row looked at and sent from a time on.
func (s *sender) queueAt(r *row, at time.Time) {
	if s.stopped {
		s.drop(r, time.Now())
		return
	}
	r.seen, r.due, r.again = time.Time{}, at, true
	heap.Push(&s.later, r)
}

// makeReady has a row sent on the look that it has. While the canary is out, only its own rows are.
func (s *sender) makeReady(r *row) {
	if s.canaries > 0 && !r.canary {
		s.held = append(s.held, r)
		return
	}
	if r.looks++; r.looks > mostLooks {
		r.result.Reason = ""
		s.settle(r, diff.NotSent, s.unsentWords(r, fmt.Sprintf("within %s of reading the task the limits never let it go", s.o.RereadAfter)), time.Now())
		return
	}
	s.ready = append(s.ready, r)
}

// A task that became too old to write upon so often, each time just after it was read, would be read for ever.
const mostLooks = 10

// drop ends a row that is not sent any more, or not again. One that was never announced has no result: it counts as not sent.
func (s *sender) drop(r *row, now time.Time) {
	switch {
	case r.sent && r.why != unsent && s.leaving:
		s.unknown(r, now, "the run was left before it was settled")
	case r.sent && r.why != unsent:
		s.settleAs(r, doubted, now)
	case r.sent || r.announced:
		why := "the run ended first"
		if r.result.Reason != "" {
			why = r.result.Reason
		}
		s.settle(r, diff.NotSent, s.unsentWords(r, why), now)
	}
}

// unsentWords is the reason of a row that was not sent, or of whose two writes only the first was.
func (s *sender) unsentWords(r *row, why string) string {
	if r.step > 0 {
		return fmt.Sprintf("only the first of two writes was sent: %s is in place, the status was not sent: %s", names(r.writes[0].Edits), why)
	}
	return "not sent: " + why
}

// unknown ends a row that was sent and cannot be settled.
func (s *sender) unknown(r *row, now time.Time, why string) {
	if s.o.SettleOnly {
		return // it is still to be settled, or to be sent
	}
	if r.why == unsent || !r.sent {
		s.drop(r, now)
		return
	}
	if r.without {
		r.result.Temporary = true
		s.settle(r, diff.Failed, fmt.Sprintf("sent %s without taking effect; %s; last: %s", task.Plural(r.result.Attempts, "time"), why, r.result.Reason), now)
		return
	}
	sent := r.result.Reason
	if sent == "" {
		sent = "accepted"
	}
	s.settle(r, diff.Unknown, sent+"; "+why, now)
}

// applied settles a write that is known to be in place: it ends the row, or the next write follows.
func (s *sender) applied(r *row, reason string, now time.Time) {
	if r.lastWrite() {
		s.settle(r, diff.Applied, reason, now)
		return
	}
	if err := s.rec.Part(diff.Part{Change: r.change, Via: r.writes[r.step].Via, At: now}); err != nil {
		s.stop(err)
	}
	s.unsynced = true
	r.step++
	r.turn(unsent)
	r.attempts, r.seen, r.result.Reason = 0, time.Time{}, ""
	switch {
	case s.o.SettleOnly: // the next write is still to be sent
	case s.stopped:
		s.drop(r, now)
	default:
		s.queue = slices.Insert(s.queue, 0, r)
	}
}

// settle gives a row its result, and stops the run where that breaks the canary or the error budget.
func (s *sender) settle(r *row, o diff.Outcome, reason string, now time.Time) {
	res := &r.result
	res.Change, res.Outcome, res.Reason, res.SettledAt = r.change, o, reason, now
	res.Temporary = res.Temporary || o == diff.NotSent || o == diff.Unknown
	if r.sent && now.After(r.answered) && !r.answered.IsZero() {
		res.SettledAfter = now.Sub(r.answered)
	}
	if r.sent {
		res.Overwrote = r.wrote
	}
	s.settled++
	s.unsynced = true
	if err := s.rec.Result(*res); err != nil {
		s.stop(err)
		return
	}
	if !o.Good() && o != diff.NotSent {
		s.bad++
		if s.o.MaxErrors > 0 && s.bad >= s.o.MaxErrors {
			s.stop(budgetUsed(s.bad))
		}
	}
	if r.canary {
		s.canarySettled(r, o)
	}
}

// canarySettled lets the other rows go once all of the canary are applied.
func (s *sender) canarySettled(r *row, o diff.Outcome) {
	s.canaries--
	if !o.Good() {
		s.stop(fmt.Errorf("%w: task %s ended as %s", ErrCanary, r.change.ID(), o))
	}
	if s.canaries > 0 || s.stopped {
		return
	}
	held := s.held
	s.held = nil
	for _, h := range held {
		if h.why == unsent && !h.sent && h.seen.IsZero() {
			s.begin(h, time.Now())
		} else {
			s.queue = append(s.queue, h)
		}
	}
}

// Progress is how far a sending is.
type Progress struct {
	Settled  int           // changes that have their result
	Total    int           // changes to be settled
	Settling int           // changes that were sent, and are read again until they are as wanted or their windows have closed
	Closes   time.Time     // when the last of these windows closes; zero where none is open
	Rate     float64       // writes a second that the limits now allow; 0 is without limit
	Waited   time.Duration // time in which sending stood still for a limit or the service
	Finish   time.Time     // when the last change should be settled, if nothing changes
}

func (s *sender) report() {
	if s.o.Progress != nil {
		s.o.Progress(s.progress())
	}
}

// progress foresees the end: what the budget lets go at once, then a window's worth each window, then the settling.
func (s *sender) progress() Progress {
	now := time.Now()
	p := Progress{Settled: s.settled, Total: s.total, Waited: s.account.Waited, Finish: later(now, s.notBefore)}
	p.Settling, p.Closes = s.open()
	rate := s.budget.rate(now)
	if rate.N > 0 && !s.stopped {
		p.Rate = float64(rate.N) / rate.Per.Seconds()
		left := len(s.queue) + len(s.ready) + len(s.held) + s.looking*s.full()
		for _, r := range s.later {
			if r.again || r.why == unsent {
				left++
			}
		}
		free := s.budget.writesFree(now)
		if over := left - free; over > 0 {
			windows := (over - 1) / rate.N
			at := s.budget.writesAt(min(free+(over-1)%rate.N+1, rate.N), now)
			if at.IsZero() { // depends on an answer that is still out
				at = now.Add(rate.Per)
			}
			p.Finish = later(p.Finish, at).Add(rate.Per * time.Duration(windows))
		}
	}
	p.Finish = later(p.Finish, p.Closes)
	return p
}
