package ingest_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/base"
	"taskrecon/internal/ingest"
	"taskrecon/internal/task"
)

// What goes into ledger and report must mean the same to whoever has not the flags of this run.
func TestDatesAreKeptAsInstants(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	must(t, err)
	for _, tt := range []struct {
		name, text, kept string
		format           task.Format
	}{
		{"a zone", "2026-12-01 17:00", "2026-12-01T16:00:00Z", task.Format{Zone: berlin}},
		{"a day", "2026-12-01", "2026-11-30T23:00:00Z", task.Format{Zone: berlin}},
		{"its own offset", "2026-12-01T17:00:00+02:00", "2026-12-01T17:00:00+02:00", task.Format{Zone: berlin}},
		{"an order", "03/04/2026", "2026-04-03T00:00:00Z", task.Format{Order: task.OrderDMY}},
		{"an order and a zone", "04/03/2026 10:00", "2026-04-03T08:00:00Z", task.Format{Zone: berlin, Order: task.OrderMDY}},
		{"UTC", "2026-12-01 17:00", "2026-12-01 17:00", task.Format{}},
		{"UTC by name", "2026-12-01", "2026-12-01", task.Format{Zone: time.UTC}},
		{"no date", "soon", "soon", task.Format{Zone: berlin}},
		{"an hour that is skipped", "2026-03-29 02:30", "2026-03-29 02:30", task.Format{Zone: berlin}},
		{"blank", "", "", task.Format{Zone: berlin}},
	} {
		// Twice, since a column remembers what it has read.
		path := write(t, "in.csv", []byte("id,dueDateTime,Own day\na,"+tt.text+",2026-12-01\nb,"+tt.text+",2026-12-01\n"))
		in, err := ingest.Read(path, ingest.Options{Format: tt.format})
		must(t, err)
		for i, id := range []string{"a", "b"} {
			d := &in.Rows[i].Desired
			if got, want := strings.Join(d.Cells(), "|"), id+"|"+tt.kept+"|2026-12-01"; got != want {
				t.Errorf("%s: %q, want %q", tt.name, got, want)
			}
			w, ok := d.AssignmentIn(1)
			if again, err := task.DueDateTime.ParseCell(d.Cell(1), task.Format{}); ok && (err != nil || again != w.Value) {
				t.Errorf("%s: reads again as %v, %v, want %v", tt.name, again, err, w.Value)
			}
		}
	}
}

// A row that has a base keeps its edits as instants too, and an unedited date still asks for nothing.
func TestDatesBesideABaseAreKeptAsInstants(t *testing.T) {
	rows := baseOfTest(func(a *task.Task) { a.Set(task.DueDateTime, task.Text("2026-12-01T16:00:00Z")) })
	src := exported
	src.Zone = "Europe/Berlin"
	id, lines, err := base.Encode(rows, src)
	must(t, err)
	for text, kept := range map[string]string{"2026-12-01 17:00": "", "2026-12-01T16:00:00Z": "", "2026-12-01 18:00": "2026-12-01T17:00:00Z"} {
		path := write(t, "tasks.csv", []byte("id,dueDateTime,taskrecon base\na,"+text+","+id+"\n"))
		must(t, os.WriteFile(base.Path(path), []byte(strings.Join(lines, "\n")+"\n"), 0o600))
		in, err := ingest.Read(path, ingest.Options{})
		must(t, err)
		if got := in.Rows[0].Desired.Cell(1); got != kept {
			t.Errorf("%q is kept as %q, want %q", text, got, kept)
		}
	}
}
