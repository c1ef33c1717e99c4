package xlsx_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"taskrecon/internal/xlsx"
)

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestCellTextsReadBack writes texts, some of which look like escapes, and compares them with what is read.
func TestCellTextsReadBack(t *testing.T) {
	drawn := rapid.OneOf(
		rapid.SampledFrom([]string{
			"", " ", "plain", " lead", "trail\n", "a\tb", "a\nb", "<f>1</f>", "</sheetData>", "a&b", `"q" 'a'`, "=1+1", "_x0041_", "_x005F_x0041_",
			"_x", "_xD800_", "_x0041_x0042_", "_x005F_xD800_", "_x00", "😀", "é", "\u202e", "]]>", "_xD83D__xDE00_",
		}),
		rapid.StringMatching(`(_x00[4-5][0-9a-fA-F]_|_x[dD][89a-fA-F]00_|_x005F|x0041_|_|x|_x|[a-z ]){0,8}`),
	)
	f := excelize.NewFile()
	defer f.Close()
	w, err := f.NewStreamWriter("Sheet1")
	fatal(t, err)
	const rows = 2_000
	for row := 1; row <= rows; row++ {
		fatal(t, w.SetRow(xlsx.Ref(1, row), []any{1, xlsx.CellText(drawn.Example(row))}))
	}
	fatal(t, w.Flush())
	var out bytes.Buffer
	fatal(t, xlsx.Write(&out, f, xlsx.Properties{}))
	book, err := xlsx.Open(out.Bytes())
	fatal(t, err)
	sheet, err := book.Rows(&book.Sheets[0])
	fatal(t, err)
	defer sheet.Close()
	for row := 1; row <= rows; row++ {
		got, err := sheet.Next()
		fatal(t, err)
		text := ""
		if len(got.Cells) > 1 {
			text = got.Cells[1].Text
		}
		if want := drawn.Example(row); text != want {
			t.Errorf("row %d: %q reads as %q", row, want, text)
		}
	}
}

// TestPropertiesAreOurs reads the properties back, and looks at the names of their elements, by which some programs find them.
func TestPropertiesAreOurs(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	at := time.Date(2026, 3, 2, 3, 0, 0, 0, time.FixedZone("", 3600))
	p := xlsx.Properties{
		Title: "A & B", Subject: "subject", Keywords: "k", Author: "taskrecon 1", At: at,
		Custom: []xlsx.Property{{Name: "Run ID", Text: "7f3a", Custom: true}},
	}
	var out bytes.Buffer
	fatal(t, errors.Join(xlsx.HideSheet(f, "Sheet1"), xlsx.Write(&out, f, p)))
	book, err := xlsx.Open(out.Bytes())
	fatal(t, err)
	if !book.Sheets[0].Hidden {
		t.Error("the sheet is shown")
	}
	got, err := book.Properties()
	fatal(t, err)
	want := []xlsx.Property{{Name: "title", Text: "A & B"}, {Name: "subject", Text: "subject"}, p.Custom[0]}
	for _, w := range want {
		if found := strings.Contains(text(got), text([]xlsx.Property{w})); !found {
			t.Errorf("%v is not among %v", w, got)
		}
	}
	again, err := excelize.OpenReader(&out)
	fatal(t, err)
	defer again.Close()
	read, err := again.GetDocProps()
	fatal(t, err)
	if read.Creator != "taskrecon 1" || read.LastModifiedBy != "taskrecon 1" || read.Created != "2026-03-02T02:00:00Z" || read.Modified != read.Created || read.Description != "" {
		t.Errorf("%+v", read)
	}
	core, _ := again.Pkg.Load("docProps/core.xml")
	for _, name := range []string{"<cp:coreProperties ", "<dc:title>", "<cp:keywords>", "<cp:lastModifiedBy>", `<dcterms:created xsi:type="dcterms:W3CDTF">`} {
		if !bytes.Contains(core.([]byte), []byte(name)) {
			t.Errorf("no %s in %s", name, core)
		}
	}
	if app, err := again.GetAppProps(); err != nil || app.Application != "taskrecon" {
		t.Errorf("%+v, %v", app, err)
	}
}

func text(all []xlsx.Property) string {
	var b strings.Builder
	for _, p := range all {
		b.WriteString("|" + p.Name + "=" + p.Text + "|")
	}
	return b.String()
}
