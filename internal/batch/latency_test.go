package batch_test

import (
	"math"
	"testing"
	"time"
)

func TestPacingOfTheSender(t *testing.T) {
	const ms, n = time.Millisecond, 2000
	swing := func(d, by, period time.Duration) func(time.Duration) time.Duration {
		return func(since time.Duration) time.Duration {
			return d + time.Duration(float64(by)*math.Sin(2*math.Pi*float64(since)/float64(period)))
		}
	}
	steady := func(d time.Duration) func(time.Duration) time.Duration {
		return func(time.Duration) time.Duration { return d }
	}
	for _, mode := range []struct {
		bodiless bool
		lag      time.Duration
	}{{false, 0}, {true, 0}, {true, 5 * time.Second}, {true, 12 * time.Second}} {
		for _, tt := range []struct {
			name    string
			latency func(time.Duration) time.Duration
			most    float64
		}{
			{"50 ms", steady(50 * ms), 1.03},
			{"1 s", steady(1000 * ms), 1.03},
			{"3 s", steady(3000 * ms), 1.03},
			{"5 s", steady(5000 * ms), 1.03},
			{"2 s by 0.5 s", swing(2000*ms, 500*ms, time.Minute), 1.06},
		} {
			for _, counted := range []float64{1} {
				p := pacing(t, n, func(p *paced) {
					p.sv.latency, p.sv.counted, p.o.Stale = tt.latency, counted, true
					p.sv.bodiless, p.sv.lag = mode.bodiless, mode.lag
					p.o.SettleWithin = 30 * time.Second
				})
				p.all(t)
				if p.err != nil {
					continue
				}
				took := p.sv.left[1].Sub(p.sv.left[0]).Seconds() / ideal(n, p.sv.writes).Seconds()
				t.Logf("%v %-12s counted at %.0f: %.3f of the ideal, %+v in %v, oldest look %v, envelopes %d, of looks %d", mode, tt.name, counted, took, p.stats, p.took, p.sv.age, len(p.sv.sizes), len(p.sv.reads))
			}
		}
	}
}
