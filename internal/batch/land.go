package batch

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/graph"
	"taskrecon/internal/task"
)

// land takes an envelope that came back and moves each of its items on: to a result, or to a queue.
func (s *sender) land(t *trip) {
	left := t.unsaid == nil && !errors.Is(t.err, graph.ErrSignIn)
	s.arrive(t, left)
	if t.unsaid != nil {
		s.landUnsaid(t)
		return
	}
	throttled := s.stats.Throttled
	for _, it := range t.items {
		it.rest, it.pause = false, -1
	}
	s.count(t)
	switch {
	case t.err != nil && t.purpose == writing:
		s.landRefusedWrites(t)
	case t.err != nil:
		s.landRefusedReads(t)
	case t.purpose == writing:
		s.landWrites(t)
	default:
		s.landReads(t)
	}
	if t.purpose == writing && left {
		refused := s.stats.Throttled - throttled
		if t.err != nil && refused > 0 {
			refused = len(t.items)
		}
		s.pace.heard(t.at, len(t.items)-refused, refused, time.Now())
		s.writeWindow.rate.N = s.pace.n
	}
	s.pauseFor(t)
	s.tell()
}

// landUnsaid deals with an envelope that could not be recorded and so never left. Its items end as those that were never
// sent, but for those that an earlier envelope carried: what became of them is not known yet.
func (s *sender) landUnsaid(t *trip) {
	s.stop(t.unsaid)
	for _, it := range t.items {
		if it.doubtful {
			s.doubt(it, tookEffect)
		}
	}
}

func (s *sender) count(t *trip) {
	if errors.Is(t.err, graph.ErrSignIn) {
		return
	}
	s.stats.Batches++
	if t.purpose == reading {
		return
	}
	for _, it := range t.items {
		s.stats.Patches++
		if it.result.Attempts > 0 {
			s.stats.Retries++
		}
		it.result.Attempts++
		it.tries++
		it.doubtful = true
		it.result.SentAt = t.at
		it.result.ClientRequestID = t.id
		it.result.Status, it.result.Code, it.result.RequestID, it.result.Reason = 0, "", "", ""
		it.result.ServerDate = time.Time{}
		it.last = nil
	}
}

// landRefusedWrites deals with a call that failed as a whole.
//
//	the call                          its items
//	no token to be had                not sent, and the run stops
//	401, 403                          failed, and the run stops: the next would fare no better
//	429, 503, 509                     sent again
//	no answer, 504, other 5xx         in doubt: read again first
//	other 4xx                         failed
//	redirected, or another surprise   failed, and the run stops
//
// An item that was sent before is not failed at once but read again first: see fail.
func (s *sender) landRefusedWrites(t *trip) {
	var refused *graph.Error
	switch {
	case errors.Is(t.err, graph.ErrSignIn):
		s.stop(t.err)
		for _, it := range t.items {
			if it.doubtful {
				s.doubt(it, tookEffect)
			} else {
				it.result.Temporary = true
				s.settle(it, diff.NotSent, t.err.Error())
			}
		}
	case errors.As(t.err, &refused):
		s.landRefusal(t, refused)
	case errors.Is(t.err, graph.ErrConnection):
		for _, it := range t.items {
			it.result.Reason, it.rest = t.err.Error(), true
			s.doubt(it, tookEffect)
		}
	default:
		s.stop(t.err)
		for _, it := range t.items {
			it.last, it.result.Reason = &graph.Error{RetryAfter: -1}, t.err.Error()
			s.fail(it)
		}
	}
}

func (s *sender) landRefusal(t *trip, refused *graph.Error) {
	if refused.Status == http.StatusTooManyRequests {
		s.stats.Throttled++
	}
	for _, it := range t.items {
		it.refuse(refused)
	}
	if refused.Status == http.StatusUnauthorized || refused.Status == http.StatusForbidden {
		s.stop(fmt.Errorf("the service refuses to take changes: %w", refused))
	}
	for _, it := range t.items {
		s.moveOn(it, refused.Status)
	}
}

// moveOn queues a refused change by the status that refused it, its own or the whole call's, or fails it. A server's error that
// is not known to pass by itself may have come after the write.
func (s *sender) moveOn(it *item, status int) {
	switch {
	case status == http.StatusGatewayTimeout, status >= 500 && !graph.Retryable(status):
		s.doubt(it, tookEffect)
	case graph.Retryable(status):
		s.again(it)
	default:
		s.fail(it)
	}
}

// landWrites deals with the answers to patches, each by itself.
//
//	the answer                            the change
//	200 with the task                     applied, or differs
//	other 2xx, or 200 without the task    read again, which says applied or differs
//	429, 503, 509                         sent again
//	504, 500, 502, none, or unclear       in doubt: read again first
//	404                                   notFound
//	anything else                         failed; one that was sent before is read again first: see fail
func (s *sender) landWrites(t *trip) {
	for i, a := range t.answers() {
		it := t.items[i]
		it.result.ServerDate = graph.ServerDate(t.reply.Date)
		if a == nil {
			it.result.RequestID = t.reply.RequestID
			it.result.Reason = "the answer to this change was missing, doubled or unreadable"
			s.doubt(it, tookEffect)
			continue
		}
		it.result.Status = a.Status
		it.result.RequestID = a.Header("request-id")
		if it.result.RequestID == "" {
			it.result.RequestID = t.reply.RequestID
		}
		if a.Status/100 == 2 {
			s.landAccepted(it, a)
			continue
		}
		refused := a.Err()
		if refused.RequestID == "" {
			refused.RequestID = t.reply.RequestID
		}
		it.refuse(refused)
		if a.Status == http.StatusNotFound {
			s.settle(it, diff.NotFound, "the task was in the tenant when the plan was made, but not any more: "+refused.Error())
			continue
		}
		if a.Status == http.StatusTooManyRequests {
			s.stats.Throttled++
		}
		s.moveOn(it, a.Status)
	}
}

func (s *sender) landAccepted(it *item, a *graph.Answer) {
	after, ok := s.taskIn(a, it.change)
	if !ok || it.canary {
		s.doubt(it, tookHold)
		return
	}
	it.seen = it.result.SentAt
	s.compare(it, after)
}

// taskIn reads the task in a 200 answer to a change: ok is false when the body is not that task, or
// leaves out a property that was changed, and so proves nothing.
func (s *sender) taskIn(a *graph.Answer, c *diff.Change) (t *task.Task, ok bool) {
	if a.Status != http.StatusOK {
		return nil, false
	}
	t, err := s.decoder.Only(a.Body)
	had := s.decoder.Had
	if err != nil {
		if t, had = unusual(a.Body); t == nil {
			return nil, false
		}
	}
	for _, e := range c.Edits {
		if !had(e.Property) {
			return nil, false
		}
	}
	return t, task.Key(t.ID) == task.Key(c.ID()) && (t.Type == "" || t.Managed())
}

// unusual reads a task whose JSON has not the shape that is usual; nil when it is no task.
func unusual(body []byte) (*task.Task, func(*task.Property) bool) {
	var fields map[string]json.RawMessage
	t := new(task.Task)
	if json.Unmarshal(body, &fields) != nil || json.Unmarshal(body, t) != nil {
		return nil, nil
	}
	return t, func(p *task.Property) bool { _, ok := fields[p.Name]; return ok }
}

// compare settles a change that the service accepted by what the tenant now holds. Where the status was
// withheld, and it is all that is not as wanted, it follows now.
func (s *sender) compare(it *item, after *task.Task) {
	wrong, m := it.see(after), Meet(it.change, after)
	switch {
	case wrong == "":
		s.settle(it, diff.Applied, "")
	case !it.halfway(m.Left):
		s.settle(it, diff.Differs, "accepted, but the tenant now holds "+wrong)
	case s.conflicts(it, m):
	case s.stopped:
		s.abandon(it)
	default:
		s.ready = append(s.ready, it)
	}
}

// halfway takes what is left of a change, and reports whether that is just the status that was withheld: a new start for it.
func (it *item) halfway(left []diff.Edit) bool {
	half := it.withheld && len(left) == 1 && left[0].Property == task.Status
	if half {
		it.left, it.withheld, it.tries, it.last = left, false, 0, nil
	}
	return half
}

// see notes what the tenant holds and names the first property that is not as wanted.
func (it *item) see(after *task.Task) (wrong string) {
	it.result.After = make([]task.Value, len(it.change.Edits))
	for i, e := range it.change.Edits {
		v := after.Get(e.Property).Clone() // the task's texts are one, which a result is not to keep
		it.result.After[i] = v
		if wrong == "" && !e.Property.Equal(v, e.Wanted) {
			wrong = fmt.Sprintf("%s %q, not %q", e.Property.Name, v.String(), e.Wanted.String())
		}
	}
	return wrong
}

// refuse notes a refusal as the last thing heard of the item.
func (it *item) refuse(e *graph.Error) {
	it.last, it.rest, it.pause = e, true, e.RetryAfter
	it.result.Status, it.result.Code, it.result.Reason = e.Status, e.Code, e.Error()
	if e.RequestID != "" {
		it.result.RequestID = e.RequestID
	}
	if at := graph.ServerDate(e.Date); !at.IsZero() {
		it.result.ServerDate = at
	}
}

// fail settles a change that was refused for good. A refusal that came before, such as a 429, may hide a write that took
// effect, so a change that was sent more than once is read again before it is called failed.
func (s *sender) fail(it *item) {
	if it.result.Attempts > 1 {
		it.rest = false // a refusal for good asks for no pause
		s.doubt(it, tookEffect)
		return
	}
	s.settle(it, diff.Failed, it.result.Reason)
}

// settle gives a change its result, and stops the run where that breaks the canary or the error budget.
func (s *sender) settle(it *item, o diff.Outcome, reason string) {
	if it.note != "" && it.doubtful { // what was overwritten stands nowhere else
		reason = strings.TrimSuffix(it.note+"; "+reason, "; ")
	}
	it.result.Change, it.result.Outcome, it.result.Reason, it.result.SettledAt = it.change, o, reason, time.Now()
	s.settled++
	if err := s.rec.Result(it.result); err != nil {
		s.stop(err)
		return
	}
	if !o.Good() && o != diff.NotSent {
		s.bad++
		if s.o.MaxErrors > 0 && s.bad >= s.o.MaxErrors {
			s.stop(fmt.Errorf("%w: %s ended badly", ErrBudget, task.Plural(s.bad, "change")))
		}
	}
	if !it.canary {
		return
	}
	s.canaries--
	if !o.Good() {
		s.stop(fmt.Errorf("%w: task %s ended as %s", ErrCanary, it.change.ID(), o))
	}
	if s.canaries == 0 && !s.stopped {
		s.writes, s.held = append(s.writes, s.held...), nil
	}
}

// pauseFor closes the gate if anything in the envelope is to be tried again: for the longest wait that
// an item or the call asked for, and where none did, for a backoff that grows with the attempts.
func (s *sender) pauseFor(t *trip) {
	asked, attempt, again := time.Duration(-1), 0, false
	for _, it := range t.items {
		if !it.rest || !it.result.SettledAt.IsZero() {
			continue
		}
		again = true
		asked = max(asked, it.pause)
		attempt = max(attempt, it.result.Attempts, it.reads)
	}
	if t.reply != nil && t.reply.RetryAfter >= 0 {
		asked = max(asked, t.reply.RetryAfter)
	}
	if again {
		s.wait(graph.Pause(asked, attempt))
	}
}
