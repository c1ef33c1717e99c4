package batch_test

import (
	"fmt"
	"math"
	"os"
	"testing"
	"time"

	"taskrecon/internal/batch"
)

// latencyFigure is a sending of 2,000 changes to a service of some latency.
type latencyFigure struct {
	latency  time.Duration
	swing    time.Duration // either way, in a minute
	late     bool          // one call in 50 takes 3 s longer
	bodiless bool          // writes are answered without the task, and settled by reading
	lag      time.Duration // of reads
	always   bool          // among the quick tests
	most     float64       // of the ideal time
}

const second = time.Second

func latencyFigures() []latencyFigure {
	var all []latencyFigure
	for _, d := range []time.Duration{second / 20, second / 2, second, 2 * second, 3 * second, 5 * second} {
		all = append(all, latencyFigure{latency: d, always: d == 3*second, most: 1.03},
			latencyFigure{latency: d, bodiless: true, most: 1.03},
			latencyFigure{latency: d, bodiless: true, lag: 7 * second, always: d == 5*second, most: 1.03})
	}
	for _, d := range []time.Duration{second, 2 * second, 3 * second} {
		all = append(all, latencyFigure{latency: d, swing: second / 2, most: 1.06},
			latencyFigure{latency: d, swing: second / 2, bodiless: true, lag: 7 * second, most: 1.06},
			latencyFigure{latency: d, late: true, most: 1.06})
	}
	return all
}

func (f latencyFigure) of(calls *int) func(time.Duration) time.Duration {
	return func(since time.Duration) time.Duration {
		d := f.latency + time.Duration(float64(f.swing)*math.Sin(2*math.Pi*since.Minutes()))
		if *calls++; f.late && *calls%50 == 0 {
			d += 3 * second
		}
		return d
	}
}

// The whole sender under latency, from the first sending to the last.
func TestLatency(t *testing.T) {
	const n = 2000
	all := os.Getenv("TASKRECON_FIGURES") != ""
	for _, f := range latencyFigures() {
		for _, counted := range []float64{0, 1} {
			if !all && (!f.always || counted == 0) {
				continue
			}
			calls := 0
			p := pacing(t, n, func(p *paced) {
				p.sv.latency, p.sv.counted, p.sv.bodiless, p.sv.lag = f.of(&calls), counted, f.bodiless, f.lag
				p.o.Stale, p.o.SettleWithin = true, batch.DefaultSettleWithin
			})
			p.all(t)
			best := ideal(n, p.sv.writes).Seconds()
			took, whole := p.sv.left[1].Sub(p.sv.left[0]).Seconds()/best, p.took.Seconds()/best
			requests := 0
			for _, size := range append(p.sv.reads, p.sv.sizes...) {
				requests += size
			}
			refused := float64(p.stats.Throttled) / float64(requests)
			t.Log(f.line(counted, took, whole, refused, float64(requests)/n))
			if took > f.most || refused > 0.005 || p.sv.age > batch.DefaultRereadAfter+2*(f.latency+f.swing)+3*second {
				t.Errorf("%+v, counted at %.0f: %.3f of the ideal, %.2f %% refused, the oldest look was of %v before", f, counted, took, 100*refused, p.sv.age)
			}
		}
	}
}

func (f latencyFigure) line(counted, took, whole, refused, requests float64) string {
	name := f.latency.String()
	if f.swing > 0 {
		name = fmt.Sprintf("%v to %v", f.latency-f.swing, f.latency+f.swing)
	}
	if f.late {
		name += ", 1 in 50 late"
	}
	answers := "200"
	if f.bodiless {
		answers = fmt.Sprintf("204, lag %v", f.lag)
	}
	return fmt.Sprintf("latency %-18s answers %-11s counted on %-8s writes %.3f of the ideal, all settled %.3f, refused %.2f %%, requests a change %.1f",
		name, answers, map[float64]string{0: "arrival", 1: "answer"}[counted], took, whole, 100*refused, requests)
}
