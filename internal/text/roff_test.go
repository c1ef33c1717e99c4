package text_test

import (
	"testing"

	"taskrecon/internal/text"
)

func TestRoff(t *testing.T) {
	for in, want := range map[string]string{
		".csv": `\&.csv`, "'x'": `\(aqx\(aq`, `a\b`: `a\eb`, "--json": `\-\-json`, "a|b": `a|\:b`, "~/x": `\(ti/x`,
		"one\n\ntwo\n  kept": "one\n.PP\ntwo\n.br\n\\ \\ kept",
	} {
		if got := text.Roff(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
