package batch

import (
	"cmp"
	"slices"
	"time"
)

// Sent is an envelope of writes that left.
type Sent struct {
	ClientRequestID string    `json:"clientRequestId"`
	At              time.Time `json:"at"`
	Heard           time.Time `json:"heard,omitzero"` // when a change of it was settled last; zero where none was yet
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

// Heard notes that a change of an envelope was settled.
func (l Lately) Heard(clientRequestID string, at time.Time) {
	for i := len(l) - 1; i >= 0 && clientRequestID != ""; i-- {
		if l[i].ClientRequestID == clientRequestID {
			l[i].Heard = at
			return
		}
	}
}

// With is the envelopes of both, each once.
func (l Lately) With(others Lately) Lately {
	all := slices.Concat(l, others)
	slices.SortFunc(all, func(a, b Sent) int { return cmp.Or(a.At.Compare(b.At), b.Heard.Compare(a.Heard)) })
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

// recall counts writes that left before. Times to come, which another clock set, are taken for now; and from now on only time that
// passes counts, whatever becomes of this clock.
func (w *window) recall(before Lately, now time.Time) {
	if w.rate.N <= 0 {
		return
	}
	for _, s := range before {
		end := s.Heard
		if end.IsZero() {
			end = s.At.Add(unheard)
		}
		if past := max(now.Sub(end), -unheard); s.Writes > 0 && past < w.rate.Per+tick {
			w.hold(s.Writes, now.Add(w.rate.Per+tick-past))
		}
	}
}
