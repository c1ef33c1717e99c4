package batch

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/graph"
	"taskrecon/internal/task"
)

// verdict is what an answer to a write means.
type verdict uint8

const (
	taken       verdict = iota // accepted; whether it holds is to be seen
	refusedNow                 // not carried out, for now
	refusedGood                // not carried out, and sending again is no use
	tooLarge                   // the envelope is too large
	renewed                    // not carried out: the token was no longer valid, and there is a new one
	noEntry                    // nothing more can be sent: no valid sign-in, no permission
	inDoubt                    // whether it was carried out is not known
	neverOnWire                // the connection was never made
	neverLeft                  // no access token: nothing left
)

// verdictOn is the meaning of a status, of an item's or of the outer answer.
//
//	status                       an item     the call
//	2xx                          taken       (its items have answers of their own, or are in doubt)
//	429, 503, 509                refusedNow  refusedNow
//	401, 403                     refusedGood noEntry, or renewed where a new token was fetched
//	413, a 400 over the size     refusedGood tooLarge
//	404                          inDoubt     refusedGood
//	408, 424                     inDoubt     inDoubt
//	other 4xx                    refusedGood refusedGood
//	all else                     inDoubt     inDoubt
func verdictOn(e *graph.Error, outer bool) verdict {
	switch status := e.Status; {
	case status/100 == 2 && !outer:
		return taken
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable, status == 509:
		return refusedNow
	case outer && (status == http.StatusUnauthorized || status == http.StatusForbidden):
		return noEntry
	case outer && e.TooLarge():
		return tooLarge
	case status == http.StatusNotFound && !outer, status == http.StatusRequestTimeout, status == http.StatusFailedDependency:
		return inDoubt
	case status/100 == 4:
		return refusedGood
	}
	return inDoubt
}

// verdictOnCall is the meaning of an error of a whole call, with the refusal where the service answered one.
func verdictOnCall(err error) (verdict, *graph.Error) {
	var e *graph.Error
	switch {
	case errors.Is(err, graph.ErrSignIn):
		return neverLeft, nil
	case errors.As(err, &e) && errors.Is(err, graph.ErrRenewed):
		return renewed, e
	case e != nil:
		return verdictOn(e, true), e
	case errors.Is(err, graph.ErrNotSent):
		return neverOnWire, nil
	}
	return inDoubt, nil
}

// landWrites deals with what came of an envelope of writes.
func (s *sender) landWrites(t *request, now time.Time) {
	if t.unsaid != nil {
		s.landUnsaid(t)
		return
	}
	if t.err != nil {
		s.landCall(t, now)
		return
	}
	backoff := graph.Pause(-1, t.mostAttempts()+1) // of those that do not say how long to wait, so that they stay together
	pause, refusals := t.reply.RetryAfter, 0
	for i, a := range t.reply.Match(len(t.rows)) {
		r := t.rows[i]
		s.count(r, t)
		r.answer(now, s.o.SettleWithin)
		r.result.ServerDate = graph.ServerDate(t.reply.Date)
		if a == nil {
			r.result.RequestID, r.result.Reason = t.reply.RequestID, "the answer to this change was missing, doubled or unreadable"
			s.settleAs(r, doubted, now)
			continue
		}
		refusal := a.Err()
		if refusal.RetryAfter < 0 {
			refusal.RetryAfter = backoff
		}
		if s.landAnswer(r, a, refusal, t.reply.RequestID, now) == refusedNow {
			refusals++
			pause = max(pause, refusal.RetryAfter)
		}
	}
	if 2*refusals > len(t.rows) { // the service refuses everything, and not what just came too soon
		s.pause(pause, "the service asked for it")
	}
}

// count counts a row of an envelope that was put on the wire.
func (s *sender) count(r *row, t *request) {
	s.account.Patches++
	if r.result.Attempts > 0 {
		s.account.Retries++
	}
	r.leave(t.id, t.at)
}

// landAnswer deals with the answer to one write.
func (s *sender) landAnswer(r *row, a *graph.Answer, refusal *graph.Error, requestID string, now time.Time) verdict {
	v := verdictOn(refusal, false)
	if v == taken {
		r.result.Status, r.result.RequestID = a.Status, refusal.RequestID
	} else {
		r.refuse(refusal)
	}
	if r.result.RequestID == "" {
		r.result.RequestID = requestID
	}
	if refusal.Status == http.StatusTooManyRequests {
		s.account.Throttled++
	}
	switch v {
	case taken:
		s.landTaken(r, a, now)
	case refusedNow:
		s.refusedForNow(r, refusal.RetryAfter, now)
	case refusedGood:
		s.refusedForGood(r, now)
	default:
		s.settleAs(r, doubted, now)
	}
	return v
}

// refusedForNow has a row looked at and sent again after a pause.
func (s *sender) refusedForNow(r *row, pause time.Duration, now time.Time) {
	if s.stopped || r.attempts >= s.o.MaxAttempts {
		s.settleAs(r, doubted, now)
		return
	}
	r.turn(refused)
	s.queueAt(r, now.Add(pause))
}

// refusedForGood fails a row, unless an earlier sending of it may still take effect unseen.
func (s *sender) refusedForGood(r *row, now time.Time) {
	if r.earlier.IsZero() || !r.looked.Before(r.earlier) {
		s.settle(r, diff.Failed, r.result.Reason, now)
		return
	}
	r.closes = r.earlier
	s.settleAs(r, final, now)
}

// landTaken deals with a write that was accepted: what the body of the answer shows counts as a look does.
func (s *sender) landTaken(r *row, a *graph.Answer, now time.Time) {
	after, ok := s.bodyOf(r, a)
	if !ok {
		s.settleAs(r, accepted, now)
		return
	}
	r.see(after)
	shown := slices.DeleteFunc(slices.Clone(r.change.Edits), func(e diff.Edit) bool { return !after.Had(e.Property) })
	st := diff.Stand(shown, after, r.over)
	if len(st.Third) > 0 {
		r.third = now
	}
	switch {
	case st.Wanted() && len(shown) == len(r.change.Edits):
		r.step = len(r.writes) - 1 // no write is left to follow
		s.applied(r, "", now)
	case diff.Stand(r.edits(), after, r.over).Wanted():
		s.applied(r, "", now)
	default:
		s.settleAs(r, accepted, now)
	}
}

// bodyOf reads the task in a 200 answer to a write: ok is false when the body is not that task, or leaves out what the row sets.
func (s *sender) bodyOf(r *row, a *graph.Answer) (t *task.Task, ok bool) {
	if a.Status != http.StatusOK {
		return nil, false
	}
	t, err := a.Task(r.change.ID())
	if err != nil || t.Type != "" && t.Type != r.change.Current.Type {
		return nil, false
	}
	for _, e := range r.edits() {
		if !t.Had(e.Property) {
			return nil, false
		}
	}
	return t, true
}

// landUnsaid deals with an envelope that could not be recorded and so never left.
func (s *sender) landUnsaid(t *request) {
	s.budget.never(t.call)
	s.stop(t.unsaid)
	for _, r := range t.rows {
		r.result.Reason = t.unsaid.Error()
		s.drop(r, time.Now())
	}
}

// landCall deals with a call of writes that failed as a whole.
func (s *sender) landCall(t *request, now time.Time) {
	v, refusal := verdictOnCall(t.err)
	if refusal != nil && refusal.Status == http.StatusTooManyRequests {
		s.account.Throttled++
	}
	if v == neverLeft || v == noEntry || v == inDoubt && refusal == nil && !errors.Is(t.err, graph.ErrConnection) {
		s.stop(t.err) // the next call would fare no better
	}
	for _, r := range t.rows {
		if v != neverLeft && v != neverOnWire {
			s.count(r, t)
			r.answer(now, s.o.SettleWithin)
		}
		r.result.Reason = t.err.Error()
		if refusal != nil {
			r.refuse(refusal)
		}
	}
	switch v {
	case neverLeft:
		for _, r := range t.rows {
			s.drop(r, now)
		}
	case neverOnWire:
		s.landNeverMade(t, now)
	case refusedNow:
		pause := graph.Pause(refusal.RetryAfter, t.mostAttempts())
		for _, r := range t.rows {
			s.refusedForNow(r, pause, now)
		}
		s.pause(pause, "the service asked for it")
	case refusedGood:
		for _, r := range t.rows {
			s.refusedForGood(r, now)
		}
	case tooLarge:
		s.halve(t, now)
	case renewed:
		s.lookAndSend(t, now)
	default:
		for _, r := range t.rows {
			s.settleAs(r, doubted, now)
		}
		if v == inDoubt {
			s.pause(graph.Pause(-1, t.mostAttempts()), "the service is in trouble")
		}
	}
}

// halve sends the rows of an envelope that was refused for its size again, in smaller ones.
func (s *sender) halve(t *request, now time.Time) {
	if len(t.rows) == 1 {
		s.refusedForGood(t.rows[0], now)
		return
	}
	s.most = min(s.most, (len(t.rows)+1)/2)
	s.lookAndSend(t, now)
}

// lookAndSend sends the rows of an envelope again of which the envelope was refused, and not the changes.
func (s *sender) lookAndSend(t *request, now time.Time) {
	for _, r := range slices.Backward(t.rows) {
		r.attempts--
		if s.stopped {
			s.settleAs(r, doubted, now)
			continue
		}
		r.turn(refused)
		s.queue = slices.Insert(s.queue, 0, r)
	}
}

// landNeverMade deals with a call whose connection was never made: nothing was put on the wire.
func (s *sender) landNeverMade(t *request, now time.Time) {
	pause := s.unreached(t, now)
	for _, r := range t.rows {
		r.attempts++
		switch {
		case s.stopped || r.attempts >= s.o.MaxAttempts:
			s.drop(r, now)
		default:
			r.failed = 0
			s.queueAt(r, now.Add(pause))
		}
	}
}

// unreached counts calls in a row whose connection was never made, those at the same time as one, and stops the run after as many as
// MaxAttempts.
func (s *sender) unreached(t *request, now time.Time) time.Duration {
	if !t.at.Before(s.unreachedAt) {
		s.unreachedN++
		s.unreachedAt = now
	}
	if s.unreachedN >= s.o.MaxAttempts {
		s.stop(fmt.Errorf("%w: %w", ErrNoAnswer, t.err))
	}
	pause := graph.Pause(-1, s.unreachedN)
	s.pause(pause, "the service cannot be reached")
	return pause
}

// mostAttempts is how often the row of an envelope that was sent most often was sent.
func (t *request) mostAttempts() int {
	most := 0
	for _, r := range t.rows {
		most = max(most, r.attempts, r.failed)
	}
	return most
}
