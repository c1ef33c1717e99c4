package job

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"taskrecon/internal/diff"
	"taskrecon/internal/exit"
	"taskrecon/internal/task"
)

// unlimited is a base for cases about one limit.
var unlimited = Limits{MaxChanges: Quota{Off: true}, MaxClears: -1, AllowReopen: true}

// limitEdit is an edit; "" is null.
func limitEdit(p *task.Property, before, wanted string) diff.Edit {
	value := func(s string) task.Value {
		if s == "" {
			return task.Null
		}
		return task.Text(s)
	}
	return diff.Edit{Property: p, Before: value(before), Wanted: value(wanted)}
}

// limitPlan is a plan for a tenant of that many tasks, with a change for each row's edits; the first row is row 2.
func limitPlan(tenant int, rows ...[]diff.Edit) *diff.Plan {
	p := &diff.Plan{Tenant: tenant}
	for i, edits := range rows {
		c := diff.Change{Index: i, Edits: edits, SameAs: -1, Desired: task.NewDesired(task.Origin{Row: i + 2}, strconv.Itoa(i), nil)}
		if len(edits) == 0 {
			c.Outcome = diff.Unchanged
		}
		p.Changes = append(p.Changes, c)
	}
	return p
}

func times(n int, edits ...diff.Edit) [][]diff.Edit {
	rows := make([][]diff.Edit, n)
	for i := range rows {
		rows[i] = edits
	}
	return rows
}

func rowsOf(groups ...[][]diff.Edit) (rows [][]diff.Edit) {
	for _, g := range groups {
		rows = append(rows, g...)
	}
	return rows
}

func TestParseQuota(t *testing.T) {
	good := []struct {
		text  string
		want  Quota
		again string
	}{
		{"30%", Quota{N: 30, Percent: true}, "30%"},
		{" 30 % ", Quota{N: 30, Percent: true}, "30%"},
		{"0%", Quota{Percent: true}, "0%"},
		{"100%", Quota{N: 100, Percent: true}, "100%"},
		{"500", Quota{N: 500}, "500"},
		{"0", Quota{}, "0"},
		{"007", Quota{N: 7}, "7"},
		{"Off", Quota{Off: true}, "off"},
	}
	for _, c := range good {
		got, err := ParseQuota(c.text)
		if err != nil || got != c.want || got.String() != c.again {
			t.Errorf("ParseQuota(%q) = %+v (%s), %v; want %+v (%s)", c.text, got, got, err, c.want, c.again)
		}
		if back, err := ParseQuota(got.String()); err != nil || back != got {
			t.Errorf("%q does not come back: %+v, %v", got, back, err)
		}
	}
	for _, text := range []string{"", " ", "%", "-1", "+1", "1.5", "12.5%", "101%", "30%%", "%30", "1e3", "1_000", "1,000", "none", "99999999999", "30 percent"} {
		if q, err := ParseQuota(text); err == nil {
			t.Errorf("ParseQuota(%q) = %+v, want an error", text, q)
		} else if !strings.Contains(err.Error(), strconv.Quote(text)) {
			t.Errorf("ParseQuota(%q): %q does not repeat it", text, err)
		}
	}
}

func TestLimitOfChanges(t *testing.T) {
	cases := []struct {
		name    string
		quota   string
		changes int
		tenant  int
		want    string // "" passes
	}{
		{"under", "30%", 16, 54, ""},
		{"over", "30%", 17, 54, "17 changes are 31.5 % of the tenant's 54 managed tasks; the limit is 30 % (raise it with --max-changes 32%)"},
		{"exactly at it", "30%", 30, 100, ""},
		{"just over", "30%", 31, 100, "31 changes are 31 % of the tenant's 100 managed tasks; the limit is 30 % (raise it with --max-changes 31%)"},
		{"over by less than is shown at first", "30%", 3001, 10000, "3001 changes are 30.01 % of the tenant's 10000 managed tasks; the limit is 30 % (raise it with --max-changes 31%)"},
		{"over by a task in 20,000", "30%", 6001, 20000, "6001 changes are 30.005 % of the tenant's 20000 managed tasks; the limit is 30 % (raise it with --max-changes 31%)"},
		{"the whole tenant", "30%", 10, 10, "10 changes are 100 % of the tenant's 10 managed tasks; the limit is 30 % (raise it with --max-changes 100%)"},
		{"a share of nothing", "0%", 10, 1000, "10 changes are 1 % of the tenant's 1000 managed tasks; the limit is 0 % (raise it with --max-changes 1%)"},
		{"everything is allowed", "100%", 10, 10, ""},
		{"a small run", "30%", 9, 9, ""},
		{"a small run and no share", "0%", 9, 9, ""},
		{"a small run and a number", "0", 9, 9, "9 changes; the limit is 0 (raise it with --max-changes 9)"},
		{"number, exactly at it", "12", 12, 12, ""},
		{"number, over", "12", 13, 1000, "13 changes; the limit is 12 (raise it with --max-changes 13)"},
		{"number of zero", "0", 10, 1000, "10 changes; the limit is 0 (raise it with --max-changes 10)"},
		{"empty tenant", "30%", 10, 0, "10 changes, but the tenant has no securityConfigurationTask; the limit is 30 % (raise it with --max-changes 10)"},
		{"empty tenant, nothing to do", "30%", 0, 0, ""},
		{"more than the tenant has", "100%", 12, 10, "12 changes are 120 % of the tenant's 10 managed tasks; the limit is 100 % (raise it with --max-changes 12)"},
		{"off", "off", 50, 50, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := unlimited
			l.MaxChanges, _ = ParseQuota(c.quota)
			p := limitPlan(c.tenant, times(c.changes, limitEdit(task.DisplayName, "old", "new"))...)
			checkLimit(t, l, p, c.want)
		})
	}
}

// The percentage that a message names passes, and one less does not.
func TestSuggestedPercentageIsTheSmallest(t *testing.T) {
	l := Limits{MaxChanges: Quota{Percent: true}}
	for tenant := smallRun; tenant <= 130; tenant++ {
		for n := smallRun; n <= tenant; n++ {
			_, after, _ := strings.Cut(l.checkChanges(n, tenant), "--max-changes ")
			quota, err := ParseQuota(strings.TrimSuffix(after, ")"))
			if err != nil || !quota.Percent {
				t.Fatalf("%d of %d: suggests %q, %v", n, tenant, after, err)
			}
			if quota.Exceeded(n, tenant) {
				t.Fatalf("%d of %d: %s is not enough", n, tenant, quota)
			}
			if quota.N--; !quota.Exceeded(n, tenant) {
				t.Fatalf("%d of %d: %s would be enough", n, tenant, quota)
			}
		}
	}
}

func TestOtherLimits(t *testing.T) {
	var (
		unassign = limitEdit(task.AssignedTo, "anna", "")
		unsettle = diff.Edit{Property: task.IntendedSettings, Before: task.Text(`[{"name":"a","value":"b"}]`), Wanted: task.Text("[]")}
		assign   = func(to string) diff.Edit { return limitEdit(task.AssignedTo, "someone", to) }
		status   = func(before, wanted string) diff.Edit { return limitEdit(task.Status, before, wanted) }
		rename   = limitEdit(task.DisplayName, "old", "new")
		clears   = func(n int) Limits { l := unlimited; l.MaxClears = n; return l }
		each     = func(n int) Limits { l := unlimited; l.MaxPerAssignee = n; return l }
		closed   = func() Limits { l := unlimited; l.AllowReopen = false; return l }()
	)
	one := func(e ...diff.Edit) [][]diff.Edit { return [][]diff.Edit{e} }
	cases := []struct {
		name   string
		limits Limits
		rows   [][]diff.Edit
		want   string
	}{
		{"clears: at the limit", clears(10), times(10, unassign), ""},
		{"clears: over", clears(10), times(12, unassign), "12 values would be cleared (assignedTo 12) in rows 2, 3, 4, 5, 6 and 7 more; the limit is 10 (raise it with --max-clears 12)"},
		{"clears: several in a row, in table order", clears(1), one(unsettle, unassign), "2 values would be cleared (assignedTo 1, intendedSettings 1) in row 2; the limit is 1 (raise it with --max-clears 2)"},
		{"clears: none allowed", clears(0), one(unassign), "1 value would be cleared (assignedTo 1) in row 2; the limit is 0 (raise it with --max-clears 1)"},
		{"clears: the service's empty date", clears(0), one(diff.Edit{Property: task.DueDateTime, Before: task.Text("2026-01-01T00:00:00Z"), Wanted: task.Text("0001-01-01T00:00:00Z")}), "1 value would be cleared (dueDateTime 1) in row 2; the limit is 0 (raise it with --max-clears 1)"},
		{"clears: what was not set", clears(0), one(limitEdit(task.DueDateTime, "", "0001-01-01T00:00:00Z")), ""},
		{"clears: a value for a value", clears(0), one(rename), ""},
		{"clears: setting a value", clears(0), one(limitEdit(task.AssignedTo, "", "anna")), ""},
		{"clears: off", clears(-1), times(500, unassign), ""},

		{"assignee: at the limit", each(3), times(3, assign("anna")), ""},
		{"assignee: over", each(3), times(4, assign("anna")), `4 tasks would be newly assigned to "anna" (rows 2, 3, 4, 5); the limit for one assignee is 3 (raise it with --max-per-assignee 4)`},
		{"assignee: case does not count", each(1), rowsOf(one(assign("Anna")), one(assign("ANNA"))), `2 tasks would be newly assigned to "Anna" (rows 2, 3); the limit for one assignee is 1 (raise it with --max-per-assignee 2)`},
		{
			"assignee: several, the most burdened first, then as planned", each(1),
			rowsOf(one(assign("bob")), times(3, assign("anna")), times(2, assign("dave")), one(assign("carl")), one(assign("bob"))),
			`3 tasks would be newly assigned to "anna" (rows 3, 4, 5), 2 to "bob" (rows 2, 9), 2 to "dave" (rows 6, 7); the limit for one assignee is 1 (raise it with --max-per-assignee 3)`,
		},
		{
			"assignee: more than are named", each(1),
			rowsOf(times(2, assign("a")), times(2, assign("b")), times(2, assign("c")), times(2, assign("d")), times(2, assign("e"))),
			`2 tasks would be newly assigned to "a" (rows 2, 3), 2 to "b" (rows 4, 5), 2 to "c" (rows 6, 7), too many to 2 others; the limit for one assignee is 1 (raise it with --max-per-assignee 2)`,
		},
		{"assignee: nothing unprintable", each(1), times(2, assign("a\x1b[2J\n")), `2 tasks would be newly assigned to "a\x1b[2J\n" (rows 2, 3); the limit for one assignee is 1 (raise it with --max-per-assignee 2)`},
		{"assignee: taking away is no assignment", each(1), times(5, unassign), ""},
		{"assignee: respelling is no assignment", each(1), times(5, limitEdit(task.AssignedTo, "anna", "Anna")), ""},
		{"assignee: other edits do not count", each(1), times(5, rename), ""},
		{"assignee: off", each(0), times(500, assign("anna")), ""},

		{"reopen: all four ways", closed, rowsOf(one(status("completed", "pending")), one(status("completed", "active")), one(status("rejected", "pending")), one(status("Rejected", "active"))), "4 tasks would be reopened, from completed or rejected to pending or active, in rows 2, 3, 4, 5; the limit is 0 (allow it with --allow-reopen)"},
		{"reopen: one", closed, rowsOf(one(rename), one(status("completed", "pending"))), "1 task would be reopened, from completed or rejected to pending or active, in row 3; the limit is 0 (allow it with --allow-reopen)"},
		{"reopen: allowed", unlimited, times(20, status("completed", "pending")), ""},
		{"reopen: other ways", closed, rowsOf(one(status("pending", "completed")), one(status("active", "pending")), one(status("completed", "rejected")), one(status("unknown", "pending")), one(status("", "active"))), ""},

		{"rows that are not sent do not count", clears(0), [][]diff.Edit{nil, nil}, ""},
		{
			"every limit at once",
			Limits{MaxChanges: Quota{N: 30, Percent: true}, MaxClears: 1, MaxPerAssignee: 2},
			rowsOf(times(3, limitEdit(task.Insights, "x", ""), status("rejected", "active")), times(8, assign("anna"))),
			`4 safety limits are exceeded: (1) 11 changes are 55 % of the tenant's 20 managed tasks; the limit is 30 % (raise it with --max-changes 55%)` +
				` (2) 3 values would be cleared (insights 3) in rows 2, 3, 4; the limit is 1 (raise it with --max-clears 3)` +
				` (3) 8 tasks would be newly assigned to "anna" (rows 5, 6, 7, 8, 9 and 3 more); the limit for one assignee is 2 (raise it with --max-per-assignee 8)` +
				` (4) 3 tasks would be reopened, from completed or rejected to pending or active, in rows 2, 3, 4; the limit is 0 (allow it with --allow-reopen)`,
		},
		{"the zero value", Limits{}, one(unassign, status("completed", "active")), `3 safety limits are exceeded: (1) 1 change; the limit is 0 (raise it with --max-changes 1)` +
			` (2) 1 value would be cleared (assignedTo 1) in row 2; the limit is 0 (raise it with --max-clears 1)` +
			` (3) 1 task would be reopened, from completed or rejected to pending or active, in row 2; the limit is 0 (allow it with --allow-reopen)`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := limitPlan(20, c.rows...)
			for range 5 { // the text must not depend on the order of a map
				checkLimit(t, c.limits, p, c.want)
			}
		})
	}
}

// A row that repeats an earlier one is sent once, and so counts once.
func TestLimitsCountMergedRowsOnce(t *testing.T) {
	p := limitPlan(20, times(11, limitEdit(task.AssignedTo, "anna", ""))...)
	p.Changes[10].SameAs = 0
	l := Limits{MaxChanges: Quota{N: 10}, MaxClears: 10}
	checkLimit(t, l, p, "")
}

func checkLimit(t *testing.T, l Limits, p *diff.Plan, want string) {
	t.Helper()
	err := l.Check(p)
	if want == "" {
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		return
	}
	var e *exit.Error
	if !errors.As(err, &e) || e.Code != exit.Limit || e.Hint == "" {
		t.Fatalf("got %#v, want an exit.Error %d with a hint", err, exit.Limit)
	}
	if e.Error() != want {
		t.Fatalf("got  %s\nwant %s", e, want)
	}
}

func TestMissed(t *testing.T) {
	for _, c := range []struct {
		quota    string
		n, total int
		want     bool
	}{
		{"0", 0, 0, false},
		{"1", 0, 0, true},
		{"500", 499, 0, true},
		{"500", 500, 0, false},
		{"90%", 89, 100, true},
		{"90%", 90, 100, false},
		{"33%", 1, 3, false},
		{"34%", 1, 3, true},
		{"100%", 3, 3, false},
		{"50%", 0, 0, false},
		{"off", 0, 100, false},
	} {
		q, err := ParseQuota(c.quota)
		if got := q.Missed(c.n, c.total); got != c.want || err != nil {
			t.Errorf("%s of %d: %d missed %v (%v)", c.quota, c.total, c.n, got, err)
		}
	}
}
