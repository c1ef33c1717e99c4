package diff

import (
	"strings"
	"testing"

	"taskrecon/internal/task"
)

// A row with a base is compared three ways, property by property.
func TestThreeWays(t *testing.T) {
	settings := func(pairs string) task.Value {
		v, err := task.ParseSettings(pairs)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	made := func(assignee, pairs string) *task.Task {
		c := &task.Task{ID: "a", Type: task.ODataType}
		c.Set(task.AssignedTo, task.Text(assignee))
		c.Set(task.IntendedSettings, settings(pairs))
		return c
	}
	to := func(assignee string) task.Assignment {
		return task.Assignment{Property: task.AssignedTo, Value: task.Text(assignee)}
	}
	pair := func(name, value string) task.Assignment {
		return task.Assignment{Property: task.IntendedSettings, Pair: name, Value: task.Text(value)}
	}
	for _, tt := range []struct {
		name       string
		base, held *task.Task
		wish       task.Assignment
		overwrite  bool
		want       Outcome
		reason     string
	}{
		{"in the sheet", made("x", ""), made("x", ""), to("y"), false, Pending, ""},
		{"in both, alike", made("x", ""), made("y", ""), to("y"), false, Unchanged, ""},
		{"in both", made("x", ""), made("z", ""), to("y"), false, Conflict, `assignedTo: base "x", found "z", wanted "y"`},
		{"in both, overwritten", made("x", ""), made("z", ""), to("y"), true, Pending, ""},
		{"another property in the tenant", made("x", ""), made("x", "A=1"), to("y"), false, Pending, ""},
		{"no base", nil, made("z", ""), to("y"), false, Pending, ""},
		{"another pair", made("x", "A=1\nB=1"), made("x", "A=1\nB=2"), pair("A", "2"), false, Pending, ""},
		{"the same pair", made("x", "A=1\nB=1"), made("x", "A=3\nB=1"), pair("A", "2"), false, Conflict, "intendedSettings.A"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			row := Row{Desired: task.NewDesired(task.Origin{}, "a", nil, tt.wish), SameAs: -1, Overwrite: tt.overwrite}
			if tt.base != nil {
				row.Desired.Base = task.BaseOf(tt.base)
			}
			c := Make([]Row{row}, []*task.Task{tt.held}).Changes[0]
			if c.Outcome != tt.want || !strings.Contains(c.Reason, tt.reason) {
				t.Errorf("%q (%s), want %q (%s)", c.Outcome, c.Reason, tt.want, tt.reason)
			}
			if (len(c.Edits) > 0) != (tt.want == Pending) {
				t.Errorf("%d edits for %q", len(c.Edits), tt.want)
			}
		})
	}
}
