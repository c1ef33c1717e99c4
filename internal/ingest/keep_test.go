package ingest

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"
)

// Texts that say just themselves are kept once, however many there are and wherever they come again.
func TestEachTextIsKeptOnce(t *testing.T) {
	const distinct, times = 3 * fruitless, 3
	var text strings.Builder
	text.WriteString("id,description,Note\n")
	for i := range distinct * times {
		fmt.Fprintf(&text, "t%d,text %d,\"note, %d\"\n", i, i*7%distinct, i%distinct)
	}
	in, err := Read(StandardInput, Options{Stdin: strings.NewReader(text.String())})
	must(t, err)
	first := map[string]string{}
	for i, row := range in.Rows {
		for at, want := range []string{1: fmt.Sprintf("text %d", i*7%distinct), 2: fmt.Sprintf("note, %d", i%distinct)} {
			if at == 0 {
				continue
			}
			got := row.Desired.Cell(at)
			if got != want {
				t.Fatalf("row %d holds %q, want %q", i, got, want)
			}
			if was, again := first[got]; again && !sameMemory(was, got) {
				t.Fatalf("%q is kept twice", got)
			}
			first[got] = got
		}
	}
	if len(first) != 2*distinct {
		t.Errorf("%d texts, want %d", len(first), 2*distinct)
	}
}

func sameMemory(a, b string) bool { return unsafe.StringData(a) == unsafe.StringData(b) }
