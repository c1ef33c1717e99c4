package ledger

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzEnvelope compares the short way to a line's kind and prev with JSON's: what both read, they read alike.
func FuzzEnvelope(f *testing.F) {
	for _, line := range []string{
		`{"kind":"change","prev":"00ff","index":1,"sum":"aa"}`, `{"kind":"run","prev":"","format":3}`, `{"prev":"00","kind":"end"}`,
		`{"kind":"change","prev":"00","kind":"end"}`, `{"kind":"a\"b","prev":"00"}`, `{"kind":"end","prev":"00","KIND":"run"}`, `{"kind":"x","prev":"\u0030"}`, `{"kind":"`, ``,
		`{"kind":"change","prev":"00","cells":["\"kind\""]}`, `{"kind":"change","prev":"00","Kind":"end","pREv":"11"}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var members map[string]json.RawMessage
		if json.Unmarshal(line, &members) == nil {
			for name := range members {
				for _, known := range []string{"kind", "prev"} {
					if name != known && strings.EqualFold(name, known) {
						return // JSON would take it for the member; every reader here takes the short way
					}
				}
			}
		}
		got, err := envelopeOf(line)
		var want envelope
		if wantErr := json.Unmarshal(line, &want); wantErr != nil {
			return // take looks at the whole line next, and refuses it
		}
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v; JSON says %+v", line, got, err, want)
		}
	})
}
