package ingest_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"taskrecon/internal/ingest"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

func readWith(t testing.TB, text string, o ingest.Options) (*ingest.Input, error) {
	t.Helper()
	return ingest.Read(write(t, "in.csv", []byte(text)), o)
}

func TestNamedEncodings(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		enc        encoding.Encoding
	}{
		{"windows-1252", "Müller €", charmap.Windows1252},
		{"CP1252", "Müller €", charmap.Windows1252},
		{"iso-8859-1", "Müller", charmap.ISO8859_1},
		{"ISO-8859-15", "Müller €", charmap.ISO8859_15},
		{"iso-8859-7", "Ελλάδα", charmap.ISO8859_7},
		{"windows-1251", "Привет", charmap.Windows1251},
		{"cp850", "Müller", charmap.CodePage850},
		{"macintosh", "Müller", charmap.Macintosh},
		{"shift_jis", "日本", japanese.ShiftJIS},
		{"utf-8", "Müller €", unicode.UTF8},
		{"UTF-16LE", "Müller €", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
		{"utf-16be", "日本", unicode.UTF16(unicode.BigEndian, unicode.UseBOM)},
	} {
		raw, err := tt.enc.NewEncoder().String("id;displayName\r\na;" + tt.text + "\r\n")
		must(t, err)
		in, err := readWith(t, raw, ingest.Options{Encoding: tt.name})
		if err != nil || len(in.Rows) != 1 || wishesOf(in, 0)["displayName"] != tt.text {
			t.Errorf("%s: %v %+v", tt.name, err, in)
		}
	}
}

func TestEncodingRefused(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"klingon", "id\na\n", `--encoding "klingon" is no encoding that is known here`},
		{"utf-16", "id\na\n", "write utf-16le or utf-16be"},
		{"windows-1252", "\xef\xbb\xbfid\na\n", "begins with the byte order mark of UTF-8, but --encoding says windows-1252"},
		{"utf-16be", "\xff\xfei\x00", "begins with the byte order mark of UTF-16LE"},
		{"utf-8", "id\na\xe9\n", "line 2, column 2 holds the byte 0xE9, which is not UTF-8; so --encoding utf-8 is wrong"},
		{"iso-8859-7", "id\r\nab\xae\r\n", "line 2, column 3 holds the byte 0xAE that iso-8859-7 has no character for"},
		{"shift_jis", "id\na\xff\n", "line 2, column 2 holds something that shift_jis has no character for"},
		{"windows-1252", "id\na\x00\n", "line 2, column 2 holds a NUL byte"},
		{"", "id\ra\rb\xe9\r", "line 3, column 2 holds the byte 0xE9"},
	} {
		_, err := readWith(t, tt.text, ingest.Options{Encoding: tt.name})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
	in, err := readWith(t, "id,displayName\na,é\n", ingest.Options{Encoding: "windows-1252"})
	if err != nil || !strings.Contains(strings.Join(in.Notices, "\n"), "the file is valid UTF-8 but is read as windows-1252") {
		t.Errorf("%v %+v", err, in)
	}
}

func TestDelimiters(t *testing.T) {
	for _, tt := range []struct{ name, text string }{
		{":", "id:displayName\na:x;y\n"},
		{"semicolon", "id;displayName;p,q\na;x;\n"},
		{"tab", "sep=;\nid\tdisplayName\na\tx\n"},
		{"", "sep=\t\r\nid\tdisplayName\r\na\tx\r\n"},
		{"", "SEP=|\nid|displayName\na|x\n"},
	} {
		sep, err := ingest.ParseDelimiter(tt.name)
		must(t, err)
		in, err := readWith(t, tt.text, ingest.Options{Delimiter: sep})
		if err != nil || len(in.Problems) > 0 || len(in.Rows) != 1 || !strings.HasPrefix(wishesOf(in, 0)["displayName"], "x") {
			t.Errorf("%q %q: %v %+v", tt.name, tt.text, err, in)
		}
	}
	for _, bad := range []string{"ab", `"`, "\n", "\xff", "\x00"} {
		if _, err := ingest.ParseDelimiter(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestStandardInput(t *testing.T) {
	book := string(sheetOf(t, `<row><c t="str"><v>id</v></c></row><row><c t="str"><v>a</v></c></row>`))
	for _, text := range []string{"id\na\n", book} {
		in, err := ingest.Read(ingest.StandardInput, ingest.Options{Stdin: strings.NewReader(text)})
		if err != nil || in.File != "stdin" || len(in.Rows) != 1 || in.Rows[0].Desired.Origin().File != "stdin" {
			t.Errorf("%v %+v", err, in)
		}
	}
	if _, err := ingest.Read(ingest.StandardInput, ingest.Options{}); err == nil || !strings.Contains(err.Error(), "stdin: there is none") {
		t.Errorf("%v", err)
	}
	if _, err := ingest.Read(ingest.StandardInput, ingest.Options{Stdin: strings.NewReader("")}); err == nil || err.Error() != "stdin: is empty" {
		t.Errorf("%v", err)
	}
}

func TestHugeCell(t *testing.T) {
	in := readText(t, "id,description\na,\""+strings.Repeat("x\n", 5<<20)+"\"\nb,c\n")
	if got := messages(in); len(in.Rows) != 2 || got != "in.csv:2:2: the cell holds 10485760 bytes; at most 1048576 are read" {
		t.Errorf("%.200s", got)
	}
}

func TestQuoteErrorsInsideLongRecords(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"sep=,\nid,x\na,\"1\n2\" y\n", "line 4, column 2 (in the record that starts on line 3): text follows the quote"},
		{"id,x\n\"a\",\"é\"\"é\n\nb,c\n", "line 2, column 5: the quote that opens here is never closed"},
		{"id,x\nßé,é\"\n", `line 2, column 5: a quote is inside`},
	} {
		if _, err := readWith(t, tt.text, ingest.Options{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %s", tt.text, err, tt.want)
		}
	}
}

func TestFilesNamedForWhatTheyAre(t *testing.T) {
	for name, want := range map[string]string{
		"%PDF-1.7\n":            "is a PDF",
		"{\\rtf1":               "is an RTF text",
		"\x1f\x8b\x08":          "is compressed (gzip)",
		"\x09\x08\x10\x00\x00":  "is an old Excel workbook (.xls)",
		oleFile("Workbook"):     "is an old Excel workbook (.xls)",
		oleFile("WordDocument"): "is an old Word document",
		`[{"name":"a"}]`:        "is JSON",
		`{"kind":"run"}`:        "is JSON",
		"\x89PNG\r\n\x1a\n":     "is a picture",
	} {
		if _, err := readWith(t, name, ingest.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.12q: %v, want %s", name, err, want)
		}
	}
	if _, err := ingest.Read(write(t, "~$desired.xlsx", []byte("\x05Alice")), ingest.Options{}); err == nil || !strings.Contains(err.Error(), `the workbook is "desired.xlsx"`) {
		t.Errorf("%v", err)
	}
	data := sheetOf(t, "")
	for part, want := range map[string]string{"word/document.xml": "is a Word document", "ppt/presentation.xml": "PowerPoint", "xl/workbook.bin": "binary workbook"} {
		other := rename(t, data, "xl/workbook.xml", part)
		if _, err := readBytes(other); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", part, err)
		}
	}
	if _, err := ingest.Read(write(t, "in.csv", data), ingest.Options{Encoding: "utf-8"}); err == nil || !strings.Contains(err.Error(), "is a workbook; --encoding") {
		t.Errorf("%v", err)
	}
}

func TestCorpusEncodings(t *testing.T) {
	corpusFiles(t)
	for name, tt := range map[string]struct{ encoding, want string }{
		"edr__cp1252.csv":                 {"windows-1252", "a|b|c/1|2|3/4|5|æøå"},
		"fri__table-infer-iso-8859-7.csv": {"iso-8859-7", "id|age|name/1|39|Λεωνιδας/2|23|Αλεξανδρος/3|36|Μυρων/4|28|Ευστοργιος"},
	} {
		data, err := os.ReadFile(filepath.Join(corpusDir, "csv", name))
		must(t, err)
		in, err := readWith(t, string(data)+"\n", ingest.Options{Encoding: tt.encoding}) // one of them has no line end behind its last record
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := strings.Join(in.Columns, "|")
		for _, row := range in.Rows {
			got += "/" + strings.Join(row.Desired.Cells(), "|")
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// What is no text is named with its place, whatever the line ends.
func TestPlaceOfWhatIsNoText(t *testing.T) {
	for before, place := range map[string]string{"": "line 1, column 1", "é\r\nü€": "line 2, column 3", "a\rb\n\r": "line 4, column 1", "\"x\r\ny": "line 2, column 2"} {
		for _, bad := range []string{"\x00", "\xff", "\xe2\x82", "\xc3("} {
			_, err := readWith(t, before+bad+"x,é\r\n", ingest.Options{})
			if err == nil || !strings.HasPrefix(err.Error(), "in.csv: "+place+" holds") {
				t.Errorf("%q: %v, want %s", before+bad, err, place)
			}
		}
	}
}

func TestBrokenReading(t *testing.T) {
	broken := errors.New("the disk is gone")
	_, err := ingest.Read(ingest.StandardInput, ingest.Options{Stdin: io.MultiReader(strings.NewReader("id,status\na-1,active\n"), iotest.ErrReader(broken))})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("error %v, want %v", err, broken)
	}
}
