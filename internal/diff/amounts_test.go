package diff_test

import (
	"fmt"
	"testing"

	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

func TestAmounts(t *testing.T) {
	a := new(diff.Amounts)
	for i := range 1200 {
		from := []string{"alice@x", "secops@x", "it@x", "amy@x", "cy@x", "dan@x"}[min(i%9, 5)]
		a.Add(task.AssignedTo, task.Text(from), task.Text("bob@x"))
	}
	a.Add(task.DueDateTime, task.Text("0001-01-01T00:00:00Z"), task.Text("2026-12-24T00:00:00Z"))
	a.Add(task.Description, task.Null, task.Text("long"))
	want := []string{
		"description: 1 row",
		"dueDateTime: 1 row, to 2026-12-24T00:00:00Z 1; from (not set) 1",
		"assignedTo: 1,200 rows, to bob@x 1,200; from dan@x 532, alice@x 134, it@x 134, secops@x 134, 2 others 266",
	}
	got := a.Lines()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q, want %q", got, want)
	}
	if lines := new(diff.Amounts).Lines(); lines != nil {
		t.Errorf("nothing amounts to %q", lines)
	}
}
