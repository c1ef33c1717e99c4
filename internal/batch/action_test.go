package batch_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

// byAction has the status of every task go by updateStatus.
func (r *run) byAction() {
	r.tenant.byAction = true
	for _, c := range r.changes {
		c.StatusVia, c.Note = diff.ViaAction, "note of "+c.ID()
	}
}

// statusOnly leaves a change nothing but its status.
func (r *run) statusOnly() {
	for _, c := range r.changes {
		c.Edits = slices.DeleteFunc(c.Edits, func(e diff.Edit) bool { return e.Property != task.Status })
	}
	r.tenant.wanted = func(_ string, o map[string]any) bool { return o["status"] == "completed" }
}

func TestStatusAloneGoesByAction(t *testing.T) {
	r := bubble(t, 25, func(r *run) {
		r.byAction()
		r.statusOnly()
	})
	r.check(t)
	if n := r.outcomes(); n[diff.Applied] != 25 || r.stats.Patches != 25 {
		t.Errorf("outcomes %v, %+v", n, r.stats)
	}
	for i := range 25 {
		body := `{"note":"note of ` + taskID(i) + `","status":"completed"}`
		if got := r.tenant.bodies[taskID(i)]; !slices.Equal(got, []string{body}) || r.tenant.gets[taskID(i)] != 1 {
			t.Errorf("sent %v, read %d times", got, r.tenant.gets[taskID(i)])
		}
	}
	if writes, reads := r.sizes(); !slices.Equal(writes, []int{20, 5}) || !slices.Equal(reads, []int{20, 5}) {
		t.Errorf("writes in %v, readings in %v", writes, reads)
	}
}

func TestActionThatDoesNothingDiffers(t *testing.T) {
	r := bubble(t, 1, func(r *run) {
		r.byAction()
		r.statusOnly()
		r.changes[0].Note = ""
		r.tenant.patch = first(9, reply{ignore: true})
	})
	r.check(t)
	if got := r.result(0); got.Outcome != diff.Differs || !strings.Contains(got.Reason, `status "active"`) || r.tenant.notes != nil {
		t.Errorf("%+v, notes %v", got, r.tenant.notes)
	}
}

// TestStatusFollowsThePatch has the other properties go first, whatever becomes of the answers to either stage.
func TestStatusFollowsThePatch(t *testing.T) {
	for _, tt := range []struct {
		name     string
		replies  []reply // to the first writes of task 0
		most     int     // attempts
		want     diff.Outcome
		attempts int
	}{
		{"all well", nil, 1, diff.Applied, 2},
		{"204", []reply{{status: 204, body: absent{}}}, 1, diff.Applied, 2},
		{"patch lost", []reply{{missing: true, ignore: true}}, 0, diff.Applied, 3},
		{"patch took effect unheard", []reply{{missing: true}}, 0, diff.Applied, 2},
		{"patch took effect unheard at the last try", []reply{{missing: true}}, 1, diff.Applied, 2},
		{"patch took effect behind 500", []reply{{status: 500}}, 0, diff.Applied, 2},
		{"patch throttled", []reply{{status: 429, ignore: true}}, 0, diff.Applied, 3},
		{"patch throttled, but took effect", []reply{{status: 429}}, 0, diff.Applied, 2},
		{"patch refused", []reply{{status: 400, ignore: true}}, 0, diff.Failed, 1},
		{"patch garbled", []reply{{garbage: true}}, 0, diff.Differs, 1},
		{"action lost", []reply{{}, {missing: true, ignore: true}}, 0, diff.Applied, 3},
		{"action took effect unheard", []reply{{}, {status: 504}}, 0, diff.Applied, 2},
		{"action throttled", []reply{{}, {status: 429, ignore: true}}, 0, diff.Applied, 3},
		{"action refused", []reply{{}, {status: 400, ignore: true}}, 0, diff.Failed, 2},
		{"action never", []reply{{}, {status: 503, ignore: true}, {status: 503, ignore: true}}, 2, diff.Failed, 3},
		{"both lost", []reply{{missing: true}, {missing: true, ignore: true}}, 0, diff.Applied, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := bubble(t, 2, func(r *run) {
				r.byAction()
				r.o.MaxAttempts = tt.most
				r.tenant.patch = func(id string, attempt int) reply {
					if id == taskID(0) {
						return nth(tt.replies, attempt)
					}
					return reply{}
				}
			})
			r.check(t)
			got := r.result(0)
			if got.Outcome != tt.want || got.Attempts != tt.attempts || (tt.want == diff.Applied) != r.holds(0) || r.result(1).Outcome != diff.Applied {
				t.Errorf("%+v, want %s after %d; sent %v", got, tt.want, tt.attempts, r.tenant.bodies[taskID(0)])
			}
		})
	}
}

func TestSomebodyElseSetsTheStatusBetweenTheStages(t *testing.T) {
	for _, on := range []batch.OnConflict{batch.SkipConflict, batch.Overwrite} {
		r := bubble(t, 1, func(r *run) {
			r.byAction()
			r.o.OnConflict = on
			r.tenant.patch = func(id string, attempt int) reply {
				if attempt == 1 {
					r.tenant.objects[id]["status"] = "rejected"
				}
				return reply{}
			}
		})
		r.check(t)
		want := map[batch.OnConflict]diff.Outcome{batch.SkipConflict: diff.Conflict, batch.Overwrite: diff.Applied}[on]
		got := r.result(0)
		if got.Outcome != want || want == diff.Conflict && !strings.Contains(got.Reason, `found "rejected", wanted "completed"; a write was sent before, and assignedTo was put in place`) {
			t.Errorf("%s: %+v", on, got)
		}
		if over := []diff.Overwritten{{Property: task.Status, Value: task.Text("rejected")}}; want == diff.Applied && !slices.Equal(got.Overwrote, over) {
			t.Errorf("%s: overwrote %v", on, got.Overwrote)
		}
	}
}

func TestStoppedBetweenTheStages(t *testing.T) {
	for name, rep := range map[string]reply{"answered": {}, "204": {status: 204, body: absent{}}, "lost": {missing: true}} {
		for _, after := range []time.Duration{900 * time.Millisecond, 1100 * time.Millisecond} {
			r := cancelled(t, 10, after, func(r *run) {
				r.byAction()
				r.tenant.patch = first(1, rep)
				if name == "answered" {
					r.o.Writes = &batch.Rate{N: 10, Per: time.Minute} // no room for the second stage
				}
			})
			r.check(t)
			for i := range 10 {
				got := r.result(i)
				if got.Outcome != diff.NotSent || !got.Temporary || !strings.Contains(got.Reason, "only the first of two writes was sent: assignedTo is in place, the status was not sent") || got.Attempts != 1 {
					t.Errorf("%s, %v: %+v", name, after, got)
				}
			}
		}
	}
}
