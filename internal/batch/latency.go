package batch

import (
	"slices"
	"time"
)

// recently is the last few of a series of durations.
type recently struct {
	keep int
	last []time.Duration // the newest at the end
}

func (r *recently) add(d time.Duration) {
	if len(r.last) == r.keep {
		r.last = slices.Delete(r.last, 0, 1)
	}
	r.last = append(r.last, d)
}

// share is the value that so large a share of the last n lies below; 0 where there is none.
func (r *recently) share(n int, share float64) time.Duration {
	sorted := slices.Clone(r.last[max(0, len(r.last)-n):])
	if len(sorted) == 0 {
		return 0
	}
	slices.Sort(sorted)
	return sorted[int(share*float64(len(sorted)-1)+0.5)]
}

// The memory of latencies, in calls.
const (
	callsForLeast = 100
	looksForLead  = 50
)

// latencies is how long calls have taken of late.
type latencies struct {
	writes, looks, more recently // more is by how much a write took longer than the look behind it
	least               time.Duration
	shortest, long      time.Duration // looks: the shortest, and what nine in ten do not exceed
}

func newLatencies() latencies {
	r := recently{keep: callsForLeast}
	return latencies{writes: r, looks: r, more: r}
}

// land learns from a call that was answered.
func (l *latencies) land(c *call) {
	switch c.kind {
	case write:
		l.writes.add(c.took)
		if c.look != nil {
			l.more.add(c.took - c.look.took)
		}
	case preread:
		l.looks.add(c.took)
		l.shortest = l.looks.share(looksForLead, 0)
		l.long = l.looks.share(looksForLead, 0.9)
	default:
		return
	}
	l.least = l.writes.share(callsForLeast, 0)
	if len(l.more.last) > 0 {
		l.least = min(l.least, l.looks.share(callsForLeast, 0)+l.more.share(callsForLeast, 0.5))
	}
	l.least = max(l.least, 0)
}
