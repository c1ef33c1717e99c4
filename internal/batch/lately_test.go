package batch_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"taskrecon/internal/batch"
)

// TestWritesOfAnEarlierRunCount sends to a service that has just taken 80 writes of another run of this program.
func TestWritesOfAnEarlierRunCount(t *testing.T) {
	const n, window = 300, 20 * time.Second
	for _, tt := range []struct {
		name       string
		took, told time.Duration // how long ago the service took them, and Before says so
		off        bool
		refused    bool
		most       time.Duration
	}{
		{name: "known", took: 3 * time.Second, told: 3 * time.Second, most: 3*window + 3*time.Second},
		{name: "not known", took: 3 * time.Second, told: -1, refused: true, most: time.Hour},
		{name: "long ago", took: time.Hour, told: time.Hour, most: 2*window + time.Second},
		{name: "by a clock that is ahead", took: 3 * time.Second, told: -time.Hour, most: 4*window + 3*time.Second},
		{name: "without a limit", took: time.Hour, told: 3 * time.Second, off: true, most: 5 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := pacing(t, n, func(p *paced) {
				earlier := slices.Repeat([]time.Time{p.started.Add(-tt.took)}, 80)
				p.sv.window, p.sv.windowed = earlier, slices.Clone(earlier)
				for i := range 4 {
					if tt.told != -1 {
						p.o.Before.Add(batch.Sent{ClientRequestID: fmt.Sprint(i), At: p.started.Add(-tt.told), Writes: 20})
					}
				}
				if tt.off {
					p.sv.writes, p.o.Writes = batch.Rate{}, &batch.Rate{}
				}
			})
			p.all(t)
			if (p.stats.Throttled > 0) != tt.refused {
				t.Errorf("%d were refused", p.stats.Throttled)
			}
			if p.took > tt.most {
				t.Errorf("took %v, want at most %v", p.took, tt.most)
			}
		})
	}
}

func TestLately(t *testing.T) {
	start := time.Date(2026, 11, 27, 2, 0, 0, 0, time.UTC)
	var all batch.Lately
	for i := range 5000 {
		all.Add(batch.Sent{ClientRequestID: fmt.Sprint(i), At: start.Add(time.Duration(i) * time.Second), Writes: 1})
		if least := min(i+1, 1000); len(all) < least || len(all) >= 2000 {
			t.Fatalf("%d envelopes after %d", len(all), i+1)
		}
	}
	both := all.With(all).With(batch.Lately{{ClientRequestID: "new", At: start.Add(10_000 * time.Second), Writes: 20}})
	if len(both) != 1000 || both[999].ClientRequestID != "new" || both[0].ClientRequestID != "4001" {
		t.Errorf("%d envelopes from %v to %v", len(both), both[0], both[len(both)-1])
	}
}

// TestEarlierWritesBesideOthers: marks of an earlier run last longer than those of this one, while 429s shrink the window.
func TestEarlierWritesBesideOthers(t *testing.T) {
	for _, stale := range []bool{true, false} {
		for _, others := range []int{30, 50, 80} {
			t.Run(fmt.Sprintf("stale %v, %d writes of others", stale, others), func(t *testing.T) {
				pacing(t, 300, func(p *paced) {
					p.o.Stale = stale
					p.o.Before.Add(batch.Sent{ClientRequestID: "old", At: p.started, Writes: 20})
					p.sv.others = every(p.started, others, time.Minute, 0, time.Second)
					p.sv.advice = func(time.Duration) string { return "1" }
				}).all(t)
			})
		}
	}
}

// remembering keeps what is sent and heard, as a run does for the next one.
type remembering struct {
	batch.Recorder
	mu   sync.Mutex
	sent batch.Lately
}

func (m *remembering) Sending(e batch.Envelope) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent.Add(batch.Sent{ClientRequestID: e.ClientRequestID, At: e.At, Writes: len(e.Changes)})
	return m.Recorder.Sending(e)
}

func (m *remembering) Result(r batch.Result) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent.Heard(r.ClientRequestID, r.SettledAt)
	return m.Recorder.Result(r)
}

// TestSlowAnswersCountLonger: the service may count a write until it answers it, which it does late in the first of two runs.
func TestSlowAnswersCountLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, sv := newRun(100), newRun(100), newService(1)
		sv.objects, sv.least, sv.most = a.tenant.objects, 8*time.Second, 8*time.Second
		m := &remembering{Recorder: a.rec}
		if _, err := batch.Send(t.Context(), a.changes, sv, m, batch.Options{}); err != nil {
			t.Fatal(err)
		}
		sv.objects, sv.least, sv.most = b.tenant.objects, 100*time.Millisecond, 100*time.Millisecond
		stats, err := batch.Send(t.Context(), b.changes, sv, b.rec, batch.Options{Before: m.sent})
		if err != nil || stats.Throttled > 0 {
			t.Errorf("%d refused, %v; %d writes in 20 s", stats.Throttled, err, sv.crowded(20*time.Second, true))
		}
	})
}
