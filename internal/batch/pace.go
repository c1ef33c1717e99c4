package batch

import (
	"time"

	"taskrecon/internal/graph"
)

// pace spaces the envelopes of writes below the published limit, once 429s have shown that others use part of
// the tenant's quota. It is off (rate 0) until the first 429, and again when it has grown back to the limit.
//
// After a 429 the rate is what the service took in the last window. It then stays, and grows by a step a
// window: a step that the service takes is followed by one twice as large, one that it refuses is taken back
// and followed by a pause that doubles. So a steady remainder of the quota is probed ever more rarely,
// and one that grows is found in a few windows.
type pace struct {
	limit    Rate
	rate     float64   // writes a second; 0 is off
	good     float64   // the last rate at which a whole window passed without a 429
	step     float64   // by what share the rate grows next
	hold     int       // windows to hold before the next step
	patience int       // what hold becomes after the next refusal
	since    time.Time // start of the window under watch
	next     time.Time // when the next envelope may leave
	taken    []mark    // writes that the service took in the last window; until is when they leave it
}

const (
	firstStep   = 0.025
	longestHold = 32 // windows
	slowest     = 0.5
)

func (p *pace) full() float64 { return float64(p.limit.N) / p.limit.Per.Seconds() }

// heard learns from the answers to an envelope of writes.
func (p *pace) heard(taken, throttled int, now time.Time) {
	if p.limit.N <= 0 {
		return
	}
	for len(p.taken) > 0 && !p.taken[0].until.After(now) {
		p.taken = p.taken[1:]
	}
	if taken > 0 {
		p.taken = append(p.taken, mark{taken, now.Add(p.limit.Per)})
	}
	switch {
	case throttled > 0:
		p.slow(now)
	case p.rate > 0 && now.Sub(p.since) >= p.limit.Per:
		p.grow(now)
	}
}

func (p *pace) slow(now time.Time) {
	if p.rate > 0 && now.Sub(p.since) < p.limit.Per/4 {
		return // answers to envelopes that left together are one refusal
	}
	sum := 0
	for _, m := range p.taken {
		sum += m.n
	}
	measured := max(float64(sum)/p.limit.Per.Seconds(), slowest)
	switch {
	case p.rate == 0:
		p.rate, p.patience = min(measured, p.full()), 2
	case p.good > 0 && p.rate > p.good:
		p.rate = p.good // the step was one too far
	default:
		p.rate = max(p.rate*0.75, slowest)
	}
	p.good, p.step, p.hold, p.since = 0, firstStep, p.patience, now
	p.patience = min(p.patience*2, longestHold)
}

func (p *pace) grow(now time.Time) {
	p.since = now
	p.good = p.rate
	if p.hold > 0 {
		p.hold--
		return
	}
	p.rate *= 1 + p.step
	if p.step > firstStep {
		p.patience = 2 // two steps in a row were taken: the quota has grown
	}
	p.step = min(p.step*2, 0.5)
	if p.rate >= p.full() {
		p.rate = 0
	}
}

// sent spaces the next envelope from one of n writes.
func (p *pace) sent(n int, now time.Time) {
	if p.rate == 0 {
		p.next = now
		return
	}
	from := now
	if p.next.After(now.Add(-time.Second)) {
		from = p.next // do not lose the time by which this one left late
	}
	p.next = from.Add(time.Duration(float64(n) / p.rate * float64(time.Second)))
}

// Progress is how far a sending is.
type Progress struct {
	Settled int           // changes that have their result
	Total   int           // changes to be settled
	Rate    float64       // writes a second that the limits now allow
	Waited  time.Duration // time in which sending stood still because the service asked for it
	Finish  time.Time     // when the last envelope should leave, if nothing changes
}

// progress foresees the end: what the window lets go at once, then a window's worth each window, or at the
// learned rate where that is lower.
func (s *sender) progress() Progress {
	now := time.Now()
	p := Progress{Settled: s.settled, Total: s.total, Waited: s.stats.Waited, Finish: now}
	left := len(s.writes) + len(s.ready) + len(s.held)
	if s.notBefore.After(now) {
		p.Finish = s.notBefore
	}
	limit := s.writeWindow.rate
	switch {
	case s.pace.rate > 0:
		p.Rate = s.pace.rate
		p.Finish = p.Finish.Add(time.Duration(float64(left) / p.Rate * float64(time.Second)))
	case limit.N > 0:
		p.Rate = s.pace.full()
		if over := left - s.writeWindow.room(now); over > 0 {
			first := s.writeWindow.until(min(graph.MaxItems, limit.N), now)
			if first.After(p.Finish) {
				p.Finish = first
			}
			p.Finish = p.Finish.Add(limit.Per * time.Duration((over-1)/limit.N))
		}
	}
	return p
}
