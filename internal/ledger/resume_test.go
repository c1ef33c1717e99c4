package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

func TestLegs(t *testing.T) {
	r := open(t, legs(t))
	consistent(t, r)
	checkChain(t, lines(t, legs(t)))
	mark := ledger.Resumption{Started: start.Add(2 * time.Hour), Operator: "bob@host", Actor: "app", Version: "1.2.3", Options: header(&diff.Plan{}).Options}
	if !reflect.DeepEqual(r.Resumes, []ledger.Resumption{mark, mark, mark}) || r.Header.Operator != "ann@host" || r.End == nil {
		t.Errorf("resumed %+v, header %+v, end %v", r.Resumes, r.Header, r.End)
	}
	want := ledger.Total{Requests: 14, Account: diff.Account{Batches: 10, Patches: 8, Retries: 6, Throttled: 4, Waited: 2 * time.Second}}
	if r.Total() != want || r.End.Requests != 7 {
		t.Errorf("total %+v, last leg %+v", r.Total(), r.End)
	}
	applied := outcome{diff.Applied, "", true}
	if got := outcomesOf(entries(t, r)); !reflect.DeepEqual(got[:4], []outcome{applied, applied, {diff.Differs, "accepted, but", true}, applied}) {
		t.Errorf("outcomes %v", got)
	}
}

// Wherever a ledger of several legs is cut, Resume cuts off the torn line and nothing else, and the chain goes on.
func TestResumeAfterACutAtEveryByte(t *testing.T) {
	path, rows := small(t)
	all := lines(t, path)
	data := slices.Concat(all...)
	planned := len(slices.Concat(all[:1+rows]...))
	for n := len(data); n >= 0; n-- {
		must(t, os.WriteFile(path, data[:n], 0o600))
		w, r, err := ledger.Resume(path)
		if n < planned {
			if err == nil || !bytes.Equal(read(t, path), data[:n]) {
				t.Fatalf("cut at byte %d: Resume says %v of a plan that is not whole", n, err)
			}
			continue
		}
		must(t, err)
		kept := data[:1+bytes.LastIndexByte(data[:n], '\n')]
		if r.Torn != (len(kept) < n) || !bytes.Equal(read(t, path), kept) {
			t.Fatalf("cut at byte %d: torn %v", n, r.Torn)
		}
		if len(kept) < n-2 && n%8 != 0 { // between these the same lines are left
			must(t, errors.Join(w.Close(), r.Close()))
			continue
		}
		must(t, w.Resumed(r.Header, ""))
		must(t, w.Result(diff.Result{Change: &diff.Change{Index: 1}, Outcome: diff.Applied}))
		must(t, w.Close())
		must(t, r.Close())
		checkChain(t, lines(t, path))
		again, err := ledger.Open(path)
		must(t, err)
		if got := read(t, path); again.Torn || again.End != nil || len(again.Resumes) != len(r.Resumes)+1 || !bytes.HasPrefix(got, kept) {
			t.Fatalf("cut at byte %d: torn %v, end %v, %d resumptions", n, again.Torn, again.End, len(again.Resumes))
		}
		must(t, again.Close())
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

// A power loss may leave zeros where the end of the file was to be written.
func TestZerosAtTheEnd(t *testing.T) {
	whole := read(t, legs(t))
	path := filepath.Join(t.TempDir(), "ledger.jsonl")
	for _, cut := range []int{0, 1, 40} {
		data := slices.Concat(whole[:len(whole)-cut], make([]byte, 4096))
		must(t, os.WriteFile(path, data, 0o600))
		must(t, goOn(t, path).Close())
		if r := open(t, path); r.Torn || r.End != nil {
			t.Errorf("%d bytes lost: torn %v, end %v", cut, r.Torn, r.End)
		}
	}
}

func TestWhatCannotBeResumed(t *testing.T) {
	if _, _, err := ledger.Resume(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	path := legs(t)
	data := append(bytes.Replace(read(t, path), []byte("HTTP 503"), []byte("HTTP 403"), 1), `{"kind":"run"`...)
	must(t, os.WriteFile(path, data, 0o600))
	if _, _, err := ledger.Resume(path); !errors.Is(err, ledger.ErrAltered) || !bytes.Equal(read(t, path), data) {
		t.Errorf("an altered ledger: %v, or it was cut", err)
	}
}

// After an end only a resumption follows; a second header, or a line of the plan behind it, never does.
func TestLinesOutOfPlace(t *testing.T) {
	path := sample(t)
	all := lines(t, path)
	for _, extra := range []string{
		`{"kind":"sending","prev":"","clientRequestId":"c","changes":[0],"at":"2026-03-04T02:00:00Z","sum":""}`,
		`{"kind":"result","prev":"","index":0,"outcome":"applied","sum":""}`,
		`{"kind":"end","prev":"","exitCode":0,"sum":""}`,
		`{"kind":"run","prev":"","format":3,"sum":""}`,
		`{"kind":"run","prev":"","resumed":false,"sum":""}`,
		`{"kind":"change","prev":"","index":8,"id":"z","sum":""}`,
		`{"kind":"other","prev":"","sum":""}`,
	} {
		data := rechain(append(slices.Concat(all...), extra+"\n"...))
		if _, err := rewrite(t, path, data); !errors.Is(err, ledger.ErrAltered) || !names(err, len(all)+1) {
			t.Errorf("%s: Open says %v", extra, err)
		}
	}
	early := slices.Insert(slices.Clone(all), 3, []byte(`{"kind":"sending","prev":"","changes":[0],"sum":""}`+"\n"))
	if _, err := rewrite(t, path, rechain(slices.Concat(early...))); !errors.Is(err, ledger.ErrAltered) || !names(err, 4) {
		t.Errorf("a sending line within the plan: %v", err)
	}
}

// saved is a plan that "plan" leaves.
func saved(t *testing.T) *written {
	w := create(t)
	h := header(w.plan)
	h.Command = "plan"
	w.must(w.Plan(h, w.plan.Changes))
	return w
}

// blocked is a run that a safety limit stopped.
func blocked(t *testing.T) string {
	w := create(t).planned()
	w.must(w.End(ledger.End{ExitCode: 6, Reason: "too many"}))
	return w.close()
}

// most is a run in which all but change 3 was settled for good.
func most(t *testing.T) *written {
	return create(t).planned().sending(0, 1, 2, 3).result(0, diff.Applied, "").result(1, diff.Differs, "").result(2, diff.Applied, "")
}

func TestFinishedAndPlanned(t *testing.T) {
	for name, tt := range map[string]struct {
		path              string
		finished, planned bool
		left              string
	}{
		"a saved plan":                {saved(t).close(), false, true, "[0 1 2 3]"},
		"a saved plan, resumed":       {goOn(t, saved(t).close()).close(), false, false, "[0 1 2 3]"},
		"a saved plan, sent":          {saved(t).sending(0).close(), false, false, "[0 sent 1 2 3]"},
		"all settled":                 {most(t).result(3, diff.Applied, "").end(), true, false, "[]"},
		"all settled, no end":         {most(t).result(3, diff.Applied, "").close(), false, false, "[]"},
		"several legs":                {legs(t), true, false, "[]"},
		"several legs, resumed again": {goOn(t, legs(t)).close(), false, false, "[]"},
		"one not sent":                {most(t).result(3, diff.NotSent, "").end(), false, false, "[3]"},
		"one unknown":                 {most(t).result(3, diff.Unknown, "").end(), false, false, "[3 sent]"},
		"one failed for now":          {most(t).result(3, diff.Failed, "").end(), false, false, "[3 sent]"},
		"one in doubt":                {most(t).end(), false, false, "[3 sent]"},
		"one in doubt again":          {most(t).result(3, diff.Failed, "").sending(3).end(), false, false, "[3 sent]"},
		"nothing sent":                {create(t).planned().end(), false, false, "[0 1 2 3]"},
		"a safety limit":              {blocked(t), true, false, "[]"},
		"a safety limit, then a leg":  {goOn(t, blocked(t)).close(), false, false, "[0 1 2 3]"},
	} {
		r := open(t, tt.path)
		consistent(t, r)
		all, err := r.Pending()
		left := make([]string, len(all))
		for i, l := range all {
			left[i] = fmt.Sprint(l.Change.Index)
			if l.Sent {
				left[i] += " sent"
			}
		}
		if r.Finished() != tt.finished || r.Planned() != tt.planned || fmt.Sprint(left) != tt.left || err != nil {
			t.Errorf("%s: finished %v, planned %v, left %v, %v", name, r.Finished(), r.Planned(), left, err)
		}
		rows := len(all)
		for _, n := range r.Settled() {
			rows += n
		}
		if rows != r.Rows() {
			t.Errorf("%s: %d left and %v settled are not %d rows", name, len(all), r.Settled(), r.Rows())
		}
	}
}

// What Pending rebuilds is what was planned, apart from the wishes and from what no edit found.
func TestPendingIsAsPlanned(t *testing.T) {
	path := create(t).planned().sending(0, 1).sending(0).result(1, diff.Failed, "HTTP 503").result(2, diff.Conflict, "").end()
	path = goOn(t, path).sending(1).close()
	r := open(t, path)
	all, err := r.Pending()
	must(t, err)
	want := samplePlan().Pending()
	for i, l := range all {
		c := want[i]
		if !reflect.DeepEqual(l.Change.Edits, c.Edits) || l.Change.Current.Get(task.DisplayName) != c.Current.Get(task.DisplayName) {
			t.Errorf("change %d: %+v, want %+v", i, l.Change, c)
		}
		if now := diff.Edits(&c.Desired, l.Change.Current); !reflect.DeepEqual(now, c.Edits) {
			t.Errorf("change %d: made again of what was rebuilt, its edits are %+v", i, now)
		}
		c.Current, l.Change.Current = nil, nil
		c.Desired = placed(task.Origin{File: r.Header.Input.File, Row: 2}, c.Desired) // the sample's rows name another file
		if !reflect.DeepEqual(l.Change, *c) {
			t.Errorf("change %d: %+v, want %+v", i, l.Change, *c)
		}
	}
	got := make([]string, len(all))
	for i, l := range all {
		got[i] = fmt.Sprintf("%d %v %v", l.Change.Index, l.Sent, l.Part)
	}
	if words := strings.Join(got, ", "); words != "0 true false, 1 true false, 2 true false, 3 false false" {
		t.Errorf("left: %s", words)
	}
}

func TestPendingKnowsItsProperties(t *testing.T) {
	for _, name := range []string{"colour", "createdDateTime", "id"} {
		path := create(t).planned().close()
		data := bytes.ReplaceAll(read(t, path), []byte(`"property":"status"`), []byte(`"property":"`+name+`"`))
		r, err := rewrite(t, path, rechain(data))
		must(t, err)
		if _, err := r.Pending(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: Pending says %v", name, err)
		}
	}
}
