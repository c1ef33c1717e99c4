package batch

import (
	"slices"
	"time"
)

// Sent is an envelope of writes that left.
type Sent struct {
	ClientRequestID string    `json:"clientRequestId"`
	At              time.Time `json:"at"`
	Writes          int       `json:"writes"`
}

// Lately is the envelopes of writes that left last, in no certain order.
type Lately []Sent

// mostLately envelopes are remembered: far more than the published limit lets go in the time that it looks back on.
const mostLately = 1000

// Add remembers one more envelope.
func (l *Lately) Add(s Sent) {
	if *l = append(*l, s); len(*l) >= 2*mostLately {
		*l = slices.Delete(*l, 0, len(*l)-mostLately)
	}
}

// With is the envelopes of both, each once.
func (l Lately) With(others Lately) Lately {
	all := slices.Concat(l, others)
	slices.SortFunc(all, func(a, b Sent) int { return a.At.Compare(b.At) })
	known := make(map[string]bool, len(all))
	all = slices.DeleteFunc(all, func(s Sent) bool {
		again := known[s.ClientRequestID]
		known[s.ClientRequestID] = true
		return again
	})
	return all[max(0, len(all)-mostLately):]
}

// unheard is how long after it left an envelope is taken to be counted by the service, where its answer is not known.
const unheard = 2 * time.Second

// recall counts writes that left before. Times to come, which another clock set, are taken for now.
func (w *window) recall(before Lately, now time.Time) {
	if w.rate.N <= 0 {
		return
	}
	for _, s := range before {
		at := s.At
		if at.After(now) {
			at = now
		}
		if until := at.Add(unheard + w.rate.Per + tick); until.After(now) && s.Writes > 0 {
			w.past = append(w.past, mark{s.Writes, until})
			w.count += s.Writes
		}
	}
	slices.SortFunc(w.past, func(a, b mark) int { return a.until.Compare(b.until) })
}
