package batch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

// TestMeet has a row for each way in which a task can be found just before sending, under each OnConflict.
func TestMeet(t *testing.T) {
	type found map[string]any
	const body = `{"@odata.type":"#microsoft.graph.securityConfigurationTask"`
	both := body + `,"assignedTo":"new@contoso.com","status":"completed"}`
	for _, tt := range []struct {
		name   string
		found  found // what the other editor has left
		on     batch.OnConflict
		want   diff.Outcome
		body   string // of the PATCH; "" is none
		reason string
	}{
		{"base", nil, "", diff.Applied, both, ""},
		{"another property", found{"displayName": "renamed"}, "", diff.Applied, both, ""},
		{"wanted", found{"assignedTo": "new@contoso.com", "status": "completed"}, "", diff.Unchanged, "", "already as wanted"},
		{"partly wanted", found{"assignedTo": "new@contoso.com"}, "", diff.Applied, both, ""},
		{"third", found{"status": "rejected"}, "", diff.Conflict, "", `status: base "active", found "rejected", wanted "completed"`},
		{"third beside wanted", found{"status": "rejected", "assignedTo": "new@contoso.com"}, batch.SkipConflict, diff.Conflict, "", `found "rejected"`},
		{"third to overwrite", found{"status": "rejected"}, batch.Overwrite, diff.Applied, both, ""},
		{"third beside wanted to overwrite", found{"status": "rejected", "assignedTo": "new@contoso.com"}, batch.Overwrite, diff.Applied, both, ""},
		{"wanted under abort", found{"assignedTo": "new@contoso.com", "status": "completed"}, batch.Abort, diff.Unchanged, "", ""},
		{"third under abort", found{"assignedTo": "third@contoso.com"}, batch.Abort, diff.Conflict, "", `found "third@contoso.com"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := bubble(t, 3, func(r *run) {
				r.o.Stale, r.o.OnConflict = true, tt.on
				for k, v := range tt.found {
					r.tenant.objects[taskID(1)][k] = v
				}
			})
			for _, f := range r.faults() {
				t.Error(f)
			}
			got := r.result(1)
			if got.Outcome != tt.want || !strings.Contains(got.Reason, tt.reason) || r.tenant.gets[taskID(1)] != 1 {
				t.Errorf("%+v after %d readings, want %s", got, r.tenant.gets[taskID(1)], tt.want)
			}
			if sent := strings.Join(r.tenant.bodies[taskID(1)], " "); sent != tt.body {
				t.Errorf("sent %s, want %s", sent, tt.body)
			}
			if aborts := tt.on == batch.Abort && tt.want == diff.Conflict; aborts != errors.Is(r.err, batch.ErrConflict) {
				t.Errorf("Send: %v", r.err)
			} else if !aborts && r.outcomes()[diff.Applied] < 2 {
				t.Errorf("the others: %v", r.outcomes())
			}
		})
	}
}

// TestOverwriteReopensNothing: what somebody else has completed stays so, unless reopening is permitted.
func TestOverwriteReopensNothing(t *testing.T) {
	for _, noReopen := range []bool{true, false} {
		r := bubble(t, 1, func(r *run) {
			r.o.Stale, r.o.OnConflict, r.o.NoReopen = true, batch.Overwrite, noReopen
			c := r.changes[0]
			c.Edits = []diff.Edit{{Property: task.Status, Before: task.Text("pending"), Wanted: task.Text("active")}}
			r.tenant.objects[taskID(0)]["status"] = "rejected"
		})
		got, holds := r.result(0), r.tenant.objects[taskID(0)]["status"]
		if noReopen && (got.Outcome != diff.Conflict || holds != "rejected" || !strings.Contains(got.Reason, "--allow-reopen")) {
			t.Errorf("it is %v: %+v", holds, got)
		}
		if !noReopen && (got.Outcome != diff.Applied || holds != "active") {
			t.Errorf("permitted, it is %v: %+v", holds, got)
		}
	}
}

// TestOverwriteKeepsOtherPairs: a row that asks for one setting overwrites that one, and no other.
func TestOverwriteKeepsOtherPairs(t *testing.T) {
	pairs := func(a, b string) string {
		return fmt.Sprintf(`[{"name":"A","value":%q},{"name":"B","value":%q}]`, a, b)
	}
	for _, tt := range []struct {
		name, found string
		single      bool
		want        diff.Outcome
	}{
		{"the same pair", pairs("7", "0"), true, diff.Applied},
		{"another pair", pairs("0", "somebody's"), true, diff.Conflict},
		{"a pair more", `[{"name":"A","value":"0"},{"name":"B","value":"0"},{"name":"C","value":null}]`, true, diff.Conflict},
		{"a name twice", `[{"name":"A","value":"0"},{"name":"B","value":"0"},{"name":"B","value":"0"}]`, true, diff.Conflict},
		{"the whole collection", pairs("0", "somebody's"), false, diff.Applied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := bubble(t, 1, func(r *run) {
				r.o.Stale, r.o.OnConflict = true, batch.Overwrite
				r.changes[0].Edits = []diff.Edit{{
					Property: task.IntendedSettings, Before: task.Text(pairs("0", "0")), Wanted: task.Text(pairs("1", "0")), Pairs: tt.single,
				}}
				r.tenant.objects[taskID(0)]["intendedSettings"] = json.RawMessage(tt.found)
			})
			if got := r.result(0); got.Outcome != tt.want || len(r.tenant.bodies[taskID(0)]) > 0 != (tt.want == diff.Applied) {
				t.Errorf("%+v; sent %v", got, r.tenant.bodies[taskID(0)])
			}
		})
	}
}

// TestLostAnswerKeepsWhatWasOverwritten: the value that somebody else had set is in the result, whatever the answer was.
func TestLostAnswerKeepsWhatWasOverwritten(t *testing.T) {
	r := bubble(t, 1, func(r *run) {
		r.o.Stale, r.o.OnConflict = true, batch.Overwrite
		r.tenant.objects[taskID(0)]["status"] = "rejected"
		r.tenant.patch = func(string, int) reply { return reply{status: 504} }
	})
	want := []diff.Overwritten{{Property: task.Status, Value: task.Text("rejected")}}
	if got := r.result(0); got.Outcome != diff.Applied || !slices.Equal(got.Overwrote, want) || !strings.Contains(got.Reason, "504") {
		t.Errorf("%+v", got)
	}
}

// TestConflictAfterSendingSaysSo: where somebody else came after a change was sent, the conflict says that it was.
func TestConflictAfterSendingSaysSo(t *testing.T) {
	r := bubble(t, 1, func(r *run) {
		r.tenant.patch = func(string, int) reply { return reply{status: 504} } // it took effect
		r.tenant.get = func(id string, _ int) reply {
			r.tenant.objects[id]["status"] = "rejected"
			return reply{}
		}
	})
	if got := r.result(0); got.Outcome != diff.Conflict || !strings.Contains(got.Reason, "; a write was sent before: HTTP 504") {
		t.Errorf("%+v", got)
	}
}

func TestAbortStopsWhatHasNotLeft(t *testing.T) {
	r := bubble(t, 60, func(r *run) {
		r.o.Stale, r.o.OnConflict, r.o.Concurrency = true, batch.Abort, 1
		r.tenant.objects[taskID(25)]["status"] = "rejected"
	})
	if n := r.outcomes(); !errors.Is(r.err, batch.ErrConflict) || n[diff.Conflict] != 1 || n[diff.Applied] != 20 || len(r.rec.results) != 21 {
		t.Errorf("outcomes %v, %v", n, r.err)
	}
}

func TestFreshTasksAreNotReadAgain(t *testing.T) {
	for _, stale := range []bool{false, true} {
		p := pacing(t, 300, func(p *paced) { p.o.Stale = stale })
		p.all(t)
		if got := len(p.sv.reads); got != map[bool]int{false: 10, true: 15}[stale] { // the first window leaves on the list
			t.Errorf("stale %v: readings in %v", stale, p.sv.reads)
		}
		if stale && (p.sv.unread > 0 || p.sv.age > 3*time.Second) {
			t.Errorf("%d written unread, the oldest reading was of %v before", p.sv.unread, p.sv.age)
		}
	}
}

func TestLongRunReadsWhatGrewOld(t *testing.T) {
	for _, most := range []time.Duration{150 * time.Millisecond, 900 * time.Millisecond} {
		for _, stale := range []bool{most < time.Second/2} {
			t.Run(fmt.Sprintf("latency to %v, stale %v", most, stale), func(t *testing.T) {
				p := pacing(t, 2000, func(p *paced) { p.sv.least, p.sv.most, p.o.Stale = 50*time.Millisecond, most, stale })
				p.all(t)
				if p.stats.Throttled != 0 || p.sv.crowded(20*time.Second, true) > 100 || p.sv.crowded(20*time.Second, false) > 1000 {
					t.Errorf("stats %+v", p.stats)
				}
				over := float64(p.took)/float64(ideal(2000, batch.PublishedWrites)) - 1
				t.Logf("%.2f %% over the ideal, readings %d, oldest %v", over*100, len(p.sv.reads), p.sv.age)
				if most < 500*time.Millisecond && over > 0.03 {
					t.Errorf("took %v, %.2f %% over the ideal", p.took, over*100)
				}
				want := 1900 // the first window leaves on the list
				if stale {
					want = 2000
				}
				sum := 0
				for _, n := range p.sv.reads {
					sum += n
				}
				if sum < want || sum > want+100 || p.sv.age > batch.DefaultRereadAfter || 2000-p.sv.unread != sum {
					t.Errorf("%d readings, %d written unread, the oldest reading was of %v before", sum, p.sv.unread, p.sv.age)
				}
				for _, n := range slices.Concat(p.sv.reads, p.sv.sizes) {
					if n != 20 {
						t.Errorf("envelopes of %v and %v", p.sv.sizes, p.sv.reads)
						break
					}
				}
			})
		}
	}
}

func TestAnotherEditorBetweenListAndWrite(t *testing.T) {
	p := pacing(t, 1000, func(p *paced) {
		edited := map[string]bool{}
		p.sv.edit = func(at time.Time, id string) {
			if d := at.Sub(p.started); d < 90*time.Second || len(edited) > 0 {
				return
			}
			for i := 700; i < 710; i++ {
				edited[taskID(i)] = true
				p.sv.objects[taskID(i)]["assignedTo"] = "third@contoso.com"
			}
		}
	})
	if n := p.outcomes(); p.err != nil || n[diff.Applied] != 990 || n[diff.Conflict] != 10 {
		t.Errorf("outcomes %v, %v", n, p.err)
	}
	for i := 700; i < 710; i++ {
		if got := p.result(i); got.Outcome != diff.Conflict || got.Attempts != 0 || p.sv.objects[taskID(i)]["assignedTo"] != "third@contoso.com" {
			t.Errorf("%+v", got)
		}
	}
}

// However soon a reading grows old, and however few requests the limits let go, it ends.
func TestReadingsThatGrowOldAtOnce(t *testing.T) {
	for _, reads := range []int{0, 1, 2, 7, 20, 30} {
		for _, after := range []time.Duration{time.Nanosecond, 50 * time.Millisecond, time.Second, 15 * time.Second} {
			for _, limit := range []batch.Rate{{}, {N: 7, Per: 5 * time.Second}} {
				p := pacing(t, 45, func(p *paced) {
					p.sv.least, p.sv.most, p.sv.writes, p.sv.any = 500*time.Millisecond, 2*time.Second, batch.Rate{N: 25, Per: 20 * time.Second}, batch.Rate{N: reads, Per: 20 * time.Second}
					p.o.Writes, p.o.Reads, p.o.RereadAfter, p.o.Stale = &limit, &p.sv.any, after, true
				})
				n := p.outcomes()
				if p.err != nil || n[diff.Applied] != 45 && reads != 1 || n[diff.Applied]+n[diff.NotSent]+n[diff.Failed] != 45 || p.took > 4*time.Hour {
					t.Errorf("reads %d, writes %v, after %v: %v in %v, %v", reads, limit, after, n, p.took, p.err)
				}
			}
		}
	}
}
