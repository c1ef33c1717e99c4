package diff

import (
	"testing"

	"taskrecon/internal/task"
)

func TestCompared(t *testing.T) {
	current := &task.Task{ID: "a", Type: task.ODataType}
	current.Set(task.AssignedTo, task.Text("found"))
	current.Set(task.Status, task.Text("active"))
	base := &task.Base{ID: "a"}
	base.Set(task.AssignedTo, task.Text("base"))
	base.Set(task.Priority, task.Text("low"))
	row := func(b *task.Base, wishes ...task.Assignment) Row {
		d := task.NewDesired(task.Origin{Row: 2}, "a", nil, wishes...)
		d.Base = b
		return Row{Desired: d, SameAs: -1}
	}
	assign := task.Assignment{Property: task.AssignedTo, Value: task.Text("wanted")}
	activate := task.Assignment{Property: task.Status, Value: task.Text("active")}
	for _, c := range []struct {
		name    string
		row     Row
		current []*task.Task
		outcome Outcome
		want    []Compared
	}{
		{"conflict", row(base, assign, activate), []*task.Task{current}, Conflict, []Compared{
			{task.Priority, task.Text("low"), task.Null, task.Null},
			{task.AssignedTo, task.Text("base"), task.Text("found"), task.Text("wanted")},
			{task.Status, task.Text("active"), task.Text("active"), task.Text("active")},
		}},
		{"no such task", row(base, assign, activate), nil, NotFound, []Compared{
			{task.Priority, task.Text("low"), task.Text("low"), task.Text("low")},
			{task.AssignedTo, task.Text("base"), task.Text("base"), task.Text("wanted")},
		}},
		{"no base", row(nil, assign), nil, NotFound, nil},
		{"unchanged", row(base, activate), []*task.Task{current}, Unchanged, nil},
		{"to be sent", row(nil, assign), []*task.Task{current}, Pending, nil},
	} {
		change := Make([]Row{c.row}, c.current).Changes[0]
		got := change.Compared()
		if change.Outcome != c.outcome || len(got) != len(c.want) {
			t.Errorf("%s: %s, %+v", c.name, change.Outcome, got)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: %s: %+v, want %+v", c.name, got[i].Property.Name, got[i], c.want[i])
			}
		}
	}
}
