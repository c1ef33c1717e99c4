package ingest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"taskrecon/internal/ingest"
)

// The table of docs/input.md on what cells are taken, repaired and refused, row by row.
func TestCellsTakenRepairedRefused(t *testing.T) {
	const kept, removed = "no-break spaces or zero-width characters were kept as they are", "white space or characters that are not seen were removed"
	const json = `[{"name":"a","value":"1"}]`
	text := func(s string) string {
		return `<c r="B2" t="inlineStr"><is><t xml:space="preserve">` + s + `</t></is></c>`
	}
	for _, tt := range []struct{ column, cell, value, notice, problem string }{
		{"status", text("\u00a0Active\u200b "), "active", "status: " + removed + " (B2)", ""},
		{"status", text(" Active "), "active", "status: " + removed + " (B2)", ""},
		{"dueDateTime", text("2026-01-02\u00a003:04"), "2026-01-02T03:04:00Z", "dueDateTime: " + removed, ""},
		{"managedDeviceCount", text("\ufeff12"), "12", "managedDeviceCount: " + removed, ""},
		{"managedDeviceCount", text("1\u00a0234"), "", removed, `managedDeviceCount "1 234" is not a whole number`},
		{"displayName", text("a\u00a0b"), "a\u00a0b", "displayName: " + kept + " (B2)", ""},
		{"displayName", text("a\u200bb"), "a\u200bb", kept, ""},
		{"displayName", text("“a” \U0001F469\u200d\U0001F4BB"), "“a” \U0001F469\u200d\U0001F4BB", "", ""},
		{"displayName", text(" a "), "a", "displayName: " + removed + " (B2)", ""},
		{"creator", text("bob \n"), "bob", removed, ""},
		{"description", text(" a\n"), " a\n", "", ""},
		{"displayName", text("1E+15"), "1E+15", "displayName: the text looks like a number that a spreadsheet has rounded, and was kept (B2)", ""},
		{"displayName", `<c r="B2"><v>7</v></c>`, "7", "displayName: a number cell was read as its digits; leading zeros, if there were any, are lost (B2)", ""},
		{"displayName", `<c r="B2"><v>1E+15</v></c>`, "", "", `displayName is the number "1E+15", which the sheet may show in another form; enter it as text`},
		{"displayName", `<c r="B2" s="4"><v>7</v></c>`, "", "", "enter it as text"},
		{"assignedTo", text("bob@contoso.com\u00a0"), "bob@contoso.com", "assignedTo: " + removed, ""},
		{"assignedTo", `<c r="B2"><f>A9</f><v>0</v></c>`, "", "", "assignedTo is the 0 of a formula that found a blank cell"},
		{"assignedTo", `<c r="B2"><f>A9</f><v>7</v></c>`, "7", "assignedTo: a number cell was read as its digits", ""},
		{"managedDeviceCount", `<c r="B2"><f>A9</f><v>0</v></c>`, "0", "", ""},
		{"intendedSettings.A b", `<c r="B2"><f>A9</f><v>0</v></c>`, "", "", "intendedSettings.A b is the 0 of a formula"},
		{"assignedTo", text("#NV"), "", "", "assignedTo is the error #NV, not a value"},
		{"description", text("&lt;cleared&gt;"), "", "", `description is "<cleared>"; did you mean <clear>?`},
		{"intendedSettings", text(json), json, "", ""},
		{"intendedSettings", text(`[{“name”:„a“,"value":"1”}]`), json, "intendedSettings: typographic quotes were read as straight ones (B2)", ""},
		{"intendedSettings", text(`[{"name":"a","value":"“1”"}]`), `[{"name":"a","value":"“1”"}]`, "", ""},
		{"intendedSettings", text(`[{“name”:“a”,“value”:“say “1””}]`), "", "", "intendedSettings: the JSON has typographic quotes, and even with straight ones it cannot be read"},
		{"intendedSettings", text("a=“1”"), `[{"name":"a","value":"“1”"}]`, "", ""},
		{"intendedSettings", text("a"), "", "", `intendedSettings: line 1 of the settings, "a", is not name=value`},
		{"intendedSettings.A b", text(" x\u00a0"), " x\u00a0", "intendedSettings.A b: " + kept, ""},
		{"intendedSettings.A b", `<c r="B2"><v>12</v></c>`, "12", "intendedSettings.A b: a number cell was read as its digits", ""},
		{"intendedSettings.A b", `<c r="B2"><v>1E+20</v></c>`, "", "", `intendedSettings.A b is the number "1E+20"`},
		{"intendedSettings.A b", `<c r="B2" s="1"><v>46023</v></c>`, "", "", "intendedSettings.A b is a date cell; enter it as text"},
		{"intendedSettings.A b", `<c r="B2" t="b"><v>1</v></c>`, "", "", "intendedSettings.A b is a logical value"},
		{"intendedSettings.A b", text("x_x0007_"), "", "", "intendedSettings.A b holds the control character U+0007"},
	} {
		in := readBook(t, sheetOf(t, fmt.Sprintf(`<row r="1"><c t="str"><v>id</v></c><c t="str"><v>%s</v></c></row><row r="2"><c t="str"><v>a</v></c>%s</row>`, tt.column, tt.cell)), ingest.Options{})
		got := messages(in)
		if (got == "") != (tt.problem == "") || !strings.Contains(got, tt.problem) || len(in.Problems) > 1 {
			t.Errorf("%s %s: problems\n%s\nwant\n%s", tt.column, tt.cell, got, tt.problem)
		}
		notices := strings.Join(in.Notices, "\n")
		if (notices == "") != (tt.notice == "") || !strings.Contains(notices, tt.notice) {
			t.Errorf("%s %s: notices\n%s\nwant\n%s", tt.column, tt.cell, notices, tt.notice)
		}
		if w := slices.Collect(in.Rows[0].Desired.Assignments()); tt.problem == "" && (len(w) != 1 || w[0].Value.String() != tt.value) {
			t.Errorf("%s %s: %+v, want %q", tt.column, tt.cell, w, tt.value)
		}
	}
}

func TestIDsTakenRepairedRefused(t *testing.T) {
	for _, tt := range []struct{ cell, id, notice, problem string }{
		{" a-1\t", "a-1", "id: white space or characters that are not seen were removed (line 2, column 1)", ""},
		{"{a-1}", "a-1", "id: braces around the id were removed (line 2, column 1)", ""},
		{" { a-1 }", "a-1", "id: braces around the id were removed (line 2, column 1)", ""},
		{"{a-1", "{a-1", "", ""},
		{"\u0430-1", "", "", "(U+0430), which only looks like a character of an id"}, // Cyrillic
		{"a\u20111", "", "", "(U+2011)"},
		{"\u00a0a-1\u200b", "a-1", "id: white space or characters that are not seen were removed (line 2, column 1)", ""},
		{"007", "007", "", ""},
		{"a\u00a01", "", "", `the id "a\u00a01" has white space inside`},
		{"a\u200b1", "", "", "holds the invisible or damaged character U+200B"},
		{"1E+15", "", "", "is a number that a spreadsheet has rounded"},
		{"a\u202e1", "", "", "U+202E"},
	} {
		in := readText(t, "id,status\n"+tt.cell+",active\n")
		problem := messages(in)
		if (problem == "") != (tt.problem == "") || !strings.Contains(problem, tt.problem) {
			t.Errorf("%q: %s, want %s", tt.cell, problem, tt.problem)
		}
		if notices := strings.Join(in.Notices, "\n"); notices != tt.notice || tt.problem == "" && in.Rows[0].Desired.ID != tt.id {
			t.Errorf("%q: id %q, notices %q", tt.cell, in.Rows[0].Desired.ID, notices)
		}
	}
}

func TestRemarksNameTheFirstCells(t *testing.T) {
	in := readText(t, "id,status\n"+strings.Repeat("a,\u00a0active\n", 25))
	if got := strings.Join(in.Notices, "\n"); !strings.Contains(got, "(line 2, column 2; line 3, column 2;") || !strings.Contains(got, "line 11, column 2 and 15 more)") {
		t.Errorf("got\n%s", got)
	}
}
