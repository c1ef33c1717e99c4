package ledger_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"taskrecon/internal/ledger"
)

// told is all that a Reader says.
type told struct {
	Header  ledger.Header
	Resumes []ledger.Resumption
	End     *ledger.End
	Torn    bool
	Final   string
	Total   ledger.Total
	Entries []ledger.Entry
	Sent    []ledger.Entry
}

func tell(t *testing.T, r *ledger.Reader) told {
	t.Helper()
	all := told{r.Header, r.Resumes, r.End, r.Torn, r.Final, r.Total(), entries(t, r), nil}
	if err := r.EachSent(func(e ledger.Entry) error { all.Sent = append(all.Sent, e); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

// A Reader that follows a ledger as it is written says what one says that opens it again, wherever the writing pauses.
func TestFollow(t *testing.T) {
	whole, err := os.ReadFile(legs(t))
	must(t, err)
	planned := 0
	for rest := whole; strings.Contains(string(rest), `{"kind":"change"`); planned++ {
		rest = rest[strings.Index(string(rest), "\n")+1:]
	}
	lines := strings.SplitAfter(string(whole), "\n")
	from := len(strings.Join(lines[:planned], ""))
	for _, step := range []int{23, 211, 1009} {
		path := filepath.Join(t.TempDir(), "ledger.jsonl")
		must(t, os.WriteFile(path, whole[:from], 0o600))
		r := open(t, path)
		for at := from; at < len(whole); at += step {
			appendTo(t, path, whole[at:min(at+step, len(whole))])
			must(t, r.Follow())
			if got, want := tell(t, r), tell(t, open(t, path)); !reflect.DeepEqual(got, want) {
				t.Fatalf("%d bytes, %d at a time: got %+v, want %+v", at+step, step, got, want)
			}
			consistent(t, r)
		}
	}
}

// EachSent gives those entries of Each that were on the wire, and those that share their outcome.
func TestEachSent(t *testing.T) {
	for name, path := range map[string]string{"all settled": sample(t), "in legs": legs(t), "in doubt": create(t).planned().sending(1).close()} {
		r := open(t, path)
		got := tell(t, r)
		var want []ledger.Entry
		for _, e := range got.Entries {
			of := e
			if e.SameAs != nil {
				of = got.Entries[*e.SameAs]
			}
			if of.Result != nil && of.Result.Attempts > 0 || of.Outcome == "unknown" {
				want = append(want, e)
			}
		}
		if len(want) == 0 || !reflect.DeepEqual(got.Sent, want) {
			t.Errorf("%s: %d sent, want %d", name, len(got.Sent), len(want))
		}
	}
}

// What is appended and is not as it was written is named by its line, as Open names it.
func TestFollowRefusesWhatWasAltered(t *testing.T) {
	path := create(t).planned().sending(0, 1).close()
	r := open(t, path)
	data, err := os.ReadFile(sample(t))
	must(t, err)
	lines := strings.SplitAfter(string(data), "\n")
	last := lines[len(lines)-2]
	appendTo(t, path, []byte(last))
	_, want := ledger.Open(path)
	if err := r.Follow(); !errors.Is(err, ledger.ErrAltered) || want == nil || err.Error() != want.Error() {
		t.Errorf("error %v, want %v", err, want)
	}
}

func appendTo(t *testing.T, path string, data []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600)
	must(t, err)
	_, err = f.Write(data)
	must(t, errors.Join(err, f.Close()))
}
