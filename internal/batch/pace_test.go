package batch_test

import (
	"fmt"
	"testing"
	"time"

	"taskrecon/internal/batch"
)

func TestAloneOnTheQuota(t *testing.T) {
	second := 20 * time.Second
	for _, tt := range []struct {
		n           int
		limit       batch.Rate
		least, most time.Duration // latency
		slack       float64       // over the ideal; 0 is not asserted
	}{
		{1000, batch.PublishedWrites, 50 * time.Millisecond, 150 * time.Millisecond, 0.03},
		{1000, batch.PublishedWrites, 100 * time.Millisecond, 100 * time.Millisecond, 0.03},
		{1000, batch.PublishedWrites, 50 * time.Millisecond, 900 * time.Millisecond, 0},
		{1000, batch.PublishedWrites, 900 * time.Millisecond, 900 * time.Millisecond, 0},
		{999, batch.PublishedWrites, 50 * time.Millisecond, 150 * time.Millisecond, 0.03},
		{100, batch.PublishedWrites, 50 * time.Millisecond, 150 * time.Millisecond, 0.03},
		{330, batch.Rate{N: 30, Per: second}, 50 * time.Millisecond, 150 * time.Millisecond, 0.03},
		{330, batch.Rate{N: 50, Per: second}, 50 * time.Millisecond, 150 * time.Millisecond, 0.03},
		{330, batch.Rate{N: 50, Per: second}, 50 * time.Millisecond, 900 * time.Millisecond, 0},
		{70, batch.Rate{N: 7, Per: 5 * time.Second}, 50 * time.Millisecond, 150 * time.Millisecond, 0.03},
		{5, batch.Rate{N: 1, Per: time.Second}, 10 * time.Millisecond, 10 * time.Millisecond, 0.03},
		{1000, batch.Rate{}, 50 * time.Millisecond, 150 * time.Millisecond, 0},
	} {
		t.Run(fmt.Sprintf("%d at %s, %s to %s", tt.n, tt.limit, tt.least, tt.most), func(t *testing.T) {
			p := pacing(t, tt.n, func(p *paced) {
				p.sv.least, p.sv.most, p.sv.writes, p.o.Writes = tt.least, tt.most, tt.limit, &tt.limit
			})
			p.all(t)
			if p.stats.Throttled != 0 || p.stats.Patches != tt.n {
				t.Errorf("stats %+v", p.stats)
			}
			if most := p.sv.crowded(tt.limit.Per, true); tt.limit.N > 0 && most > tt.limit.N {
				t.Errorf("%d writes in %v", most, tt.limit.Per)
			}
			best := ideal(tt.n, tt.limit)
			over := float64(p.took-tt.most)/float64(max(best, tt.most)) - 1
			t.Logf("took %v, ideal %v, %.2f %% over", p.took, best, over*100)
			if allowed := time.Duration(float64(best)*(1+tt.slack)) + 4*tt.most; tt.slack > 0 && p.took > allowed {
				t.Errorf("took %v, want at most %v", p.took, allowed)
			}
			full := min(20, tt.limit.N)
			if full <= 0 || tt.limit.N%20 == 0 {
				full = 20
			}
			for i, n := range p.sv.sizes[:len(p.sv.sizes)-1] {
				if n != full && n != tt.limit.N%max(full, 1) {
					t.Errorf("envelope %d holds %d", i, n)
				}
			}
		})
	}
}

const quotaWindow = 20 * time.Second

// companies are other applications that use part of the quota for as long as a run of ours lasts.
var companies = []struct {
	name string
	left int // of 100 in a window
	at   func(start time.Time) []time.Time
}{
	{"3 a second", 40, others(3, time.Second, 0)},
	{"3 a second from the fifth window", 40, others(3, time.Second, 5*quotaWindow)},
	{"60 at once", 40, others(60, quotaWindow, 7*time.Second)},
	{"9 at once", 10, others(9, quotaWindow/10, time.Second)},
	{"30 at once", 40, others(30, quotaWindow/2, 3*time.Second)},
	{"15 at once", 40, others(15, quotaWindow/4, 3*time.Second)},
	{"1 a second", 80, others(1, time.Second, 0)},
	{"37 at once", 63, others(37, quotaWindow, time.Second)},
}

func others(count int, each, from time.Duration) func(time.Time) []time.Time {
	return func(start time.Time) []time.Time { return every(start, count, each, from, 200*quotaWindow) }
}

// advices are the ways of a service to say how long to wait.
var advices = []func(time.Duration) string{seconds, func(time.Duration) string { return "" }, func(time.Duration) string { return "10" }}

func TestSharedQuota(t *testing.T) {
	for i := range 4 { // all of them are in the slow test
		sharedQuota(t, i, i%len(advices), []time.Duration{150, 900}[i/3%2]*time.Millisecond)
	}
}

// sharedQuota asserts what is made of what others leave, in the sixty windows after the first ten.
func sharedQuota(t *testing.T, company, advice int, most time.Duration) {
	c := companies[company]
	t.Run(fmt.Sprintf("%s, advice %d, latency %v", c.name, advice, most), func(t *testing.T) {
		p := pacing(t, c.left*72, func(p *paced) {
			p.sv.least, p.sv.most, p.sv.advice, p.sv.others = 50*time.Millisecond, most, advices[advice], c.at(p.started)
			p.o.RereadAfter = 24 * time.Hour
		})
		p.all(t)
		taken, refused := p.sv.between(p.started, 10*quotaWindow, 70*quotaWindow)
		waste, share := float64(refused)/float64(taken+refused), float64(taken)/float64(60*c.left)
		t.Logf("waste %.2f %%, throughput %.1f %% of what is left, took %v", waste*100, share*100, p.took)
		if waste > 0.02 || share < 0.85 {
			t.Errorf("waste %.2f %%, throughput %.1f %% of what is left", waste*100, share*100)
		}
	})
}

func TestFreedQuotaIsTaken(t *testing.T) {
	const window = quotaWindow
	for _, ends := range []time.Duration{2 * window, 21 * window} {
		t.Run(ends.String(), func(t *testing.T) {
			p := pacing(t, int(ends/window)*40+2500, func(p *paced) {
				p.sv.least, p.sv.most, p.o.RereadAfter = 50*time.Millisecond, 150*time.Millisecond, 24*time.Hour
				p.sv.others = every(p.started, 3, time.Second, 0, ends)
			})
			p.all(t)
			for w := range time.Duration(45) {
				taken, refused := p.sv.between(p.started, ends+w*window, ends+(w+3)*window)
				if taken >= 95*3 {
					t.Logf("full rate %d windows after, refused %d", w, refused)
					if w > 25 {
						t.Errorf("the full rate came back only %d windows after", w)
					}
					return
				}
			}
			t.Error("the full rate never came back")
		})
	}
}
