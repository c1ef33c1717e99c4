package ledger_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

// consistent complains of entries that no run can have left.
func consistent(t *testing.T, r *ledger.Reader) {
	t.Helper()
	all := entries(t, r)
	if len(all) != r.Rows() || r.Rows() != r.Header.Input.Rows {
		t.Errorf("%d entries, %d rows, %d in the header", len(all), r.Rows(), r.Header.Input.Rows)
	}
	for i, e := range all {
		switch {
		case e.Index != i || !slices.Contains(diff.Outcomes(), e.Outcome):
			t.Errorf("entry %d: %+v", i, e)
		case e.Result != nil && (e.Result.Outcome != e.Outcome || e.Result.Reason != e.Reason):
			t.Errorf("entry %d: its result is another: %+v", i, e)
		case e.SameAs != nil && e.Change.Outcome == diff.Pending && e.Outcome != all[*e.SameAs].Outcome:
			t.Errorf("entry %d is %s, but the same as %d, %s", i, e.Outcome, *e.SameAs, all[*e.SameAs].Outcome)
		}
	}
	counts, told := r.Counts(), map[diff.Outcome]int{}
	passing, total := 0, 0
	for _, e := range all {
		told[e.Outcome]++
		if e.Result != nil && e.Result.Temporary && !e.Outcome.Good() {
			passing++
		}
	}
	for o, n := range counts {
		if n != told[o] {
			t.Errorf("%d rows are counted as %s, %d entries are", n, o, told[o])
		}
	}
	if r.Passing() != passing {
		t.Errorf("%d rows may pass, %d entries do", r.Passing(), passing)
	}
	for _, n := range counts {
		total += n
	}
	if total != r.Rows() || len(counts) != len(diff.Outcomes()) {
		t.Errorf("counts %v of %d rows", counts, r.Rows())
	}
}

// The program may be killed at any byte. What is left is a clear error before the plan was whole, and from then on
// the truth about each row: what is recorded as settled, what was sent, what was not.
func TestCutAtEveryByte(t *testing.T) {
	path := sample(t)
	all := lines(t, path)
	data := slices.Concat(all...)
	planned := len(slices.Concat(all[:1+len(samplePlan().Changes)]...))
	for n := len(data) - 1; n >= 0; n-- {
		if err := os.Truncate(path, int64(n)); err != nil {
			t.Fatal(err)
		}
		r, err := ledger.Open(path)
		if n < planned {
			if err == nil || (!strings.Contains(err.Error(), "the plan is not whole") && !strings.Contains(err.Error(), "not a ledger")) {
				t.Fatalf("cut at byte %d: Open says %v", n, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("cut at byte %d: %v", n, err)
		}
		whole := data[n-1] == '\n'
		if r.Torn == whole || r.End != nil {
			t.Fatalf("cut at byte %d: torn %v, end %v", n, r.Torn, r.End)
		}
		if whole || data[n] == '\n' || n%16 == 0 { // between these the same lines are left
			consistent(t, r)
			checkCut(t, entries(t, r), data[planned:n])
		}
		r.Close()
	}
}

// checkCut compares the outcomes with a plain reading of the lines that are left after the plan.
func checkCut(t *testing.T, all []ledger.Entry, rest []byte) {
	t.Helper()
	left := string(rest[:bytes.LastIndexByte(rest, '\n')+1])
	for i, sending := range []string{`"changes":[0,1]`, `"changes":[0,1]`, `"changes":[2,3]`, `"changes":[2,3]`} {
		settled := strings.Contains(left, `"index":`+string(rune('0'+i))+`,`)
		want := diff.NotSent
		if strings.Contains(left, sending) {
			want = diff.Unknown
		}
		if settled != (all[i].Result != nil) || (!settled && all[i].Outcome != want) {
			t.Fatalf("%q is left, and row %d is %+v", left, i, all[i])
		}
	}
}

func TestTornLineIsLeftOut(t *testing.T) {
	path := create(t).planned().sending(0, 1).result(0, diff.Applied, "").close()
	final := open(t, path).Final
	data := slices.Concat(lines(t, path)...)
	r, err := rewrite(t, path, append(data, `{"kind":"result","prev":"ab","index":1,"outco`...))
	if err != nil {
		t.Fatal(err)
	}
	consistent(t, r)
	got := outcomesOf(entries(t, r))
	if !r.Torn || r.Final != final || got[0].outcome != diff.Applied || got[1].outcome != diff.Unknown || got[2].outcome != diff.NotSent || got[4].outcome != diff.Applied {
		t.Errorf("torn %v, outcomes %v", r.Torn, got)
	}
}

// FuzzOpen holds Open to what it promises of any file: an error, or entries that add up; never a panic.
func FuzzOpen(f *testing.F) {
	path := filepath.Join(f.TempDir(), "seed.jsonl")
	w, err := ledger.Create(path)
	if err != nil {
		f.Fatal(err)
	}
	plan := samplePlan()
	if err := w.Plan(header(plan), plan.Changes); err != nil {
		f.Fatal(err)
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	seed, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add(seed[:len(seed)/2])
	const head = `{"kind":"run","prev":"","format":3,"input":{"rows":1},"planHash":"","sum":""}` + "\n"
	f.Add([]byte(head))
	f.Add([]byte(head + `{"kind":"change","prev":"","index":0,"sameAs":0,"sum":""}` + "\n"))
	f.Add([]byte(head + `{"kind":"result","prev":"","index":-1,"outcome":"applied","sum":""}` + "\n"))
	f.Add(slices.Concat(seed, []byte(`{"kind":"sending","prev":"","changes":[0],"sum":""}`+"\n"+`{"kind":"result","prev":"","index":0,"outcome":"failed","temporary":true,"sum":""}`+"\n"+
		`{"kind":"end","prev":"","exitCode":5,"sum":""}`+"\n"+`{"kind":"run","prev":"","resumed":true,"sum":""}`+"\n")))
	f.Add([]byte("null\nnull\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := rewrite(t, filepath.Join(t.TempDir(), "ledger.jsonl"), rechain(data))
		if err != nil {
			return
		}
		if r.Each(func(ledger.Entry) error { return nil }) == nil {
			consistent(t, r)
		}
		if left, err := r.Pending(); err == nil && r.Finished() && len(left) > 0 {
			t.Errorf("finished, and %d are left", len(left))
		}
	})
}

// rechain mends the hashes of a fuzzed ledger where its lines have them, so that more than these is tried.
func rechain(data []byte) []byte {
	var out []byte
	final, plan := "", planHash(data)
	for _, line := range bytes.SplitAfter(data, []byte("\n")) {
		line = set(line, `"planHash":"`, plan)
		line = reseal(set(line, `"prev":"`, final))
		final = sha(bytes.TrimSuffix(line, []byte("\n")))
		out = append(out, line...)
	}
	return out
}

// set gives the string that follows a name another value, up to the next quotation mark.
func set(line []byte, name, value string) []byte {
	if i := bytes.Index(line, []byte(name)); i >= 0 {
		i += len(name)
		if j := bytes.IndexByte(line[i:], '"'); j >= 0 {
			return slices.Concat(line[:i], []byte(value), line[i+j:])
		}
	}
	return line
}

// planHash is the hash of the plan that the lines hold, as far as they can be understood.
func planHash(data []byte) string {
	var changes []diff.Change
	for line := range bytes.Lines(data) {
		var l struct {
			Kind string
			ledger.Change
		}
		if json.Unmarshal(line, &l) != nil || l.Kind != "change" {
			continue
		}
		c := diff.Change{SameAs: -1, Desired: task.Desired{ID: l.ID}, Outcome: l.Outcome, Note: l.Note, StatusVia: l.StatusVia}
		if l.SameAs != nil {
			c.SameAs = *l.SameAs
		}
		for _, e := range l.Edits {
			c.Edits = append(c.Edits, diff.Edit{Property: &task.Property{Name: e.Property}, Before: e.Before, Wanted: e.Wanted})
		}
		changes = append(changes, c)
	}
	return ledger.PlanHash(changes)
}
