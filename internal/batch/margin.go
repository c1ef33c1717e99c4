package batch

import (
	"math"
	"time"
)

// margin is what a slot is held beyond the time that steady latencies ask for, as a share of the window: a little always, more
// at first, while few latencies are known, and more after a refusal.
type margin struct {
	per     time.Duration
	start   time.Time // of sending; zero is not yet
	extra   float64   // as it was set by the last refusal that counted
	refused time.Time // when that was; zero is never
}

// Shares of the window.
const (
	leastMargin   = 0.0075
	firstMargin   = 0.035
	leastExtra    = 0.005
	mostExtra     = 0.10
	halvesIn      = 3.0 // windows
	refusalsCount = 0.5 // once in so much of a window
)

func (m *margin) windows(from, to time.Time) float64 {
	if m.per <= 0 {
		return 0
	}
	return max(0, float64(to.Sub(from))/float64(m.per))
}

func halved(share, windows float64) float64 { return share * math.Exp2(-windows/halvesIn) }

func (m *margin) extraAt(now time.Time) float64 {
	if m.refused.IsZero() {
		return 0
	}
	return halved(m.extra, m.windows(m.refused, now))
}

// at is the margin at a time.
func (m *margin) at(now time.Time) time.Duration {
	first := firstMargin
	if !m.start.IsZero() {
		first = halved(first, max(0, m.windows(m.start, now)-1))
	}
	return time.Duration((leastMargin + first + m.extraAt(now)) * float64(m.per))
}

// refuse widens the margin after a refusal.
func (m *margin) refuse(now time.Time) {
	if m.refused.IsZero() || m.windows(m.refused, now) >= refusalsCount {
		m.extra, m.refused = min(max(leastExtra, 2*m.extraAt(now)), mostExtra), now
	}
}
