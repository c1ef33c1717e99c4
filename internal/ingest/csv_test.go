package ingest_test

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"taskrecon/internal/ingest"
	"taskrecon/internal/task"
	"taskrecon/internal/xlsx"
)

func TestCSVRow(t *testing.T) {
	in := readText(t, "\n,,\nTask ID,Assigned To,status,description,Ticket\n"+
		" a-1 ,\"x\r\ny \",ACTIVE,<CLEAR>,T1\n,,,,\n\na-2,\u00a0, ,,\n")
	if len(in.Problems) > 0 || len(in.Rows) != 2 {
		t.Fatalf("%d rows, problems:\n%s", len(in.Rows), messages(in))
	}
	d := in.Rows[0].Desired
	if d.ID != "a-1" || d.Origin() != (task.Origin{File: "in.csv", Row: 4}) || in.Rows[0].SameAs != -1 {
		t.Errorf("got %+v", d)
	}
	want := map[string]string{"assignedTo": "x\r\ny", "status": "active", "description": ""}
	if got := wishesOf(in, 0); !maps.Equal(got, want) {
		t.Errorf("wishes %q", got)
	}
	wishes := slices.Collect(d.Assignments())
	if wishes[0].Property != task.Description || !wishes[0].Value.IsNull() {
		t.Errorf("wishes are not in table order, or <clear> is not null: %+v", wishes)
	}
	if in.Rows[1].Desired.Origin().Row != 8 || asks(&in.Rows[1].Desired) {
		t.Errorf("blank cells: %+v", in.Rows[1].Desired)
	}
	if len(in.SHA256) != 64 || in.Sheet != "" {
		t.Errorf("sha %q sheet %q", in.SHA256, in.Sheet)
	}
}

func TestCSVProblems(t *testing.T) {
	const header = "id,status,dueDateTime,managedDeviceCount,displayName,Own\n"
	for _, tt := range []struct{ row, want string }{
		{"a,Complet,,,,", `in.csv:2:2: status "Complet" is not a status; did you mean "completed"?`},
		{"a,<clear>,,,,", `in.csv:2:2: status cannot be cleared`},
		{"a,,03/04/2026,,,", `in.csv:2:3: dueDateTime "03/04/2026" is ambiguous`},
		{"a,,46023,,,", `in.csv:2:3: dueDateTime "46023" is not a date-time`},
		{"a,,,12.5,,", `in.csv:2:4: managedDeviceCount "12.5" is not a whole number`},
		{"a,,,1e3,,", `in.csv:2:4: managedDeviceCount "1e3" is not a whole number`},
		{"a,,,2147483648,,", `in.csv:2:4: managedDeviceCount "2147483648" does not fit an Int32`},
		{"a,,,,#REF!,", `in.csv:2:5: displayName is the error #REF!, not a value`},
		{"a,,,,x\x01y,", `in.csv:2:5: displayName holds the control character U+0001`},
		{",active,,,,", `in.csv:2:1: the row has no id`},
		{",,,,,mine", `in.csv:2:1: the row has no id`},
		{"a b,,,,,", `in.csv:2:1: the id "a b" has white space inside`},
		{"a\u200bb,,,,,", `in.csv:2:1: the id "a\u200bb" holds the invisible or damaged character U+200B`},
		{"a/b,,,,,", `in.csv:2:1: the id "a/b" holds "/", which no id has`},
		{"a?b,,,,,", `holds "?"`},
		{"1E+15,,,,,", `in.csv:2:1: the id "1E+15" is a number that a spreadsheet has rounded`},
		{`"1,2e+10",,,,,`, `a number that a spreadsheet has rounded`},
		{"<clear>,,,,,", `in.csv:2:1: the id cannot be cleared`},
		{"a", `in.csv:2: the row has 1 cell, but the header has 6; it may have been cut`},
		{"a,,", `in.csv:2: the row has 3 cells, but the header has 6; it may have been cut`},
		{"a,,,,,x,y", `in.csv:2: the row has 7 cells, but the header has 6; a text that holds the separator must be quoted`},
		{"a,,,,," + strings.Repeat("x", 1<<20+1), `in.csv:2:6: the cell holds 1048577 bytes`},
	} {
		in := readText(t, header+tt.row+"\n")
		if got := messages(in); len(in.Problems) != 1 || !strings.Contains(got, tt.want) {
			t.Errorf("row %.60q: got\n%.300s\nwant\n%s", tt.row, got, tt.want)
		}
		if len(in.Rows) != 1 || len(in.Rows[0].Problems) != 1 {
			t.Errorf("row %.60q: the problem does not stand with its row", tt.row)
		}
	}
	if in := readText(t, header+"a,,,,,,,\n"); len(in.Problems) > 0 {
		t.Errorf("blank extra cells: %s", messages(in))
	}
	if p := readText(t, header+"a,x,,,,\n").Problems[0]; p.Cell != "line 2, column 2" || p.Row != 2 || p.Column != 2 {
		t.Errorf("place %+v", p)
	}
}

func TestCSVForms(t *testing.T) {
	for _, tt := range []struct{ name, text string }{
		{"comma", "id,displayName\na,é😀\n"},
		{"semicolon", "id;displayName\na;é😀\n"},
		{"tab", "id\tdisplayName\na\té😀\n"},
		{"pipe", "id|displayName\na|é😀\n"},
		{"sep line", "sep=^\r\nid^displayName\r\na^é😀\r\n"},
		{"semicolon with more commas", "id;displayName;\"x,y,z,w\"\na;é😀;\n"},
		{"UTF-8 mark", "\xef\xbb\xbfid,displayName\na,é😀\n"},
		{"UTF-16 LE mark", "\xff\xfe" + utf16LE("id,displayName\r\na,é😀\r\n")},
		{"UTF-16 LE without mark", utf16LE("id,displayName\r\na,é😀\r\n")},
		{"CR only", "id,displayName\ra,é😀\r"},
		{"quoted", "\"id\",\"displayName\"\r\n\"a\",\"é😀\"\r\n"},
	} {
		in := readText(t, tt.text)
		if len(in.Rows) != 1 || len(in.Problems) > 0 || in.Rows[0].Desired.ID != "a" || wishesOf(in, 0)["displayName"] != "é😀" {
			t.Errorf("%s: %+v\n%s", tt.name, in.Rows, messages(in))
		}
	}
	in := readText(t, "sep=;\nid;status\na;x\n")
	if in.Problems[0].Row != 3 {
		t.Errorf("the sep line is not counted: %+v", in.Problems[0])
	}
}

func TestLineEndsInsideCellsAreKept(t *testing.T) {
	in := readText(t, "id,description,creatorNotes\r\"a\",\"1\r\n2\n3\r4\",\"\r\n\"\rb,x,\"say \"\"hi\"\"\"\r")
	if got := wishesOf(in, 0)["description"]; len(in.Rows) != 2 || got != "1\r\n2\n3\r4" {
		t.Errorf("%d rows, %q", len(in.Rows), got)
	}
	if got := wishesOf(in, 1)["creatorNotes"]; got != `say "hi"` {
		t.Errorf("%q", got)
	}
}

func TestCSVRefused(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "is empty"},
		{"blank", "\n,,\n \n", "has nothing in it"},
		{"UTF-32", "\xff\xfe\x00\x00i\x00\x00\x00", "is UTF-32"},
		{"cp1252", "id,displayName\na,\xe6\n", `line 2, column 3 holds the byte 0xE6, which is not UTF-8; save it as "CSV UTF-8", or name its encoding, such as --encoding windows-1252`},
		{"NUL", "id\na\nb\x00\n", "line 3, column 2 holds a NUL byte"},
		{"UTF-16 cut", "\xff\xfei\x00d", "odd number of bytes"},
		{"UTF-16 half", "\xff\xfei\x00\x00\xd8a\x00", "line 1, column 2 holds half a character"},
		{"bare quote", "id,displayName\na,b\"c\n", "line 2, column 4: a quote is inside a cell that does not begin with one"},
		{"open quote", "id,displayName\na,\"bc\nd,e\n", "line 2, column 3: the quote that opens here is never closed"},
		{"after quote", "id,displayName\na,\"b\"c\n", "line 2, column 5: text follows the quote that ends a cell"},
		{"html", "  <!DOCTYPE html><html>", "is a web page"},
		{"xml", "<?xml version='1.0'?><Workbook/>", "is an XML file"},
		{"cut in its last cell", "id,displayName\na,b\nc,bob@con", "line 3, the last record, has no line end, though the others have one"},
		{"cut behind a quote", "id,displayName\r\na,\"b\"", "line 2, the last record, has no line end"},
		{"wide", "id" + strings.Repeat(",x", xlsx.MaxColumns), "at most 2000 columns"},
	} {
		_, err := ingest.Read(write(t, "in.csv", []byte(tt.text)), ingest.Options{})
		if err == nil || !strings.HasPrefix(err.Error(), "in.csv: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
	if _, err := ingest.Read("/nowhere/in.csv", ingest.Options{}); !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), "nowhere") {
		t.Errorf("missing: %v", err)
	}
	if _, err := ingest.Read(t.TempDir(), ingest.Options{}); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("directory: %v", err)
	}
	if _, err := ingest.Read(write(t, "in.csv", []byte("id\na\n")), ingest.Options{Sheet: "Tasks"}); err == nil || !strings.Contains(err.Error(), "no worksheet") {
		t.Errorf("sheet of a CSV: %v", err)
	}
}

func TestDuplicates(t *testing.T) {
	in := readText(t, "id,status,dueDateTime\nA,active,2026-01-01\nb,active,\na,ACTIVE,2026-01-01T00:00:00Z\nB,pending,\nc,,\n")
	if in.Rows[2].SameAs != 0 || in.Rows[0].SameAs != -1 || in.Rows[1].SameAs != -1 {
		t.Errorf("SameAs: %d %d %d", in.Rows[0].SameAs, in.Rows[1].SameAs, in.Rows[2].SameAs)
	}
	want := `in.csv:3:1: the id "b" is also in row 5, which asks for something else; keep one
in.csv:5:1: the id "B" is also in row 3, which asks for something else; keep one`
	if got := messages(in); got != want {
		t.Errorf("got\n%s", got)
	}
	if len(in.Notices) != 1 || !strings.Contains(in.Notices[0], "4 with 2") {
		t.Errorf("notices %q", in.Notices)
	}
	in = readText(t, "id,status\na,active\na,actve\n")
	if len(in.Problems) != 3 || in.Rows[1].SameAs != -1 {
		t.Errorf("a duplicate that was not understood:\n%s", messages(in))
	}
}

func utf16LE(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.Write([]byte{byte(u), byte(u >> 8)})
	}
	return b.String()
}
