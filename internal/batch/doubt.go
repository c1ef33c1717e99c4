package batch

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/graph"
	"taskrecon/internal/task"
)

// question is what a re-reading is to tell of a change.
type question uint8

const (
	tookEffect question = iota // sent, no clear answer: did it take effect?
	tookHold                   // accepted without showing the task: does the tenant hold what was wanted?
	stillBase                  // to be sent: is the task still as it was when the plan was made?
)

// landRefusedReads deals with a $batch of readings that failed as a whole.
func (s *sender) landRefusedReads(t *trip) {
	var refused *graph.Error
	if errors.As(t.err, &refused) && refused.Status == http.StatusTooManyRequests {
		s.stats.Throttled++
	}
	passing := errors.Is(t.err, graph.ErrConnection) || (refused != nil && refused.Status >= 429)
	if !passing {
		s.stop(t.err)
	}
	for _, it := range t.items {
		if refused != nil {
			it.pause = refused.RetryAfter
		}
		s.readAgain(it, passing, t.err.Error())
	}
}

// landReads deals with the tasks that were read again.
func (s *sender) landReads(t *trip) {
	for i, a := range t.answers() {
		it := t.items[i]
		switch {
		case a == nil:
			s.readAgain(it, true, "the answer was missing, doubled or unreadable")
		case a.Status == http.StatusOK:
			s.landRead(t, it, a)
		case a.Status == http.StatusNotFound:
			s.settle(it, diff.NotFound, "the task was in the tenant when the plan was made, but not any more")
		default:
			refused := a.Err()
			it.pause = refused.RetryAfter
			if a.Status == http.StatusTooManyRequests {
				s.stats.Throttled++
			}
			s.readAgain(it, graph.Retryable(a.Status) || a.Status >= 500, refused.Error())
		}
	}
}

func (s *sender) landRead(t *trip, it *item, a *graph.Answer) {
	now := new(task.Task)
	if err := json.Unmarshal(a.Body, now); err != nil || task.Key(now.ID) != task.Key(it.change.ID()) || (now.Type != "" && !now.Managed()) {
		s.readAgain(it, true, "the answer did not hold the task")
		return
	}
	// What was seen is as old as the question, but a slow answer must leave time to act upon it.
	it.seen, it.reads = time.Now().Add(-min(time.Since(t.at), s.o.RereadAfter/2)), 0
	switch it.ask {
	case tookHold:
		s.compare(it, now)
	case stillBase:
		s.meet(it, now)
	default:
		s.judge(it, now)
	}
}

// judge settles a change of which it was not known whether it took effect.
//
//	the tenant holds                     the change
//	everything as wanted                 applied
//	in some property a third value       conflict, unless it is to be overwritten: someone else has been there
//	not what was wanted, and it is
//	  refused for good, or out of tries  failed
//	  stopped                            notSent
//	  else                               sent again
func (s *sender) judge(it *item, now *task.Task) {
	why := it.result.Reason
	if it.see(now) == "" {
		s.settle(it, diff.Applied, "read again to be sure: "+why)
		return
	}
	m := Meet(it.change, now)
	it.halfway(m.Left)
	it.left = m.Left
	switch {
	case s.conflicts(it, m):
	case it.refusedForGood():
		s.settle(it, diff.Failed, why)
	case s.stopped:
		s.abandon(it)
	case it.tries >= s.o.MaxAttempts:
		it.result.Temporary = true
		s.settle(it, diff.Failed, fmt.Sprintf("sent %s without taking effect; last: %s", task.Plural(it.result.Attempts, "time"), why))
	default:
		s.goesNext(it)
	}
}

// refusedForGood reports whether the last answer was one that sending again would not change: 500, and all that is not
// known to pass by itself.
func (it *item) refusedForGood() bool {
	if it.last == nil {
		return false
	}
	return it.last.Status == http.StatusInternalServerError || (it.last.Status < 500 && it.last.Status != http.StatusTooManyRequests)
}

// readAgain queues another reading, or gives up on the change as unknown.
func (s *sender) readAgain(it *item, passing bool, why string) {
	it.reads++
	it.rest = true
	most := s.o.MaxAttempts
	if s.stopped {
		most = min(most, stoppedReads)
	}
	switch {
	case it.ask == stillBase && s.stopped && !it.doubtful:
		return // never sent, and nobody is going to
	case passing && it.reads < most && it.ask == stillBase && !s.stopped:
		s.writes = append([]*item{it}, s.writes...)
		return
	case passing && it.reads < most:
		if it.ask == stillBase {
			it.ask = tookEffect
		}
		s.reads = append(s.reads, it)
		return
	case it.ask == stillBase && !it.doubtful:
		it.result.Temporary = passing
		s.settle(it, diff.NotSent, "not sent, because the task could not be read just before: "+why)
		return
	}
	it.result.Temporary = passing
	sent := it.result.Reason
	if sent == "" {
		sent = "accepted"
	}
	s.settle(it, diff.Unknown, fmt.Sprintf("%s; reading the task again told nothing: %s", sent, why))
}
