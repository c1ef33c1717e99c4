package ledger_test

import (
	"errors"
	"maps"
	"reflect"
	"testing"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

func TestRoundTrip(t *testing.T) {
	r := open(t, sample(t))
	plan := samplePlan()
	want := header(plan)
	want.Format, want.PlanHash = ledger.Format, ledger.PlanHash(plan.Changes)
	if !reflect.DeepEqual(r.Header, want) {
		t.Errorf("header %+v, want %+v", r.Header, want)
	}
	end := ledger.End{At: start.Add(time.Hour), ExitCode: 3, Reason: "2 rows failed", Requests: 7, Account: sampleStats}
	if r.End == nil || *r.End != end || r.Torn || r.Planned() || r.Rows() != len(plan.Changes) || len(r.Final) != 64 {
		t.Errorf("end %+v, torn %v, planned %v, %d rows, final %q", r.End, r.Torn, r.Planned(), r.Rows(), r.Final)
	}
	all := entries(t, r)
	if len(all) != len(plan.Changes) {
		t.Fatalf("%d entries of %d", len(all), len(plan.Changes))
	}
	for i, e := range all {
		c := plan.Changes[i]
		if e.Index != i || e.ID != c.ID() || e.Row != 2 || !reflect.DeepEqual(e.Cells, c.Desired.Cells()) || len(e.Edits) != len(c.Edits) {
			t.Errorf("entry %d: %+v, want %+v", i, e, c)
		}
		if c.Current != nil && e.DisplayName != c.Current.Get(task.DisplayName) {
			t.Errorf("entry %d: display name %q", i, e.DisplayName)
		}
		for k, edit := range e.Edits {
			if p := c.Edits[k]; edit != (ledger.Edit{Property: p.Property.Name, Before: p.Before, Wanted: p.Wanted}) {
				t.Errorf("entry %d: edit %+v, want %+v", i, edit, p)
			}
		}
	}
	res := ledger.Result{
		Index: 2, Outcome: diff.Failed, Reason: "HTTP 400", Attempts: 2, Status: 400, Code: "BadRequest", RequestID: "r", ClientRequestID: "c",
		Temporary: true, After: []task.Value{task.Text("new@contoso.com"), task.Null}, StatusVia: diff.ViaPatch,
		SentAt: start.Add(time.Millisecond), SettledAt: start.Add(time.Minute),
	}
	if all[2].Result == nil || !reflect.DeepEqual(*all[2].Result, res) {
		t.Errorf("result %+v, want %+v", all[2].Result, res)
	}
	if again := entries(t, r); !reflect.DeepEqual(again, all) {
		t.Error("read a second time, the entries differ")
	}
}

// outcome is what a test compares of an entry.
type outcome struct {
	outcome diff.Outcome
	reason  string
	result  bool
}

func outcomesOf(all []ledger.Entry) (got []outcome) {
	for _, e := range all {
		got = append(got, outcome{e.Outcome, e.Reason, e.Result != nil})
	}
	return got
}

var (
	unchanged = outcome{diff.Unchanged, "", false}
	gone      = outcome{diff.NotFound, `the tenant has no task "gone"`, false}
	invalid   = outcome{diff.Invalid, `status "don" is no status`, false}
)

func TestOutcomeOfEveryRow(t *testing.T) {
	lost := outcome{diff.Unknown, "sent, but the program was stopped before the answer was recorded", false}
	turn := outcome{diff.NotSent, "the program was stopped before its turn", false}
	ended := outcome{diff.NotSent, "2 rows failed", false}
	applied := outcome{diff.Applied, "", true}
	failed := outcome{diff.Failed, "HTTP 400", true}
	for _, tt := range []struct {
		name string
		path func(t *testing.T) string
		want []outcome // of rows 0 to 4; row 4 shares the outcome of row 0
	}{
		{"all settled", sample, []outcome{applied, {diff.Differs, "accepted, but", true}, failed, {diff.Applied, "read again", true}, applied}},
		{"nothing sent", func(t *testing.T) string { return create(t).planned().close() }, []outcome{turn, turn, turn, turn, turn}},
		{"sent, then cut short", func(t *testing.T) string { return create(t).planned().sending(0, 1).close() }, []outcome{lost, lost, turn, turn, lost}},
		{"partly settled, then cut short", func(t *testing.T) string {
			return create(t).planned().sending(0, 1).result(0, diff.Failed, "HTTP 400").close()
		}, []outcome{failed, lost, turn, turn, failed}},
		{"stopped by itself", func(t *testing.T) string {
			return create(t).planned().sending(1).result(1, diff.Applied, "").sending(2).end()
		}, []outcome{ended, applied, lost, ended, ended}},
		{"sent twice", func(t *testing.T) string {
			return create(t).planned().sending(0, 1).sending(1).result(1, diff.Applied, "").result(0, diff.Applied, "").close()
		}, []outcome{applied, applied, turn, turn, applied}},
		{"the last result counts", func(t *testing.T) string {
			return create(t).planned().sending(0).result(0, diff.Unknown, "?").result(0, diff.Applied, "").close()
		}, []outcome{applied, turn, turn, turn, applied}},
		{"sent again, then cut short", func(t *testing.T) string {
			return create(t).planned().sending(0, 1).result(0, diff.Failed, "?").result(1, diff.Applied, "").sending(0).close()
		}, []outcome{lost, applied, turn, turn, lost}},
		{"stopped by a safety limit", blocked, []outcome{{diff.Blocked, "too many", false}, {diff.Blocked, "too many", false}, {diff.Blocked, "too many", false}, {diff.Blocked, "too many", false}, {diff.Blocked, "too many", false}}},
		{"blocked", func(t *testing.T) string {
			w := create(t)
			for _, c := range w.plan.Pending() {
				c.Outcome, c.Reason = diff.Blocked, "too many"
			}
			return w.planned().end()
		}, []outcome{{diff.Blocked, "too many", false}, {diff.Blocked, "too many", false}, {diff.Blocked, "too many", false}, {diff.Blocked, "too many", false}, {diff.Blocked, "too many", false}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := open(t, tt.path(t))
			want := append(tt.want, unchanged, gone, invalid)
			if got := outcomesOf(entries(t, r)); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
			checkCounts(t, r, want)
		})
	}
}

// checkCounts compares the counts with the outcomes: every outcome is there, and they add up to the rows.
func checkCounts(t *testing.T, r *ledger.Reader, want []outcome) {
	t.Helper()
	counts := map[diff.Outcome]int{}
	for _, o := range diff.Outcomes() {
		counts[o] = 0
	}
	for _, o := range want {
		counts[o.outcome]++
	}
	if got := r.Counts(); !maps.Equal(got, counts) {
		t.Errorf("counts %v, want %v", got, counts)
	}
}

func TestSavedPlan(t *testing.T) {
	w := create(t)
	h := header(w.plan)
	h.Command = "plan"
	w.must(w.Plan(h, w.plan.Changes))
	r := open(t, w.close())
	if !r.Planned() || r.End != nil {
		t.Errorf("planned %v, end %v", r.Planned(), r.End)
	}
	want := outcome{diff.NotSent, "planned; not sent yet", false}
	if got := outcomesOf(entries(t, r)); got[0] != want || got[3] != want || got[4] != want || got[5] != unchanged {
		t.Errorf("got %v", got)
	}
}

func TestNoRows(t *testing.T) {
	w := create(t)
	w.plan = &diff.Plan{}
	r := open(t, w.planned().end())
	if got := entries(t, r); got != nil || r.Rows() != 0 {
		t.Errorf("entries %v", got)
	}
	checkCounts(t, r, nil)
}

func TestEachStopsAtAnError(t *testing.T) {
	r := open(t, sample(t))
	stop, seen := errors.New("enough"), 0
	err := r.Each(func(ledger.Entry) error {
		if seen++; seen == 3 {
			return stop
		}
		return nil
	})
	if err != stop || seen != 3 {
		t.Errorf("%v after %d", err, seen)
	}
}
