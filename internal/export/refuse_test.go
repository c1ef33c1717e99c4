package export_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/export"
	"taskrecon/internal/ingest"
	"taskrecon/internal/task"
)

func TestSheetIsNotOverwrittenUnasked(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.xlsx", "b.csv", "c.base.jsonl"} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte("old"), 0o644))
	}
	o := sheetOptions(t)
	for name, want := range map[string]string{
		"a.xlsx": "a.xlsx exists already; name another, or say --overwrite", "b.csv": "b.csv exists already", "c.csv": "c.base.jsonl exists already",
		"d.ods": "is neither an .xlsx nor a .csv", "d": "is neither",
	} {
		path := filepath.Join(dir, name)
		if err := export.Check(path, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
		if files, err := export.Write(path, nil, o); err == nil || files != nil {
			t.Errorf("%s was written: %q", name, files)
		}
	}
	if err := export.Check(filepath.Join(dir, "new.CSV"), false); err != nil {
		t.Error(err)
	}
	o.Overwrite = true
	for _, name := range []string{"a.xlsx", "b.csv", "c.csv"} {
		path := filepath.Join(dir, name)
		must(t, export.Check(path, true))
		_, err := export.Write(path, nastyRows(), o)
		must(t, err)
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || info.Size() < 1000 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

func TestSheetThatCannotAskIsNotWritten(t *testing.T) {
	summer, long := task.Text("2026-07-15T08:30:00Z"), strings.Repeat("x", 40000)
	for _, tt := range []struct {
		wish task.Assignment
		want string
	}{
		{task.Assignment{Property: task.Description, Value: task.Text(long)}, "longer than the 32767 characters"},
		{task.Assignment{Property: task.Description, Value: task.Text("a\x00")}, "control characters"},
		{task.Assignment{Property: task.Description, Value: task.Text(" ")}, "it is blank"},
		{task.Assignment{Property: task.Description, Value: task.Text("<CLEAR>")}, "read as something else"},
		{task.Assignment{Property: task.DueDateTime, Value: task.Null}, "cannot be emptied"},
		{task.Assignment{Property: task.Insights, Value: task.Null}, "the cell would show what it shows"},
		{task.Assignment{Property: task.CreatorNotes, Value: task.Text("a\r\nb")}, "the cell would show what it shows"},
		{task.Assignment{Property: task.AssignedTo, Value: task.Text("b\ufffd")}, "replaces what a sheet cannot hold"},
		{task.Assignment{Property: task.Creator, Value: task.Text("x")}, "is no column of the sheet"},
		{task.Assignment{Property: task.IntendedSettings, Value: task.Text("x"), Pair: "mode"}, "no columns for single settings"},
	} {
		for _, ext := range []string{".xlsx", ".csv"} {
			dir := t.TempDir()
			o := sheetOptions(t)
			o.Shown = nil
			o.Columns = []*task.Property{task.Description, task.DueDateTime, task.IntendedSettings, task.Insights, task.CreatorNotes, task.AssignedTo}
			b := &task.Base{ID: "t1"}
			b.Set(task.Insights, task.Text("<clear>"))
			b.Set(task.CreatorNotes, task.Text("a\nb"))
			b.Set(task.AssignedTo, task.Text("a\x00"))
			b.Set(task.DueDateTime, summer)
			files, err := export.Write(filepath.Join(dir, "tasks"+ext), []export.Row{{Base: b, Assignments: []task.Assignment{tt.wish}}}, o)
			if err == nil || files != nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "task t1: "+tt.wish.Property.Name) {
				t.Errorf("%s: %q, %v", tt.want, files, err)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("%s: %d files are left, %v", tt.want, len(left), err)
			}
		}
	}
}

func TestSheetOptionsThatContradict(t *testing.T) {
	for want, change := range map[string]func(*export.Options){
		"named twice":        func(o *export.Options) { o.Columns = append(o.Columns, task.Status) },
		"shown":              func(o *export.Options) { o.Columns = o.Columns[:2] },
		"no name":            func(o *export.Options) { o.Zone = time.FixedZone("x", 3600) },
		"but the base says":  func(o *export.Options) { o.Source.Zone = "Asia/Tokyo" },
		"another machine kn": func(o *export.Options) { o.Zone = time.Local },
	} {
		o := sheetOptions(t)
		change(&o)
		if _, err := export.Write(filepath.Join(t.TempDir(), "a.csv"), nil, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := export.Write(filepath.Join(t.TempDir(), "a.xlsx"), make([]export.Row, 1<<20), export.Options{}); err == nil || !strings.Contains(err.Error(), "write a .csv") {
		t.Errorf("too many rows: %v", err)
	}
}

// TestSheetAsksForNoDate: the service's own "no date" shows as a blank, and yet a sheet can ask for it.
func TestSheetAsksForNoDate(t *testing.T) {
	none, summer := task.Text("0001-01-01T00:00:00Z"), task.Text("2026-07-15T08:30:00Z")
	if !export.CanAsk(task.DueDateTime, summer, none) || export.CanAsk(task.DueDateTime, summer, task.Null) {
		t.Error("CanAsk says otherwise")
	}
	for _, name := range []string{"undo.xlsx", "undo.csv"} {
		path, o := filepath.Join(t.TempDir(), name), sheetOptions(t)
		o.Shown, o.Columns = nil, []*task.Property{task.DueDateTime}
		b := &task.Base{ID: "t1"}
		b.Set(task.DueDateTime, summer)
		wish := task.Assignment{Property: task.DueDateTime, Value: none}
		if _, err := export.Write(path, []export.Row{{Base: b, Assignments: []task.Assignment{wish}}}, o); err != nil {
			t.Fatal(err)
		}
		in, err := ingest.Read(path, ingest.Options{})
		if err != nil || len(in.Problems) > 0 || len(in.Rows) != 1 {
			t.Fatalf("%v, %v", in, err)
		}
		if wishes := slices.Collect(in.Rows[0].Desired.Assignments()); len(wishes) != 1 || wishes[0].Value != none {
			t.Errorf("%s asks for %v", name, wishes)
		}
	}
}
