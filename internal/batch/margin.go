package batch

import (
	"math"
	"time"
)

// margin is how far the shortest latency is not relied upon: at first, while few latencies are known, and after a refusal.
type margin struct {
	per     time.Duration
	start   time.Time // of sending; zero is not yet
	extra   float64   // as it was set by the last refusal that counted
	refused time.Time // when that was; zero is never
}

// Shares of the window.
const (
	alwaysHeld    = 0.0075 // longer than latencies ask for
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
	return halved(m.extra, max(0, m.windows(m.refused, now)-1))
}

// at is the margin at a time.
func (m *margin) at(now time.Time) time.Duration {
	first := firstMargin
	if !m.start.IsZero() {
		first = halved(first, max(0, m.windows(m.start, now)-1))
	}
	return time.Duration((first + m.extraAt(now)) * float64(m.per))
}

// refuse widens the margin after a refusal, by no less than least.
func (m *margin) refuse(least time.Duration, now time.Time) {
	if m.refused.IsZero() || m.windows(m.refused, now) >= refusalsCount {
		m.extra, m.refused = min(max(leastExtra, 2*m.extraAt(now)), mostExtra), now
		m.extra = max(m.extra, float64(least)/float64(m.per))
	}
}
