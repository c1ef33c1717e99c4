package batch

import (
	"slices"
	"time"
)

// pace lowers the window of writes below the published limit once 429s have shown that others use part of the tenant's
// quota, and raises it again.
//
// The service counts in a sliding window, so what others leave is a smaller window, not a slower beat: n writes in any
// Per fit beside others that use the rest of it, whenever they leave. After the first 429, n is what the service took in the
// last Per. It then holds, and grows by a step for each Per in which all of it was taken: a step that is taken is followed by
// one twice as large, one that is refused is taken back, and the next attempt comes after a longer hold. So a steady
// remainder is probed with a request or two in a dozen windows, and one that grows is found within a few.
type pace struct {
	limit    Rate
	n        int       // writes in any Per; limit.N when nothing has been learned
	good     int       // the last n of which a whole Per was taken; 0 since a refusal
	step     float64   // share of n by which it grows next
	hold     int       // windows to hold before the next step
	patience int       // what hold becomes at the next refusal
	since    time.Time // start of the window under watch
	cut      time.Time // of the last refusal; zero is never
	measure  int       // what was taken in the last Per before it; negative when n was not measured at it
	low, top int       // between which a measure is believed
	taken    []mark    // writes that the service took, of those that left in the Per before the last one did
}

const (
	firstStep   = 0.025
	largestStep = 0.5
	firstHold   = 2  // windows
	longestHold = 10 // a probe costs a refused request or two: cheap enough to find freed quota in a few minutes
)

func newPace(limit Rate) pace {
	return pace{limit: limit, n: limit.N, step: firstStep, patience: firstHold}
}

// learn learns from the answers to an envelope of writes that left at the given time.
func (p *pace) learn(left time.Time, taken, refused int, now time.Time) {
	if p.limit.N <= 0 {
		return
	}
	p.taken = append(p.taken, mark{taken, left.Add(p.limit.Per)}) // by leaving, so that no earlier burst is counted with this one
	p.taken = slices.DeleteFunc(p.taken, func(m mark) bool { return !m.until.After(left) })
	switch {
	case !left.After(p.cut): // the same refusal, in parts
		if p.measure >= 0 && now.Sub(p.cut) < p.limit.Per {
			p.measured(p.measure + taken)
		}
	case refused > 0:
		p.slow(now)
	case p.n < p.limit.N && now.Sub(p.since) >= p.limit.Per && p.sum() >= p.n*3/4:
		p.grow(now)
	}
}

func (p *pace) sum() int {
	n := 0
	for _, m := range p.taken {
		n += m.n
	}
	return n
}

func (p *pace) stepOf(share float64) int { return max(1, int(float64(p.n)*share)) }

func (p *pace) slow(now time.Time) {
	if p.good > 0 && p.n > p.good {
		p.n, p.measure = p.good, -1 // the step was one too far
	} else {
		// What was taken says little where little was sent: at most half of n is given up at once. And a refusal always
		// lowers n, down to what would teach nothing any more.
		p.low = max(p.n/2, p.limit.N/20, 1)
		p.top = max(p.n-p.stepOf(firstStep), p.low)
		p.measured(p.sum())
	}
	p.hold = p.patience
	if p.good > 0 { // else it is still settling, which says nothing of how steady the quota is
		p.patience = min(p.patience*2, longestHold)
	}
	p.good, p.step, p.since, p.cut = 0, firstStep, now, now
}

func (p *pace) measured(taken int) {
	p.measure = taken
	p.n = min(max(taken, p.low), p.top)
}

func (p *pace) grow(now time.Time) {
	p.since, p.good = now, p.n
	if p.hold > 0 {
		p.hold--
		return
	}
	p.n = min(p.n+p.stepOf(p.step), p.limit.N)
	if p.step > firstStep {
		p.patience = firstHold // two steps in a row were taken: the quota has grown
	}
	p.step = min(p.step*2, largestStep)
}
