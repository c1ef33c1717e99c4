package batch_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
)

// inDoubt makes the first n changes of the run ones that an earlier leg sent without an answer.
func (r *run) inDoubt(n int) {
	r.o.Earlier = map[*diff.Change]batch.Earlier{}
	for _, c := range r.changes[:n] {
		r.o.Earlier[c] = batch.Earlier{Sent: true, Answered: time.Now()}
	}
}

func TestInDoubtOfAnEarlierLeg(t *testing.T) {
	for _, overwrite := range []bool{false, true} {
		r := bubble(t, 200, func(r *run) {
			r.inDoubt(6)
			r.o.Stale, r.o.Concurrency, r.o.Writes = true, 1, &batch.PublishedWrites
			if overwrite {
				r.o.OnConflict = batch.Overwrite
			}
			for i := range 2 {
				r.tenant.objects[taskID(i)]["assignedTo"], r.tenant.objects[taskID(i)]["status"] = "new@contoso.com", "completed"
			}
			r.tenant.objects[taskID(4)]["status"] = "rejected"
			r.tenant.objects[taskID(5)]["status"] = "completed" // half of it is in place
		})
		r.check(t)
		for i := range 6 {
			want, patches := diff.Applied, 1
			switch {
			case i < 2:
				patches = 0
			case i == 4 && !overwrite:
				want, patches = diff.Conflict, 0
			}
			got := r.result(i)
			if got.Outcome != want || got.Attempts != patches || r.tenant.patches[taskID(i)] != patches {
				t.Errorf("task %d: %+v after %d readings; want %s after %d", i, got, r.tenant.gets[taskID(i)], want, patches)
			}
		}
		if body := r.tenant.bodies[taskID(5)]; len(body) != 1 || !strings.Contains(body[0], "status") {
			t.Errorf("the repeated write is not the first one: %v", body)
		}
		if reason := r.result(0).Reason; !strings.Contains(reason, "sent by an earlier leg of the run") {
			t.Errorf("reason %q", reason)
		}
	}
}

func TestInDoubtThatCannotBeRead(t *testing.T) {
	r := bubble(t, 3, func(r *run) {
		r.inDoubt(1)
		r.tenant.get = first(99, reply{status: 503})
	})
	r.check(t)
	if got := r.result(0); got.Outcome != diff.Unknown || !got.Temporary || got.Attempts != 0 || r.tenant.patches[taskID(0)] != 0 {
		t.Errorf("%+v", got)
	}
}

func TestStoppedBeforeDoubtIsSettled(t *testing.T) {
	r := cancelled(t, 30, 500*time.Millisecond, func(r *run) { r.inDoubt(5) })
	r.check(t)
	for i := range 5 {
		if got := r.result(i); got.Outcome != diff.Failed || !got.Temporary || !strings.Contains(got.Reason, "sent without taking effect") {
			t.Errorf("%+v", got)
		}
	}
}

func TestCanaryGoesAlone(t *testing.T) {
	for _, doubt := range []int{0, 2, 10} {
		r := bubble(t, 100, func(r *run) {
			r.inDoubt(doubt)
			r.o.Canary = 3
		})
		r.check(t)
		if n := r.outcomes(); n[diff.Applied] != 100 {
			t.Fatalf("outcomes %v", n)
		}
		left := map[string]bool{}
		for _, c := range r.tenant.calls {
			for _, id := range c.ids {
				if c.writes && id >= taskID(max(3, doubt)) && !(left[taskID(0)] && left[taskID(1)] && left[taskID(2)]) {
					t.Fatalf("%s left before the canary", id)
				}
				left[id] = left[id] || c.writes
			}
		}
		for i := 10; i < 100; i++ {
			if r.tenant.gets[taskID(i)] > 0 {
				t.Errorf("task %d was read although its answer held it", i)
			}
		}
		if writes, _ := r.sizes(); len(writes) > 7 { // the canary goes in two parts where some of it is in doubt
			t.Errorf("envelopes of %v", writes)
		}
	}
}

func TestBadCanaryStops(t *testing.T) {
	for name, rep := range map[string]reply{
		"refused": {status: 400, ignore: true}, "not there": {status: 404, ignore: true}, "ignored": {ignore: true}, "garbage": {garbage: true},
		"never": {status: 503, ignore: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := bubble(t, 100, func(r *run) {
				r.o.Canary = 3
				r.tenant.patch = func(id string, _ int) reply {
					if id == taskID(1) {
						return rep
					}
					return reply{}
				}
			})
			if !errors.Is(r.err, batch.ErrCanary) || len(r.rec.results) != 3 || r.outcomes()[diff.Applied] != 2 || r.result(1).Outcome.Good() {
				t.Errorf("%v; outcomes %v; %+v", r.err, r.outcomes(), r.result(1))
			}
			for i := 3; i < 100; i++ {
				if r.tenant.patches[taskID(i)] > 0 {
					t.Fatalf("task %d was sent", i)
				}
			}
		})
	}
	r := bubble(t, 5, func(r *run) { r.o.Canary, r.o.Stale = 9, true }) // more than there is
	r.check(t)
	if n := r.outcomes(); n[diff.Applied] != 5 {
		t.Errorf("outcomes %v", n)
	}
}

func TestErrorBudget(t *testing.T) {
	for _, most := range []int{1, 3, 5, 8, 50} {
		r := bubble(t, 200, func(r *run) {
			r.o.MaxErrors, r.o.Concurrency = most, 2
			r.tenant.patch = func(id string, _ int) reply {
				if strings.HasSuffix(id, "7") {
					return reply{status: 400, ignore: true}
				}
				return reply{}
			}
		})
		for _, f := range r.faults() {
			t.Error(f)
		}
		n := r.outcomes()
		if most > 20 {
			if r.err != nil || len(r.rec.results) != 200 || n[diff.Failed] != 20 {
				t.Errorf("%v, outcomes %v", r.err, n)
			}
			continue
		}
		if !errors.Is(r.err, batch.ErrBudget) || n[diff.Failed] < most || n[diff.Failed] > most+3 || len(r.rec.results) != r.stats.Patches {
			t.Errorf("%d: %v, outcomes %v", most, r.err, n)
		}
		if len(r.tenant.calls) > (most+1)/2+1 {
			t.Errorf("%d envelopes left with a budget of %d", len(r.tenant.calls), most)
		}
	}
}

func TestStoppedWhileTheServiceAsksForALongPause(t *testing.T) {
	for name, script := range map[string]func(*run){
		"items":         func(r *run) { r.tenant.patch = first(99, longPause) },
		"readings":      func(r *run) { r.tenant.patch = first(99, reply{status: 504}); r.tenant.get = first(99, longPause) },
		"some readings": func(r *run) { r.tenant.patch = first(99, reply{status: 504}); r.tenant.get = first(1, longPause) },
		"whole calls": func(r *run) {
			r.tenant.refuse = func(int, call) *refusal { return &refusal{status: 503, headers: longPause.headers} }
		},
		"calls are lost": func(r *run) { r.tenant.refuse = func(int, call) *refusal { return &refusal{err: errReset} } },
		"stale tasks":    func(r *run) { r.o.Stale = true; r.tenant.get = first(99, longPause) },
	} {
		t.Run(name, func(t *testing.T) {
			const after = 45 * time.Second
			r := cancelled(t, 300, after, func(r *run) {
				r.o.Writes, r.o.Reads, r.o.RereadAfter = nil, nil, 0
				script(r)
			})
			r.check(t)
			if r.took > after+time.Minute {
				t.Errorf("took %v to stop", r.took-after)
			}
			for i := range 300 {
				res, settled := r.rec.results[taskID(i)]
				if sent := r.tenant.patches[taskID(i)] > 0; sent != settled && res.Outcome != diff.NotSent {
					t.Fatalf("task %d: sent %v, settled %v: %+v", i, sent, settled, res)
				}
				if settled && (res.Outcome == diff.Applied) != r.holds(i) && res.Outcome != diff.Unknown || settled && !res.Outcome.Good() && !res.Temporary {
					t.Fatalf("%+v", res)
				}
			}
			t.Logf("%v after the stop: %v", r.took-after, r.outcomes())
		})
	}
}

var longPause = reply{status: 429, ignore: true, headers: map[string]string{"Retry-After": "300"}}

func TestProgress(t *testing.T) {
	for _, n := range []int{250, 1000, 2010} {
		type told struct {
			at time.Duration
			batch.Progress
		}
		var all []told
		p := pacing(t, n, func(p *paced) {
			p.o.Progress = func(pr batch.Progress) { all = append(all, told{time.Since(p.started), pr}) }
		})
		p.all(t)
		for i, pr := range all {
			if pr.Total != n || pr.Rate < 4.7 || pr.Rate > 5 || i > 0 && pr.Settled < all[i-1].Settled { // the margin takes a little of 5
				t.Errorf("%+v", pr)
			}
			finish := pr.Finish.Sub(p.started)
			if off := float64(finish-p.took) / float64(p.took); pr.at > time.Second && (off > 0.1 || off < -0.1) || finish < pr.at {
				t.Errorf("%d: after %v the end is foreseen at %v, but it is at %v", n, pr.at, finish, p.took)
			}
		}
		if last := all[len(all)-1]; last.Settled != n || last.Finish.Sub(p.started) > p.took {
			t.Errorf("at last %+v", last)
		}
	}
}

// The forecast includes a pause that was asked for and a rate that was learned. What is learned from a refusal is too low until
// the rest of its answers are in, so a forecast may be far off for a moment, but not for long.
func TestProgressOfAThrottledRun(t *testing.T) {
	var rates []float64
	told, off := 0, 0
	p := pacing(t, 1200, func(p *paced) {
		p.sv.others = every(p.started, 3, time.Second, 0, time.Hour)
		p.o.Progress = func(pr batch.Progress) {
			rates = append(rates, pr.Rate)
			if d := time.Since(p.started); d > 2*time.Minute && d < 9*time.Minute {
				told++
				share := pr.Finish.Sub(p.started).Seconds()/600 - 1 // 40 in a window
				if share > 0.25 || share < -0.25 {
					off++
				}
				if share > 1 || share < -0.5 {
					t.Errorf("after %v the end is foreseen at %v", d, pr.Finish.Sub(p.started))
				}
			}
		}
	})
	p.all(t)
	if told < 20 || off > told/10 {
		t.Errorf("%d of %d forecasts were off by more than a quarter", off, told)
	}
	if low := slices.Min(rates); low < 1 || low > 2.5 || p.stats.Waited == 0 {
		t.Errorf("rates from %v, waited %v", low, p.stats.Waited)
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // fails by itself where a goroutine outlives the bubble
		r := newRun(0)
		r.o = batch.Options{Canary: 5, Stale: true, MaxErrors: 1}
		r.send(t.Context()).check(t)
		if r.took != 0 {
			t.Errorf("nothing to do took %v", r.took)
		}
	})
}
