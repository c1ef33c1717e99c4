package report_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"taskrecon/internal/report"
	"taskrecon/internal/xlsx"
)

func TestFit(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "",
		"plain\ttext\r\n":          "plain\ttext\r\n",
		"a\x00b\x1f":               `a\u0000b\u001f`,
		"a\xffb":                   `a\xffb`,
		strings.Repeat("x", 32767): strings.Repeat("x", 32767),
	} {
		if got, u := report.Fit(text); got != want || u.Cut || u.Escaped != (got != text) {
			t.Errorf("Fit(%.20q) = %.40q, %v", text, got, u)
		}
	}
	got, u := report.Fit(strings.Repeat("x", 32768))
	kept := strings.Count(got, "x")
	if !u.Cut || len(utf16.Encode([]rune(got))) > xlsx.CellUnits || !strings.HasSuffix(got, fmt.Sprintf("… [cut: %d characters, see the ledger]", 32768-kept)) {
		t.Errorf("kept %d, ends in %q", kept, got[kept:])
	}
}

func TestClip(t *testing.T) {
	got := report.Clip(strings.Repeat("é", 4_007), 4_000)
	if want := strings.Repeat("é", 4_000) + "… [cut: 7 characters, see the ledger]"; got != want {
		t.Errorf("got …%q", got[len(got)-60:])
	}
}
