package ledger

import (
	"encoding/json"
	"reflect"
	"testing"
)

// lineSeeds are lines as they are written, and what comes near to them.
var lineSeeds = []string{
	`{"kind":"change","prev":"00","index":7,"row":9,"id":"a","displayName":"Task \"1\" <&>\u2028","cells":["a","x\ny",""],"edits":[{"property":"status","before":null,"wanted":"active"}],"sum":"aa"}`,
	`{"kind":"change","prev":"00","index":7,"row":9,"id":"a","displayName":null,"cells":null,"outcome":"unchanged","reason":"é","sameAs":3,"sum":"aa"}` + "\n",
	`{"kind":"result","prev":"00","index":7,"outcome":"failed","reason":"no","after":["x",null],"attempts":2,"status":403,"code":"Forbidden","requestId":"r","clientRequestId":"c",` +
		`"serverDate":"2026-03-04T02:00:00Z","temporary":true,"sentAt":"2026-03-04T02:00:00.123Z","settledAt":"2026-03-04T02:00:01Z","sum":"aa"}`,
	`{"kind":"change","prev":"00","index":7,"row":9,"id":"a","displayName":null,"cells":null,"edits":[{"property":"status","before":"x","wanted":"y","overwrites":true}],` +
		`"note":"n\t","statusVia":"updateStatus","baseRead":"2026-03-04T02:00:00Z","notBefore":"2026-03-04T02:00:30Z","sum":"aa"}`,
	`{"kind":"result","prev":"00","index":7,"outcome":"applied","attempts":1,"settledAt":"2026-03-04T02:00:01Z","settledAfter":0.5,"note":"n","statusVia":"patch","sum":"aa"}`,
	`{"kind":"result","prev":"00","index":7,"overwrote":[{"property":"status","value":null},{"property":"a","value":"x"}],"note":"n"}`,
	`{"settledAfter":"1"}`, `{"settledAfter":1e400}`, `{"settledAfter":-0.25e1}`, `{"overwrote":[{"property":"a","Value":"x"}]}`, `{"overwrote":null}`, `{"overwrites":1}`,
	`{"index":1,"index":2}`, `{"Index":1}`, `{"index":1.0}`, `{"index":null}`, `{"\u0069ndex":1}`, `{"edits":[{"property":1}]}`, `{"edits":null,"edits":[{}]}`,
	`{"cells":["\ud800"]}`, "{\"id\":\"\xff\"}", `{"temporary":1}`, `{"settledAt":"today"}`, `{"settledAt":null}`, `{"sameAs":null}`, `{"index":1}{}`, `[]`, ``, `{"index":1`,
	`{"edits":[{"property":"a","property":"b"}]}`, `{"after":[1]}`, `{"unknown":[{}],"index":-0}`, `{"index":99999999999999999999}`,
}

// FuzzLines: what a lineDecoder makes of a line is what encoding/json makes of it, errors and all.
func FuzzLines(f *testing.F) {
	for _, line := range lineSeeds {
		f.Add([]byte(line))
	}
	d := newLineDecoder()
	f.Fuzz(func(t *testing.T, line []byte) {
		change, err := d.change(line)
		alike(t, line, change, err)
		result, err := d.result(line)
		alike(t, line, *result, err)
		ic, err := d.indexedChange(line)
		alike(t, line, ic, err)
		ir, err := d.indexedResult(line)
		alike(t, line, ir, err)
	})
}

func alike[T any](t *testing.T, line []byte, got T, err error) {
	t.Helper()
	var want T
	wantErr := json.Unmarshal(line, &want)
	switch {
	case (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error():
		t.Errorf("%q: error %v, want %v", line, err, wantErr)
	case err == nil && !reflect.DeepEqual(got, want):
		t.Errorf("%q: got %+v, want %+v", line, got, want)
	}
}

// The lines that are written are not left to encoding/json, or their speed is lost: it takes more memory for them.
func TestWrittenLinesAreReadQuickly(t *testing.T) {
	d := newLineDecoder()
	for i, line := range lineSeeds[:5] {
		data := []byte(line)
		quick, slow := func() { _, _ = d.change(data) }, func() { _ = json.Unmarshal(data, new(Change)) }
		if i == 2 || i == 4 {
			quick, slow = func() { _, _ = d.result(data) }, func() { _ = json.Unmarshal(data, new(Result)) }
		}
		if a, b := testing.AllocsPerRun(10, quick), testing.AllocsPerRun(10, slow); a >= b {
			t.Errorf("%s takes %.0f allocations, %.0f with encoding/json", line, a, b)
		}
	}
}

func BenchmarkLine(b *testing.B) {
	line := []byte(lineSeeds[0])
	d := newLineDecoder()
	b.Run("index", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := d.indexedChange(line); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("whole", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := d.change(line); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := json.Unmarshal(line, new(Change)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
