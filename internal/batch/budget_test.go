package batch

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func steady(d time.Duration) latency {
	return func(time.Duration, *rand.Rand) time.Duration { return d }
}

// swinging goes up and down around d by so much either way.
func swinging(d, by, period time.Duration) latency {
	return func(since time.Duration, _ *rand.Rand) time.Duration {
		return d + time.Duration(float64(by)*math.Sin(2*math.Pi*float64(since)/float64(period)))
	}
}

// walking is a random walk between d-by and d+by, with a step each second.
func walking(d, by time.Duration, seed uint64) latency {
	r := rand.New(rand.NewPCG(seed, 11))
	at := []time.Duration{d}
	return func(since time.Duration, _ *rand.Rand) time.Duration {
		for len(at) <= int(since/time.Second)+1 {
			step := time.Duration(float64(by) * 0.1 * r.NormFloat64())
			at = append(at, min(max(at[len(at)-1]+step, d-by), d+by))
		}
		i, part := int(since/time.Second), since%time.Second
		return at[i] + time.Duration(float64(at[i+1]-at[i])*part.Seconds())
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

func TestPacing(t *testing.T) {
	const ms = time.Millisecond
	type row struct {
		name    string
		latency func(seed uint64) latency
		most    float64
	}
	var rows []row
	for _, d := range []time.Duration{50, 100, 500, 1000, 2000, 3000, 4000, 5000} {
		rows = append(rows, row{"steady " + (d * ms).String(), func(uint64) latency { return steady(d * ms) }, 1.03})
	}
	for _, d := range []time.Duration{1000, 2000, 3000} {
		for _, by := range []time.Duration{500} {
			for _, p := range []time.Duration{60, 150, 300} {
				rows = append(rows, row{"swinging " + (d * ms).String() + " by " + (by * ms).String() + " in " + (p * time.Second).String(),
					func(uint64) latency { return swinging(d*ms, by*ms, p*time.Second) }, 1.06})
			}
			rows = append(rows, row{"walking " + (d * ms).String() + " by " + (by * ms).String(),
				func(seed uint64) latency { return walking(d*ms, by*ms, seed) }, 1.06})
		}
	}
	for _, d := range []time.Duration{100, 1000, 3000} {
		rows = append(rows, row{"late " + (d * ms).String(), func(uint64) latency { return late(steady(d*ms), 50, 3*time.Second) }, 1.06})
	}
	const ideal = 380 * time.Second
	for _, r := range rows {
		seeds := uint64(1)
		if !strings.HasPrefix(r.name, "st") && !strings.HasPrefix(r.name, "sw") {
			seeds = 10
		}
		for _, c := range []struct {
			name string
			at   counting
		}{{"on arrival", onArrival}, {"on answer", onAnswer}} {
			sum, worst, refused, requests := 0.0, 0.0, 0, 0
			for seed := range seeds {
				w := (&world{latency: r.latency(seed), counting: c.at}).run(2000, seed)
				took := float64(w.last.Sub(w.start)) / float64(ideal)
				sum, worst = sum+took, max(worst, took)
				refused, requests = refused+w.refused, requests+w.requests
			}
			mean, share := sum/float64(seeds), float64(refused)/float64(requests)
			t.Logf("%-32s counted %-10s %.3f of the ideal, at worst %.3f, refused %.2f %%", r.name, c.name, mean, worst, 100*share)
			if mean > r.most || share > 0.005 {
				t.Errorf("%s, counted %s: %.3f of the ideal, want at most %.3f; refused %.2f %%", r.name, c.name, mean, r.most, 100*share)
			}
		}
	}
}
