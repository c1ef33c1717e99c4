package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"taskrecon/internal/exit"
	"taskrecon/internal/sandbox"
	"taskrecon/internal/task"
)

// wanted draws the text of a cell: blank, or what the property may be set to.
func wanted(t *rapid.T, p *task.Property) string {
	if rapid.Bool().Draw(t, "blank") {
		return ""
	}
	values := []string{"plain", "=1+1", "a\nb", "00123", "'quoted", "Füße 🙂", " spaces ", "<clear>"}
	switch p.Kind {
	case task.Enum:
		values = p.Members
	case task.DateTime:
		values = []string{"2027-01-02", "2026-12-01T17:00:00.1234567Z", "2001-02-03T04:05:06+02:00"}
	case task.Int32:
		values = []string{"0", "12", "-3", "2147483647"}
	case task.Settings:
		values = []string{"A=1\nB=2", `[{"name":"A","value":null}]`, "<clear>", "Firewall=on"}
	}
	return rapid.SampledFrom(values).Draw(t, p.Name)
}

// desiredOf writes wanted states of some of the tasks.
func desiredOf(t *rapid.T, path string, ids []string, tasks map[string]*task.Task) {
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	header := []string{"id"}
	for _, p := range task.All() {
		if p.Writable {
			header = append(header, p.Name)
		}
	}
	rows := [][]string{header}
	for _, id := range ids {
		if rapid.IntRange(0, 2).Draw(t, "left out") == 0 {
			continue
		}
		row := []string{id}
		for _, name := range header[1:] {
			cell := ""
			if p := task.Lookup(name); tasks[id].Kind().Has(p) {
				cell = wanted(t, p)
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	if err := writeOld(path, text.Bytes()); err != nil {
		t.Fatal(err)
	}
}

// in runs the program in this process, and demands that it ends well, or part-way where the service refuses something.
func in(t *rapid.T, dir string, args ...string) (stderr string) {
	var out, errs bytes.Buffer
	env := []string{tokenVariable + "=t", "TASKRECON_SETTLE_WITHIN=0s", "TASKRECON_STATE_DIR=" + filepath.Join(dir, "state")}
	code := run(context.Background(), append([]string{"taskrecon"}, args...), env, strings.NewReader(""), &out, &errs)
	if code != exit.Done && code != exit.Partial {
		t.Fatalf("%q: exit code %d\n%s%s", args, code, out.String(), errs.String())
	}
	return errs.String()
}

func heldBy(t *rapid.T, server *sandbox.Server) map[string]*task.Task {
	tasks := map[string]*task.Task{}
	for _, raw := range server.Tasks() {
		one := new(task.Task)
		if err := json.Unmarshal(raw, one); err != nil {
			t.Fatal(err)
		}
		tasks[one.ID] = one
	}
	return tasks
}

// A run and its undoing leave the tenant as it was, but for what the undoing says that it cannot restore.
func TestUndoRestores(t *testing.T) {
	t.Parallel()
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		if n++; n > 10 {
			return // two runs each: as many as the time of a test allows
		}
		run := filepath.Join(dir, fmt.Sprint(n))
		faults, err := sandbox.ParseFaults(rapid.SampledFrom([]string{
			"", "drop-item-applied/3", "no-content/2", "item-503~0.01/4", "refuse/5", "lie/4",
		}).Draw(t, "faults"))
		if err != nil {
			t.Fatal(err)
		}
		generated := sandbox.Generate(12, rapid.Uint64Range(1, 1000).Draw(t, "seed"))
		server, err := sandbox.New(generated, sandbox.Options{WriteLimit: -1, ReadLimit: -1, Faults: faults, RetryAfter: "0"})
		if err != nil {
			t.Fatal(err)
		}
		listener := httptest.NewServer(server)
		defer listener.Close()
		before := heldBy(t, server)
		var ids []string
		for _, raw := range server.Tasks() {
			one := new(task.Task)
			if json.Unmarshal(raw, one) == nil && one.Managed() {
				ids = append(ids, one.ID)
			}
		}
		file := filepath.Join(dir, "desired.csv")
		desiredOf(t, file, ids, before)
		flags := func(url string) []string {
			return []string{"--yes", "--graph-url", url, "--max-changes", "off", "--max-clears", "100000", "--allow-reopen"}
		}
		in(t, dir, append([]string{"apply", "--run-dir", run, file}, flags(listener.URL)...)...)
		told := in(t, dir, "undo", filepath.Join(run, "ledger.jsonl"), "-o", filepath.Join(run, "undo.xlsx"))

		sound, err := sandbox.New(server.Tasks(), sandbox.Options{WriteLimit: -1, ReadLimit: -1})
		if err != nil {
			t.Fatal(err)
		}
		again := httptest.NewServer(sound)
		defer again.Close()
		if err := ageFiles(run); err != nil {
			t.Fatal(err)
		}
		undo := rapid.SampledFrom([]string{"undo.csv", "undo.xlsx"}).Draw(t, "undo")
		in(t, dir, append([]string{"apply", "--run-dir", run + "-undone", filepath.Join(run, undo)}, flags(again.URL)...)...)
		after := heldBy(t, sound)
		for id, was := range before {
			for _, p := range task.All() {
				left := strings.Contains(told, fmt.Sprintf("task %s: %s was", id, p.Name))
				if is := after[id].Get(p); p.Equal(was.Get(p), is) == left {
					t.Errorf("task %s: %s was %q, is %q; told that it is not restored: %v", id, p.Name, was.Get(p), is, left)
				}
			}
		}
	})
}
