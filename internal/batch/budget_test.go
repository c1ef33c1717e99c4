package batch

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func steady(d time.Duration) latency {
	return func(time.Duration, *rand.Rand) time.Duration { return d }
}

// swinging goes up and down around d, by so much either way.
func swinging(d, by, period time.Duration) latency {
	return func(since time.Duration, _ *rand.Rand) time.Duration {
		return d + time.Duration(float64(by)*math.Sin(2*math.Pi*float64(since)/float64(period)))
	}
}

// walking is a random walk between d-by and d+by.
func walking(d, by time.Duration, seed uint64) latency {
	r := rand.New(rand.NewPCG(seed, 11))
	at := []time.Duration{d} // at each second
	return func(since time.Duration, _ *rand.Rand) time.Duration {
		i, part := int(since/time.Second), (since % time.Second).Seconds()
		for len(at) <= i+1 {
			step := time.Duration(float64(by) * 0.1 * r.NormFloat64())
			at = append(at, min(max(at[len(at)-1]+step, d-by), d+by))
		}
		return at[i] + time.Duration(float64(at[i+1]-at[i])*part)
	}
}

// between is anything between two.
func between(least, most time.Duration) latency {
	return func(_ time.Duration, r *rand.Rand) time.Duration {
		return least + time.Duration(r.Int64N(int64(most-least)))
	}
}

// late has one call in n take so much longer.
func late(l latency, n int, by time.Duration) latency {
	return func(since time.Duration, r *rand.Rand) time.Duration {
		d := l(since, r)
		if r.IntN(n) == 0 {
			d += by
		}
		return d
	}
}

// changing is one latency at first and another later.
func changing(from, to, at time.Duration) latency {
	return func(since time.Duration, _ *rand.Rand) time.Duration {
		if since < at {
			return from
		}
		return to
	}
}

const second = time.Second

// latencyRow is a latency, and what its pacing may cost.
type latencyRow struct {
	name    string
	latency func(seed uint64) latency
	seeds   uint64
	most    float64 // of the ideal time
	refused float64 // of the requests
}

func latencyRows() (rows []latencyRow) {
	add := func(most, refused float64, seeds uint64, l func(uint64) latency, name string, args ...any) {
		rows = append(rows, latencyRow{fmt.Sprintf(name, args...), l, seeds, most, refused})
	}
	for _, d := range []time.Duration{second / 20, second / 10, second / 2, second, 2 * second, 3 * second, 4 * second, 5 * second} {
		add(1.03, 0.005, 1, func(uint64) latency { return steady(d) }, "steady %v", d)
	}
	for _, d := range []time.Duration{second, 2 * second, 3 * second} {
		for _, p := range []time.Duration{60 * second, 150 * second, 300 * second} {
			add(1.06, 0.005, 1, func(uint64) latency { return swinging(d, second/2, p) }, "%v, swinging by 1s in %v", d, p)
		}
		add(1.06, 0.005, 5, func(seed uint64) latency { return walking(d, second/2, seed) }, "%v, walking by 1s", d)
		add(1.06, 0.005, 5, func(uint64) latency { return late(steady(d), 50, 3*second) }, "%v, one in 50 late by 3s", d)
	}
	for _, p := range []time.Duration{60 * second, 300 * second} { // more than was asked for: what it costs
		add(1.09, 0.005, 1, func(uint64) latency { return swinging(2*second, second, p) }, "2s, swinging by 2s in %v", p)
	}
	add(1.08, 0.01, 5, func(seed uint64) latency { return walking(2*second, second, seed) }, "2s, walking by 2s")
	add(1.05, 0.005, 5, func(uint64) latency { return between(second/20, 19*second/20) }, "between 50ms and 950ms")
	add(1.06, 0.005, 1, func(uint64) latency { return changing(3*second, second, 190*second) }, "3s, then 1s")
	add(1.09, 0.005, 1, func(uint64) latency { return changing(second, 3*second, 190*second) }, "1s, then 3s") // 20 windows remember the 1s
	return rows
}

// The service's window is simulated in plain event time.
func TestPacing(t *testing.T) {
	const n, ideal = 2000, 380 * time.Second
	for _, row := range latencyRows() {
		for i, counting := range []counting{onArrival, onAnswer} {
			name := []string{"on arrival", "on answer"}[i]
			sum, refused, requests := 0.0, 0, 0
			for seed := range row.seeds {
				w := (&world{latency: row.latency(seed), counting: counting}).run(n, seed)
				sum += float64(w.last.Sub(w.first)) / float64(ideal)
				requests += w.requests
				_, over := w.between(0, 24*time.Hour)
				refused += over
			}
			mean, share := sum/float64(row.seeds), float64(refused)/float64(requests)
			t.Logf("%-28s counted %-10s %.3f of the ideal, %.2f %% refused", row.name, name, mean, 100*share)
			if mean > row.most || share > row.refused {
				t.Errorf("%s, counted %s: %.3f of the ideal and %.2f %% refused, want at most %.2f and %.2f %%", row.name, name, mean, 100*share, row.most, 100*row.refused)
			}
		}
	}
}

// A service that counts each call at another part of its latency is met with fewer refusals, not with none.
func TestPacingWhereCallsAreCountedAnywhere(t *testing.T) {
	for _, d := range []time.Duration{second / 10, second, 3 * second, 5 * second} {
		w := (&world{latency: steady(d), counting: anywhere}).run(2000, 1)
		_, refused := w.between(0, 24*time.Hour)
		took, share := float64(w.last.Sub(w.first))/float64(380*time.Second), float64(refused)/float64(w.requests)
		t.Logf("%-6v %.3f of the ideal, %.2f %% refused", d, took, 100*share)
		if took > 1.08+d.Seconds()/20 || share > 0.04 { // from answer to answer it would take 1 + d/20
			t.Errorf("%v: %.3f of the ideal, %.2f %% refused", d, took, 100*share)
		}
	}
}

func TestPacingBesideOthers(t *testing.T) {
	const window = 20 * second
	for _, others := range []struct {
		count      int
		each, from time.Duration
	}{
		{3, second, 0}, {3, second, 5 * window}, {9, window / 10, second}, {1, second, 0}, {37, window, second},
	} {
		left := 100 - others.count*int(window/others.each)
		for _, l := range []struct {
			name string
			latency
		}{
			{"50ms to 150ms", between(second/20, 3*second/20)},
			{"1s", steady(second)},
			{"3s", steady(3 * second)},
			{"3s, swinging by 1s", swinging(3*second, second/2, time.Minute)},
		} {
			for _, counting := range []counting{onArrival, onAnswer} {
				w := &world{latency: l.latency, counting: counting}
				for d := others.from; d < 100*window; d += others.each {
					for range others.count {
						w.others = append(w.others, d)
					}
				}
				w.run(left*45, 1)
				taken, refused := w.between(10*window, 40*window)
				share, waste := float64(taken)/float64(30*left), float64(refused)/float64(taken+refused)
				t.Logf("%2d of 100 left, others each %-4v from %-4v, latency %-18s: %.1f %% of it used, %.2f %% refused", left, others.each, others.from, l.name, 100*share, 100*waste)
				if share < 0.85 || waste > 0.015 {
					t.Errorf("%+v, %s: %.1f %% used, %.2f %% refused", others, l.name, 100*share, 100*waste)
				}
			}
		}
	}
}
