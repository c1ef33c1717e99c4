package batch

import (
	"slices"
	"time"
)

// pool is the slots of a sliding window over requests: one is taken when a request leaves, and given back so long after its
// answer as the hold says, which may change while it is held.
type pool struct {
	size    int  // slots; none is no limit
	away    int  // requests on the wire
	earlier past // requests of earlier runs, and when their slots are given back: before any of ours
	past    []past
}

// past is requests that were answered at one moment.
type past struct {
	n  int
	at time.Time
}

// hold is how long after its answer a slot is given back, by what is known at a time. It does not grow by the passing of time.
type hold func(at time.Time) time.Duration

const unlimited = 1 << 30

// free is how many requests may leave at a time, if none leaves or is answered before; below zero where the pool has shrunk.
func (p *pool) free(at time.Time, h hold) int {
	if p.size <= 0 {
		return unlimited
	}
	free, d := p.size-p.away, h(at)
	if p.earlier.at.After(at) {
		free -= p.earlier.n
	}
	for _, m := range p.past {
		if m.at.Add(d).After(at) {
			free -= m.n
		}
	}
	return free
}

// when is the first moment from now on at which n slots are free by the passing of time alone; zero when that needs an answer.
func (p *pool) when(n int, now time.Time, h hold) time.Time {
	if p.free(now, h) >= n {
		return now
	}
	free, d := p.size-p.away, h(now)
	for _, m := range p.past {
		free -= m.n
	}
	if free >= n {
		return p.earlier.at
	}
	for _, m := range p.past {
		if free += m.n; free >= n {
			// The hold shrinks as time passes: the second of these is a little early, the third is not.
			at := m.at.Add(d)
			at = m.at.Add(h(at))
			at = m.at.Add(h(at))
			return later(at, now)
		}
	}
	return time.Time{}
}

// answer moves n requests from the wire to the past.
func (p *pool) answer(n int, now time.Time) {
	p.away -= n
	p.add(n, now)
}

// add has requests that were answered at a time hold slots.
func (p *pool) add(n int, at time.Time) {
	if n <= 0 || p.size <= 0 {
		return
	}
	i := len(p.past)
	for i > 0 && p.past[i-1].at.After(at) {
		i--
	}
	p.past = slices.Insert(p.past, i, past{n, at})
}

// forget drops what was answered before a time.
func (p *pool) forget(before time.Time) {
	for len(p.past) > 0 && p.past[0].at.Before(before) {
		p.past = p.past[1:]
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func sooner(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
