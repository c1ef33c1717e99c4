package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
)

// An object is read in one pass, or the other way: what comes of it is the same.
func TestObjectsInOnePass(t *testing.T) {
	wide := `{"n0":0`
	for i := 1; i <= mostSpans; i++ {
		wide += fmt.Sprintf(`,"n%d":%d`, i, i)
	}
	for _, tt := range []struct {
		in         string
		once, good bool
	}{
		{`{}`, true, true},
		{` { "a" : 1 , "b" : [ {"a":2} ] } `, true, true},
		{string(securityJSON(idA)), true, true},
		{`{"a":"\u00fc\"","b":null}`, true, true},
		{`{"\u0061":1}`, false, true},
		{`{"ü":1}`, false, true},
		{wide + `}`, false, true},
		{`{"a":1,"a":2}`, false, false},
		{`{"a":1,"\u0061":2}`, false, false},
		{`{"a":1}{}`, false, false},
		{`{"a":1`, false, false},
		{`{"a"}`, false, false},
		{`[]`, false, false},
		{``, false, false},
	} {
		if _, ok := ordinary([]byte(tt.in), nil); ok != tt.once {
			t.Errorf("%s: in one pass: %t, want %t", tt.in, ok, tt.once)
		}
		got, err := members([]byte(tt.in))
		want, wantErr := anyMembers([]byte(tt.in))
		if (err == nil) != tt.good || fmt.Sprint(err) != fmt.Sprint(wantErr) || !slices.EqualFunc(got, want, func(a, b member) bool {
			return a.name == b.name && string(a.value) == string(b.value)
		}) {
			t.Errorf("%s: %v, %v; want %v, %v", tt.in, got, err, want, wantErr)
		}
	}
}

func TestRecordWithChanges(t *testing.T) {
	for _, tt := range []struct{ body, changes, want string }{
		{`{"id":"x","a":1,"b":[2]}`, `{"a":"n"}`, `{"id":"x","a":"n","b":[2]}`},
		{`{"id":"x","a":1,"b":[2]}`, `{"b":null,"a":3}`, `{"id":"x","a":3,"b":null}`},
		{`{"id":"x"}`, `{"c":4,"a":5}`, `{"id":"x","c":4,"a":5}`},
		{`{"id":"x"}`, `{}`, `{"id":"x"}`},
		{`{"id":"x","ü":1}`, `{"ü":2}`, `{"id":"x","ü":2}`},
	} {
		r := &record{id: "x", body: []byte(tt.body)}
		changes, err := anyMembers([]byte(tt.changes))
		if err != nil {
			t.Fatal(err)
		}
		for _, with := range []func([]member) (*record, error){r.with, r.anyWith} {
			got, err := with(changes)
			if err != nil || string(got.body) != tt.want || string(r.body) != tt.body {
				t.Errorf("%s with %s: %v, %v; want %s", tt.body, tt.changes, got, err, tt.want)
			}
		}
	}
}

// Writes of one task at the same time: each is made on what the others left, so none is lost.
func TestWritesOfOneTaskAtOnce(t *testing.T) {
	s, err := New(three(), Options{WriteLimit: -1, ReadLimit: -1})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"displayName", "description", "creator", "creatorNotes", "assignedTo", "insights"}
	const rounds = 200
	var group sync.WaitGroup
	for _, name := range names {
		group.Go(func() {
			for i := range rounds {
				post(t, s, envelope(patchItem("1", idA, fmt.Sprintf(`%q:"%d"`, name, i))))
			}
		})
	}
	group.Wait()
	var got map[string]json.RawMessage
	raw, _ := s.Task(idA)
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if string(got[name]) != fmt.Sprintf(`"%d"`, rounds-1) {
			t.Errorf("%s is %s", name, got[name])
		}
	}
	if st := s.Stats(); st.Applied[idA] != rounds*len(names) {
		t.Errorf("%d applied, want %d", st.Applied[idA], rounds*len(names))
	}
}
