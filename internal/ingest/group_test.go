package ingest_test

import (
	"fmt"
	"strings"
	"testing"

	"taskrecon/internal/ingest"

	"github.com/xuri/excelize/v2"
)

func TestMistakesThroughoutAColumnAreOneLine(t *testing.T) {
	rows := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"id,status\n" + rows(20, "a%d,actve\n"), nil},
		{"id,status\n" + rows(30, "a%d,actve%[1]d\n") + "z,nope\n", []string{
			`in.csv:2-32:2 (31 cells): status "actve0" is not a status; did you mean "active"? (unknown, pending, active, completed, rejected) (also "actve1", "actve2", "actve3")`,
		}},
		{"id,status,x\n" + rows(900, "a%d,active\n"), []string{`in.csv:2-901 (900 rows): the row has 2 cells, but the header has 3; it may have been cut`}},
		{"id,status,x\n" + rows(15, "a%d,active\nb%[1]d\n"), []string{`in.csv:2-31 (30 rows): the row has 2 cells, but the header has 3; it may have been cut`}},
	} {
		in := readText(t, tt.text)
		got := in.ProblemLines()
		if tt.want == nil {
			if len(got) != len(in.Problems) || got[0] != in.Problems[0].String() {
				t.Errorf("few problems are not told one by one: %q", got)
			}
			continue
		}
		if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
		}
	}
	data := book(t, func(f *excelize.File) {
		setRow(t, f, 1, "id", "dueDateTime")
		for i := range 900 {
			setRow(t, f, i+2, fmt.Sprint("a", i), fmt.Sprintf("%02d/12/2026", i%11+1))
		}
	})
	got := readBook(t, data, ingest.Options{}).ProblemLines()
	if len(got) != 1 || !strings.HasPrefix(got[0], `in.xlsx: Tasks!B2:B901 (900 cells): dueDateTime "01/12/2026" is ambiguous`) || !strings.HasSuffix(got[0], `(also "02/12/2026", "03/12/2026", "04/12/2026")`) {
		t.Errorf("%q", got)
	}
}
