package batch_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
)

// weather is all that goes wrong in one sending. It is drawn before the bubble of virtual time, in which nothing may fail.
type weather struct {
	changes  int
	o        batch.Options
	shuffle  bool
	patches  map[string][]reply // by task, the replies to its first patches
	gets     map[string][]reply // by task, the replies to its first readings
	refusals []*refusal         // of the first calls, nil for one that is taken
}

var retryAfters = []map[string]string{nil, nil, {"Retry-After": "0"}, {"retry-after": "0.249"}, {"RETRY-AFTER": "9"}, {"Retry-After": "soon"}}

// drawPatch draws the fault of one patch: a status, whether it takes effect, and what the answer shows.
func drawPatch(t *rapid.T) reply {
	r := reply{headers: rapid.SampledFrom(retryAfters).Draw(t, "headers")}
	switch rapid.IntRange(0, 11).Draw(t, "patch") {
	case 0, 1:
		r.status = rapid.SampledFrom([]int{429, 503, 509}).Draw(t, "status")
		r.ignore = rapid.Bool().Draw(t, "ignore")
	case 2, 3:
		r.status = rapid.SampledFrom([]int{500, 502, 504}).Draw(t, "status")
		r.ignore = rapid.Bool().Draw(t, "ignore")
	case 4:
		r.status, r.ignore = rapid.SampledFrom([]int{400, 403, 409, 412, 423}).Draw(t, "status"), true
	case 5:
		r.missing, r.ignore = true, rapid.Bool().Draw(t, "ignore")
	case 6:
		r.twice, r.ignore = true, rapid.Bool().Draw(t, "ignore")
	case 7:
		r.status, r.ignore = -1, rapid.Bool().Draw(t, "ignore")
	case 8:
		r.status, r.body = 204, absent{}
	case 9:
		r.body = raw(rapid.SampledFrom([]string{`[]`, `"x"`, `{}`, `{"id": "other"}`, `7`}).Draw(t, "body"))
	case 10:
		r.ignore = true // says 200 and shows the task as it was
	}
	return r
}

func drawGet(t *rapid.T) reply {
	switch rapid.IntRange(0, 4).Draw(t, "get") {
	case 0:
		return reply{missing: true}
	case 1:
		return reply{twice: true}
	case 2:
		return reply{body: raw(`{"id": "other"}`)}
	case 3:
		return reply{status: rapid.SampledFrom([]int{429, 500, 503, 504}).Draw(t, "status"), headers: rapid.SampledFrom(retryAfters).Draw(t, "headers")}
	}
	return reply{}
}

func drawRefusal(t *rapid.T) *refusal {
	took := rapid.Bool().Draw(t, "took")
	switch rapid.IntRange(0, 5).Draw(t, "refusal") {
	case 0:
		return &refusal{err: errReset, took: took}
	case 1:
		return &refusal{status: 200, body: "<html>", took: took}
	case 2:
		return &refusal{
			status: rapid.SampledFrom([]int{429, 500, 502, 503, 504, 509}).Draw(t, "status"), took: took,
			headers: rapid.SampledFrom(retryAfters).Draw(t, "headers"),
		}
	}
	return nil
}

func drawWeather(t *rapid.T) weather {
	w := weather{
		changes: rapid.IntRange(0, 70).Draw(t, "changes"),
		o: batch.Options{
			Concurrency: rapid.IntRange(1, 5).Draw(t, "concurrency"), MaxAttempts: rapid.IntRange(1, 5).Draw(t, "attempts"),
			Writes: &batch.Rate{}, Reads: &batch.Rate{}, RereadAfter: 24 * time.Hour,
		},
		shuffle: rapid.Bool().Draw(t, "shuffle"),
		patches: map[string][]reply{}, gets: map[string][]reply{},
	}
	for i := range w.changes {
		if !rapid.Bool().Draw(t, "faulty") {
			continue
		}
		w.patches[taskID(i)] = rapid.SliceOfN(rapid.Custom(drawPatch), 1, 7).Draw(t, "patches")
		w.gets[taskID(i)] = rapid.SliceOfN(rapid.Custom(drawGet), 0, 7).Draw(t, "gets")
	}
	w.refusals = rapid.SliceOfN(rapid.Custom(drawRefusal), 0, 6).Draw(t, "refusals")
	return w
}

func nth(replies []reply, n int) reply {
	if n <= len(replies) {
		return replies[n-1]
	}
	return reply{}
}

func (w weather) script(r *run) {
	r.o, r.tenant.shuffle = w.o, w.shuffle
	r.tenant.patch = func(id string, attempt int) reply { return nth(w.patches[id], attempt) }
	r.tenant.get = func(id string, attempt int) reply { return nth(w.gets[id], attempt) }
	r.tenant.refuse = func(n int, _ call) *refusal {
		if n <= len(w.refusals) {
			return w.refusals[n-1]
		}
		return nil
	}
}

// Whatever the weather, when no other editor writes: every change has one result, applied says the truth, nothing that is known to
// be applied is sent again, and it ends.
func TestWhateverTheWeather(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWeather(rt)
		r := bubble(t, w.changes, w.script)
		for _, f := range r.faults() {
			rt.Error(f)
		}
		if r.err != nil || len(r.rec.results) != w.changes {
			rt.Fatalf("%d results of %d; %v", len(r.rec.results), w.changes, r.err)
		}
		for i := range w.changes {
			if fault := w.judge(r, i); fault != "" {
				rt.Errorf("task %d: %s: %+v", i, fault, r.result(i))
			}
		}
		// No call takes longer than its latency and the longest backoff after it.
		if most := time.Duration(len(r.tenant.calls)) * (r.tenant.latency + 75*time.Second); r.took > most {
			rt.Errorf("%d calls took %v", len(r.tenant.calls), r.took)
		}
	})
}

// judge names what is wrong with the result of a task, given what the tenant holds and was asked.
func (w weather) judge(r *run, i int) string {
	id, res, holds := taskID(i), r.result(i), r.holds(i)
	switch res.Outcome {
	case diff.Applied:
		if !holds {
			return "applied, but the tenant does not hold it"
		}
	case diff.Failed, diff.Differs:
		if holds {
			return "not applied, but the tenant holds it"
		}
	case diff.Unknown:
		if res.Attempts == 0 || !res.Temporary {
			return "unknown without a passing reason"
		}
	default:
		return "an outcome that nothing here explains"
	}
	if res.Attempts != r.tenant.patches[id] || res.Attempts > w.o.MaxAttempts {
		return fmt.Sprintf("%d patches arrived, the most is %d", r.tenant.patches[id], w.o.MaxAttempts)
	}
	return ""
}

// The same weather with a stop somewhere in it: what was put on the wire has one result, what was not has none.
func TestWhateverTheWeatherAndWhenItStops(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWeather(rt)
		after := time.Duration(rapid.IntRange(0, 20_000).Draw(rt, "milliseconds")) * time.Millisecond
		r := cancelled(t, w.changes, after, w.script)
		for _, f := range r.faults() {
			rt.Error(f)
		}
		if r.err != nil {
			rt.Errorf("Send: %v", r.err)
		}
		for _, c := range r.tenant.calls {
			if c.writes && c.at.Sub(r.started) > after {
				rt.Errorf("patches left %v after the start, stopped after %v", c.at.Sub(r.started), after)
			}
		}
		for i := range w.changes {
			res, settled := r.rec.results[taskID(i)]
			if settled != (r.tenant.patches[taskID(i)] > 0) {
				rt.Errorf("task %d: %d patches arrived, but that it has a result is %v", i, r.tenant.patches[taskID(i)], settled)
			}
			if settled && res.Outcome != diff.Unknown && (res.Outcome == diff.Applied) != r.holds(i) {
				rt.Errorf("task %d: that the tenant holds it is %v: %+v", i, r.holds(i), res)
			}
		}
	})
}
