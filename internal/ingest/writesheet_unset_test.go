package ingest

import (
	"path/filepath"
	"slices"
	"testing"

	"taskrecon/internal/task"
)

// TestSheetAsksForNoDate: the service's own "no date" shows as a blank, and yet a sheet can ask for it.
func TestSheetAsksForNoDate(t *testing.T) {
	none, summer := task.Text("0001-01-01T00:00:00Z"), task.Text("2026-07-15T08:30:00Z")
	if !CanAsk(task.DueDateTime, summer, none) || CanAsk(task.DueDateTime, summer, task.Null) {
		t.Error("CanAsk says otherwise")
	}
	for _, name := range []string{"undo.xlsx", "undo.csv"} {
		path, o := filepath.Join(t.TempDir(), name), sheetOptions(t)
		o.Shown, o.Columns = nil, []*task.Property{task.DueDateTime}
		b := &task.Base{ID: "t1"}
		b.Set(task.DueDateTime, summer)
		wish := task.Wish{Property: task.DueDateTime, Value: none}
		if _, err := WriteSheet(path, []SheetRow{{Base: b, Wishes: []task.Wish{wish}}}, o); err != nil {
			t.Fatal(err)
		}
		in, err := Read(path, Options{})
		if err != nil || len(in.Problems) > 0 || len(in.Rows) != 1 {
			t.Fatalf("%v, %v", in, err)
		}
		if wishes := slices.Collect(in.Rows[0].Desired.Wishes()); len(wishes) != 1 || wishes[0].Value != none {
			t.Errorf("%s asks for %v", name, wishes)
		}
	}
}
