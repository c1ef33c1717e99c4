package batch

import (
	"fmt"
	"slices"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/graph"
	"taskrecon/internal/task"
)

// look is what a read of one task showed: the task, no task, or why neither is known.
type look struct {
	asked, came time.Time
	task        *task.Task
	none        bool
	why         string
}

// The gaps between the looks that settle a row: they double from the first to the longest.
const (
	firstGap   = 500 * time.Millisecond
	longestGap = 10 * time.Second
	shortGap   = time.Second // between two looks of which the later one confirms or replaces the other
)

// judge moves a row on by a look at its task. What the look shows is compared over all properties that the row changes (diff.Stand),
// and a value that may not be believed yet is looked at again (oldSeen, doubtNew, noTask).
//
//	             wanted     old                          third                no task
//	unsent       unchanged  send                         conflict             read on: notFound at the close
//	refused      applied    send again                   as doubted           as doubted
//	accepted     applied    at the close differs         at the close differs    at the close notFound
//	doubted      applied    at the close send again,     at the close conflict   at the close notFound
//	                        or attempts used up: failed
//	final        applied    at the close failed          at the close conflict   at the close notFound
//
// Before the close all but "wanted" only schedules the next look.
func (s *sender) judge(r *row, l look) {
	if l.task == nil && !l.none {
		s.noLook(r, l)
		return
	}
	r.failed, r.looked, r.without = 0, l.asked, false
	if l.none {
		s.noTask(r, l)
		return
	}
	r.noTask = time.Time{}
	r.see(l.task)
	st := diff.Stand(r.change.Edits, l.task, r.over)
	if len(st.Third) > 0 {
		r.third = l.came
	}
	switch {
	case r.made(st):
		if st.Wanted() {
			r.step = len(r.writes) - 1 // no write is left to follow
		}
		s.wanted(r, l)
	case len(st.Third) > 0:
		s.thirdSeen(r, l, st)
	default:
		s.oldSeen(r, l, st)
	}
}

// wanted deals with a look that shows what the write under way asks for.
func (s *sender) wanted(r *row, l look) {
	switch {
	case !r.sent && s.doubtNew(r, l):
	case !r.sent:
		s.settle(r, diff.Unchanged, "already as wanted when it was read again before sending", l.came)
	case r.why == accepted || r.result.Reason == "":
		s.applied(r, "", l.came)
	default:
		s.applied(r, "found as wanted when it was read again: "+r.result.Reason, l.came)
	}
}

// doubtNew reports whether a look that shows another value than a young base's is not to be believed, and has it looked at again: it
// may show what was there before the base.
func (s *sender) doubtNew(r *row, l look) bool {
	base := r.change.BaseRead
	if base.IsZero() {
		base = s.o.BaseRead
	}
	if base.IsZero() || !l.came.Before(base.Add(s.o.SettleWithin)) || !r.unsure.IsZero() && !l.asked.Before(r.unsure) {
		return false
	}
	if r.unsure.IsZero() {
		r.unsure = l.came.Add(s.o.SettleWithin)
	}
	s.lookAt(r, r.unsure)
	s.waitFor(r.unsure, "what it found is younger than the settling window, and is looked at again")
	return true
}

// thirdSeen deals with a look that shows a value that is neither the base's nor the wanted one.
func (s *sender) thirdSeen(r *row, l look, st diff.Standing) {
	switch {
	case r.why == unsent && s.doubtNew(r, l):
	case r.why == unsent, (r.why == doubted || r.why == final) && s.closed(r, l):
		s.conflict(r, l, st)
	case r.why == refused:
		s.settleAs(r, doubted, l.came)
	case r.why == accepted && s.closed(r, l):
		s.settle(r, diff.Differs, "accepted, but the tenant holds "+holds(st), l.came)
	default:
		s.lookOn(r, l.came)
	}
}

// oldSeen deals with a look that shows a base's value.
func (s *sender) oldSeen(r *row, l look, st diff.Standing) {
	if believed := r.third.Add(s.o.SettleWithin); !r.third.IsZero() && l.asked.Before(believed) {
		s.lookAt(r, believed) // what lags behind a third value shows the old one
		return
	}
	switch {
	case r.why == unsent || r.why == refused:
		s.sendOn(r, l, st)
	case !s.closed(r, l):
		s.lookOn(r, l.came)
	case r.why == accepted, r.step > 0 && !r.ownOld(st):
		s.settle(r, diff.Differs, "accepted, but the tenant holds "+holds(st), l.came)
	case r.why == final:
		s.settle(r, diff.Failed, r.result.Reason, l.came)
	default:
		s.sendOn(r, l, st)
	}
}

// sendOn makes a row ready whose write did not take effect, or was never sent.
func (s *sender) sendOn(r *row, l look, st diff.Standing) {
	switch {
	case r.step > 0 && !r.ownOld(st) && !s.closed(r, l): // the status is as wanted, but the first write is not seen yet
		s.lookOn(r, l.came)
	case r.step > 0 && !r.ownOld(st):
		s.settle(r, diff.Differs, "the tenant holds "+holds(st), l.came)
	case s.o.SettleOnly:
		s.o.Released(r.change)
	case s.stopped && !r.sent:
		s.drop(r, l.came)
	case r.why == refused && (s.stopped || r.attempts >= s.o.MaxAttempts):
		s.settleAs(r, doubted, l.came)
	case s.stopped && r.why == unsent:
		s.drop(r, l.came)
	case s.stopped:
		r.result.Temporary = true
		s.settle(r, diff.Failed, "sent without taking effect, and the run ended before it could be sent again: "+r.result.Reason, l.came)
	case r.attempts >= s.o.MaxAttempts:
		r.result.Temporary = true
		s.settle(r, diff.Failed, fmt.Sprintf("sent %s without taking effect; last: %s", task.Plural(r.attempts, "time"), r.result.Reason), l.came)
	case l.came.Before(r.change.NotBefore):
		r.overwriteOnly(st)
		s.queueAt(r, r.change.NotBefore)
	default:
		r.overwriteOnly(st)
		r.found = r.overwritten(st)
		r.seen, r.without = l.came, r.why == doubted
		s.makeReady(r)
	}
}

// holds describes what is not as wanted.
func holds(st diff.Standing) string {
	e := append(st.Third, st.Old...)[0]
	return fmt.Sprintf("%s %s, not %s", e.Property.Name, e.Property.Quoted(e.Before), e.Property.Quoted(e.Wanted))
}

// conflict settles a row whose task holds a third value, unless that is to be overwritten.
func (s *sender) conflict(r *row, l look, st diff.Standing) {
	why := diff.ConflictWords(diff.ConflictsOf(r.change.Edits, st.Third))
	if s.o.OnConflict == Overwrite && r.why != final {
		kept := s.kept(r, st.Third)
		if kept == "" && (s.stopped || r.attempts < s.o.MaxAttempts) {
			if !s.stopped {
				r.overwrite(st.Third)
			}
			st.Old = append(st.Old, st.Third...)
			s.sendOn(r, l, st)
			return
		}
		if kept != "" {
			why += "; not overwritten: " + kept
		}
	}
	if r.sent {
		why += "; a write was sent before"
		if r.step > 0 {
			why += ", and " + names(r.writes[0].Edits) + " was put in place"
		}
		if r.result.Reason != "" {
			why += ": " + r.result.Reason
		}
	}
	s.settle(r, diff.Conflict, why, l.came)
	if s.o.OnConflict == Abort {
		s.stop(ErrConflict)
	}
}

// kept says what is not overwritten although conflicts are: what was not asked for, and what its own limit guards; "" is nothing.
func (s *sender) kept(r *row, third []diff.Edit) string {
	for _, found := range third {
		if r.step > 0 && slices.ContainsFunc(r.writes[0].Edits, func(e diff.Edit) bool { return e.Property == found.Property }) {
			return "the first of its two writes is not sent again"
		}
		if s.o.NoReopen && found.Reopens() {
			return "that would reopen the task, which --allow-reopen permits"
		}
		for _, planned := range r.change.Edits {
			if planned.Property == found.Property && planned.Pairs && diff.OtherPairs(planned, found.Before) {
				return "the row asks for single settings, and others were changed"
			}
		}
	}
	return ""
}

// noTask deals with a look that shows no task. It is believed when a second look, asked for a second later, shows none either.
func (s *sender) noTask(r *row, l look) {
	if r.noTask.IsZero() {
		r.noTask = l.came
	}
	if second := r.noTask.Add(shortGap); l.asked.Before(second) {
		s.lookAt(r, second)
		return
	}
	gone := "the task was in the tenant when the plan was made, but not any more"
	switch {
	case r.why == refused:
		s.settleAs(r, doubted, l.came)
	case r.why == unsent:
		if r.vanishes.IsZero() {
			r.vanishes = r.noTask.Add(s.o.SettleWithin)
		}
		if l.asked.Before(r.vanishes) {
			s.lookBy(r, l.came, r.vanishes)
			return
		}
		if r.sent {
			gone += ", after it was sent"
		}
		s.settle(r, diff.NotFound, gone, l.came)
	case s.closed(r, l):
		s.settle(r, diff.NotFound, gone+", after it was sent: "+r.result.Reason, l.came)
	default:
		s.lookOn(r, l.came)
	}
}

// noLook deals with a look that had no answer, or none that can be read.
func (s *sender) noLook(r *row, l look) {
	r.failed++
	switch {
	case r.why == refused:
		s.settleAs(r, doubted, l.came)
	case r.why == unsent && s.stopped:
		s.drop(r, l.came)
	case r.why == unsent && r.failed >= s.o.MaxAttempts:
		r.result.Reason = l.why
		s.settle(r, diff.NotSent, s.unsentWords(r, "the task could not be read just before: "+l.why), l.came)
	case r.why == unsent:
		s.queueAt(r, l.came.Add(graph.Pause(-1, r.failed)))
	case !s.closed(r, l):
		r.failed = 0
		s.lookOn(r, l.came)
	case r.failed >= s.o.MaxAttempts:
		s.unknown(r, l.came, "reading the task again had no answer: "+l.why)
	default:
		s.lookAt(r, l.came.Add(shortGap))
	}
}

// closed reports whether a look was asked for after the windows of all sendings of the row had closed.
func (s *sender) closed(r *row, l look) bool { return !l.asked.Before(r.closes) }
