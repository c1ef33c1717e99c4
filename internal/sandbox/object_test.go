package sandbox

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
)

func TestMembers(t *testing.T) {
	for in, want := range map[string]string{ // "" for an error
		`{}`:                                " ",
		` { "a" : 1 , "b" : [ {"a":2} ] } `: `a=1 b=[ {"a":2} ] `,
		`{"a":"\u00fc\"","b":null}`:         `a="\u00fc\"" b=null `,
		`{"\u0061":1,"ü":2}`:                `a=1 ü=2 `,
		`{"a":1,"a":2}`:                     "",
		`{"a":1,"\u0061":2}`:                "",
		`{"a":1}{}`:                         "",
		`{"a":1`:                            "",
		`{"a"}`:                             "",
		`{1:2}`:                             "",
		`[]`:                                "",
		``:                                  "",
	} {
		all, err := members([]byte(in))
		got := ""
		for _, m := range all {
			got += m.name + "=" + string(m.value) + " "
		}
		if strings.TrimSpace(got) != strings.TrimSpace(want) || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v; want %q", in, got, err, want)
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
		changes, err := members([]byte(tt.changes))
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.with(changes)
		if err != nil || string(got.body) != tt.want || string(r.body) != tt.body {
			t.Errorf("%s with %s: %v, %v; want %s", tt.body, tt.changes, got, err, tt.want)
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
